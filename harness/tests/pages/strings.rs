//! Components whose markup is a string.

use crate::{failure, routes};
use lazuli::html::{Raw, Render};
use lazuli::{Component, Context, Error, Event, Registered, Response, Result, html};
use lazuli_harness::page::{Page, Site};
use std::fmt::Write;
use std::sync::{Arc, Mutex};

/// Notes, as a template engine would write them.
#[derive(Default)]
struct Notes {
    rows: Vec<(u32, String)>,
    last: u32,
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

impl Component for Notes {
    fn render(&self) -> impl Render {
        let mut html = format!("<h2>{} notes</h2><ul>", self.rows.len());
        for (id, text) in &self.rows {
            let text = escaped(text);
            write!(
                html,
                "<li data-key={id}><span>{text}</span><button spark-click=remove data-id={id}>×</button></li>"
            )
            .expect("a string");
        }
        html += "</ul><form spark-submit=add><input name=text placeholder='A note' spark-input=draft><button>Add</button></form>
            <button spark-click=reverse>Reverse</button>";
        Raw(html)
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event<'_>) -> Result {
        match event.name() {
            "add" => {
                let text = event.read::<serde_json::Value>()?["fields"]["text"].as_str().unwrap_or_default().to_owned();
                if text.is_empty() {
                    return Err(Error::validation("a note is needed"));
                }
                self.last += 1;
                self.rows.push((self.last, text));
                cx.set_value("input", "");
            }
            "remove" => self.rows.retain(|(id, _)| Some(*id) != event.number("id")),
            "reverse" => self.rows.reverse(),
            "draft" => {}
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

/// The other half of the page, by `html!`.
struct Counter(u32);

impl Component for Counter {
    fn render(&self) -> impl Render {
        html! { p class="count" { (self.0) } button class="count" on:click="add" { "+" } }
    }

    fn on_event(&mut self, _: &mut Context, _: &Event<'_>) -> Result {
        self.0 += 1;
        Ok(())
    }
}

/// What the test says.
struct Board(Arc<Mutex<String>>);

impl Component for Board {
    fn render(&self) -> impl Render {
        Raw(self.0.lock().expect("nothing panics").clone())
    }

    fn on_event(&mut self, _: &mut Context, _: &Event<'_>) -> Result {
        Ok(())
    }
}

/// A site whose page has a component and a counter.
fn site(make: impl Fn(&mut lazuli::Routes) -> Registered<()>) -> (Site, Page) {
    let mut routes = routes();
    let first = make(&mut routes);
    let counter = routes.component("counter", |_, start: u32| Ok(Counter(start))).expect("a new name");
    let page = move |cx: &mut lazuli::Scope<'_>, request: &lazuli::Request| {
        let (first, second) = (cx.show(&first, request, &())?, cx.show(&counter, request, &3)?);
        Ok(Response::page(
            &html! { html { head { title { "Test" } } body { main id="first" { @(first) } aside { @(second) } } } },
        )?)
    };
    routes.get("/", page).expect("a new pattern");
    let site = Site::new(routes, ());
    let page = site.visit("/").expect("the page");
    (site, page)
}

#[test]
fn a_string_is_played_like_any_other_component() {
    let (_, page) = site(|routes| routes.component("notes", |_, ()| Ok(Notes::default())).expect("a new name"));
    for text in ["milk", "<b>bread</b> & \"butter\"", "tea"] {
        page.type_into("#first input", text);
        page.submit("#first form");
        assert_eq!(page.value("#first input"), "");
    }
    assert_eq!(page.texts("#first span"), ["milk", "<b>bread</b> & \"butter\"", "tea"]);
    page.click("aside button");
    page.type_into("#first input", "a draft");
    page.fire("#first button[spark-click=reverse]", "click");
    assert_eq!(page.texts("#first span"), ["tea", "<b>bread</b> & \"butter\"", "milk"]);
    assert_eq!(page.value("#first input"), "a draft", "what is typed stays");
    assert!(page.is_focused("#first input"));
    page.click("#first li:nth-child(2) button");
    assert_eq!(page.texts("#first span"), ["tea", "milk"]);
    assert_eq!((page.text("#first h2"), page.text("p.count")), ("2 notes".into(), "4".into()));
    page.change("#first input", "");
    page.submit("#first form");
    assert_eq!(page.errors(), ["Validation failed: a note is needed"]);
    page.disconnect();
    page.reconnect();
    assert_eq!(page.text("#first h2"), "0 notes", "the component begins anew with its page");
}

#[test]
fn one_that_is_too_large_leaves_the_page_as_it_is() {
    let string = Arc::new(Mutex::new(String::from("<p>small</p><button spark-click=go>Go</button>")));
    let made = string.clone();
    let (_, page) = site(move |routes| {
        let made = made.clone();
        routes.component("board", move |_, ()| Ok(Board(made.clone()))).expect("a new name")
    });
    *string.lock().unwrap() = "<p>large</p>".repeat(100_000);
    page.click_text("Go");
    assert_eq!(page.errors(), ["Internal server error"]);
    assert_eq!(page.text("#first p"), "small");
    *string.lock().unwrap() = "<p>other</p>".into();
    page.click_text("Go");
    assert_eq!(page.text("#first p"), "other");
    assert!(failure(|| page.click_text("Go")).contains("Go"), "it is gone");
}

/// Pieces that markup is put together from, well or badly.
const PIECES: &[&str] = &[
    "<div>",
    "</div>",
    "<p class=a>",
    "</p>",
    "<b>",
    "</b>",
    "<i title='x y'>",
    "</i>",
    "<ul>",
    "</ul>",
    "<li id=one>",
    "<li id=two>",
    "<li data-key=3>",
    "<li>",
    "</li>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "</td>",
    "<select>",
    "<option selected>",
    "</select>",
    "<form>",
    "</form>",
    "<input value=v>",
    "<input type=checkbox checked>",
    "<textarea>",
    "</textarea>",
    "<br>",
    "<pre>\n",
    "</pre>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<template>",
    "</template>",
    "<svg viewBox='0 0 1 1' xlink:href='#a'>",
    "<g/>",
    "</svg>",
    "<math>",
    "<mi>",
    "</math>",
    "<noscript>",
    "</noscript>",
    "<div data-ignore>",
    "<!--c-->",
    "<!---->",
    "text",
    " ",
    "\n",
    "&amp;",
    "&lt;",
    "1",
    "42",
    "é🦀",
    "longer text that can be spliced",
    "<plaintext>",
    "<a href=/x>",
    "</a>",
    "<h1>",
    "</h1>",
];

/// The law that each step checks: whatever the strings, patches lead where a render does.
#[test]
fn patches_lead_where_a_string_does() {
    let string = Arc::new(Mutex::new(String::new()));
    let mut dice = 11_u64;
    let mut roll = move |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % sides
    };
    let button = "<button spark-click=go>Go</button>";
    *string.lock().unwrap() = button.into();
    let made = string.clone();
    let (site, page) = site(move |routes| {
        let made = made.clone();
        routes.component("board", move |_, ()| Ok(Board(made.clone()))).expect("a new name")
    });
    let mut pieces: Vec<&str> = Vec::new();
    for round in 0..400 {
        for _ in 0..1 + roll(3) {
            let (at, piece) = (roll(pieces.len() + 1), PIECES[roll(PIECES.len())]);
            match roll(8) {
                0 => pieces.clear(),
                1 if !pieces.is_empty() => pieces.rotate_left(at),
                2 if at < pieces.len() => drop(pieces.remove(at)),
                3 if at < pieces.len() => pieces[at] = piece,
                _ => pieces.insert(at, piece),
            }
        }
        *string.lock().unwrap() = format!("{button}{}", pieces.concat());
        match round % 40 {
            39 => page.reload(),
            19 => {
                page.disconnect();
                page.reconnect();
            }
            _ => page.click_text("Go"),
        }
        assert_eq!(page.errors(), [""; 0], "{}", page.describe());
        assert_eq!(page.text("p.count"), "3", "what is beside it stays");
    }
    assert!(site.stats().patches > 300);
}
