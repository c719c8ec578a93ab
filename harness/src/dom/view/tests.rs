use super::*;
use crate::dom::Templates;
use serde_json::json;

/// A page with a text, an attribute, a list, something that may be there, and something that is named.
fn page() -> (Dom, View, NodeId, Templates) {
    let mut templates = Templates::default();
    let row = r#"["<li> </li>",[[[[[],[0]]],[1,"class"]]]]"#;
    let source = format!(
        r#"["<p title=x> </p><ul><!----></ul><!----><!---->",[[[[[],[0,"","n: ",""]]],[1,"class","a ",""]],[[[2,2,{row}],0,[3,4]]],0,[1,3,["<b> </b>",[[[[[],[0]]]]]]],0]]"#
    );
    templates.add("page", &source).unwrap();
    templates.add("other", r#"["<i> </i>",[[[[[],[0]]]]]]"#).unwrap();
    let html = "<div><p title=x class='a b'>n: 5</p><ul><li>one</li><li class=c></li><!----><i>named</i></ul><!----><b>there</b><!----></div>";
    let mut dom = Dom::document(html);
    let div = dom.descendants(Dom::ROOT).find(|node| dom.is(*node, "div")).unwrap();
    let mut library = |name: &str| templates.get(name).ok_or_else(|| Misfit::new("unknown"));
    let view = View::hydrate(&mut dom, div, &json!(["page", 2, 1, "other"]), &mut library).unwrap();
    (dom, view, div, templates)
}

fn apply(page: &mut (Dom, View, NodeId, Templates), patch: Value) -> Result<String, String> {
    let (dom, view, div, templates) = page;
    let mut library = |name: &str| templates.get(name).ok_or_else(|| Misfit::new("unknown"));
    view.apply(dom, &patch, &mut library).map_err(|misfit| misfit.to_string())?;
    Ok(dom.inner_html(*div))
}

#[test]
fn each_operation_does_what_it_says() {
    let mut page = page();
    // The page is 1 to 5; its rows 6 and 8; what is there 10; what is named 11.
    for (patch, expected) in [
        (
            json!([1, [0, 1, "12"], 2, ["c"]]),
            "<p title=\"x\" class=\"a bc\">n: 12</p><ul><li>one</li><li class=\"c\"></li>",
        ),
        (json!([6, "uno", 7, true, 9, null]), "<ul><li class=\"\">uno</li><li></li>"),
        (
            json!([-1, 3, 1, 2, 2, "x", "k", "y"]),
            "<li class=\"\">uno</li><li class=\"k\">x</li><li class=\"k\">y</li><li></li><!---->",
        ),
        (
            json!([12, "X", -3, 3, 0, 2]),
            "<ul><li class=\"k\">X</li><li class=\"k\">y</li><li class=\"\">uno</li><li></li><!---->",
        ),
        (
            json!([-4, 3, 1, [2, 0, 1]]),
            "<ul><li class=\"k\">X</li><li></li><li class=\"k\">y</li><li class=\"\">uno</li><!---->",
        ),
        (json!([-2, 3, [0, 1, 2, 1]]), "<ul><li></li><li class=\"k\">y</li><!---->"),
        (json!([-2, 3, 0, 1, 4, 0, 5, 0]), "<ul><li class=\"k\">y</li><!----></ul><!----><!---->"),
        (json!([-5, 6, "Y", 5, 2, "new"]), "<ul><li class=\"k\">Y</li><!----><i>new</i></ul>"),
    ] {
        let shown = apply(&mut page, patch.clone()).unwrap();
        assert!(shown.contains(expected), "{patch}: {shown}");
    }
    let whole = json!([-6, "page", 1, "", 0, 0, "other", 3]);
    assert_eq!(
        apply(&mut page, whole).unwrap(),
        "<p title=\"x\" class=\"a \">n: 1</p><ul><!----><i>3</i></ul><!----><!---->"
    );
    assert_eq!(apply(&mut page, json!([-6, 0])).unwrap(), "");
}

#[test]
fn what_does_not_fit_is_said() {
    for wrong in [
        json!([]),
        json!({}),
        json!(["x"]),
        json!([99, 1]),
        json!([1]),
        json!([1, false]),
        json!([1, 1.5]),
        json!([1, 9_007_199_254_740_993_u64]),
        json!([1, [5, 0, "x"]]),
        json!([1, [1, 1, 1]]),
        json!([3, 0]),
        json!([4, 2, "x"]),
        json!([5, 3, "x"]),
        json!([5, "nowhere", "x"]),
        json!([5, "page", 1, 2, 0, 0, 0]),
        json!([-1, 1, 0, 1, "a", "b"]),
        json!([-1, 3, 3, 1, "a", "b"]),
        json!([-1, 3, 0, 2, 4, "a", "b", "c", "d"]),
        json!([-2, 3, 1, 2]),
        json!([-2, 3, [1]]),
        json!([-2, 3, [1, 1, 0, 1]]),
        json!([-3, 3, 2, 0]),
        json!([-3, 3, 0, 2]),
        json!([-4, 3, 0, [0, 0]]),
        json!([-4, 3, 0, [0, 1, 2]]),
        json!([-6, 1]),
        json!([-6, "nowhere"]),
        json!([-9]),
    ] {
        let said = apply(&mut page(), wrong.clone());
        assert!(
            said.as_ref().is_err_and(|said| said.starts_with("the patch ") || said.ends_with("is no patch")),
            "{wrong}: {said:?}"
        );
    }
}

#[test]
fn a_page_that_is_not_what_its_shape_says_does_not_fit() {
    let (_, _, _, templates) = page();
    for (shape, html) in [
        (json!(["other"]), "<i>1</i><i>2</i>"),
        (json!(["other"]), "<b>1</b>"),
        (json!(["other"]), "<i class=x>1</i>"),
        (json!(["other"]), "<i>1<b></b></i>"),
        (json!(["other"]), ""),
        (json!(["other", 1]), "<i>1</i>"),
        (json!([0]), "<i>1</i>"),
        (json!(["page", 1, 0]), "<p title=x></p><ul><!----></ul><!----><!---->"),
        (json!(["page", 1, 0, 0]), "<p title=x></p><ul><!----></ul><!----><!---->"),
        (json!(["page", 0, 0, 0]), "<p title=y></p><ul><!----></ul><!----><!---->"),
        (json!(5), ""),
    ] {
        let mut dom = Dom::document(&format!("<div>{html}</div>"));
        let div = dom.descendants(Dom::ROOT).find(|node| dom.is(*node, "div")).unwrap();
        let mut library = |name: &str| templates.get(name).ok_or_else(|| Misfit::new("unknown"));
        let said = View::hydrate(&mut dom, div, &shape, &mut library);
        assert!(said.is_err(), "{shape} {html}");
    }
}

#[test]
fn what_is_no_template_is_said() {
    for wrong in [
        "5",
        "[]",
        r#"["<b></b>"]"#,
        r#"["<b></b>",[0],"svg"]"#,
        r#"["<b></b>",[0],1]"#,
        r#"["<b></b>",[0,0]]"#,
        r#"["<b></b><i></i>",[0]]"#,
        r#"["<b></b>",[5]]"#,
        r#"["<b></b>",[[]]]"#,
        r#"["<b></b>",[[[],[1,"class"]]]]"#,
        r#"["<b></b>",[[[],[0,""]]]]"#,
        r#"[" ",[[[],[0,"class"]]]]"#,
        r#"["<b></b>",[0,[1,0,["<i></i>",[0]]]]]"#,
        r#"["<b></b>",[[[[2,0]]]]]"#,
        r#"["<b></b>",[[[[3,0]],[0,"class"]]]]"#,
        r#"["<b></b>",[[[[7,0]]]]]"#,
        r#"["<b></b>",[[[[3,0],[3,1]]]]]"#,
    ] {
        assert!(Template::parse("wrong", wrong).is_err(), "{wrong}");
    }
}

/// A page that shows a string: the element is 1, `ul` 2, its rows 3 and 5 with their texts behind them, the comment 7, `p` 8, its text 9,
/// what is ignored 10.
fn strings() -> (Dom, View, NodeId, Templates) {
    let html =
        "<ul><li id=a>one</li><li id=b class='x y'>two</li></ul><!--c--><p>text</p><div data-ignore><b>x</b></div>";
    let mut dom = Dom::document(&format!("<div>{html}</div>"));
    let div = dom.descendants(Dom::ROOT).find(|node| dom.is(*node, "div")).unwrap();
    let mut library = |_: &str| Err(Misfit::new("unknown"));
    let view = View::hydrate(&mut dom, div, &json!(["", 9]), &mut library).unwrap();
    (dom, view, div, Templates::default())
}

#[test]
fn each_operation_on_nodes_does_what_it_says() {
    let mut page = strings();
    let list = page.0.children(page.2)[0];
    let [one, two] = page.0.children(list) else { panic!("two rows") };
    let (one, two) = (*one, *two);
    for (patch, expected) in [
        (
            json!([4, "uno", 6, ["!"], 7, "d", 9, [0, 1, "T"]]),
            "<li id=\"a\">uno</li><li id=\"b\" class=\"x y\">two!</li></ul><!--d--><p>Text</p>",
        ),
        (json!([4, 7, 6, null]), "<li id=\"a\">7</li><li id=\"b\" class=\"x y\"></li></ul>"),
        (
            json!([-7, 5, "class", [2, 1, "z"], -7, 3, "hidden", true, -7, 5, "id", null]),
            "<li id=\"a\" hidden=\"\">7</li><li class=\"x z\"></li>",
        ),
        (json!([-8, 2, 1, "<li>new<b>!</b>"]), "7</li><li>new<b>!</b></li><li class=\"x z\">"),
        (json!([12, "newer", 14, "?"]), "<li>newer<b>?</b></li>"),
        (json!([-3, 2, 2, 0]), "<ul><li class=\"x z\"></li><li id=\"a\" hidden=\"\">7</li><li>newer<b>?</b></li></ul>"),
        (json!([-4, 2, 0, [1, 0]]), "<ul><li id=\"a\" hidden=\"\">7</li><li class=\"x z\"></li><li>newer"),
        (json!([-2, 2, 2, 1, -8, 1, 1, "text"]), "<li class=\"x z\"></li></ul>text<!--d-->"),
        (
            json!([-5, 4, "renumbered", 7, "T"]),
            "<li id=\"a\" hidden=\"\">renumbered</li><li class=\"x z\"></li></ul>T<!--d-->",
        ),
    ] {
        let shown = apply(&mut page, patch.clone()).unwrap();
        assert!(shown.contains(expected), "{patch}: {shown}");
    }
    assert_eq!(page.0.children(list), [one, two], "the same nodes");
    // The whole: nodes of the same kind stay, and what is ignored keeps its inside.
    let whole = json!([-6, "", "<ul><li id=c>C</li></ul><p>P</p><i>!</i><div data-ignore>y</div><u></u>"]);
    let shown = apply(&mut page, whole).unwrap();
    assert_eq!(shown, "<ul><li id=\"c\">C</li></ul><p>P</p><i>!</i><div data-ignore=\"\">y</div><u></u>");
    assert_eq!(page.0.children(list), [one]);
    assert_eq!(apply(&mut page, json!([4, "D"])).unwrap().split("</li>").next(), Some("<ul><li id=\"c\">D"));
    let ignored = json!([-6, "", "<b></b><b></b><b></b><div data-ignore>z</div>"]);
    assert!(apply(&mut page, ignored).unwrap().ends_with("<div data-ignore=\"\">y</div>"));
    // And other kinds of views.
    assert_eq!(apply(&mut page, json!([-6, 0])).unwrap(), "");
    assert!(apply(&mut page, json!([1, "x"])).is_err());
    assert_eq!(apply(&mut page, json!([-6, "", "again"])).unwrap(), "again");
}

#[test]
fn what_does_not_fit_nodes_is_said() {
    for wrong in [
        json!([0]),
        json!([1, "x"]),
        json!([2, "x"]),
        json!([11, "x"]),
        json!([4]),
        json!([4, false]),
        json!([4, [9, 0, "x"]]),
        json!([-1, 2, 0, 1]),
        json!([-2, 2, 1, 2]),
        json!([-2, 9, 0, 1]),
        json!([-2, 2, 0, 1, 3, "x"]),
        json!([-3, 2, 2, 0]),
        json!([-3, 2, 0, 2]),
        json!([-4, 2, 0, [0, 0]]),
        json!([-4, 2, 0, [0, 1, 2]]),
        json!([-6, ""]),
        json!([-6, "", 5]),
        json!([-7, 3, "title", [0, 0, "x"]]),
        json!([-7, 3, 5, "x"]),
        json!([-8, 2, 3, "<li>"]),
        json!([-8, 4, 0, "x"]),
        json!([-8, 10, 0, "x"]),
        json!([-9]),
    ] {
        let said = apply(&mut strings(), wrong.clone());
        assert!(said.is_err(), "{wrong}: {said:?}");
    }
    let (mut dom, _, div, _) = strings();
    let mut library = |_: &str| Err(Misfit::new("unknown"));
    for shape in [json!(["", 8]), json!(["", 10]), json!([""]), json!(["", 9, 1]), json!(["", "9"])] {
        assert!(View::hydrate(&mut dom, div, &shape, &mut library).is_err(), "{shape}");
    }
}
