//! Pages played without a browser: what they show, what users do, what can go wrong.

mod counter_page;

use lazuli::html::Render;
use lazuli::{
    Channel, ChannelMessage, Component, Context, Error, Event, Flash, Registered, Response, Result, Routes, Scroll,
    Timer, html,
};
use lazuli_harness::page::{Command, Page, Site};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// A path that shows one component.
fn show<P: Serialize + DeserializeOwned + Clone + Send + Sync + 'static>(
    routes: &mut Routes,
    path: &str,
    component: Registered<P>,
    props: P,
) {
    let page = move |cx: &mut lazuli::Scope<'_>, request: &lazuli::Request| {
        let shown = cx.show(&component, request, &props)?;
        Ok(Response::page(&html! { html { head { title { "Test" } } body { main { @(shown) } } } })?)
    };
    routes.get(path, page).expect("a new pattern");
}

fn routes() -> Routes {
    let mut routes = Routes::new();
    routes.spark("/spark").expect("a new pattern");
    routes
}

/// What a call says that fails.
fn failure(call: impl FnOnce()) -> String {
    let failed = catch_unwind(AssertUnwindSafe(call)).expect_err("it fails");
    failed
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| failed.downcast_ref::<&str>().map(|text| text.to_string()))
        .expect("a text")
}

#[test]
fn a_counter() {
    let site = Site::new(counter_page::routes(), ());
    let page = site.visit("/counter").unwrap();
    assert_eq!(
        (page.text("h1"), page.text("h2"), page.value("input")),
        ("A counter".into(), "Counter: 0".into(), "1".into())
    );
    page.click_text("+1");
    page.click_text("+1");
    page.change("input", "10");
    assert_eq!(page.texts("button"), ["−10", "+10", "Double", "Reset"]);
    page.click("button:nth-child(2)");
    page.click_text("Double");
    assert_eq!(page.html("h2"), "<h2>Counter: 24</h2>");
    page.type_into("input", "0");
    assert_eq!(
        (page.value("input"), page.text("button:first-child")),
        ("100".into(), "−10".into()),
        "a change comes with the blur"
    );
    page.click_text("−10");
    assert_eq!(page.text("h2"), "Counter: -76", "and before the click that takes the focus away");
    page.click_text("Reset");
    assert_eq!(page.text("h2"), "Counter: 0");
    page.change("input", "-3");
    assert_eq!(page.text("button:first-child"), "−100", "what is none is left");
    assert!(page.has("label > input[type=number]") && !page.has("form"));
}

#[test]
fn a_failure_says_what_the_page_shows() {
    let site = Site::new(counter_page::routes(), ());
    let page = site.visit("/counter").unwrap();
    for (said, call) in [
        ("p.none finds nothing", &(|| drop(page.text("p.none"))) as &dyn Fn()),
        ("button finds 4 elements", &|| page.click("button")),
        ("nothing that can be clicked reads \"Save\"", &|| page.click_text("Save")),
        ("h2: it is no field", &|| page.change("h2", "x")),
        ("h2: nobody can write in it", &|| page.type_into("h2", "x")),
        ("input: it is in no form", &|| page.submit("input")),
    ] {
        let failed = failure(call);
        assert!(failed.starts_with(said), "{failed}");
        assert!(
            failed.contains("the page /counter shows:") && failed.contains("<h2>\n") | failed.contains("<h2>Counter"),
            "{failed}"
        );
    }
    assert!(failure(|| page.click("button:hover")).contains("\":hover\", which is not known here"));
    let failed = site.visit("/nowhere").err().unwrap().to_string();
    assert!(failed.starts_with("/nowhere was answered with 404"), "{failed}");
    assert!(site.connect("/nowhere").err().unwrap().to_string().contains("404"));
}

/// A list of things to do, with keys, filters and a form.
#[derive(Default)]
struct Todos {
    rows: Vec<(u64, String, bool)>,
    last: u64,
    filter: String,
}

impl Component for Todos {
    fn render(&self) -> impl Render {
        let shown: Vec<&(u64, String, bool)> = self.rows.iter().filter(|row| self.filter != "open" || !row.2).collect();
        let left = self.rows.iter().filter(|row| !row.2).count();
        html! {
            form class="new" on:submit="add" {
                input name="title" placeholder="What?" on:input="draft" spark-debounce="300";
                select name="where" { option value="end" { "At the end" } option value="top" { "On top" } }
                button { "Add" }
            }
            @if self.rows.is_empty() { p class="empty" { "Nothing to do" } } @else {
                p { (left) " left" }
                ul { @for (id, title, done) in &shown key=(id) {
                    li class="row" class:done=(*done) id={"todo-" (id)} {
                        input type="checkbox" checked=(*done) on:change="toggle" data-id=(id);
                        span { (title) }
                        @if *done { em { "done" } }
                        button type="button" on:click="remove" data-id=(id) data-row-name=(title) spark-confirm="Sure?" { "×" }
                    }
                } }
            }
            button class="sort" on:click="sort" { "Sort" }
            button class="reverse" on:click="reverse" { "Reverse" }
            select class="filter" on:change="filter" { option value="all" selected { "all" } option value="open" { "open" } }
        }
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event<'_>) -> Result {
        let id: u64 = event.number("id").unwrap_or_default();
        match event.name() {
            "add" => {
                let data: Value = event.read()?;
                let title = data["fields"]["title"].as_str().unwrap_or_default().to_owned();
                if title.is_empty() {
                    return Err(Error::validation("a title is needed"));
                }
                self.last += 1;
                let at = if data["fields"]["where"] == "top" { 0 } else { self.rows.len() };
                self.rows.insert(at, (self.last, title, false));
                cx.set_value("input[name=title]", "");
                cx.focus("input[name=title]");
            }
            "draft" => cx.call("draft", &event.get("value")),
            "toggle" => {
                let checked = event.read::<Value>()?["checked"] == true;
                self.rows.iter_mut().filter(|row| row.0 == id).for_each(|row| row.2 = checked);
            }
            "remove" => {
                self.rows.retain(|row| row.0 != id);
                cx.flash(Flash::Success, &format!("{} is gone", event.get("rowName").unwrap_or_default()));
            }
            "sort" => self.rows.sort_by(|a, b| a.1.cmp(&b.1)),
            "reverse" => self.rows.reverse(),
            "filter" => self.filter = event.get("value").unwrap_or_default().into_owned(),
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

fn todos() -> Site {
    let mut routes = routes();
    let todos = routes.component("todos", |_, ()| Ok(Todos::default())).unwrap();
    show(&mut routes, "/todos", todos, ());
    Site::new(routes, ())
}

fn add(page: &Page, title: &str) {
    page.type_into("[name=title]", title);
    page.submit("form");
    assert_eq!(page.value("[name=title]"), "", "the server has cleared it");
}

#[test]
fn a_list_of_things_to_do() {
    let site = todos();
    let page = site.visit("/todos").unwrap();
    assert_eq!(page.text(".empty"), "Nothing to do");
    for title in ["milk", "bread", "<b>cheese</b> & co", "apples"] {
        add(&page, title);
    }
    page.change("[name=where]", "On top");
    page.type_into("[name=title]", "zucchini");
    page.key("[name=title]", "Enter");
    assert!(page.is_focused("[name=title]"));
    assert_eq!(page.texts("li span"), ["zucchini", "milk", "bread", "<b>cheese</b> & co", "apples"]);
    assert_eq!(page.html("li:last-child span"), "<span>apples</span>");
    page.check("#todo-2 input", true);
    page.check("#todo-4 input", true);
    page.check("#todo-4 input", true);
    assert_eq!((page.text("p"), page.count("li.done")), ("3 left".into(), 2));
    assert!(page.is_checked("#todo-2 input") && page.has("#todo-4.row.done > em:has-text(done)"));
    page.click(".sort");
    page.click(".reverse");
    assert_eq!(page.texts("li span"), ["zucchini", "milk", "bread", "apples", "<b>cheese</b> & co"]);
    page.change(".filter", "open");
    assert_eq!(page.texts("li span"), ["zucchini", "milk", "<b>cheese</b> & co"]);
    page.check("#todo-1 input", true);
    assert_eq!(page.texts("li span"), ["zucchini", "<b>cheese</b> & co"]);
    page.change(".filter", "all");
    page.accept_confirm(false);
    page.click("#todo-5 button");
    assert_eq!(page.count("li"), 5, "the user said no");
    page.accept_confirm(true);
    for id in [5, 1, 2, 4] {
        page.click(&format!("#todo-{id} button"));
    }
    assert_eq!(page.texts("li span"), ["<b>cheese</b> & co"]);
    assert_eq!(
        page.flashes()[..2],
        [(Flash::Success, "zucchini is gone".into()), (Flash::Success, "milk is gone".into())]
    );
    page.click("li button");
    assert!(page.has(".empty") && !page.has("ul"));
    page.click_text("Add");
    assert_eq!(page.errors(), ["Validation failed: a title is needed"]);
    assert!(page.has(".empty"));
}

#[test]
fn what_is_typed_waits_for_silence() {
    let site = todos();
    let page = site.visit("/todos").unwrap();
    let drafts = |page: &Page| -> Vec<Value> {
        let told = |command| if let Command::Call { data, .. } = command { Some(data) } else { None };
        page.commands().into_iter().filter_map(told).collect()
    };
    page.type_into("[name=title]", "milk");
    assert_eq!(drafts(&page), [json!(null); 0]);
    site.wait(299 * MS - 16 * MS);
    assert_eq!(drafts(&page), [json!("milk")], "one for all of it");
    page.type_into("[name=title]", "man");
    page.click(".sort");
    assert_eq!(drafts(&page), [json!("milkman")], "what waits comes before another event");
    page.type_into("[name=title]", "!");
    page.submit("form");
    site.wait(Duration::from_secs(1));
    assert_eq!(drafts(&page), [json!("milkman!")]);
}

/// Beats every second, and sends what a test of commands needs.
struct Clock {
    beats: u32,
    keys: String,
}

impl Component for Clock {
    fn render(&self) -> impl Render {
        html! {
            time { (self.beats) }
            output { (&self.keys) }
            input class="keys" on:keydown.enter="key" on:focus="seen" on:blur="seen" data-what="field";
            button class="often" on:click="often" spark-throttle="100" { "Often" }
            input class="scroll" type="range" on:input="moved" spark-throttle="100";
            button class="all" on:click="all" { "All" }
            button class="next" on:click="next" { "Next" }
            button class="off" disabled { "Off" }
            p on:saved="saved" { "Saved" }
        }
    }

    fn on_mount(&mut self, cx: &mut Context) -> Result {
        cx.set_interval("beat", Duration::from_secs(1));
        Ok(())
    }

    fn on_timer(&mut self, _: &mut Context, _: Timer) -> Result {
        self.beats += 1;
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event<'_>) -> Result {
        match event.name() {
            "all" => {
                cx.flash(Flash::Warning, "careful");
                cx.focus(".keys");
                cx.scroll("", Scroll::Bottom);
                cx.dispatch("p", "saved", &json!({ "id": 7 }));
                cx.call("confetti", &[1, 2]);
            }
            "next" => cx.navigate("/next"),
            "key" => self.keys += &format!("{} ", event.get("key").unwrap_or_default()),
            "seen" => self.keys += &format!("{} ", event.get("what").unwrap_or_default()),
            "moved" => self.keys += &format!("{} ", event.get("value").unwrap_or_default()),
            other => self.keys += &format!("{other} "),
        }
        Ok(())
    }
}

fn clock() -> Site {
    let mut routes = routes();
    let clock = routes.component("clock", |_, beats| Ok(Clock { beats, keys: String::new() })).unwrap();
    show(&mut routes, "/clock", clock.clone(), 5);
    show(&mut routes, "/next", clock, 70);
    Site::new(routes, ())
}

#[test]
fn timers_keys_and_commands() {
    let site = clock();
    let page = site.visit("/clock").unwrap();
    site.wait(Duration::from_millis(2_500));
    assert_eq!(page.text("time"), "7");
    page.key(".keys", "a");
    page.key(".keys", "Enter");
    page.blur(".keys");
    assert_eq!(page.text("output"), "field Enter field");
    page.click_text("All");
    let target = |target: &str| target.to_owned();
    let commands = [
        Command::Focus { target: target(".keys") },
        Command::Scroll { target: target(""), to: "bottom".into() },
        Command::Dispatch { target: target("p"), event: "saved".into(), detail: json!({ "id": 7 }) },
        Command::Call { name: "confetti".into(), data: json!([1, 2]) },
    ];
    assert_eq!(page.commands(), commands);
    assert!(page.is_focused(".keys"));
    assert_eq!(page.text("output"), "field Enter field field saved");
    assert_eq!(page.flashes(), [(Flash::Warning, "careful".into())]);
    assert!(failure(|| page.click(".off")).starts_with(".off: it is disabled"));
    page.fire("p", "saved");
    assert!(page.text("output").ends_with("saved saved"));
    page.click_text("Next");
    assert_eq!((page.url(), page.text("time")), ("/next".into(), "70".into()));
    assert_eq!(site.stats().components, 1, "the one of the page before is unmounted");
    page.reload();
    site.wait(Duration::from_secs(1));
    assert_eq!(page.text("time"), "71");
}

#[test]
fn a_throttled_event_comes_at_once_and_then_in_its_turn() {
    let site = clock();
    let page = site.visit("/clock").unwrap();
    for _ in 0..5 {
        page.click_text("Often");
    }
    assert_eq!(page.text("output"), "often", "of clicks only the first");
    site.wait(100 * MS);
    page.click_text("Often");
    assert_eq!(page.text("output"), "often often");
    for value in ["1", "2", "3"] {
        page.change(".scroll", value);
    }
    assert_eq!(page.text("output"), "often often 1");
    site.wait(100 * MS);
    assert_eq!(page.text("output"), "often often 1 3", "of the others the latest");
}

/// Fails when it is told to.
struct Fragile(u32);

impl Component for Fragile {
    fn render(&self) -> impl Render {
        html! { b { (self.0) } button on:click="add" { "add" } button on:click="fail" { "fail" } button on:click="panic" { "panic" } button on:click="sing" { "sing" } }
    }

    fn on_event(&mut self, _: &mut Context, event: &Event<'_>) -> Result {
        match event.name() {
            "add" => self.0 += 1,
            "fail" => {
                self.0 += 100;
                return Err(Error::reply("not today"));
            }
            "panic" => panic!("on purpose"),
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

fn fragile() -> Site {
    let mut routes = routes();
    let fragile = routes.component("fragile", |_, start| Ok(Fragile(start))).unwrap();
    show(&mut routes, "/fragile", fragile, 3);
    Site::new(routes, ())
}

#[test]
fn after_an_error_the_page_stays_and_after_a_panic_it_is_made_anew() {
    let site = fragile();
    let page = site.visit("/fragile").unwrap();
    page.click_text("add");
    page.click_text("fail");
    assert_eq!((page.text("b"), page.errors()), ("4".into(), vec!["not today".to_owned()]), "the last good state");
    page.click_text("add");
    assert_eq!(page.text("b"), "105", "what the callback changed is there with the next render");
    page.click_text("panic");
    assert_eq!(page.text("b"), "3", "the props of the page");
    assert_eq!(page.errors().len(), 1);
    page.click_text("add");
    assert_eq!(page.text("b"), "4");
    page.click_text("sing");
    let failed = failure(|| page.click_text("add"));
    assert!(failed.contains("went wrong before") && failed.contains("Unknown event: sing"), "{failed}");
}

#[test]
fn a_lost_connection_comes_back() {
    let site = fragile();
    let page = site.visit("/fragile").unwrap();
    page.click_text("add");
    page.disconnect();
    page.click_text("add");
    page.click_text("add");
    assert_eq!((page.text("b"), site.stats().components), ("4".into(), 0), "it shows what it showed");
    page.reconnect();
    assert_eq!(page.text("b"), "5", "a fresh mount, and then what waited");
    page.click_text("add");
    assert_eq!(page.text("b"), "6");
}

/// A room where channels and pages meet.
struct Room {
    name: String,
    lines: Vec<String>,
}

impl Component for Room {
    fn render(&self) -> impl Render {
        html! {
            ol { @for (at, line) in self.lines.iter().enumerate() key=(at) { li { (line) } } }
            form on:submit="say" { input name="line"; button { "Say" } }
        }
    }

    fn on_mount(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.name);
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event<'_>) -> Result {
        let data: Value = event.read()?;
        cx.to_room(&self.name).text(data["fields"]["line"].as_str().unwrap_or_default());
        cx.set_value("input", "");
        Ok(())
    }

    fn on_channel_message(&mut self, _: &mut Context, message: &ChannelMessage<'_>) -> Result {
        self.lines.extend(message.text().map(str::to_owned));
        Ok(())
    }
}

struct RoomChannel(String);

impl Channel for RoomChannel {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.0);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.to_room(&self.0).text(text);
        Ok(())
    }
}

fn rooms() -> Site {
    let mut routes = routes();
    routes.channel("/rooms/:name", |join| Ok(RoomChannel(join.param("name").into()))).unwrap();
    let room = routes.component("room", |_, name: String| Ok(Room { name, lines: Vec::new() })).unwrap();
    show(&mut routes, "/room", room, "lobby".to_owned());
    Site::new(routes, ())
}

/// Two browsers and a WebSocket client talk.
fn talk(site: &Site) {
    let (ada, bob) = (site.session(), site.session());
    let first = ada.visit("/room").unwrap();
    let second = bob.visit("/room").unwrap();
    assert_ne!(ada.cookie("lazuli_session"), bob.cookie("lazuli_session"));
    let raw = site.connect("/rooms/lobby").unwrap();
    first.type_into("input", "hi");
    first.click_text("Say");
    raw.send("hello <b>");
    second.type_into("input", "hey");
    second.key("input", "Enter");
    assert_eq!(first.texts("li"), ["hi", "hello <b>", "hey"]);
    assert_eq!(second.texts("li"), first.texts("li"));
    assert_eq!(raw.sent_messages(), ["hi", "hello <b>", "hey"]);
    first.disconnect();
    raw.send("who is there?");
    first.reconnect();
    assert_eq!((first.count("li"), second.count("li")), (0, 4), "a page that comes back is mounted anew");
    raw.close();
    drop(second);
    site.wait(Duration::from_secs(100));
    assert_eq!(site.stats().connections, 1, "a page answers pings");
}

#[test]
fn two_browsers_and_a_client_in_a_room() {
    talk(&rooms());
}

#[test]
fn a_test_that_runs_again_sees_the_same() {
    let traces: Vec<String> = (0..2)
        .map(|_| {
            let site = rooms();
            talk(&site);
            site.trace()
        })
        .collect();
    assert!(traces[0].lines().count() > 30 && traces[0].contains("who is there?"), "{}", traces[0]);
    assert_eq!(traces[0], traces[1]);
}

/// Markup of every kind that changes with what it is told.
#[derive(Clone)]
struct Everything(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    number: i64,
    text: String,
    title: Option<String>,
    rows: Vec<(u32, Vec<String>)>,
    tab: u32,
}

fn part(number: i64) -> impl Render {
    let is_odd = number % 2 != 0;
    html! { section class:odd=(is_odd) { @if is_odd { "odd " } (number) @if !is_odd { b { "even" } } } }
}

impl Component for Everything {
    fn render(&self) -> impl Render {
        html! { @(everything(&self.0)) }
    }

    fn on_event(&mut self, _: &mut Context, _: &Event<'_>) -> Result {
        Ok(())
    }
}

fn everything(state: &Arc<Mutex<State>>) -> Box<dyn Render> {
    let state = state.lock().unwrap();
    let State { number, text, title, rows, tab } = &*state;
    let (number, text, title, rows, tab) = (*number, text.clone(), title.clone(), rows.clone(), *tab);
    let inner = part(number);
    Box::new(html! {
        button on:click="go" { "Go" }
        @if tab > 2 { "first" }
        p title=(title.clone()) class={"n-" (number)} class:big=(number > 5) { "Number " (number) ", text: " (text.clone()) }
        textarea { (text.clone()) }
        @match tab {
            0 => {}
            1 => { h3 { "one" } }
            2 => { "two " (text.clone()) br; }
            _ => { @(inner) }
        }
        table { tbody { @for (id, cells) in &rows key=(id) {
            tr { @for (at, cell) in cells.iter().enumerate() key=(at) { td { (cell) @if cell.len() > 3 { i { (number) } } } } }
        } } }
        svg viewBox={"0 0 " (number) " 10"} { @if number > 3 { circle r=(number); } }
        @if tab == 1 { "last" }
    })
}

/// The law that each step checks, on markup of every kind and many states.
#[test]
fn patches_lead_where_a_render_does() {
    let state = Arc::new(Mutex::new(State::default()));
    let mut routes = routes();
    let made = state.clone();
    let everything = routes.component("everything", move |_, ()| Ok(Everything(made.clone()))).unwrap();
    show(&mut routes, "/everything", everything, ());
    let site = Site::new(routes, ());
    let mut dice = 7_u64;
    let mut roll = move |sides: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % sides
    };
    let texts = [
        "",
        "a",
        "abc<&>\"'",
        "\n line",
        " blanks ",
        "long enough to be spliced, 🦀",
        "long enough to be spliced, 🦐!",
        "\r\n",
    ];
    let page = site.visit("/everything").unwrap();
    for round in 0..400 {
        {
            let mut state = state.lock().unwrap();
            state.number = roll(12) as i64 - 2;
            let mut text = || texts[roll(8) as usize].to_owned();
            (state.text, state.title) = (text(), Some(text()));
            state.title = state.title.take().filter(|title| title != "a");
            state.tab = roll(4) as u32;
            match roll(6) {
                0 => state.rows.reverse(),
                1 => state.rows.clear(),
                2 if !state.rows.is_empty() => drop(state.rows.remove(0)),
                3 if state.rows.len() > 2 => {
                    let at = roll(state.rows.len() as u64) as usize;
                    let row = state.rows.remove(at);
                    state.rows.push(row);
                }
                _ => {
                    for _ in 0..roll(4) {
                        let (id, at) = (round * 10 + roll(1_000) as u32, roll(state.rows.len() as u64 + 1) as usize);
                        let cells = (0..roll(4)).map(|_| texts[roll(8) as usize].to_owned()).collect();
                        state.rows.insert(at, (id, cells));
                    }
                }
            }
        }
        match round % 40 {
            // First paint and hydration.
            39 => page.reload(),
            19 => {
                page.disconnect();
                page.reconnect();
            }
            _ => page.click_text("Go"),
        }
        let number = state.lock().unwrap().number;
        assert!(page.text("p").starts_with(&format!("Number {number}, text:")), "{}", page.describe());
    }
    assert!(site.stats().patches > 300);
}
