//! Components in the markup of others.

mod common;

use common::components::{attributes, secret, set_cookie};
use common::{Cx, TestApp, World, millis};
use lazuli::html::Render;
use lazuli::{Component, Config, ConnId, Event, Response, Result, Routes, html};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What components were told, in order.
type Notes = Arc<Mutex<Vec<String>>>;

/// A list of counters, and their sum.
struct Shop {
    items: Vec<(u32, String)>,
    sum: i64,
    /// Its next update fails; from then on it notes them.
    is_balky: bool,
    has_balked: bool,
    notes: Notes,
}

struct Item {
    name: String,
    count: i64,
    notes: Notes,
}

/// A component in a component in a component.
struct Tag(String);

fn note(notes: &Notes, what: impl Into<String>) {
    notes.lock().unwrap().push(what.into());
}

impl Component<TestApp> for Shop {
    fn render(&self) -> impl Render {
        html! {
            p { (self.sum) }
            ul {
                @for (id, name) in &self.items key=(id) {
                    li { @component(Item { name: name.clone(), count: 0, notes: self.notes.clone() }) uses=(name) }
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &Event<'_>) -> Result {
        match event.name() {
            "added" if event.is_from_component() => self.sum += event.number::<i64>("by").unwrap_or(0),
            "remove" => self.items.retain(|(id, _)| Some(*id) != event.number("id")),
            "insert" => self.items.insert(0, (event.number("id").unwrap(), event.get("name").unwrap().into())),
            "reverse" => self.items.reverse(),
            "rename" => self.items[0].1 = "renamed".into(),
            "curse" => self.items[0].1 = "cursed".into(),
            "reset" => cx.to_children("reset", &()),
            "panic" => panic!("as asked"),
            "balk" => self.is_balky = true,
            _ => return Err(event.unknown()),
        }
        Ok(())
    }

    fn on_update(&mut self, _: &mut Cx<'_>) -> Result {
        if std::mem::take(&mut self.is_balky) {
            self.has_balked = true;
            return Err(lazuli::Error::reply("not now"));
        }
        if self.has_balked {
            note(&self.notes, "update");
        }
        Ok(())
    }
}

impl Component<TestApp> for Item {
    fn render(&self) -> impl Render {
        assert!(self.count != 13, "an unlucky render");
        html! { b { (self.name) } i { (self.count) } @component(Tag(self.name.to_uppercase())) uses=(self.name) }
    }

    fn on_mount(&mut self, cx: &mut Cx<'_>) -> Result {
        note(&self.notes, format!("mount {}", self.name));
        if self.name == "shy" || self.notes.lock().unwrap()[0] == "shut" {
            return Err(lazuli::Error::denied("not for all"));
        }
        cx.join("shop");
        if self.name == "timed" {
            cx.set_timer("tick", millis(500));
        }
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &Event<'_>) -> Result {
        match event.name() {
            "add" => {
                let by = event.number("by").unwrap_or(1);
                self.count += by;
                cx.to_parent("added", &json!({ "by": by }));
            }
            "reset" => self.count = 0,
            "fail" => return Err(lazuli::Error::reply("No")),
            "panic" => panic!("as asked"),
            _ => return Err(event.unknown()),
        }
        Ok(())
    }

    fn on_update(&mut self, _: &mut Cx<'_>) -> Result {
        assert!(self.count != 14, "an unlucky update");
        Ok(())
    }

    fn on_timer(&mut self, _: &mut Cx<'_>, _: lazuli::Timer) -> Result {
        self.count = 77;
        Ok(())
    }

    fn on_channel_message(&mut self, _: &mut Cx<'_>, message: &lazuli::ChannelMessage<'_>) -> Result {
        note(&self.notes, format!("{} heard {:?}", self.name, message.room));
        Ok(())
    }

    fn on_props(&mut self, new: Self) {
        assert!(new.name != "cursed", "an unlucky name");
        self.name = new.name;
    }

    fn on_unmount(&mut self, _: &mut Cx<'_>) -> Result {
        note(&self.notes, format!("unmount {}", self.name));
        Ok(())
    }
}

impl Component<TestApp> for Tag {
    fn render(&self) -> impl Render {
        html! { s { (self.0) } }
    }

    fn on_props(&mut self, new: Self) {
        self.0 = new.0;
    }
}

struct Browser {
    world: World,
    socket: ConnId,
    notes: Notes,
    html: String,
    answer: Value,
}

/// A page with these items, mounted.
fn browser(names: &[&str]) -> Browser {
    let notes = Notes::default();
    let items: Vec<(u32, String)> = names.iter().enumerate().map(|(id, name)| (id as u32, (*name).into())).collect();
    let mut routes: Routes<TestApp> = Routes::new();
    routes.spark("/spark").unwrap();
    let made = notes.clone();
    let make = move |_: &lazuli::Mount<'_, TestApp>, items| {
        let (is_balky, has_balked) = (false, false);
        Ok(Shop { items, sum: 0, is_balky, has_balked, notes: made.clone() })
    };
    let shop = routes.component("shop", make).unwrap();
    routes.get("/", move |cx, request| Ok(Response::html(cx.show(&shop, request, &items)?.to_string()))).unwrap();
    let mut world = World::with(Config { secret: secret(1), ..Config::default() }, routes, Arc::default());
    let response = world.get("/", None);
    let html = String::from_utf8(response.body().into()).unwrap();
    let socket = world.spark_with("/spark", &set_cookie(&response).unwrap());
    world.say(socket, json!({ "type": "component_mount", "token": attributes(&html, "data-spark")[0], "ref": 1 }));
    let answer = world.heard(socket).remove(0)["payload"].take();
    Browser { world, socket, notes, html, answer }
}

impl Browser {
    /// Sends an event and gives what comes back.
    fn event(&mut self, component: u64, event: &str, data: Value) -> Vec<Value> {
        let said = json!({ "type": "component_event", "component_id": component, "event": event, "data": data });
        self.world.say(self.socket, said);
        self.world.pass(millis(20));
        self.world.pass(millis(20));
        self.world.heard(self.socket)
    }

    fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock().unwrap())
    }
}

#[test]
fn a_page_comes_whole_and_the_answer_to_the_mount_numbers_what_is_in_it() {
    let mut browser = browser(&["tea", "cup"]);
    assert!(browser.html.contains("<li><b>tea</b><i>0</i><s>TEA</s><!----></li>"), "{}", browser.html);
    assert_eq!(browser.answer, json!([1, 2, 3, 4, 5]));
    assert_eq!(browser.notes(), ["mount tea", "mount cup"]);
    assert_eq!(browser.world.stats().components, 5);
    assert_eq!(browser.world.told_components(), [""; 0]);
}

#[test]
fn an_event_names_the_component_and_the_patch_is_the_outer_ones() {
    let mut browser = browser(&["tea", "cup"]);
    // The sum is slot 1, the list 2; each row has its component in one slot, and that has three of its own, its tag one.
    let heard = browser.event(4, "add", json!({ "by": 3 }));
    let patches: Vec<&Value> = heard.iter().filter(|value| value.is_array()).collect();
    assert_eq!(patches.len(), 1, "{heard:?}");
    assert_eq!(patches[0], &json!([1, [1, 3, 10, 3]]));
    let heard = browser.event(1, "reset", json!({}));
    assert_eq!(heard.last().unwrap(), &json!([1, [10, 0]]));
}

#[test]
fn components_live_as_long_as_they_are_shown() {
    let mut browser = browser(&["tea", "cup"]);
    browser.notes();
    browser.event(4, "add", json!({ "by": 5 }));
    // They move with their keys, and keep what they are.
    let heard = browser.event(1, "reverse", json!({}));
    assert_eq!(heard, [json!([1, [-3, 2, 1, 0]])]);
    let heard = browser.event(1, "remove", json!({ "id": 0 }));
    assert_eq!(heard, [json!([1, [-2, 2, 1, 1]])]);
    assert_eq!(browser.notes(), ["unmount tea"]);
    assert_eq!(browser.world.stats().components, 3);
    let heard = browser.event(1, "insert", json!({ "id": 9, "name": "pot" }));
    let [patch] = &heard[..] else { panic!("{heard:?}") };
    let items: Vec<&Value> = patch[1].as_array().unwrap().iter().collect();
    // One row, whose component is the next number, with its name, its values, and its own component.
    assert_eq!(&items[..5], &[&json!(-1), &json!(2), &json!(0), &json!(1), &json!(6)]);
    assert_eq!(&items[6..9], &[&json!("pot"), &json!(0), &json!(7)]);
    assert_eq!(browser.notes(), ["mount pot"]);
    // Those that are gone have nobody behind their numbers, and the others hear what their rooms are told.
    let heard = browser.event(2, "add", json!({}));
    assert_eq!(heard[0]["code"], "NOT_MOUNTED");
    browser.world.job(|scope| {
        scope.to_room("shop").text("hello");
        Ok(())
    });
    assert_eq!(browser.notes(), ["cup heard Some(\"shop\")", "pot heard Some(\"shop\")"]);
}

#[test]
fn what_a_component_uses_reaches_it_when_it_is_another() {
    let mut browser = browser(&["tea", "cup"]);
    browser.event(2, "add", json!({ "by": 2 }));
    let heard = browser.event(1, "rename", json!({}));
    // Its name and its tag's, and the count stays.
    let [patch] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(patch, &json!([1, [4, "renamed", 7, "RENAMED"]]));
}

#[test]
fn timers_and_failures_are_their_own() {
    let mut browser = browser(&["timed", "cup"]);
    browser.world.pass(millis(600));
    browser.world.pass(millis(20));
    assert_eq!(browser.world.heard(browser.socket), [json!([1, [5, 77]])]);
    let heard = browser.event(4, "fail", json!({}));
    assert_eq!(heard, [json!({ "type": "component_error", "component_id": 4, "message": "No", "fresh": false })]);
    let heard = browser.event(4, "add", json!({}));
    assert_eq!(heard.last().unwrap(), &json!([1, [1, 1, 10, 1]]));
}

#[test]
fn after_a_panic_all_is_made_anew() {
    for (component, event, by) in [(4, "panic", 0), (1, "panic", 0), (4, "add", 13), (4, "add", 14)] {
        let mut browser = browser(&["tea", "cup"]);
        browser.event(2, "add", json!({ "by": 5 }));
        browser.notes();
        let heard = browser.event(component, event, json!({ "by": by }));
        let whole =
            heard.iter().find(|value| value.is_array()).unwrap_or_else(|| panic!("{heard:?} {:?}", browser.world.logs));
        assert_eq!((&whole[0], &whole[1][0]), (&json!(1), &json!(-6)), "{heard:?}");
        assert!(heard.iter().any(|value| value["type"] == "component_error" && value["fresh"] == true), "{heard:?}");
        let notes = browser.notes();
        assert!(notes.ends_with(&["mount tea".into(), "mount cup".into()]), "{notes:?}");
        // The one that panicked is dropped, whether it did in a callback or in its render.
        let told = ["unmount tea", "unmount cup"].map(|what| notes.iter().any(|note| note == what));
        assert_eq!(told, [true, component == 1], "{notes:?}");
        assert_eq!(browser.world.stats().components, 5);
        // Seed 1030: after a panic in an update it was looked at every 16 ms from then on.
        browser.world.pass(millis(1_000));
        assert_eq!(browser.world.stats().timers, 0);
        // What was lost is gone, what is new lives.
        let number = whole[1][5].as_u64().unwrap();
        let heard = browser.event(number, "add", json!({}));
        assert_eq!(heard.last().unwrap()[1].first_two(), [json!(1), json!(1)], "{heard:?} {whole}");
    }
}

/// Seed 214: it was looked at every 16 ms from then on.
#[test]
fn a_whole_that_is_shown_in_spite_of_a_failed_update_is_shown_once() {
    let mut browser = browser(&["tea", "cup"]);
    let say = |browser: &mut Browser, value: Value| browser.world.say(browser.socket, value);
    let event = |component: u64, event: &str| json!({ "type": "component_event", "component_id": component, "event": event, "data": {} });
    say(&mut browser, event(4, "add"));
    say(&mut browser, event(1, "balk"));
    say(&mut browser, event(4, "add"));
    say(&mut browser, json!({ "type": "component_resync", "component_id": 1 }));
    browser.notes();
    browser.world.heard(browser.socket);
    browser.world.pass(millis(16));
    let heard = browser.world.heard(browser.socket);
    assert_eq!((&heard[0][0], &heard[0][1][0], &heard[1]["message"]), (&json!(1), &json!(-6), &json!("not now")));
    browser.world.pass(millis(1_000));
    assert_eq!(browser.notes(), [""; 0]);
    say(&mut browser, event(4, "add"));
    browser.world.pass(millis(1_000));
    assert_eq!(browser.notes(), ["update"]);
}

trait Slice {
    fn first_two(&self) -> Vec<Value>;
}

impl Slice for Value {
    fn first_two(&self) -> Vec<Value> {
        self.as_array().map(|array| array.iter().take(2).cloned().collect()).unwrap_or_default()
    }
}

#[test]
fn all_of_them_end_with_the_page() {
    let mut browser = browser(&["tea", "cup"]);
    browser.notes();
    browser.world.closed(browser.socket, lazuli::Cause::Lost);
    let mut notes = browser.notes();
    notes.sort();
    assert_eq!(notes, ["unmount cup", "unmount tea"]);
    let stats = browser.world.stats();
    assert_eq!((stats.components, stats.rooms, stats.timers, stats.connections), (0, 0, 0, 0));
}

#[test]
fn one_that_panics_over_what_it_uses_is_told_nothing_any_more() {
    let mut browser = browser(&["tea", "cup"]);
    browser.notes();
    let heard = browser.event(1, "curse", json!({}));
    assert!(heard.iter().any(|value| value["type"] == "component_error" && value["fresh"] == true), "{heard:?}");
    assert_eq!(browser.notes(), ["unmount cup", "mount tea", "mount cup"]);
    assert_eq!((browser.world.stats().components, browser.world.stats().panics), (5, 1));
}

#[test]
fn who_gets_an_answer_is_not_told_of_a_panic_besides() {
    for component in [4, 1] {
        let mut browser = browser(&["tea", "cup"]);
        let said = json!({ "type": "component_event", "component_id": component, "event": "panic", "ref": 7 });
        browser.world.say(browser.socket, said);
        browser.world.pass(millis(40));
        let heard = browser.world.heard(browser.socket);
        let told = heard.iter().filter(|value| value["type"] == "component_error").count();
        let answers = heard.iter().filter(|value| value["ref"] == 7 && value["status"] == "error").count();
        assert_eq!((told, answers, heard.len()), (0, 1, 2), "{heard:?}");
        assert_eq!(heard[1][1][0], -6, "and the whole: {heard:?}");
    }
}

/// Its own components are gone then, and those behind it: they were never connected.
#[test]
fn around_one_that_refuses_its_mount_all_is_made_anew_once() {
    let mut browser = browser(&["tea"]);
    let insert = |browser: &mut Browser, id: u32, name: &str| {
        let data = json!({ "id": id, "name": name });
        let said = json!({ "type": "component_event", "component_id": 1, "event": "insert", "data": data });
        browser.world.say(browser.socket, said);
    };
    insert(&mut browser, 7, "pot");
    insert(&mut browser, 8, "cup");
    insert(&mut browser, 9, "shy");
    browser.world.pass(millis(1_000));
    let heard = browser.world.heard(browser.socket);
    assert_eq!(heard.iter().filter(|value| value["type"] == "component_error" && value["fresh"] == true).count(), 1);
    assert!(heard.iter().all(|value| value["type"] != "component_gone"), "{heard:?}");
    assert_eq!(heard.last().unwrap()[1][0], -6, "{heard:?}");
    let notes = browser.notes();
    assert_eq!(notes, ["mount tea", "mount pot", "mount shy", "unmount tea", "unmount pot", "mount tea"]);
    assert_eq!((browser.world.stats().components, browser.world.stats().timers), (3, 0));
}

/// It was made anew every 16 ms from then on.
#[test]
fn one_that_cannot_be_shown_when_it_was_made_anew_is_given_up() {
    let mut browser = browser(&["tea", "cup"]);
    browser.notes();
    note(&browser.notes, "shut");
    let heard = browser.event(1, "insert", json!({ "id": 9, "name": "pot" }));
    assert!(heard.iter().any(|value| value["type"] == "component_error" && value["fresh"] == true), "{heard:?}");
    assert!(heard.iter().any(|value| value["type"] == "component_gone"), "{heard:?}");
    browser.world.pass(millis(1_000));
    assert_eq!(browser.world.heard(browser.socket), [json!(null); 0]);
    assert_eq!(browser.notes(), ["shut", "mount pot", "unmount tea", "unmount cup", "mount tea"]);
    assert_eq!((browser.world.stats().components, browser.world.stats().timers), (0, 0));
}
