//! Laws of views of strings: whatever the markup, a page that follows the patches shows what it would parse from it.

use lazuli::html::strings::{MOST_ATTRIBUTES, MOST_BYTES, MOST_LEVELS, MOST_PARTS, Mirror};
use lazuli::html::{Raw, Renderer, StringView, View, diff, to_html};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Pieces that markup is put together from, well or badly.
const PIECES: &[&str] = &[
    "<div>",
    "</div>",
    "<div class=a>",
    "<p>",
    "</p>",
    "<p title='x y'>",
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<a href='/1?a=1&amp;b=2'>",
    "</a>",
    "<ul>",
    "</ul>",
    "<li>",
    "</li>",
    "<li id=one>",
    "<li id=two>",
    "<li data-key=3>",
    "<li key=4>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th colspan=2>",
    "<tbody id=body>",
    "</tbody>",
    "<caption>",
    "<colgroup>",
    "<col span=2>",
    "<select>",
    "</select>",
    "<option value=1>",
    "<optgroup label=o>",
    "<form>",
    "</form>",
    "<form id=f>",
    "<input value='a\"b'>",
    "<input checked>",
    "<br>",
    "<hr/>",
    "<button>",
    "</button>",
    "<pre>",
    "</pre>",
    "<pre>\n",
    "<textarea>",
    "</textarea>",
    "<textarea>\n\n",
    "<title>",
    "</title>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<xmp>",
    "</xmp>",
    "<noscript>",
    "</noscript>",
    "<noembed>",
    "</noembed>",
    "<iframe>",
    "</iframe>",
    "<template>",
    "</template>",
    "<svg>",
    "</svg>",
    "<svg viewBox='0 0 1 1' xlink:href='#a'>",
    "<circle r=1 />",
    "<foreignObject>",
    "</foreignObject>",
    "<desc>",
    "<use xlink:href='#b' xml:lang=en xmlns:xlink='http://www.w3.org/1999/xlink'/>",
    "<math>",
    "</math>",
    "<mi>",
    "<annotation-xml encoding='text/html'>",
    "</annotation-xml>",
    "<mglyph>",
    "<svg><style>",
    "<nobr>",
    "</nobr>",
    "<h1>",
    "</h2>",
    "<dl>",
    "<dt>",
    "<dd>",
    "</dl>",
    "<ruby>",
    "<rt>",
    "<body class=x>",
    "<html lang=en>",
    "<head>",
    "<frameset>",
    "<plaintext>",
    "<image src=x>",
    "<selectedcontent>",
    "<font color=red>",
    "<table><b>",
    "<center>",
    "<marquee>",
    "</p>",
    "</br>",
    "</sarcasm>",
    "<x-y z:w=1 @c=d>",
    "<div data-ignore>",
    "<!---->",
    "<!-- c -->",
    "<!-->",
    "<!--->",
    "<!doctype html>",
    "<?pi?>",
    "</ -->",
    "<![CDATA[a]]>",
    "<!x>",
    "text",
    "text",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\u{feff}",
    "&amp;",
    "&lt;b>",
    "&#13;",
    "&#0;",
    "&#x80;",
    "&notin;",
    "&nbsp;",
    "&",
    "<",
    ">",
    "\"",
    "1",
    "42",
    "-7",
    "007",
    "💎",
    "é",
    "<p",
    "<!--",
    "</",
    "a=b>",
    "'",
];

#[derive(Clone, Debug)]
enum Edit {
    Insert(Index, &'static str),
    Delete(Index, Index),
    Move(Index, Index),
    Replace(Index, &'static str),
    Copy(Index, Index),
    Anew(Vec<&'static str>),
}

fn piece() -> impl Strategy<Value = &'static str> {
    select(PIECES)
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        5 => (any::<Index>(), piece()).prop_map(|(at, piece)| Edit::Insert(at, piece)),
        3 => any::<(Index, Index)>().prop_map(|(at, to)| Edit::Delete(at, to)),
        3 => any::<(Index, Index)>().prop_map(|(from, to)| Edit::Move(from, to)),
        3 => (any::<Index>(), piece()).prop_map(|(at, piece)| Edit::Replace(at, piece)),
        2 => any::<(Index, Index)>().prop_map(|(at, to)| Edit::Copy(at, to)),
        1 => prop::collection::vec(piece(), 0..30).prop_map(Edit::Anew),
    ]
}

fn change(pieces: &mut Vec<&'static str>, edit: &Edit) {
    let span = |at: &Index, to: &Index| {
        let (a, b) = (at.index(pieces.len() + 1), to.index(pieces.len() + 1));
        a.min(b)..a.max(b).min(a.min(b) + 5)
    };
    match edit {
        Edit::Insert(at, piece) => pieces.insert(at.index(pieces.len() + 1), piece),
        Edit::Delete(at, to) => drop(pieces.drain(span(at, to))),
        Edit::Copy(at, to) => {
            let copy = pieces[span(at, to)].to_vec();
            pieces.splice(to.index(pieces.len() + 1).., copy);
        }
        Edit::Anew(new) => pieces.clone_from(new),
        _ if pieces.is_empty() => {}
        Edit::Move(from, to) => {
            let piece = pieces.remove(from.index(pieces.len()));
            pieces.insert(to.index(pieces.len() + 1), piece);
        }
        Edit::Replace(at, piece) => *at.get_mut(pieces) = piece,
    }
}

/// What is shown, node by node: depth, number, the node.
fn lines(page: &Mirror) -> Vec<(usize, u32, String)> {
    let parts = |line: &str| {
        let (depth, rest) = line.split_once(' ').unwrap();
        let (number, node) = rest.split_once(' ').unwrap();
        (depth.parse().unwrap(), number.parse().unwrap(), node.to_owned())
    };
    format!("{page:?}").lines().map(parts).collect()
}

/// What is shown, without the numbers.
fn nodes(page: &Mirror) -> Vec<(usize, String)> {
    lines(page).into_iter().map(|(depth, _, node)| (depth, node)).collect()
}

/// A component and the page that shows it.
struct Pair {
    view: StringView,
    page: Mirror,
    element: &'static str,
}

impl Pair {
    fn new(element: &'static str, html: &str) -> Pair {
        Pair { view: StringView::new_in(element, html), page: Mirror::new_in(element, html), element }
    }

    /// Updates both, and says what was sent.
    fn show(&mut self, html: &str) -> String {
        let mut patch = Vec::new();
        let changed = self.view.update(html, &mut patch);
        assert_eq!(changed, !patch.is_empty());
        let patch = String::from_utf8(patch).unwrap();
        if changed {
            self.page.apply(&patch).unwrap_or_else(|unfit| panic!("{unfit}: {patch} for {html:?}"));
        }
        assert_eq!(format!("{:?}", self.page), format!("{:?}", self.view), "after {patch}");
        assert_eq!(nodes(&self.page), nodes(&Mirror::new_in(self.element, html)), "after {patch}");
        let whole = serde_json::to_string(&(-6, "", html)).unwrap();
        assert!(patch.len() <= whole.len() || html.contains("noscript"), "{patch} is longer than {whole}");

        let mut again = Vec::new();
        assert!(!self.view.update(html, &mut again), "nothing has changed, but: {}", String::from_utf8_lossy(&again));
        patch
    }
}

fn holder() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just("div"), 1 => select(&["p", "table", "tbody", "tr", "ul", "select", "pre", "textarea", "form", "button", "td"][..])]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_page_that_follows_shows_what_it_would_parse(
        element in holder(),
        mut pieces in prop::collection::vec(piece(), 0..40),
        edits in prop::collection::vec(edit(), 1..20),
    ) {
        let mut pair = Pair::new(element, &pieces.concat());
        for edit in &edits {
            change(&mut pieces, edit);
            pair.show(&pieces.concat());
        }
    }

    #[test]
    fn what_a_page_is_given_first_is_closed(pieces in prop::collection::vec(piece(), 0..40)) {
        let html = pieces.concat();
        let view = StringView::new(&html);
        let (around, within) = (Mirror::new(&format!("<div>{}</div><p>", view.html())), Mirror::new(&view.html()));
        // Markup that can be written stays in the element that it is put into.
        if nodes(&within) == nodes(&Mirror::new(&html)) {
            prop_assert_eq!(StringView::new(&view.html()).fingerprint(), view.fingerprint());
            if !html.contains("<plaintext>") {
                let mut all = vec![(0, "<div>".to_owned())];
                all.extend(nodes(&within).into_iter().map(|(depth, node)| (depth + 1, node)));
                all.push((1, "<p>".to_owned()));
                prop_assert_eq!(nodes(&around), all);
            }
        }
    }
}

/// Whether a page that shows this would run a script, or not end where it should.
fn is_harmful(html: &str) -> bool {
    nodes(&Mirror::new(html)).iter().any(|(_, node)| node.starts_with("<script") || node.starts_with("<plaintext"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// What a component shows that gives strings: on a page, in patches, and all at once.
    #[test]
    fn a_render_that_is_a_string_is_followed_like_any_other(
        mut pieces in prop::collection::vec(piece(), 0..300),
        edits in prop::collection::vec(edit(), 1..12),
    ) {
        let html = pieces.concat();
        let mut renderer = Renderer::new(7);
        let page = renderer.page(&Raw(&html)).unwrap();
        prop_assert_eq!(to_html(&Raw(&html)).unwrap(), &*html);
        prop_assert!(!is_harmful(&page.html), "{}", page.html);
        prop_assert_eq!(&page.shape, &StringView::new(&page.html).shape(), "a page has as many nodes as its shape says");

        let mut view = renderer.mount(&Raw(html.clone()), None).unwrap();
        let (mut browser, mut patch) = (Mirror::new(&page.html), Vec::new());
        if page.fingerprint == view.fingerprint() {
            prop_assert_eq!(nodes(&browser), nodes(&Mirror::new(&html)), "the page shows what the string gives");
        } else {
            renderer.whole(&mut view, &Raw(&html), None, &mut patch).unwrap();
            browser.apply(std::str::from_utf8(&patch).unwrap()).unwrap();
        }
        for edit in &edits {
            change(&mut pieces, edit);
            let html = pieces.concat();
            patch.clear();
            let changed = renderer.update(&mut view, &Raw(&html), None, &mut patch).unwrap();
            prop_assert_eq!(changed, !patch.is_empty());
            if changed {
                browser.apply(std::str::from_utf8(&patch).unwrap()).unwrap();
            }
            prop_assert_eq!(nodes(&browser), nodes(&Mirror::new(&html)));
            prop_assert_eq!(view.shape(), StringView::new(&html).shape());
            prop_assert!(!renderer.update(&mut view, &Raw(&html), None, &mut patch).unwrap());

            let (mut anew, mut all) = (Mirror::new("<p>something else</p>"), Vec::new());
            renderer.whole(&mut View::default(), &Raw(&html), None, &mut all).unwrap();
            anew.apply(std::str::from_utf8(&all).unwrap()).unwrap();
            prop_assert_eq!(nodes(&anew), nodes(&browser));
        }
    }
}

#[test]
fn what_a_view_keeps_is_bounded() {
    let table = |rows: usize| {
        let row = |n| {
            format!(
                "<tr data-key={n} class=\"row\"><td>{n}</td><td><a href=\"/item/{n}\">Item number {n}</a></td></tr>"
            )
        };
        format!("<table><tbody>{}</tbody></table>", (0..rows).map(row).collect::<String>())
    };
    let mut renderer = Renderer::new(7);
    let mut mount = |html: &str| renderer.mount(&Raw(html), None).map(|view| view.memory());
    let html = table(1_000);
    let kept = mount(&html).unwrap();
    assert!((html.len()..4 * html.len()).contains(&kept), "{kept} bytes for {}", html.len());
    // The worst that is taken: all nodes, all attributes, all names.
    for html in [
        "<b></b>".repeat(MOST_PARTS - 20),
        "a<br>".repeat(MOST_PARTS / 2 - 10),
        "<!>".repeat(MOST_PARTS - 20),
        (0..128)
            .map(|n| format!("<b {}>", (0..1_000).map(|a| format!("a{n:x}-{a:x} ")).collect::<String>()))
            .collect::<String>(),
        "\0".repeat(MOST_BYTES - 20) + "<svg>",
        "<br a='\0\0\0\0'>".repeat(MOST_PARTS / 2 - 10),
    ] {
        assert!(html.len() <= MOST_BYTES, "{}", html.len());
        let kept = mount(&html).unwrap_or_else(|fault| panic!("{fault}: {:.40}", html));
        assert!(kept <= 8 << 20, "{kept} bytes for {:.40}", html);
    }
    for html in ["<b></b>".repeat(MOST_PARTS + 1), "x".repeat(MOST_BYTES + 1)] {
        let fault = mount(&html).unwrap_err().to_string();
        assert!(fault.contains("1 MiB, and 131,072 nodes"), "{fault}");
    }
}

#[derive(Clone, Debug)]
struct Row {
    id: u32,
    label: String,
    on: bool,
}

fn list(rows: &[Row], spaces: &str) -> String {
    let row = |row: &Row| {
        let class = if row.on { " class='on'" } else { "" };
        format!("<li id=\"row-{}\"{class}><b>{}</b> {}</li>{spaces}", row.id, row.id, row.label)
    };
    format!("<h1>Rows: {}</h1><ul>{spaces}{}</ul>", rows.len(), rows.iter().map(row).collect::<String>())
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let ids = prop::sample::subsequence((0..30).collect::<Vec<u32>>(), 0..30).prop_shuffle();
    (ids, prop::collection::vec(("[a-c]{0,30}", any::<bool>()), 30))
        .prop_map(|(ids, rest)| ids.into_iter().zip(rest).map(|(id, (label, on))| Row { id, label, on }).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn rows_with_keys_stay_the_same_nodes(
        renders in prop::collection::vec(rows(), 2..12),
        spaces in select(&["", "\n  "][..]),
    ) {
        // So long that no patch is longer than the whole.
        let rest = "<p>And so on. And so on. And so on.</p>".repeat(100);
        let html = |rows: &[Row]| list(rows, spaces) + &rest;
        let mut pair = Pair::new("div", &html(&renders[0]));
        let mut before = keys(&pair.page);
        for rows in &renders[1..] {
            let patch = pair.show(&html(rows));
            let now = keys(&pair.page);
            prop_assert!(!patch.starts_with("[-6"));
            if !patch.ends_with(",-5]") {
                for (id, number) in &now {
                    let was = before.iter().find(|(before, _)| before == id);
                    prop_assert!(was.is_none_or(|(_, was)| was == number), "{} became another node in {}", id, patch);
                }
            }
            before = now;
        }
    }

    #[test]
    fn numbers_do_not_grow_for_ever(renders in prop::collection::vec(rows(), 20..40)) {
        let mut pair = Pair::new("div", "");
        let mut greatest = None;
        for rows in &renders {
            pair.show(&list(rows, ""));
            greatest = lines(&pair.page).into_iter().map(|line| line.1).max().max(greatest);
        }
        // 30 rows of 5 nodes each, and a render's worth of new ones.
        prop_assert!(greatest < Some(3 * 160 + 64), "{:?}", greatest);
    }
}

/// The keys in a page, and the numbers of the nodes that have them.
fn keys(page: &Mirror) -> Vec<(String, u32)> {
    let key = |node: &str| Some(node.split_once("id=\"")?.1.split_once('"')?.0.to_owned());
    lines(page).into_iter().filter_map(|(_, number, node)| Some((key(&node)?, number))).collect()
}

#[test]
fn patches_are_what_the_documentation_says() {
    let list = |rows: &[&str]| {
        format!("<ul>{}</ul>", rows.iter().map(|row| format!("<li id={row}>{row}</li>")).collect::<String>())
    };
    let long = "x".repeat(40);
    for (old, new, patch) in [
        ("<p>a</p>", "<p>a</p>", "[]"),
        ("<p>a</p>", "<p>b</p>", r#"[3,"b"]"#),
        ("<p>9</p>", "<p>10</p>", "[3,10]"),
        ("<p>9</p>", "<p>010</p>", r#"[3,"010"]"#),
        ("<!--a-->", "<!--b-->", r#"[2,"b"]"#),
        (&format!("<p>💎{long}é</p>"), &format!("<p>💎{long}!</p>"), r#"[3,[42,1,"!"]]"#),
        (&format!("<p>{long}</p>"), &format!("<p>{long} y</p>"), r#"[3,[" y"]]"#),
        ("<b class='wide panel light'>1</b>", "<b class='wide panel dark'>1</b>", r#"[-7,2,"class",[11,5,"dark"]]"#),
        ("<b title=a>1</b>", "<b>1</b>", r#"[-7,2,"title",null]"#),
        ("<b>1</b>", "<b hidden>1</b>", r#"[-7,2,"hidden",""]"#),
        (&list(&["a", "b", "c"]), &list(&["a", "c"]), "[-2,2,1,1]"),
        (&list(&["a", "b", "c"]), &list(&["c", "a", "b"]), "[-3,2,2,0]"),
        (&list(&["a", "b", "c", "d", "e", "f"]), &list(&["f", "e", "d", "c", "b", "a"]), "[-4,2,0,[5,4,3,2,1,0]]"),
        (&list(&["a", "c"]), &list(&["a", "b", "c"]), r#"[-8,2,1,"<li id=b>b</li>"]"#),
    ] {
        // So long that no patch is longer than the whole.
        let rest = "<p>And so on.</p>".repeat(4);
        assert_eq!(diff(&format!("{old}{rest}"), &format!("{new}{rest}")), patch, "{old} {new}");
    }
    assert_eq!(diff("<p>one</p>", "<svg/>"), r#"[-6,"","<svg/>"]"#);
}

#[test]
fn a_shape_counts_the_nodes() {
    assert_eq!(StringView::new("<p>a<b>c</b></p><!-- d -->").shape(), r#"["",5]"#);
    assert_eq!(StringView::new("<template><p></p></template><div data-ignore>x</div>").shape(), r#"["",2]"#);
}

#[test]
fn what_belongs_to_others_is_left_alone() {
    let mut pair = StringView::new("<p>1</p><div data-ignore id=a>x</div>");
    let mut patch = Vec::new();
    assert!(!pair.update("<p>1</p><div data-ignore id=a>y<b>z</b></div>", &mut patch));
    assert!(pair.update("<p>2</p><div data-ignore id=a title=t>y</div>", &mut patch));
    assert_eq!(String::from_utf8(patch).unwrap(), r#"[-7,4,"title","t",3,2]"#);
}

#[test]
fn a_shuffle_of_many_rows_takes_time_in_proportion() {
    let html = |order: &mut dyn Iterator<Item = u32>| {
        format!("<ul>{}</ul>", order.map(|id| format!("<li id={id}>Row {id}</li>")).collect::<String>())
    };
    let n = 10_007;
    let mut pair = Pair::new("div", &html(&mut (0..n)));
    // A multiple of a prime goes everywhere once.
    let patch = pair.show(&html(&mut (0..n).map(|i| i * 4_321 % n)));
    assert!(patch.starts_with("[-4,2,"), "{}", &patch[..40]);
    // As many again, none of which has a key, and all of which are new.
    let plain = |word: &str| format!("<ul>{}</ul>", (0..n).map(|i| format!("<li>{word} {i}</li>")).collect::<String>());
    pair.show(&plain("Old"));
    pair.show(&plain("New"));
}

#[test]
fn deep_nesting_is_sent_whole() {
    let deep = |text: &str| "<b>".repeat(500) + text;
    let mut pair = Pair::new("div", &deep("a"));
    let patch = pair.show(&deep("b"));
    assert!(patch.starts_with(r#"[-6,"","#));
    pair.show("<p>shallow</p>");
    pair.show(&("<div>".repeat(300) + &"<svg><desc>".repeat(100)));
}

fn numbers(from: usize, to: usize) -> String {
    (from..to).map(|n| format!(" a{n}")).collect()
}

/// What costs a parser the square of its length is not taken apart.
#[test]
fn markup_that_would_take_too_long_is_not_known() {
    let ends = |name: &str| format!("</{name}>").repeat(MOST_LEVELS as usize);
    let most = MOST_LEVELS as usize;
    let known = [
        "<div>".repeat(most),
        ("<div>".repeat(most) + &ends("div")).repeat(3),
        "<p>".repeat(2_000),
        "<table><div>".repeat(2_000),
        "<template>".repeat(most),
        format!("<b{}>", numbers(0, MOST_ATTRIBUTES)),
        format!("<b{}></b>", numbers(0, MOST_ATTRIBUTES)).repeat(20),
        // Not that many attributes, but as many words.
        format!("<b title='{0}' lang=\"{0}\">{0}<!--{0}--></b><script>a <b{0}</script>", numbers(0, 3_000)),
        format!("<svg><path d='{}'/></svg>", "M 0 0 < ".repeat(2_000)),
    ];
    let unknown = [
        "<div>".repeat(most + 1),
        "<a><div>".repeat(10_000),
        "<template>".repeat(most + 1),
        "<table><td><i>".repeat(10_000),
        "<svg><desc>".repeat(10_000),
        (0..10_000).map(|n| format!("<b a{n}>")).collect(),
        format!("<b{}>", numbers(0, MOST_ATTRIBUTES + 1)),
        format!("</b{}>", numbers(0, 5_000)),
        // No end of it comes, and `<` is as good as any other letter there.
        format!("<b x='<i'{}", numbers(0, 5_000).replace('a', "<a")),
        format!("<script>'<b x=\"'</script><<b{}", numbers(0, 5_000)),
        format!("<!-- <b x=' --><b =' {}", numbers(0, 5_000)),
        (0..5_000).map(|n| format!("<html a{n}>")).collect(),
    ];
    let mut renderer = Renderer::new(7);
    for (is_known, html) in known.iter().map(|html| (true, html)).chain(unknown.iter().map(|html| (false, html))) {
        let fault = renderer.mount(&Raw(html), None).err().map(|fault| fault.to_string());
        assert_eq!(fault.is_none(), is_known, "{html:.60}: {fault:?}");
        assert!(is_known || fault.unwrap().contains("512 levels deep, with 1,024 attributes"));
        // Whoever asks for a patch nevertheless gets the whole.
        let (from, to) = (diff(html, "<p>x"), diff("<p>x", html));
        assert_eq!((from.starts_with("[-6") || is_known, to.starts_with("[-6")), (true, true), "{html:.60}");
        assert_eq!(StringView::new(html).html().is_empty(), !is_known);
    }
    let mut view = StringView::new("<p>x");
    let mut patch = Vec::new();
    let long = "x".repeat(100);
    for html in ["<p>y", &unknown[0], &unknown[0], &long, &format!("{long}<b>w")] {
        patch.clear();
        assert!(view.update(html, &mut patch));
    }
    assert!(!patch.starts_with(b"[-6"), "it is known again: {}", String::from_utf8_lossy(&patch));
}

#[test]
fn a_patch_that_does_not_fit_is_an_error() {
    for patch in [
        "",
        "{}",
        "[0]",
        "[null]",
        "[1]",
        "[1,2]",
        "[9,\"a\"]",
        "[3,[9,1,\"\"]]",
        "[3,[0,1]]",
        "[3,[1,0,1]]",
        "[3,{}]",
        "[-1,2,0,1]",
        "[-2,2,0,9]",
        "[-2,3,0,1]",
        "[-3,2,0,1]",
        "[-4,2,0,[0,0]]",
        "[-4,2,0,[1]]",
        "[-4,2,7,[]]",
        "[-6,\"x\",\"\"]",
        "[-7,3,\"a\",\"b\"]",
        "[-8,2,2,\"\"]",
        "[-8,3,0,\"\"]",
        "[-99]",
        "[-2,2,18446744073709551615,2]",
    ] {
        assert!(Mirror::new("<p>text</p>").apply(patch).is_err(), "{patch}");
    }
}
