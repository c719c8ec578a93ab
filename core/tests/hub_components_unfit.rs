//! Components whose render cannot be shown: what the page gets, and what the log says.

mod common;

use common::components::{attributes, secret, set_cookie};
use common::{Cx, TestApp, World, millis};
use lazuli::html::Render;
use lazuli::{Component, Config, Event, Limits, Response, Result, Routes, Session, html};
use serde_json::{Value, json};
use std::sync::Arc;

/// Shows rows where none may stand if it is told to, and so many components.
struct Odd {
    is_misplaced: bool,
    parts: u32,
}

struct Part;

fn row() -> impl Render {
    html! { tr { td { "a row" } } }
}

impl Component<TestApp> for Odd {
    fn render(&self) -> impl Render {
        html! {
            p { @(self.is_misplaced.then(row)) }
            ul { @for part in 0..self.parts key=(part) { li { @component(Part) } } }
        }
    }

    fn on_event(&mut self, _: &mut Cx<'_>, event: &Event<'_>) -> Result {
        match event.name() {
            "misplace" => self.is_misplaced = true,
            "mend" => (self.is_misplaced, self.parts) = (false, 1),
            "more" => self.parts += 1,
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

impl Component<TestApp> for Part {
    fn render(&self) -> impl Render {
        html! { b { "part" } }
    }
}

fn world() -> World {
    let mut routes: Routes<TestApp> = Routes::new();
    let limits = Limits { heartbeat: None, components: 3, ..Limits::spark() };
    routes.spark_with("/spark", limits, |_| Ok(Session::default())).unwrap();
    let odd = routes.component("odd", |_, is_misplaced| Ok(Odd { is_misplaced, parts: 1 })).unwrap();
    routes
        .get("/", move |cx, request| {
            Ok(Response::html(cx.show(&odd, request, &request.query("odd").is_some())?.to_string()))
        })
        .unwrap();
    World::with(Config { secret: secret(1), ..Config::default() }, routes, Arc::default())
}

fn details(world: &World) -> String {
    world.logs.iter().filter_map(|record| record.detail.clone()).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_page_whose_render_is_none_is_not_given() {
    let mut world = world();
    let response = world.get("/?odd", None);
    assert_eq!(response.status_code(), 500);
    assert!(!String::from_utf8_lossy(response.body()).contains("tr"), "the details are for the log");
    assert!(details(&world).contains("`tr` cannot stand in `p`"), "{}", details(&world));
}

#[test]
fn a_render_that_becomes_none_leaves_the_page_as_it_is() {
    let mut world = world();
    let response = world.get("/", None);
    let html = String::from_utf8(response.body().into()).unwrap();
    let socket = world.spark_with("/spark", &set_cookie(&response).unwrap());
    world.say(socket, json!({ "type": "component_mount", "token": attributes(&html, "data-spark")[0], "ref": 1 }));
    assert_eq!(world.heard(socket)[0]["status"], "ok");
    let mut say = |event: &str| -> Vec<Value> {
        world.say(socket, json!({ "type": "component_event", "component_id": 1, "event": event }));
        world.pass(millis(20));
        world.heard(socket)
    };
    let failed =
        json!({ "type": "component_error", "component_id": 1, "message": "Internal server error", "fresh": false });
    assert_eq!(say("misplace"), std::slice::from_ref(&failed));
    // The view was given up, so that what comes next is whole.
    assert_eq!(say("mend")[0][1][0], -6);
    // Three may be there, with those in its markup.
    assert!(say("more")[0].is_array());
    assert_eq!(say("more"), [failed]);
    assert!(say("mend")[0].is_array());
    let log = details(&world);
    assert!(log.contains("`tr` cannot stand in `p`") && log.contains("`Limits::components` is 3"), "{log}");
    assert!(!log.contains("one `html!` or none"), "not what follows from it: {log}");
    assert_eq!(world.stats().components, 2);
}

#[test]
fn a_page_that_could_not_be_mounted_is_not_given() {
    let mut routes: Routes<TestApp> = Routes::new();
    routes.spark_with("/spark", Limits { components: 3, ..Limits::spark() }, |_| Ok(Session::default())).unwrap();
    let odd = routes.component("odd", |_, (parts, _): (u32, String)| Ok(Odd { is_misplaced: false, parts })).unwrap();
    routes
        .get("/:parts/:bytes", move |cx, request| {
            let number = |name| request.param(name).and_then(|number| number.parse::<usize>().ok()).unwrap_or_default();
            let props = (number("parts") as u32, "x".repeat(number("bytes")));
            Ok(Response::html(cx.show(&odd, request, &props)?.to_string()))
        })
        .unwrap();
    let mut world = World::with(Config { secret: secret(1), ..Config::default() }, routes, Arc::default());
    let mut status = |path: &str| world.get(path, None).status_code();
    assert_eq!([status("/2/9"), status("/3/9"), status("/2/120000"), status("/2/140000")], [200, 500, 200, 500]);
    let log = details(&world);
    assert!(
        log.contains("4 components, with those in its markup") && log.contains("`Limits::components` is 3"),
        "{log}"
    );
    assert!(log.contains("the props have 140006 bytes; at most 131072 travel in a token"), "{log}");
    // What is given can be mounted.
    let response = world.get("/2/131000", None);
    let html = String::from_utf8(response.body().into()).unwrap();
    let mount = json!({ "type": "component_mount", "token": attributes(&html, "data-spark")[0], "ref": 1 });
    assert!(mount.to_string().len() < Limits::spark().frames.text);
    let socket = world.spark_with("/spark", &set_cookie(&response).unwrap());
    world.say(socket, mount);
    assert_eq!(world.heard(socket)[0]["status"], "ok");
}
