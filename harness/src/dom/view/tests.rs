use super::*;
use crate::dom::Templates;
use serde_json::json;

/// A page with a text, an attribute, a list, something that may be there, and something that is named.
fn page() -> (Dom, View, NodeId, Templates) {
    let mut templates = Templates::default();
    let row = r#"["<li> </li>",[[0,[0,0],0],[1,[0],1,"class"]]]"#;
    let source = format!(
        r#"["<p title=x> </p><ul><!----></ul><!----><!---->",[[0,[0,0],0,"n: ",""],[1,[0],1,"class","a ",""],[2,[1],4,0,{row}],[3,[],3,3,[["<b> </b>",[[0,[0,0],0]]]]],[4,[1],5,1]]]"#
    );
    templates.add("page", &source).unwrap();
    templates.add("other", r#"["<i> </i>",[[0,[0,0],0]]]"#).unwrap();
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
        r#"["<b></b>",[],"xml"]"#,
        r#"["<b></b>",[[0,[1],1,"class"]]]"#,
        r#"["<b></b>",[[1,[0],1,"class"]]]"#,
        r#"["<b></b>",[[0,[0],0]]]"#,
        r#"["<b></b>",[[0,[],3,1,[]]]]"#,
        r#"["<b></b>",[[0,[0],4,1,["<i></i>",[]]]]]"#,
        r#"["<b></b>",[[0,[0],5,0],[0,[0],1,"class"]]]"#,
        r#"["<b></b>",[[0,[0],7]]]"#,
        r#"["<b></b>",[[0,[0],5,0],[1,[0],5,0]]]"#,
    ] {
        assert!(Template::parse("wrong", wrong).is_err(), "{wrong}");
    }
}
