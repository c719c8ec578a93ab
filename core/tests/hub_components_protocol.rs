//! Replays the examples of components in `docs/protocol.md`, each on a socket of its own.

mod common;

use common::components::{attributes, secret, set_cookie};
use common::{Cx, TestApp, World};
use lazuli::html::Render;
use lazuli::{Component, Config, Event, Flash, Response, Result, Routes, html};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

struct Counter {
    count: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Add { by: i64 },
    Save,
}

impl Component<TestApp> for Counter {
    fn render(&self) -> impl Render {
        html! { p { (self.count) } }
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Add { by } => self.count += by,
            Said::Save => {
                cx.flash(Flash::Success, "Saved");
                cx.focus("input");
            }
        }
        Ok(())
    }
}

/// Whether a value is what an example shows.
fn fits(seen: &Value, shown: &Value) -> bool {
    match (seen, shown) {
        (_, Value::String(any)) if any == "…" => true,
        (Value::Object(seen), Value::Object(shown)) => {
            seen.len() == shown.len()
                && shown.iter().all(|(key, shown)| seen.get(key).is_some_and(|seen| fits(seen, shown)))
        }
        (Value::Array(seen), Value::Array(shown)) => {
            seen.len() == shown.len() && seen.iter().zip(shown).all(|(seen, shown)| fits(seen, shown))
        }
        _ => seen == shown,
    }
}

#[test]
fn the_examples_of_the_protocol_are_true() {
    let page = include_str!("../../docs/protocol.md");
    let blocks: Vec<&str> =
        page.split("```components\n").skip(1).map(|block| block.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 3);
    for block in blocks {
        let mut routes: Routes<TestApp> = Routes::new();
        routes.spark("/spark").unwrap();
        let counter = routes.component("counter", |_, count: i64| Ok(Counter { count })).unwrap();
        let answer = move |cx: &mut lazuli::Scope<'_, TestApp>, request: &lazuli::Request| {
            let counter = cx.show(&counter, request, &5)?;
            Ok(Response::page(&html! { html { head { title { "Counter" } } body { main { @(&counter) } } } })?)
        };
        routes.get("/", answer).unwrap();
        let mut world = World::with(Config { secret: secret(1), ..Config::default() }, routes, Arc::default());
        let response = world.get("/", None);
        let html = String::from_utf8(response.body().into()).unwrap();
        assert_eq!(response.status_code(), 200, "{:?}", world.logs);
        assert!(
            html.starts_with("<!DOCTYPE html><html><head><title>Counter</title></head><body><main><div data-spark=\""),
            "{html}"
        );
        assert!(html.ends_with("<p>5</p></div></main></body></html>"), "{html}");
        let socket = world.spark_with("/spark", &set_cookie(&response).unwrap());
        let mut heard = Vec::new();
        for line in block.lines() {
            match line.split_at(2) {
                ("> ", said) => {
                    assert_eq!(heard, [""; 0], "nothing more comes before {said}");
                    world.message(socket, &said.replace("TOKEN", &attributes(&html, "data-spark")[0]));
                    heard = world.got(socket);
                    world.pass(std::time::Duration::from_millis(20));
                    heard.extend(world.got(socket));
                }
                ("< ", shown) => {
                    assert!(!heard.is_empty(), "{shown} does not come");
                    let seen = heard.remove(0);
                    assert!(
                        fits(&serde_json::from_str(&seen).unwrap(), &serde_json::from_str(shown).unwrap()),
                        "{shown} is {seen}"
                    );
                }
                _ => panic!("a line of an example begins with > or <: {line}"),
            }
        }
        assert_eq!(heard, [""; 0]);
    }
}
