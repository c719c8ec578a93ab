//! What the maker of a component sees, and what becomes of a mount that it refuses once the page is connected.

mod common;

use common::components::{Widget, attributes, secret, set_cookie};
use common::{World, quiet};
use lazuli::{Config, Mount, Refused, Response};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A world whose page at `/made` shows a component with these props: 1 is refused and 2 panics, both only when connected.
/// Beside it, who was seen by the maker.
fn world() -> (World, Arc<Mutex<Vec<String>>>) {
    let (script, seen) = (Arc::<common::Script>::default(), Arc::<Mutex<Vec<String>>>::default());
    let mut routes = common::routes(&script, quiet());
    let (of, note) = (script.clone(), seen.clone());
    let made = routes
        .component("made", move |mount: &Mount<'_, common::TestApp>, count: i64| {
            let known = [mount.user(), mount.cookie("theme"), mount.cookie("none")].map(|known| known.unwrap_or("-"));
            note.lock().unwrap().push(format!("{} {}", mount.is_connected, known.join(" ")));
            match count {
                1 if mount.is_connected => Err(Refused::new(409, "Not any more")),
                2 if mount.is_connected => panic!("no component today"),
                _ => Ok(Widget { count, note: String::new(), script: of.clone() }),
            }
        })
        .unwrap();
    let answer = move |cx: &mut lazuli::Scope<'_, common::TestApp>, request: &lazuli::Request| {
        let count = request.query("count").and_then(|count| count.parse::<i64>().ok()).unwrap_or_default();
        Ok(Response::html(cx.show(&made, request, &count)?.to_string()))
    };
    routes.get("/made", answer).unwrap();
    let config = Config { secret: secret(1), ..Config::default() };
    (World::with(config, routes, script), seen)
}

#[test]
fn a_maker_sees_the_page_s_user_and_cookies() {
    let (mut world, seen) = world();
    let page = world.get("/made", Some("theme=dark"));
    let cookie = format!("{}; theme=dark", set_cookie(&page).unwrap());
    let token = attributes(core::str::from_utf8(page.body()).unwrap(), "data-spark").remove(0);
    let socket = world.spark_with("/spark?user=ada", &cookie);
    assert_eq!(world.try_mount(socket, &token)["status"], "ok");
    assert_eq!(seen.lock().unwrap()[..], ["false - dark -", "true ada dark -"]);
}

#[test]
fn a_maker_that_refuses_or_panics_once_connected_is_counted_and_says_why() {
    let (mut world, _) = world();
    for (count, http, message) in [(1, 409, "Not any more"), (2, 500, "Internal server error")] {
        let browser = world.browse(&format!("/made?count={count}"));
        let panics = world.stats().panics;
        for _ in 0..2 {
            let reply = world.try_mount(browser.socket, &browser.tokens[0]);
            let said = &reply["payload"];
            assert_eq!(
                (&reply["status"], &said["code"], &said["http"]),
                (&json!("error"), &json!("REFUSED"), &json!(http))
            );
            assert_eq!(said["message"], message);
        }
        assert_eq!(world.stats().panics - panics, if count == 2 { 2 } else { 0 });
    }
    let route = world.stats().routes.iter().find(|route| &*route.route == "made").unwrap();
    assert_eq!((route.refused, route.connections, world.stats().components), (4, 0, 0));
}

#[test]
fn an_event_may_have_as_many_bytes_as_the_limit_says() {
    let mut limits = quiet();
    limits.frames.text = 20;
    let mut world = common::components::site_with(Config::default(), limits);
    let browser = world.mounted();
    // Quotes included.
    for (length, code) in [(18, None), (19, Some("TOO_LARGE"))] {
        world.ask(browser.socket, 1, "poke", json!("x".repeat(length)));
        let reply = world.heard(browser.socket).remove(0);
        assert_eq!(reply["payload"].get("code").and_then(|code| code.as_str()), code, "{reply}");
    }
}

/// It shows something, and that is all.
struct Still;

impl lazuli::Component<common::TestApp> for Still {
    fn render(&self) -> impl lazuli::html::Render {
        lazuli::html! { p { "still" } }
    }
}

#[test]
fn a_component_without_callbacks_knows_no_event() {
    let script = Arc::<common::Script>::default();
    let mut routes = common::routes(&script, quiet());
    let still = routes.component("still", |_: &Mount<'_, common::TestApp>, (): ()| Ok(Still)).unwrap();
    assert!(format!("{still:?}").contains("still"));
    routes.get("/still", move |cx, request| Ok(Response::html(cx.show(&still, request, &())?.to_string()))).unwrap();
    let mut world = World::with(Config { secret: secret(1), ..Config::default() }, routes, script);
    let browser = world.browse("/still");
    assert_eq!(world.mount(&browser, 0), 1);
    world.ask(browser.socket, 1, "click", json!({}));
    let reply = world.heard(browser.socket).remove(0);
    let said = &reply["payload"];
    assert_eq!((&said["message"], &said["code"]), (&json!("Unknown event: click"), &json!("UNKNOWN_EVENT")));
}
