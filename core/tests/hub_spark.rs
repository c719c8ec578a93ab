//! Many channels over one WebSocket: what a client of `docs/protocol.md` sees.

mod common;

use common::{World, quiet};
use lazuli::{Batching, Cause, Config, ConnId, Error, Input, Limits, Message, Rate};
use serde_json::{Value, json};
use std::time::Duration;

impl World {
    fn spark(&mut self) -> ConnId {
        self.open_at("/spark")
    }

    fn subscribe(&mut self, socket: ConnId, channel: &str) {
        self.say(socket, json!({ "type": "subscribe", "channel": channel, "ref": 1 }));
        let replies = self.heard(socket);
        assert_eq!(replies[0]["status"], "ok", "{replies:?}");
    }
}

fn ok(reference: u32, channel: &str) -> Value {
    json!({ "type": "reply", "ref": reference, "channel": channel, "status": "ok", "payload": null })
}

fn message(channel: &str, data: &Value) -> Value {
    json!({ "type": "message", "channel": channel, "data": data })
}

#[test]
fn a_channel_is_told_the_same_as_on_a_path_of_its_own() {
    let mut world = World::default();
    let socket = world.spark();
    world.say(socket, json!({ "type": "subscribe", "channel": "/probe", "ref": 7 }));
    assert_eq!(world.heard(socket), [ok(7, "/probe")]);
    world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "hello" }));
    world.say(socket, json!({ "type": "message", "channel": "/probe", "data": { "a": [1, "b"] } }));
    world.say(socket, json!({ "type": "message", "channel": "/probe", "data": null }));
    world.input(Input::Message { conn: socket, message: Message::Binary(b"\x01\x00\x06/probe\x05\x06") });
    world.input(Input::Ping { conn: socket, bytes: b"p" });
    world.input(Input::Pong { conn: socket, bytes: b"q" });
    world.say(socket, json!({ "type": "unsubscribe", "channel": "/probe", "ref": 8 }));
    assert_eq!(world.heard(socket), [ok(8, "/probe")]);
    let told: Vec<String> = world.script.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(
        told,
        [
            "connect",
            "message hello",
            r#"message {"a":[1,"b"]}"#,
            "message null",
            "binary [5, 6]",
            "ping [112]",
            "pong [113]",
            "close 1000"
        ]
    );
    assert_eq!((world.stats().connections, world.stats().channels), (1, 0));
}

#[test]
fn what_a_channel_sends_names_its_path() {
    let mut world = World::default();
    world.script.on("connect", |cx, _| {
        cx.send(&json!({ "n": 1 }));
        cx.text("[not json");
        cx.text(" [1]");
        cx.text("plain \"text\"");
        cx.send("a string");
        cx.binary(&[1, 2]);
        cx.ping(b"x");
        Ok(())
    });
    let socket = world.spark();
    world.say(socket, json!({ "type": "subscribe", "channel": "/chat/a/1", "ref": 1 }));
    let at = |data: Value| message("/chat/a/1", &data);
    let mut binary = vec![1, 0, 9];
    binary.extend(b"/chat/a/1\x01\x02");
    assert_eq!(
        world.heard(socket),
        [
            ok(1, "/chat/a/1"),
            at(json!({ "n": 1 })),
            at(json!("[not json")),
            at(json!([1])),
            at(json!("plain \"text\"")),
            at(json!("\"a string\"")),
            json!(format!("binary {binary:?}")),
            json!("ping [120]"),
        ]
    );
}

#[test]
fn a_ref_is_answered_exactly_once() {
    let mut world = World::default();
    let socket = world.spark();
    world.subscribe(socket, "/probe");
    world.script.on("message", |cx, text| {
        match text {
            "reply" => cx.reply(&json!({ "a": 1 })),
            "twice" => {
                cx.reply(&1);
                cx.reply(&2);
            }
            "send" => cx.send(&json!({ "b": 2 })),
            "fail" => return Err(Error::validation("no").with_code("NO")),
            "crash" => panic!("crash"),
            "close" => cx.close(4000, "enough"),
            "refuse" => return Err(Error::close(4001, "go")),
            _ => {}
        }
        Ok(())
    });
    let reply = |reference: u32, payload: Value| json!({ "type": "reply", "ref": reference, "channel": "/probe", "status": "ok", "payload": payload });
    let fail = |reference: u32, message: &str, code: Option<&str>| {
        let mut payload = json!({ "type": "error", "message": message });
        if let Some(code) = code {
            payload["code"] = json!(code);
        }
        json!({ "type": "reply", "ref": reference, "channel": "/probe", "status": "error", "payload": payload })
    };
    let unsubscribed = |code: u16, reason: &str| json!({ "type": "unsubscribed", "channel": "/probe", "code": code, "reason": reason });
    let data = |data: Value| message("/probe", &data);
    for (said, with, without) in [
        ("", vec![reply(2, json!(null))], vec![]),
        ("reply", vec![reply(2, json!({ "a": 1 }))], vec![data(json!({ "a": 1 }))]),
        ("twice", vec![reply(2, json!(1)), data(json!("2"))], vec![data(json!("1")), data(json!("2"))]),
        ("send", vec![data(json!({ "b": 2 })), reply(2, json!(null))], vec![data(json!({ "b": 2 }))]),
        (
            "fail",
            vec![fail(2, "Validation failed: no", Some("NO"))],
            vec![data(json!({ "type": "error", "message": "Validation failed: no", "code": "NO" }))],
        ),
        (
            "crash",
            vec![fail(2, "Internal server error", Some("INTERNAL_ERROR")), unsubscribed(1011, "Internal server error")],
            vec![
                data(json!({ "type": "error", "message": "Internal server error", "code": "INTERNAL_ERROR" })),
                unsubscribed(1011, "Internal server error"),
            ],
        ),
        ("close", vec![reply(2, json!(null)), unsubscribed(4000, "enough")], vec![unsubscribed(4000, "enough")]),
        ("refuse", vec![fail(2, "go", None), unsubscribed(4001, "go")], vec![unsubscribed(4001, "go")]),
    ] {
        for (reference, expected) in [(json!(2), with), (json!(null), without)] {
            let ended = expected.iter().any(|value| value["type"] == "unsubscribed");
            world.say(socket, json!({ "type": "message", "channel": "/probe", "data": said, "ref": reference }));
            assert_eq!(world.heard(socket), expected, "{said} {reference}");
            if ended {
                world.subscribe(socket, "/probe");
            }
        }
    }
    assert!(world.closes.is_empty(), "the socket and its other channels are untouched");
}

#[test]
fn a_join_is_answered_before_anything_else() {
    let mut world = World::default();
    world.script.on("connect", |cx, _| {
        cx.send(&json!({ "first": true }));
        cx.reply(&json!({ "joined": true }));
        Ok(())
    });
    let socket = world.spark();
    world.say(socket, json!({ "type": "subscribe", "channel": "/probe", "ref": 3 }));
    let joined =
        json!({ "type": "reply", "ref": 3, "channel": "/probe", "status": "ok", "payload": { "joined": true } });
    assert_eq!(world.heard(socket), [joined, message("/probe", &json!({ "first": true }))]);
    // Without a ref nobody waits for an answer, and it is a message like others.
    world.say(socket, json!({ "type": "subscribe", "channel": "/chat/a/1" }));
    let at = |data: Value| message("/chat/a/1", &data);
    assert_eq!(world.heard(socket), [at(json!({ "first": true })), at(json!({ "joined": true }))]);
}

#[test]
fn a_join_that_fails_says_why_and_leaves_nothing() {
    let mut world = World::default();
    let socket = world.spark();
    world.script.on("connect", |cx, _| match cx.user() {
        _ if cx.count("full") > 0 => Err(Error::close(4003, "full")),
        _ => {
            cx.join("full");
            cx.identify("ada");
            Err(Error::denied("not you"))
        }
    });
    let refused = |channel: &str, key: &str, code: u16, message: &str| {
        let payload = json!({ "type": "error", "message": message, "code": "REFUSED", key: code });
        json!({ "type": "reply", "ref": 1, "channel": channel, "status": "error", "payload": payload })
    };
    for (channel, expected) in [
        ("/nowhere", refused("/nowhere", "http", 404, "no route matches this path")),
        ("/spark", refused("/spark", "http", 404, "no route matches this path")),
        ("/members", refused("/members", "http", 403, "Members only")),
        ("/broken", refused("/broken", "http", 500, "Internal server error")),
        ("/chat/a/taken", refused("/chat/a/taken", "http", 409, "The seat in a is taken")),
        ("/probe", refused("/probe", "close", 1008, "Access denied: not you")),
    ] {
        world.say(socket, json!({ "type": "subscribe", "channel": channel, "ref": 1 }));
        assert_eq!(world.heard(socket), [expected], "{channel}");
    }
    let member = world.hub.count("full");
    assert_eq!((member, world.stats().channels, world.stats().users), (0, 0, 0));
    world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "x" }));
    assert_eq!(world.heard(socket)[0]["code"], "NOT_SUBSCRIBED");
    // Without a ref it is an error, which says as much.
    world.say(socket, json!({ "type": "subscribe", "channel": "/members" }));
    let told = json!({
        "type": "error", "message": "Members only", "code": "REFUSED", "channel": "/members", "http": 403
    });
    assert_eq!(world.heard(socket), [told]);
}

#[test]
fn frames_that_are_none_get_an_error_and_change_nothing() {
    let mut world = World::default();
    let socket = world.spark();
    world.subscribe(socket, "/probe");
    let deep = format!(r#"{{"type":"message","channel":"/probe","data":{}}}"#, "[".repeat(100_000));
    for (text, code) in [
        ("", "INVALID_JSON"),
        ("{", "INVALID_JSON"),
        (&*deep, "INVALID_JSON"),
        ("null", "INVALID_MESSAGE"),
        ("[]", "INVALID_MESSAGE"),
        (r#"["ping"]"#, "INVALID_MESSAGE"),
        (r#""ping""#, "INVALID_MESSAGE"),
        ("{}", "INVALID_MESSAGE"),
        (r#"{"type":1}"#, "INVALID_MESSAGE"),
        (r#"{"type":null}"#, "INVALID_MESSAGE"),
        (r#"{"type":"__proto__"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"ping","type":"ping"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"ping","ref":-1}"#, "INVALID_MESSAGE"),
        (r#"{"type":"ping","ref":4294967296}"#, "INVALID_MESSAGE"),
        (r#"{"type":"ping","ref":1.5}"#, "INVALID_MESSAGE"),
        (r#"{"type":"ping","ref":[1]}"#, "INVALID_MESSAGE"),
        (r#"{"type":"subscribe"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"subscribe","channel":null}"#, "INVALID_MESSAGE"),
        (r#"{"type":"subscribe","channel":["/probe"]}"#, "INVALID_MESSAGE"),
        (r#"{"type":"subscribe","channel":"chat"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"subscribe","channel":"/minimal?token=x"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"subscribe","channel":"/minimal","params":[]}"#, "INVALID_MESSAGE"),
        (r#"{"type":"subscribe","channel":"/minimal","params":{"a":{}}}"#, "INVALID_MESSAGE"),
        (r#"{"type":"message","channel":"/probe"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"message","channel":"/probe","data":"\ud800"}"#, "INVALID_MESSAGE"),
        (r#"{"type":"subscribe","channel":"/probe"}"#, "ALREADY_SUBSCRIBED"),
        (r#"{"type":"subscribe","channel":"/%2e%2e/probe"}"#, "REFUSED"),
        (r#"{"type":"message","channel":"/constructor","data":1}"#, "NOT_SUBSCRIBED"),
        (r#"{"type":"unsubscribe","channel":"/minimal"}"#, "NOT_SUBSCRIBED"),
    ] {
        world.script.told();
        world.message(socket, text);
        let heard = world.heard(socket);
        let shown: String = text.chars().take(80).collect();
        assert_eq!((heard.len(), &heard[0]["type"], &heard[0]["code"]), (1, &json!("error"), &json!(code)), "{shown}");
        assert_eq!(world.script.told(), [], "{shown}");
    }
    for bytes in [
        &b""[..],
        b"\x00",
        b"\x03",
        b"\x01",
        b"\x01\x00",
        b"\x01\x00\x07/probe",
        b"\x02\x00\x00\x00",
        b"\x01\x00\x01\xff",
    ] {
        world.input(Input::Message { conn: socket, message: Message::Binary(bytes) });
        assert_eq!(world.heard(socket)[0]["code"], "INVALID_MESSAGE", "{bytes:?}");
    }
    world.say(socket, json!({ "type": "ping", "ref": 4294967295u32, "more": { "fields": [] } }));
    assert_eq!(world.heard(socket), [json!({ "type": "pong", "ref": 4294967295u32 })]);
    assert_eq!(world.script.told(), []);
}

#[test]
fn a_room_reaches_sockets_and_channels_alike_and_each_once() {
    let mut world = World::default();
    world.script.on("connect", |cx, _| {
        cx.join("room");
        Ok(())
    });
    let raw = world.open();
    let (a, b) = (world.spark(), world.spark());
    world.subscribe(a, "/probe");
    world.subscribe(a, "/chat/x/1");
    world.subscribe(b, "/probe");
    world.sends.clear();
    world.run(raw, |cx| {
        assert_eq!((cx.count("room"), cx.members("room").count()), (4, 4));
        cx.broadcast("room", &json!({ "n": 1 }));
        Ok(())
    });
    let (probe, chat) = (message("/probe", &json!({ "n": 1 })), message("/chat/x/1", &json!({ "n": 1 })));
    assert_eq!((world.heard(a), world.heard(b)), (vec![probe.clone(), chat.clone()], vec![probe.clone()]));
    assert_eq!(world.got(raw), [r#"{"n":1}"#]);
    assert_eq!(world.sends.len(), 3, "encoded once raw, and once for each path");
    // Two rooms: still once for each connection.
    world.run(raw, |cx| {
        cx.join("other");
        Ok(())
    });
    world.job(|cx| {
        cx.to_rooms(["room", "other"]).json(&json!({ "n": 1 }));
        Ok(())
    });
    assert_eq!((world.heard(a), world.heard(b)), (vec![probe.clone(), chat.clone()], vec![probe.clone()]));
    assert_eq!(world.got(raw), [r#"{"n":1}"#]);
    world.job(|cx| {
        cx.to_all().json(&json!({ "n": 1 }));
        Ok(())
    });
    assert_eq!((world.heard(a), world.heard(b)), (vec![probe.clone(), chat.clone()], vec![probe]));
    assert_eq!(world.got(raw), [r#"{"n":1}"#]);
    // What one channel says to the others reaches the other channel of its own socket.
    world.script.on("message", |cx, _| {
        cx.broadcast_from("room", &json!({ "n": 1 }));
        Ok(())
    });
    world.say(a, json!({ "type": "message", "channel": "/probe", "data": "" }));
    assert_eq!(world.heard(a), [chat]);
    assert_eq!((world.heard(b).len(), world.got(raw).len()), (1, 1));
    world.closed(a, Cause::Lost);
    assert_eq!(world.hub.count("room"), 2);
}

#[test]
fn channels_end_with_their_socket_and_each_is_told() {
    let mut world = World::default();
    for (how, told) in
        [("lost", "close 1006"), ("peer", "close 4321 bye"), ("shutdown", "close 1001 Going away; come back in")]
    {
        let socket = world.spark();
        world.subscribe(socket, "/probe");
        world.subscribe(socket, "/chat/a/1");
        world.script.told();
        match how {
            "lost" => world.closed(socket, Cause::Lost),
            "peer" => world.input(Input::Ended { conn: socket, code: Some(4321), reason: "bye" }),
            _ => world.shutdown(Duration::from_secs(1)),
        }
        let said: Vec<String> = world.script.told().into_iter().map(|(_, what)| what).collect();
        assert!(said.len() == 2 && said.iter().all(|what| what.starts_with(told)), "{how}: {said:?}");
        assert!(world.heard(socket).iter().all(|value| value["type"] != "unsubscribed"), "{how}");
        if how != "lost" {
            world.closed(socket, Cause::Done);
        }
    }
    assert_eq!((world.stats().channels, world.stats().connections, world.stats().timers), (0, 0, 0));
    assert_eq!(*world.script.dropped.lock().unwrap(), 6);
}

#[test]
fn a_socket_has_at_most_so_many_channels() {
    let mut world = World::default();
    let socket = world.spark();
    for seat in 0..5 {
        world.subscribe(socket, &format!("/chat/a/{seat}"));
    }
    world.say(socket, json!({ "type": "subscribe", "channel": "/probe", "ref": 9 }));
    let heard = world.heard(socket);
    assert_eq!((&heard[0]["status"], &heard[0]["payload"]["code"]), (&json!("error"), &json!("TOO_MANY_CHANNELS")));
    world.say(socket, json!({ "type": "unsubscribe", "channel": "/chat/a/0" }));
    world.subscribe(socket, "/probe");
}

#[test]
fn a_message_over_the_channel_s_limit_ends_that_channel() {
    let mut limits = quiet();
    limits.frames.text = 10;
    limits.frames.binary = 3;
    let mut world = World::new(Config::default(), limits);
    let socket = world.spark();
    world.subscribe(socket, "/probe");
    world.subscribe(socket, "/minimal");
    world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "0123456789" }));
    assert_eq!(world.heard(socket), Vec::<Value>::new());
    world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "0123456789a", "ref": 5 }));
    let heard = world.heard(socket);
    assert_eq!((&heard[0]["ref"], &heard[0]["payload"]["code"]), (&json!(5), &json!("TOO_LARGE")));
    assert_eq!((&heard[1]["type"], &heard[1]["code"]), (&json!("unsubscribed"), &json!(1009)));
    world.subscribe(socket, "/probe");
    world.input(Input::Message { conn: socket, message: Message::Binary(b"\x01\x00\x06/probe1234") });
    assert_eq!(world.heard(socket)[0]["code"], 1009);
    world.say(socket, json!({ "type": "message", "channel": "/minimal", "data": "still here" }));
    assert_eq!(world.heard(socket), [message("/minimal", &json!("still here"))]);
}

#[test]
fn rates_hold_for_the_socket_and_for_each_channel() {
    let rate = Rate { per_second: 1, burst: 2 };
    let mut world = World::new(Config::default(), Limits { rate, ..quiet() });
    let socket = world.spark();
    world.subscribe(socket, "/probe");
    world.subscribe(socket, "/chat/a/1");
    for reference in 0..3 {
        world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "", "ref": reference }));
    }
    let heard = world.heard(socket);
    assert_eq!((&heard[1]["status"], &heard[2]["payload"]["code"]), (&json!("ok"), &json!("RATE_LIMITED")));
    world.say(socket, json!({ "type": "message", "channel": "/chat/a/1", "data": "", "ref": 1 }));
    assert_eq!(world.heard(socket)[0]["status"], "ok", "another channel has a rate of its own");
    for _ in 0..2 {
        world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "" }));
    }
    let heard = world.heard(socket);
    assert_eq!(heard[0]["data"]["code"], "RATE_LIMITED");
    assert_eq!((&heard[1]["type"], &heard[1]["code"]), (&json!("unsubscribed"), &json!(1008)));
}

#[test]
fn a_session_is_its_channels_user_and_ends_the_socket() {
    let mut world = World::default();
    assert_eq!(world.request("/spark?user=nobody").unwrap_err().status, 401);
    let socket = world.open_at("/spark?user=ada&expires=60");
    world.subscribe(socket, "/probe");
    world.job(|cx| {
        assert_eq!((cx.is_online("ada"), cx.users().collect::<Vec<_>>()), (true, vec![("ada", 1)]));
        cx.to_user("ada").json(&json!({ "n": 1 }));
        Ok(())
    });
    assert_eq!(world.heard(socket), [message("/probe", &json!({ "n": 1 }))]);
    world.pass(Duration::from_secs(60));
    assert_eq!(world.closes.last().map(|close| close.code), Some(1008));
    assert_eq!((world.stats().expired, world.stats().users), (1, 0));
    let socket = world.open_at("/spark?user=ada");
    world.job(|cx| {
        cx.close_user("ada", 1008, "revoked");
        Ok(())
    });
    assert_eq!(world.got(socket), ["close 1008 revoked"]);
}

#[test]
fn batches_are_answered_one_by_one_and_before_the_end() {
    let batch = Some(Batching { most: 3, within: Duration::from_secs(1) });
    let mut world = World::new(Config::default(), Limits { batch, ..quiet() });
    let socket = world.spark();
    world.subscribe(socket, "/probe");
    world.script.told();
    let say = |world: &mut World, reference: Value| {
        world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "m", "ref": reference }));
    };
    [json!(1), json!(null), json!(3)].into_iter().for_each(|reference| say(&mut world, reference));
    assert_eq!(world.heard(socket), [ok(1, "/probe"), ok(3, "/probe")]);
    say(&mut world, json!(4));
    world.say(socket, json!({ "type": "unsubscribe", "channel": "/probe", "ref": 5 }));
    assert_eq!(world.heard(socket), [ok(4, "/probe"), ok(5, "/probe")]);
    let told: Vec<String> = world.script.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(told, ["batch m,m,m", "batch m", "close 1000"]);
    world.subscribe(socket, "/probe");
    world.script.on("batch", |cx, _| {
        cx.close(4000, "enough");
        Ok(())
    });
    [json!(6), json!(7), json!(8)].into_iter().for_each(|reference| say(&mut world, reference));
    let unsubscribed = json!({ "type": "unsubscribed", "channel": "/probe", "code": 4000, "reason": "enough" });
    assert_eq!(world.heard(socket), [ok(6, "/probe"), ok(7, "/probe"), ok(8, "/probe"), unsubscribed]);
}

#[test]
fn the_message_that_is_too_many_is_answered_before_the_channel_ends() {
    let rate = Rate { per_second: 1, burst: 1 };
    let mut world = World::new(Config::default(), Limits { rate, ..quiet() });
    let socket = world.spark();
    world.subscribe(socket, "/probe");
    for reference in 1..=3 {
        world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "", "ref": reference }));
    }
    let heard = world.heard(socket);
    let answered: Vec<_> = heard.iter().map(|told| (&told["ref"], &told["payload"]["code"], &told["code"])).collect();
    let (null, over) = (json!(null), json!("RATE_LIMITED"));
    let right =
        [(&json!(1), &null, &null), (&json!(2), &over, &null), (&json!(3), &over, &null), (&null, &null, &json!(1008))];
    assert_eq!(answered, right);
}

#[test]
fn a_message_that_its_batch_leaves_behind_is_answered() {
    let batch = Some(Batching { most: 100, within: Duration::from_secs(1) });
    let mut limits = Limits { batch, ..quiet() };
    (limits.frames.text, limits.frames.binary) = (10, 10);
    let mut world = World::new(Config::default(), limits);
    let socket = world.spark();
    world.subscribe(socket, "/probe");
    world.script.on("batch", |cx, _| {
        cx.close(4000, "enough");
        Ok(())
    });
    for reference in [1, 2] {
        world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "12345678", "ref": reference }));
    }
    let heard = world.heard(socket);
    assert_eq!(heard.iter().map(|value| &value["ref"]).collect::<Vec<_>>(), [&json!(1), &json!(null), &json!(2)]);
    assert_eq!((&heard[1]["type"], &heard[2]["payload"]["code"]), (&json!("unsubscribed"), &json!("NOT_SUBSCRIBED")));
}

#[test]
fn a_channel_with_a_batch_gets_nothing_once_its_socket_ends() {
    for how in 0..3 {
        let batch = Some(Batching { most: 100, within: Duration::from_secs(1) });
        let mut world = World::new(Config::default(), Limits { batch, ..quiet() });
        for callback in ["connect", "close", "batch"] {
            world.script.on(callback, |cx, what| {
                cx.join("room");
                cx.to_room("room").text(what);
                cx.to_all().text(what);
                Ok(())
            });
        }
        let socket = world.spark();
        world.subscribe(socket, "/chat/a/1");
        world.subscribe(socket, "/probe");
        world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "last" }));
        world.script.told();
        world.got(socket);
        match how {
            0 => world.input(Input::Ended { conn: socket, code: Some(1000), reason: "" }),
            1 => world.shutdown(Duration::from_secs(1)),
            _ => world.closed(socket, Cause::Lost),
        }
        let told: Vec<String> = world.script.told().into_iter().map(|(_, what)| what).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().any(|what| what == "batch last"));
        // What a batch says goes out before the close, as far as the socket is there; the world minds what comes after it.
        let sent = world.got(socket);
        assert!(how == 2 || sent.last().is_some_and(|text| text.starts_with("close")), "{how}: {sent:?}");
        assert_eq!((world.stats().channels, world.stats().rooms), (0, 0));
    }
}

#[test]
fn a_session_s_user_has_a_name() {
    let mut world = World::default();
    assert_eq!(world.request("/spark?user=").unwrap_err().status, 500);
    assert_eq!(world.request("/spark?user=a%0Ab").unwrap_err().status, 500);
}

#[test]
fn a_session_that_is_shut_out_while_it_opens_does_not_open() {
    let mut world = World::default();
    let conn = world.request("/spark?user=ada").unwrap();
    world.job(|cx| {
        cx.close_user("ada", 1008, "revoked");
        Ok(())
    });
    assert_eq!(world.got(conn), ["close 1008 revoked"]);
    world.closed(conn, Cause::Done);
    // One that never opens leaves nothing behind either.
    let conn = world.request("/spark?user=ada").unwrap();
    world.closed(conn, Cause::Lost);
    let mut world = World::new(Config { per_user: 1, ..Config::default() }, quiet());
    let conn = world.request("/spark?user=ada").unwrap();
    assert_eq!(world.request("/spark?user=ada").unwrap_err().status, 429);
    world.closed(conn, Cause::Lost);
    world.request("/spark?user=ada").unwrap();
}
