//! Components whose markup is a string, in a hub: they are mounted, patched, resynced and made anew like others.

mod common;

use common::components::{attributes, secret, set_cookie};
use common::{Cx, TestApp, World, millis};
use lazuli::html::strings::{MOST_BYTES, MOST_PARTS, Mirror};
use lazuli::html::{Raw, Render, StringView};
use lazuli::{Cause, Component, Config, ConnId, Event, Preview, Response, Result, Routes, html};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

/// A string, whatever it is.
struct Board {
    html: String,
}

/// One that is there or not.
struct Maybe(Option<String>);

/// A string or markup of `html!`.
struct Either {
    string: Option<String>,
    count: u32,
}

/// Made by `html!`, in the same page.
struct Counter(u32);

/// Has a string in its own markup, and one as a component.
struct Frame {
    html: String,
}

fn set(html: &mut String, event: &Event<'_>) -> Result {
    match event.name() {
        "show" => *html = event.get("html").unwrap_or_default().into(),
        "append" => *html += &event.get("html").unwrap_or_default(),
        "fail" => return Err(lazuli::Error::reply("as asked")),
        "panic" => panic!("as asked"),
        _ => return Err(event.unknown()),
    }
    Ok(())
}

impl Component<TestApp> for Board {
    fn render(&self) -> impl Render {
        assert_ne!(self.html, "bad");
        Raw(&self.html)
    }

    fn on_event(&mut self, _: &mut Cx<'_>, event: &Event<'_>) -> Result {
        set(&mut self.html, event)
    }
}

impl Component<TestApp> for Maybe {
    fn render(&self) -> impl Render {
        self.0.as_ref().map(Raw)
    }

    fn on_event(&mut self, _: &mut Cx<'_>, event: &Event<'_>) -> Result {
        self.0 = event.get("html").map(Into::into);
        Ok(())
    }
}

impl Component<TestApp> for Either {
    fn render(&self) -> impl Render {
        match &self.string {
            Some(string) => Box::new(Raw(string)) as Box<dyn Render + '_>,
            None => Box::new(html! { p { (self.count) } }),
        }
    }

    fn on_event(&mut self, _: &mut Cx<'_>, event: &Event<'_>) -> Result {
        (self.string, self.count) = (event.get("html").map(Into::into), self.count + 1);
        Ok(())
    }
}

impl Component<TestApp> for Counter {
    fn render(&self) -> impl Render {
        html! { p { (self.0) } }
    }

    fn on_event(&mut self, _: &mut Cx<'_>, _: &Event<'_>) -> Result {
        self.0 += 1;
        Ok(())
    }
}

impl Component<TestApp> for Frame {
    fn render(&self) -> impl Render {
        html! { h1 { "Frame" } @(Raw(self.html.clone())) @component(Board { html: "<b>inner</b>".into() }) }
    }

    fn on_event(&mut self, _: &mut Cx<'_>, event: &Event<'_>) -> Result {
        set(&mut self.html, event)
    }
}

/// A page with one component of these, from this string; and a counter after it.
struct Page {
    world: World,
    socket: ConnId,
    html: String,
    cookie: String,
    /// What a browser shows of the first component, as long as it is a string.
    shown: Mirror,
}

impl Page {
    fn new(kind: &'static str, string: &str) -> Page {
        let mut routes: Routes<TestApp> = Routes::new();
        routes.spark("/spark").unwrap();
        let kinds = [
            routes.component("board", |_, html: String| Ok(Board { html })).unwrap(),
            routes.component("maybe", |_, html: String| Ok(Maybe(Some(html)))).unwrap(),
            routes.component("either", |_, html: String| Ok(Either { string: Some(html), count: 0 })).unwrap(),
            routes.component("frame", |_, html: String| Ok(Frame { html })).unwrap(),
        ];
        let counter = routes.component("counter", |_, start: u32| Ok(Counter(start))).unwrap();
        let string = string.to_owned();
        let answer = move |cx: &mut lazuli::Scope<'_, TestApp>, request: &lazuli::Request| {
            let at = ["board", "maybe", "either", "frame"].iter().position(|name| *name == kind).unwrap();
            let (first, second) = (cx.show(&kinds[at], request, &string)?, cx.show(&counter, request, &3)?);
            Ok(Response::html(format!("<main>{first}{second}</main>")))
        };
        routes.get("/", answer).unwrap();
        let mut world = World::with(Config { secret: secret(1), ..Config::default() }, routes, Arc::default());
        let response = world.get("/", None);
        let html = String::from_utf8(response.body().into()).unwrap();
        assert_eq!(response.status_code(), 200, "{:?}", world.logs);
        let cookie = set_cookie(&response).unwrap();
        let socket = world.spark_with("/spark", &cookie);
        Page { shown: Mirror::new(inside(&html)), world, socket, html, cookie }
    }

    /// Mounts what the page shows at a place, and gives the answer.
    fn mount(&mut self, place: usize, fresh: bool) -> Value {
        let token = &attributes(&self.html, "data-spark")[place];
        let mut said = json!({ "type": "component_mount", "token": token, "ref": 1 });
        if fresh {
            said["fresh"] = true.into();
        }
        self.world.say(self.socket, said);
        let mut answer = self.world.heard(self.socket).remove(0);
        assert_eq!(answer["status"], "ok", "{answer}");
        let payload = answer["payload"].take();
        if place == 0 && payload[1].is_array() {
            self.shown.apply(&payload[1].to_string()).unwrap();
        }
        payload
    }

    fn mounted(kind: &'static str, string: &str) -> Page {
        let mut page = Page::new(kind, string);
        assert_eq!((page.mount(0, false)[0].clone(), page.mount(1, false)[0].clone()), (json!(1), json!(2)));
        page
    }

    fn say(&mut self, event: &str, html: &str) {
        let data = json!({ "html": html });
        self.world
            .say(self.socket, json!({ "type": "component_event", "component_id": 1, "event": event, "data": data }));
    }

    /// What comes, patches for the first component applied.
    fn hear(&mut self) -> Vec<Value> {
        self.world.pass(millis(20));
        let heard = self.world.heard(self.socket);
        for frame in heard.iter().filter_map(Value::as_array) {
            for pair in frame.chunks(2).filter(|pair| pair[0] == 1) {
                let patch = pair[1].to_string();
                self.shown.apply(&patch).unwrap_or_else(|unfit| panic!("{unfit}: {patch}"));
            }
        }
        heard
    }

    fn shows(&self, html: &str) {
        assert_eq!(self.shown.html(), StringView::new(html).html());
    }
}

/// What the first component of a page holds.
fn inside(page: &str) -> &str {
    let start = page.find("\">").unwrap() + 2;
    &page[start..page.find("</div><div data-spark=").unwrap()]
}

const LIST: &str = "<ul><li id=a>one</li><li id=b>two</li></ul><p>And some more text, so that a patch is worth it.</p>";

#[test]
fn a_string_is_shown_mounted_and_patched() {
    let mut page = Page::new("board", LIST);
    assert_eq!(inside(&page.html), LIST);
    assert_eq!(attributes(&page.html, "data-shape")[0], r#"["",7]"#);
    assert_eq!(page.mount(0, false), json!([1]), "nothing but its number");
    assert_eq!(page.mount(1, false), json!([2]));

    let turned = LIST.replace("<li id=a>one</li><li id=b>two</li>", "<li id=b>two!</li><li id=a>one</li>");
    page.say("show", &turned);
    assert_eq!(page.hear(), [json!([1, [-3, 3 - 1, 1, 0, 6, ["!"]]])]);
    page.shows(&turned);

    // Another string that shows the same, and the same string, send nothing.
    page.say("show", &turned.replace("<li id=a>", "<LI id='a'>"));
    page.say("append", "");
    assert_eq!(page.hear(), [json!(null); 0]);

    // With others in one frame.
    page.say("append", "<i>!</i>");
    page.hear();
    page.say("show", LIST);
    page.world.say(page.socket, json!({ "type": "component_event", "component_id": 2, "event": "add" }));
    let heard = page.hear();
    let frame = heard.last().unwrap().as_array().unwrap();
    assert!(heard.len() <= 2 && frame[frame.len() - 2] == 2, "{heard:?}");
    page.shows(LIST);
}

#[test]
fn several_changes_travel_as_one() {
    let mut page = Page::mounted("board", LIST);
    page.say("append", "<b>1</b>");
    assert_eq!(page.world.heard(page.socket).len(), 1, "the first at once");
    // (It was heard and not applied.)
    page.world.say(page.socket, json!({ "type": "component_resync", "component_id": 1 }));
    page.hear();
    for n in 0..5 {
        page.say("append", &format!("<b>{n}</b>"));
    }
    let heard = page.hear();
    assert!(heard.len() <= 2, "{heard:?}");
    page.shows(&format!("{LIST}<b>1</b><b>0</b><b>1</b><b>2</b><b>3</b><b>4</b>"));
}

#[test]
fn a_resync_and_a_fresh_mount_bring_the_whole() {
    let mut page = Page::mounted("board", LIST);
    page.say("append", "<b>more</b>");
    page.hear();
    page.shown = Mirror::new("<p>somebody else's</p>");
    page.world.say(page.socket, json!({ "type": "component_resync", "component_id": 1, "ref": 4 }));
    let heard = page.hear();
    assert_eq!(heard[1], json!([1, [-6, "", format!("{LIST}<b>more</b>")]]));
    // Numbers are those of the whole.
    page.say("append", "!");
    page.hear();
    page.shows(&format!("{LIST}<b>more</b>!"));
    // The connection is lost: a new one begins where the component's props do.
    page.world.closed(page.socket, Cause::Lost);
    page.socket = page.world.spark_with("/spark", &page.cookie.clone());
    assert_eq!(page.mount(0, true), json!([1, [-6, "", LIST]]));
    page.shows(LIST);
}

#[test]
fn a_page_that_shows_something_else_gets_the_whole() {
    // A page cannot show a paragraph in a paragraph, and is not to hold a script.
    for (string, first) in [
        ("<p>1<table><tr><td><p>2</table>", None),
        ("<p>a</p><script src=/x.js></script><b>b</b>", Some("<p>a</p><b>b</b>")),
        ("<svg><script>alert(1)</script><g/></svg>", Some("<svg><g></g></svg>")),
        ("<template><script>1</script><p>t</p></template>", Some("<template><p>t</p></template>")),
        ("<div data-ignore><script>1</script></div>", Some("<div data-ignore></div>")),
        ("<i>x</i><plaintext>and all the rest", Some("<i>x</i>")),
        ("<noscript><script>1</script></noscript>", Some("<noscript></noscript>")),
    ] {
        let mut page = Page::new("board", string);
        if let Some(first) = first {
            assert_eq!(inside(&page.html), first);
        }
        assert!(!page.html.contains("<script") && !page.html.contains("plaintext>"), "{}", page.html);
        let shape: Value = serde_json::from_str(&attributes(&page.html, "data-shape")[0]).unwrap();
        assert_eq!(StringView::new(inside(&page.html)).shape(), shape.to_string(), "the shape is that of the page");
        let is_other = StringView::new(string).fingerprint() != StringView::new(inside(&page.html)).fingerprint();
        let answer = page.mount(0, false);
        assert_eq!(answer.as_array().unwrap().len() == 2, is_other, "{string}: {answer}");
        // (The inside of what is ignored is nobody's business.)
        let shown = string.replace("data-ignore><script>1</script>", "data-ignore>");
        page.shows(&shown);
        page.say("append", "<u>1</u>");
        page.hear();
        page.shows(&format!("{shown}<u>1</u>"));
    }
}

#[test]
fn markup_that_would_make_scripts_when_it_is_parsed_again_makes_none() {
    // Written out and parsed again, parts of these come to stand elsewhere.
    for string in [
        "<math><mtext><table><mglyph><style><!--</style><script>alert(1)</script>",
        "<svg></p><style><a id=\"</style><script>1</script>\">",
        "<form><math><mtext></form><form><mglyph><style></math><script>1</script>",
        "<table><tr><td><svg><desc><td><script>1</script>",
        "<p><svg><foreignObject><p><table><script>1</script><p><script>2</script>",
        "<select><template><script>1</script></template><xmp><script>1</script></xmp>",
        "<noembed><script>1</script></noembed><iframe><script>1</script></iframe><textarea><script>1</script>",
    ] {
        let page = Page::new("board", string);
        let nodes = format!("{:?}", Mirror::new(inside(&page.html)));
        let is_script = |line: &str| line.splitn(3, ' ').nth(2).is_some_and(|node| node.starts_with("<script"));
        assert!(!nodes.lines().any(is_script), "{string}: {nodes}");
    }
}

#[test]
fn errors_and_panics_are_those_of_any_component() {
    let mut page = Page::mounted("board", LIST);
    page.say("append", "<b>1</b>");
    page.hear();
    page.say("fail", "");
    assert_eq!(
        page.hear(),
        [json!({ "type": "component_error", "component_id": 1, "message": "as asked", "fresh": false })]
    );
    page.shows(&format!("{LIST}<b>1</b>"));
    page.say("panic", "");
    assert_eq!(page.hear().len(), 2, "told, and made anew");
    page.shows(LIST);
    page.say("append", "<b>2</b>");
    page.hear();
    page.shows(&format!("{LIST}<b>2</b>"));
    // A render that panics.
    page.say("show", "bad");
    page.hear();
    page.shows(LIST);
    assert_eq!(page.world.stats().panics, 2);
    assert_eq!(page.world.stats().components, 2);
}

#[test]
fn a_string_that_is_too_large_is_an_error_and_the_page_keeps_what_it_shows() {
    let mut page = Page::mounted("board", LIST);
    let badly_nested =
        "<p>".to_owned() + &(0..500).map(|n| format!("<font size={n}>")).collect::<String>() + &"<p>x".repeat(500);
    assert!(badly_nested.len() < 20_000);
    for string in ["x".repeat(MOST_BYTES + 1), "<b a=1 b=1 c=1>".repeat(MOST_PARTS / 4 + 1), badly_nested] {
        // Events have a limit of their own, so it grows piece by piece.
        page.say("show", "");
        page.hear();
        let grown = page.world.stats().errors;
        for piece in string.as_bytes().chunks(60_000) {
            page.say("append", std::str::from_utf8(piece).unwrap());
        }
        let heard = page.hear();
        let told = heard.iter().filter(|frame| frame["type"] == "component_error").count();
        let said = format!("{heard:.300?} {:?}", page.world.logs.last());
        assert!(told > 0 && page.world.stats().errors > grown, "{} bytes: {said:.900}", string.len());
        let logged = page
            .world
            .logs
            .iter()
            .any(|record| record.detail.as_deref().is_some_and(|said| said.contains("131,072 nodes")));
        assert!(logged, "{:?}", page.world.logs.last());
        // And it goes on.
        page.say("show", LIST);
        page.hear();
        page.shows(LIST);
    }
    let refused = std::panic::catch_unwind(|| Page::new("board", &"x".repeat(MOST_BYTES + 1)));
    assert!(refused.is_err(), "a page cannot show it");
}

#[test]
fn a_slow_reader_gets_one_patch_to_the_present() {
    let mut page = Page::mounted("board", LIST);
    page.world.fast = false;
    let mut string = LIST.to_owned();
    for n in 0..400 {
        let more = format!("<p id=n{n}>{}</p>", "words ".repeat(100));
        string += &more;
        page.say("append", &more);
        page.world.pass(millis(20));
    }
    let sent = page.hear().len();
    assert!(sent < 300, "{sent} frames are no slow reader");
    let shown = page.shown.html().len();
    assert!(shown < string.len(), "it is behind");
    // It reads again, and needs one more frame.
    page.world.fast = true;
    let unreported = page.world.unreported.remove(&page.socket).unwrap_or_default();
    page.world.sent(page.socket, unreported);
    let heard = page.hear();
    assert!(heard.len() <= 2, "what waited, and one patch to the present: {} frames", heard.len());
    page.shows(&string);
}

#[test]
fn one_that_may_be_nothing_and_one_that_is_a_string_at_times() {
    let mut page = Page::mounted("maybe", LIST);
    let event = |data: Value| json!({ "type": "component_event", "component_id": 1, "event": "set", "data": data });
    page.world.say(page.socket, event(json!({})));
    page.world.pass(millis(20));
    assert_eq!(page.world.heard(page.socket), [json!([1, [-6, 0]])]);
    page.world.say(page.socket, event(json!({})));
    page.world.say(page.socket, event(json!({ "html": "" })));
    page.world.pass(millis(20));
    assert_eq!(page.world.heard(page.socket), [json!([1, [-6, "", ""]])]);
    page.shown = Mirror::new("");
    page.say("set", "<p>again</p>");
    page.hear();
    page.shows("<p>again</p>");

    let mut page = Page::mounted("either", LIST);
    page.world.say(page.socket, event(json!({})));
    page.world.pass(millis(20));
    let whole = page.world.heard(page.socket).remove(0);
    assert_eq!((&whole[1][0], &whole[1][2]), (&json!(-6), &json!(1)));
    page.world.say(page.socket, event(json!({})));
    page.world.pass(millis(20));
    assert_eq!(page.world.heard(page.socket), [json!([1, [1, 2]])]);
    page.say("set", LIST);
    assert_eq!(page.hear(), [json!([1, [-6, "", LIST]])]);
    page.shows(LIST);
}

#[test]
fn in_the_markup_of_another_it_stands_in_a_div() {
    let mut page = Page::new("frame", "<b>1</b>");
    let shown = inside(&page.html).to_owned();
    assert_eq!(shown, "<h1>Frame</h1><div><b>1</b></div><!----><div><b>inner</b></div><!---->");
    assert_eq!(page.mount(0, false), json!([1, 2]));
    let say = |component: u64, html: &str| json!({ "type": "component_event", "component_id": component, "event": "show", "data": { "html": html } });
    page.world.say(page.socket, say(1, "<i>2</i>"));
    page.world.pass(millis(20));
    let first = page.world.heard(page.socket).remove(0);
    page.world.say(page.socket, say(2, "<u>3</u>"));
    page.world.pass(millis(20));
    let second = page.world.heard(page.socket).remove(0);
    assert_eq!((&first[1][1], &second[1][1]), (&json!("<i>2</i>"), &json!("<u>3</u>")));
}

#[derive(Clone, Debug)]
enum Step {
    Show(Vec<(u32, u32)>),
    Append(u32),
    Resync,
    Fail,
    Panic,
    Stall(bool),
    Lose,
}

fn step() -> impl Strategy<Value = Step> {
    let rows = proptest::collection::vec((0..12_u32, 0..4_u32), 0..10);
    prop_oneof![
        6 => rows.prop_map(Step::Show),
        3 => (0..9_u32).prop_map(Step::Append),
        1 => Just(Step::Resync),
        1 => Just(Step::Fail),
        1 => Just(Step::Panic),
        2 => any::<bool>().prop_map(Step::Stall),
        1 => Just(Step::Lose),
    ]
}

fn list(rows: &[(u32, u32)]) -> String {
    let mut html = String::from("<table><tr><th>Rows");
    for (id, label) in rows {
        write!(html, "<tr data-key={id} class='r{label}'><td>{id}<td>{}", "label ".repeat(*label as usize)).unwrap();
    }
    html
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever happens, a page that does what it is sent ends with what the component says.
    #[test]
    fn a_page_that_follows_shows_what_the_component_says(steps in proptest::collection::vec(step(), 1..40)) {
        let first = list(&[(1, 1), (2, 2)]);
        let mut page = Page::mounted("board", &first);
        let mut says = first.clone();
        for step in steps {
            match step {
                Step::Show(rows) => {
                    says = list(&rows);
                    page.say("show", &says.clone());
                }
                Step::Append(n) => {
                    let more = format!("<tr><td>more {n}");
                    says += &more;
                    page.say("append", &more);
                }
                Step::Resync => page.world.say(page.socket, json!({ "type": "component_resync", "component_id": 1 })),
                Step::Fail => page.say("fail", ""),
                Step::Panic => {
                    says.clone_from(&first);
                    page.say("panic", "");
                }
                Step::Stall(is_fast) => {
                    page.world.fast = is_fast;
                    if is_fast && let Some(unreported) = page.world.unreported.remove(&page.socket) {
                        page.world.sent(page.socket, unreported);
                    }
                }
                Step::Lose => {
                    page.world.closed(page.socket, Cause::Lost);
                    page.socket = page.world.spark_with("/spark", &page.cookie.clone());
                    page.mount(0, true);
                    says.clone_from(&first);
                }
            }
            page.hear();
        }
        page.world.fast = true;
        if let Some(unreported) = page.world.unreported.remove(&page.socket) {
            page.world.sent(page.socket, unreported);
        }
        page.hear();
        page.shows(&says);
        let Some(Preview::Whole(preview)) = page.world.hub.preview(page.socket, 1) else { panic!("it is there") };
        let mut fresh = Mirror::new("");
        fresh.apply(std::str::from_utf8(&preview).unwrap()).unwrap();
        prop_assert_eq!(fresh.html(), page.shown.html());
    }
}
