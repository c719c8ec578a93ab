//! What a channel over Spark knows of the request that opened its socket, and what replies hold.

mod common;

use common::components::site;
use common::{World, quiet};
use lazuli::{Config, ConnId, Input, Join, Message, Request, Routes};
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
    world.say(
        socket,
        json!({ "type": "subscribe", "channel": "/who/three", "params": { "q": 7, "r": true }, "ref": 3 }),
    );
    assert_eq!(
        seen.lock().unwrap()[..],
        [
            "spark ada biscuit here 10.0.0.1:7 -",
            "other ada biscuit here 10.0.0.1:7 own",
            "three ada biscuit here 10.0.0.1:7 7"
        ]
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

#[test]
fn what_is_wrong_with_a_frame_is_said_and_what_it_concerns() {
    let mut world = World::default();
    let socket = world.open_at("/spark");
    let mut say = |text: &str| {
        world.message(socket, text);
        let heard = world.heard(socket);
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard[0].clone()
    };
    for (text, message) in [
        ("{", "Invalid JSON format"),
        ("[]", "Invalid message format: a message is a JSON object"),
        (r#"["ping"]"#, "Invalid message format: a message is a JSON object"),
        (r#" {"type":"ping","type":"ping"}"#, "Invalid message format: duplicate field `type`"),
        ("{}", "Invalid message format: missing field `type`"),
        (r#"{"type":1}"#, "Invalid message format: `type` is a string"),
        (r#"{"type":"nonsense"}"#, "Unknown message type: nonsense"),
        (r#"{"type":"ping","ref":-1}"#, "Invalid message format: a ref is a whole number from 0 to 4294967295"),
        (r#"{"type":"subscribe"}"#, "Invalid message format: missing field `channel`"),
        (r#"{"type":"component_mount"}"#, "Invalid message format: missing field `token`"),
        (r#"{"type":"component_mount","token":1}"#, "Invalid message format: `token` is a string"),
        (r#"{"type":"component_mount","token":"x"}"#, "Invalid message format: missing field `ref`"),
    ] {
        let said = say(text);
        assert_eq!((&said["type"], &said["message"]), (&json!("error"), &json!(message)), "{text}");
    }
    let long = "x".repeat(1_000);
    assert_eq!(say(&json!({ "type": long }).to_string())["message"], format!("Unknown message type: {}", &long[..128]));
    let no_path = "Invalid message format: a channel is a path such as /chat/lobby, percent-encoded, without a query";
    for channel in ["chat", "/a?b", "/a#b", "/a b", "/é", &format!("/{}", "x".repeat(70_000))] {
        let said = say(&json!({ "type": "subscribe", "channel": channel, "ref": 5 }).to_string());
        assert_eq!((&said["type"], &said["ref"], &said["status"]), (&json!("reply"), &json!(5), &json!("error")));
        assert_eq!(said["payload"]["message"], no_path);
    }
    let said = say(r#"{"type":"message","channel":"/probe"}"#);
    assert_eq!(
        (&said["message"], &said["channel"]),
        (&json!("Invalid message format: missing field `data`"), &json!("/probe"))
    );
    let said = say(r#"{"type":"component_event","component_id":3}"#);
    assert_eq!(
        (&said["message"], &said["component_id"]),
        (&json!("Invalid message format: missing field `event`"), &json!(3))
    );
}

#[test]
fn what_is_wrong_with_a_binary_frame_is_said_under_its_ref() {
    let mut world = World::default();
    let socket = world.open_at("/spark");
    world.say(socket, json!({ "type": "subscribe", "channel": "/probe", "ref": 1 }));
    world.heard(socket);
    let mut say = |bytes: &[u8]| {
        world.input(Input::Message { conn: socket, message: Message::Binary(bytes) });
        (world.heard(socket), world.told_components())
    };
    for (bytes, message) in [
        (&b"\x00"[..], "Invalid message format: a binary frame begins with 1 or 2"),
        (b"\x02\0\0\0", "Invalid message format: a ref has 4 bytes"),
        (b"\x01\0", "Invalid message format: after the ref come 2 bytes for the length of the channel's path"),
        (b"\x01\0\x09/probe", "Invalid message format: the channel's path is shorter than its length says"),
    ] {
        assert_eq!(say(bytes).0[0]["message"], message);
    }
    let (heard, _) = say(b"\x02\0\0\0\x07\0\x05probe");
    assert_eq!((&heard[0]["ref"], &heard[0]["status"]), (&json!(7), &json!("error")));
    let message = heard[0]["payload"]["message"].as_str().unwrap();
    assert!(message.contains("a channel is a path such as /chat/lobby"), "{message}");
    let (heard, told) = say(b"\x02\0\0\0\x08\0\x06/probe\x01\x02");
    assert_eq!((&heard[0]["ref"], &heard[0]["status"]), (&json!(8), &json!("ok")));
    assert_eq!(told, ["binary [1, 2]"]);
}

#[test]
fn the_form_of_a_channel_s_messages_lasts_as_long_as_somebody_is_subscribed() {
    let mut world = World::default();
    let sockets = [(); 3].map(|()| world.open_at("/spark"));
    for socket in sockets {
        world.say(socket, json!({ "type": "subscribe", "channel": "/chat/a/1", "ref": 1 }));
        world.heard(socket);
    }
    let hears = |world: &mut World, socket: ConnId| {
        world.job(|cx| {
            cx.to_all().text("hello");
            Ok(())
        });
        world.heard(socket)
    };
    let hello = json!({ "type": "message", "channel": "/chat/a/1", "data": "hello" });
    for left in [sockets[0], sockets[1]] {
        world.say(left, json!({ "type": "unsubscribe", "channel": "/chat/a/1" }));
        // Other paths take the places of those that are forgotten.
        let other = world.open_at("/spark");
        world.say(other, json!({ "type": "subscribe", "channel": format!("/chat/{left}/2"), "ref": 1 }));
        world.heard(sockets[2]);
        assert_eq!(hears(&mut world, sockets[2])[..], *std::slice::from_ref(&hello));
    }
}
