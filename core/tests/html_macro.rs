//! What `html!` takes, and that its expansions compile wherever an application puts them.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::{self, Display};

use lazuli::html;
use lazuli::html::{Render, Renderer, to_html};

struct Row {
    id: u64,
    name: String,
    note: Option<String>,
    children: Vec<Row>,
}

enum Tab {
    List,
    Detail(u32),
    Help { topic: String },
}

struct Money(i64);

impl Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} €", self.0 / 100, self.0 % 100)
    }
}

struct Board {
    title: String,
    rows: Vec<Row>,
    tab: Tab,
    step: i32,
    open: bool,
    total: Money,
    link: String,
    hint: Option<String>,
}

impl Board {
    fn render(&self) -> impl Render {
        html! {
            div class="board" class:open=(self.open) id={"b-" (self.step)} {
                h2 title=(self.hint) { "Board: " (self.title) " of " (self.rows.len()) "!" }
                @(header(&self.title))
                p { (self.total) " " (self.step) }
                a href=(self.link) class:a=(self.open) class:b=(self.step > 0) { "Go" }
                @match &self.tab {
                    Tab::List => { ul { @for row in &self.rows key=(row.id) { li id={"r-" (row.id)} { (row.name) (row.note) } } } }
                    Tab::Detail(n) if *n > 3 => { p { (n) } },
                    Tab::Detail(_) => {}
                    Tab::Help { topic } => { @let upper = topic.to_uppercase(); p { (upper) } }
                }
                @if let Some(hint) = &self.hint && self.open { em { (hint) } } @else if self.open { "open" } @else { b { "shut" } }
                input type="number" value=(self.step) on:change="set" on:keydown.enter="send" disabled=(!self.open) min=-1;
            }
        }
    }
}

fn header(title: &str) -> impl Render {
    html! { header { h1 { (title) } } }
}

fn tree(row: &Row) -> Box<dyn Render + '_> {
    Box::new(html! {
        li { (row.name) @if !row.children.is_empty() { ul { @for child in &row.children key=(child.id) { @(tree(child)) } } } }
    })
}

fn list<T: Display>(items: &[T]) -> impl Render {
    html! { ol { @for (i, item) in items.iter().enumerate() key=(i) { li { (i) ": " (item) } } } }
}

fn wrap(inner: impl Render) -> impl Render {
    html! { section { @(inner) } }
}

fn written(render: &dyn Render) -> String {
    let html = to_html(render).unwrap();
    // What a page holds is the same, and a page can be mounted and shows nothing new at once.
    let mut renderer = Renderer::new(1);
    assert_eq!(renderer.page(render).unwrap().html, html);
    let mut view = renderer.mount(render, None).unwrap();
    let mut patch = Vec::new();
    assert!(!renderer.update(&mut view, render, None, &mut patch).unwrap());
    html
}

fn board(tab: Tab) -> Board {
    let row = |id, name: &str, note: Option<&str>| Row {
        id,
        name: name.to_owned(),
        note: note.map(str::to_owned),
        children: Vec::new(),
    };
    Board {
        title: "A & B".to_owned(),
        rows: vec![row(7, "seven", None), row(8, "<eight>", Some("!"))],
        tab,
        step: 1,
        open: true,
        total: Money(1234),
        link: "javascript:alert(1)".to_owned(),
        hint: None,
    }
}

#[test]
fn a_component_with_everything() {
    let page = |rest: &str| {
        format!(
            "<div class=\"board open\" id=\"b-1\"><h2>Board: A &amp; B of 2!</h2><header><h1>A &amp; B</h1></header><p>12.34 € 1</p>\
             <a href=\"about:blank#blocked\" class=\"a b\">Go</a>{rest}<!---->open\
             <input type=\"number\" value=\"1\" spark-change=\"set\" spark-keydown=\"send\" spark-key=\"Enter\" min=\"-1\"></div>"
        )
    };
    let list = "<ul><li id=\"r-7\">seven</li><li id=\"r-8\">&lt;eight&gt;!</li></ul>";
    assert_eq!(written(&board(Tab::List).render()), page(list));
    assert_eq!(written(&board(Tab::Detail(4)).render()), page("<p>4</p>"));
    assert_eq!(written(&board(Tab::Detail(3)).render()), page(""));
    assert_eq!(written(&board(Tab::Help { topic: "x".to_owned() }).render()), page("<p>X</p>"));
}

#[test]
fn functions_generics_and_recursion() {
    assert_eq!(written(&list(&[1.5, 2.5])), "<ol><li>0: 1.5</li><li>1: 2.5</li></ol>");
    assert_eq!(written(&list(&[Money(5)])), "<ol><li>0: 0.05 €</li></ol>");
    assert_eq!(written(&wrap(header("x"))), "<section><header><h1>x</h1></header></section>");
    let leaf = |id| Row { id, name: id.to_string(), note: None, children: Vec::new() };
    let root = Row { children: vec![leaf(2), leaf(3)], ..leaf(1) };
    assert_eq!(
        written(&*tree(&root)),
        "<li>1<!----><ul><!----><li>2<!----></li><!----><!----><li>3<!----></li><!----></ul></li>"
    );
    let some = Some(header("x"));
    assert_eq!(written(&html! { div { @(some) } }), "<div><header><h1>x</h1></header></div>");
}

#[test]
fn values_of_many_kinds() {
    let owned = String::from("<o>");
    let cow: Cow<'_, str> = Cow::Borrowed("c");
    let number = 3_u8;
    let borrowed = &&number;
    let markup = html! {
        p title=(cow) data-n=(1.5_f32) hidden=(false) lang=(None::<&str>) translate=(Some("no")) {
            (format!("{owned}")) (owned) ('x') (borrowed) (u128::MAX) (None::<u8>)
        }
    };
    let expected = "<p title=\"c\" data-n=\"1.5\" translate=\"no\">&lt;o&gt;&lt;o&gt;x3340282366920938463463374607431768211455</p>";
    assert_eq!(written(&markup), expected);
}

#[test]
fn names_of_the_user_do_not_meet_those_of_the_macro() {
    let (sink, joiner, blank, on0, row) = (1, 2, 3, true, 4);
    const ROOT: u8 = 5;
    struct Template;
    #[allow(non_snake_case)]
    fn Slot(_: Template) -> u8 {
        6
    }
    let markup = html! {
        p class:x=(on0) class:y=(!on0) { (sink) (joiner) (blank) (row) }
        @match 5 { ROOT => { b { (ROOT) (Slot(Template)) } } _ => {} }
    };
    assert_eq!(written(&markup), "<p class=\"x\">1234</p><b>56</b><!---->");
}

#[test]
fn class_toggles() {
    let page = |a: bool, b: bool| {
        written(&html! {
            i class:a=(a) class:b=(b);
            i class="x" class:a=(a) class:b=(b);
            i class=("y") class:a=(a);
            i class={"z-" (1)} class:"w-1/2"=(b) id="k";
        })
    };
    assert_eq!(
        page(true, true),
        r#"<i class="a b"></i><i class="x a b"></i><i class="y a"></i><i class="z-1 w-1/2" id="k"></i>"#
    );
    assert_eq!(
        page(false, true),
        r#"<i class="b"></i><i class="x b"></i><i class="y"></i><i class="z-1 w-1/2" id="k"></i>"#
    );
    assert_eq!(page(false, false), r#"<i></i><i class="x"></i><i class="y"></i><i class="z-1" id="k"></i>"#);
}

#[test]
fn an_expression_is_evaluated_once() {
    let count = Cell::new(0);
    let next = || {
        count.set(count.get() + 1);
        count.get()
    };
    let markup = html! { p id=(next()) title={"n" (next())} { (next()) } };
    assert_eq!(to_html(&markup).unwrap(), r#"<p id="1" title="n1">1</p>"#);
}

#[test]
fn a_let_can_give_the_same_words_another_meaning() {
    let x = 1;
    let markup = html! { p { (x) } @let x = x + 1; p { (x) @let x = x + 1; (x) } };
    assert_eq!(written(&markup), "<p>1</p><p>2<!---->3</p>");
}

#[test]
fn comments_keep_texts_apart() {
    let (yes, none) = (true, None::<Box<dyn Render>>);
    let rows = ["a", "b"];
    let markup = html! {
        @if yes { "x" } "y" @if yes { "z" } @(none)
        p { @if yes { "x" } @if !yes { "y" } @else { "z" } }
        @for row in rows key=(row) { (row) }
    };
    assert_eq!(written(&markup), "<!---->x<!---->y<!---->z<!----><p>x<!---->z</p>a<!---->b<!----><!---->");
}

#[test]
fn a_leading_newline_stays() {
    let text = "\nx";
    assert_eq!(written(&html! { pre { (text) } }), "<pre>\n\nx</pre>");
    assert_eq!(written(&html! { pre { "\nx" } }), "<pre>\n\nx</pre>");
    assert_eq!(written(&html! { pre { "x" } }), "<pre>x</pre>");
    assert_eq!(written(&html! { textarea { (text) } }), "<textarea>\n\nx</textarea>");
    assert_eq!(written(&html! { pre { @if true { (text) } } }), "<pre>\n\nx</pre>");
}

#[test]
fn addresses_are_checked_unless_trusted() {
    let bad = "JavaScript:alert(1)";
    let markup = html! { a href=(bad) data-x=(bad) { } a href=@trusted(bad) { } a href={"/u/" (bad)} { } };
    assert_eq!(
        written(&markup),
        "<a href=\"about:blank#blocked\" data-x=\"JavaScript:alert(1)\"></a><a href=\"JavaScript:alert(1)\"></a><a href=\"/u/JavaScript:alert(1)\"></a>"
    );
}

#[test]
fn raw_markup_beside_the_same_value_as_text() {
    let markup = "<b>x</b>";
    assert_eq!(
        written(&html! { div { @raw(markup) } p { (markup) } }),
        "<div><b>x</b></div><p>&lt;b&gt;x&lt;/b&gt;</p>"
    );
}

#[test]
fn svg_and_nothing() {
    let big = true;
    let markup = html! { svg viewBox="0 0 9 9" { circle r=(1.5); @if big { a href="/" { rect; } } foreignObject { p { "x" } } } };
    assert_eq!(
        written(&markup),
        "<svg viewBox=\"0 0 9 9\"><circle r=\"1.5\"></circle><a href=\"/\"><rect></rect></a><foreignObject><p>x</p></foreignObject></svg>"
    );
    assert_eq!(written(&html! { div { @(html! {}) } }), "<div></div>");
}

#[test]
fn literals() {
    let markup = html! {
        input type="checkbox" checked disabled=false required=true aria-busy=false draggable=true tabindex=-1 step=0.5 data-c='"' r#for="x";
        custom-element data-a.b="1" xlink:href="#x" aria-label="a\"b<>&" { "1 < 2 & 3 > 2" 4 'c' "\r" }
    };
    assert_eq!(
        written(&markup),
        "<input type=\"checkbox\" checked required aria-busy=\"false\" draggable=\"true\" tabindex=\"-1\" step=\"0.5\" data-c=\"&quot;\" for=\"x\">\
         <custom-element data-a.b=\"1\" xlink:href=\"#x\" aria-label=\"a&quot;b&lt;&gt;&amp;\">1 &lt; 2 &amp; 3 &gt; 24c&#13;</custom-element>"
    );
}

#[test]
fn truth_is_a_word_where_words_are_the_values() {
    struct Shown;
    impl std::fmt::Display for Shown {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("mixed")
        }
    }
    let (yes, no) = (true, &&false);
    let markup = html! {
        button aria-pressed=(yes) aria-expanded=(*no) aria-checked=(no) aria-selected=(Some(false)) aria-hidden=(None::<bool>)
            aria-busy=(Box::new(true)) aria-current=("page") aria-invalid=(Some("spelling")) aria-checked-by=(Shown) aria-colcount=(-1)
            draggable=(no) spellcheck=(yes) contenteditable=(yes) writingsuggestions=(no)
            hidden=(yes) disabled=(no) data-on=(yes) aria-label=("x");
    };
    assert_eq!(
        written(&markup),
        "<button aria-pressed=\"true\" aria-expanded=\"false\" aria-checked=\"false\" aria-selected=\"false\" \
         aria-busy=\"true\" aria-current=\"page\" aria-invalid=\"spelling\" aria-checked-by=\"mixed\" aria-colcount=\"-1\" \
         draggable=\"false\" spellcheck=\"true\" contenteditable=\"true\" writingsuggestions=\"false\" \
         hidden data-on aria-label=\"x\"></button>"
    );
    // The same in a patch.
    let toggle = |on: bool| html! { button aria-pressed=(on) hidden=(on) { (on) } };
    let mut renderer = Renderer::new(1);
    let mut view = renderer.mount(&toggle(false), None).unwrap();
    for (on, expected) in [(true, r#"[1,"true",2,true]"#), (false, r#"[1,"false",2,null]"#)] {
        let mut patch = Vec::new();
        assert!(renderer.update(&mut view, &toggle(on), None, &mut patch).unwrap());
        assert_eq!(String::from_utf8(patch).unwrap(), expected);
    }
}

#[test]
fn a_change_is_a_patch_of_its_slots() {
    let page = |name: &'static str, ids: Vec<u32>| {
        html! { h1 id={"t-" (name)} { (name) } ul { @for id in &ids key=(id) { li data-id=(id) { "no " (id) } } } }
    };
    let mut renderer = Renderer::new(1);
    let mut view = renderer.mount(&page("a", vec![1, 2]), None).unwrap();
    let mut patch = Vec::new();
    assert!(renderer.update(&mut view, &page("b", vec![1, 2]), None, &mut patch).unwrap());
    assert_eq!(String::from_utf8(patch).unwrap(), r#"[1,"b"]"#);
    let mut patch = Vec::new();
    assert!(renderer.update(&mut view, &page("b", vec![1, 3, 2]), None, &mut patch).unwrap());
    assert_eq!(String::from_utf8(patch).unwrap(), "[-1,2,1,1,3]");
}

#[test]
fn a_view_may_be_empty_and_come_back() {
    fn maybe(shown: bool) -> impl Render {
        shown.then(|| html! { p { "here" } })
    }
    assert_eq!(to_html(&maybe(false)).unwrap(), "");
    let mut renderer = Renderer::new(1);
    assert_eq!(renderer.page(&maybe(false)).unwrap().shape, "[0]");
    let mut view = renderer.mount(&maybe(false), None).unwrap();
    let mut patch = Vec::new();
    assert!(!renderer.update(&mut view, &maybe(false), None, &mut patch).unwrap());
    assert!(renderer.update(&mut view, &maybe(true), None, &mut patch).unwrap());
    assert!(patch.starts_with(b"[-6,\""), "{}", String::from_utf8_lossy(&patch));
    patch.clear();
    assert!(renderer.update(&mut view, &maybe(false), None, &mut patch).unwrap());
    assert_eq!(patch, b"[-6,0]");
}

#[test]
fn a_long_text_grows_by_what_is_appended() {
    let show = |texts: &[String], is_sparse: bool| {
        let texts = texts.to_vec();
        html! { p { (texts[0]) } p { (texts[1]) } @if is_sparse { b { (1) } } }
    };
    let mut renderer = Renderer::new(1);
    // The first fills what a view keeps of texts.
    let mut texts = ["a".repeat(16 << 10), "é".repeat(50_000)];
    let mut view = renderer.mount(&show(&texts, false), None).unwrap();
    let mut update = |view: &mut lazuli::html::View, texts: &[String], is_sparse| {
        let mut patch = Vec::new();
        renderer.update(view, &show(texts, is_sparse), None, &mut patch).unwrap();
        String::from_utf8(patch).unwrap()
    };
    texts[1] += " and more";
    assert_eq!(update(&mut view, &texts, false), r#"[2,[" and more"]]"#);
    texts[1] += "!";
    assert_eq!(update(&mut view, &texts, false), r#"[2,["!"]]"#);
    // A change within it is sent as a whole, and then it grows again; also under another number.
    texts[1].replace_range(0..2, "x");
    assert!(update(&mut view, &texts, false).starts_with(r#"[2,"xé"#));
    let renumbered = (0..1_000).any(|n| update(&mut view, &texts, n % 2 == 0).ends_with(",-5]"));
    assert!(renumbered);
    texts[1] += "?";
    let patch = update(&mut view, &texts, false);
    assert!(patch.starts_with(r#"[2,["?"]"#), "{patch:.40}");
}

#[test]
fn a_part_that_comes_to_stand_elsewhere_is_checked_there() {
    fn part() -> impl Render {
        html! { div { "part" } }
    }
    fn around(is_inner: bool) -> impl Render {
        html! { @(is_inner.then(part)) }
    }
    let show = |above: bool, below: bool| html! { section { @(around(above)) } p { @(around(below)) } };
    let mut renderer = Renderer::new(1);
    let mut patch = Vec::new();
    let mut view = renderer.mount(&show(false, false), None).unwrap();
    assert!(renderer.update(&mut view, &show(true, false), None, &mut patch).unwrap());
    patch.clear();
    // Its name is known by now.
    let fault = renderer.update(&mut view, &show(true, true), None, &mut patch).unwrap_err().to_string();
    assert!(fault.contains("`div` cannot stand in `p`"), "{fault}");
    assert_eq!(patch, b"");
    let fault = renderer.whole(&mut view, &show(true, true), None, &mut patch).unwrap_err().to_string();
    assert!(fault.contains("`div` cannot stand in `p`"), "{fault}");
    // Rows and alternatives are places as well.
    let rows =
        |rows: usize| html! { div { @(part()) } p { @for row in 0..rows key=(row) { @if row > 1 { @(part()) } } } };
    let mut view = renderer.mount(&rows(2), None).unwrap();
    let fault = renderer.update(&mut view, &rows(3), None, &mut patch).unwrap_err().to_string();
    assert!(fault.contains("`div` cannot stand in `p`"), "{fault}");
}
