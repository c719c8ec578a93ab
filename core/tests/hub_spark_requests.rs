//! What a channel over Spark knows of the request that opened its socket, and what replies hold.

mod common;

use common::components::site;
use common::{World, quiet};
use lazuli::{Config, Input, Join, Request, Routes};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// A world whose channel at `/who/:name` notes what its maker sees.
fn world() -> (World, Arc<Mutex<Vec<String>>>) {
    let script = Arc::default();
    let mut routes: Routes<common::TestApp> = common::routes(&script, quiet());
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = seen.clone();
    routes
        .channel("/who/:name", move |join: &Join<'_, common::TestApp>| {
            let (request, name) = (join.request, join.param("name"));
            let peer = request.peer().map(|peer| peer.to_string());
            let known = [join.user(), join.token(), request.header("x-from"), peer.as_deref(), join.query("q")];
            note.lock().unwrap().push(format!("{name} {}", known.map(|known| known.unwrap_or("-")).join(" ")));
            Ok(common::Minimal)
        })
        .unwrap();
    (World::with(Config::default(), routes, script), seen)
}

#[test]
fn a_channel_sees_its_own_path_and_the_socket_s_headers_peer_and_user() {
    let (mut world, seen) = world();
    let request = Request::get("/spark?user=ada&token=s3cret&q=socket").unwrap();
    let request = request.with_header("X-From", "here").unwrap().with_header("Cookie", "token=biscuit").unwrap();
    let socket = world.hub.open(world.now, request.with_peer("10.0.0.1:7".parse().unwrap())).unwrap();
    world.input(Input::Opened { conn: socket });
    world.say(socket, json!({ "type": "subscribe", "channel": "/who/spark", "ref": 1 }));
    world.say(socket, json!({ "type": "subscribe", "channel": "/who/other", "params": { "q": "own" }, "ref": 2 }));
    assert_eq!(
        seen.lock().unwrap()[..],
        ["spark ada biscuit here 10.0.0.1:7 -", "other ada biscuit here 10.0.0.1:7 own"]
    );
}

#[test]
fn a_token_is_found_wherever_a_client_may_show_it() {
    let (mut world, seen) = world();
    let request = || Request::get("/who/me").unwrap();
    let with = |name, value| request().with_header(name, value).unwrap();
    let requests = [
        (
            Request::get("/who/me?token=in-query").unwrap().with_header("Authorization", "Bearer no").unwrap(),
            "in-query",
        ),
        (with("Authorization", "bearer   in-header"), "in-header"),
        (with("Authorization", "Basic abc"), "-"),
        (with("Sec-WebSocket-Protocol", "lazuli, bearer.offered"), "offered"),
        (with("Cookie", "a=b; token=in-cookie"), "in-cookie"),
        (request(), "-"),
    ];
    for (request, token) in requests {
        world.hub.open(world.now, request).unwrap();
        assert_eq!(seen.lock().unwrap().pop(), Some(format!("me - {token} - - -")));
    }
}

#[test]
fn an_answer_names_its_component_by_the_ref_alone() {
    let mut world = site();
    let browser = world.mounted();
    let about = |reply: &serde_json::Value| reply["payload"].get("component_id").cloned();
    world.ask(browser.socket, 1, "nonsense", json!({}));
    world.ask(browser.socket, 77, "add", json!({ "by": 1 }));
    let replies = world.heard(browser.socket);
    assert_eq!(replies.len(), 2);
    for reply in &replies {
        assert_eq!((&reply["status"], about(reply)), (&json!("error"), None), "{reply}");
    }
    // Without a ref, nothing else says which it is about.
    world.event(browser.socket, 77, "add", json!({ "by": 1 }));
    assert_eq!(world.heard(browser.socket)[0]["component_id"], 77);
}
