//! The same over a Spark socket: names, types, subscriptions.

use super::ensure;
use crate::Trouble;
use crate::peer::{Peer, frame};
use crate::runner::{Outcome, Row, Stage};
use serde_json::{Value, json};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("14-json-bombs-on-spark", bombs),
        Row::new("15-names-of-prototypes", prototypes),
        Row::new("16-wrong-types-on-spark", wrong_types),
        Row::new("17-subscriptions-without-end", subscriptions),
        Row::new("18-channels-of-others", others),
        Row::new("19-telling-without-subscribing", outsiders),
    ]
}

/// The code of an error, in whichever form it came.
pub fn code(answer: &Value) -> Option<&str> {
    let error = if answer["type"] == "reply" { &answer["payload"] } else { answer };
    (error["type"] == "error" && error["message"].is_string()).then(|| error["code"].as_str().unwrap_or_default())
}

/// Sends what is wrong: an error with one of these codes has to come back.
fn refuses(peer: &mut Peer, text: &str, codes: &[&str]) -> Result<Value, Trouble> {
    let answer = peer.asks(text)?;
    let shown: String = text.chars().take(80).collect();
    ensure!(code(&answer).is_some_and(|code| codes.contains(&code)), "{shown:?} was answered with {answer}");
    Ok(answer)
}

const WRONG: &[&str] = &["INVALID_JSON", "INVALID_MESSAGE"];

/// As far as 256 KiB reach.
fn bombs(stage: &Stage) -> Outcome {
    let mut peer = Peer::spark(stage.server.addr)?;
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let keys: String = (0..20_000).map(|n| format!(",\"k{n}\":0")).collect();
    ensure!(peer.subscribe("/rooms")?["status"] == "ok", "the subscription");
    for text in [
        deep.clone(),
        format!("{{\"type\":{deep}}}"),
        format!("{{\"type\":\"message\",\"channel\":\"/rooms\",\"ref\":2,\"data\":{deep}}}"),
        format!("{{\"type\":\"subscribe\",\"channel\":\"/echo\",\"params\":{deep}}}"),
        "{\"type\":\"ping\",\"ref\":1e400}".into(),
        "{\"type\":\"ping\",\"ref\":99999999999999999999}".into(),
        "{\"type\":\"ping\",\"type\":\"ping\"}".into(),
        "{\"type\":\"message\",\"channel\":\"/rooms\",\"channel\":\"/echo\",\"data\":1}".into(),
        "{\"type\":\"\\ud800\"}".into(),
        "{\"type\":\"subscribe\",\"channel\":\"/\\udfff\"}".into(),
        "{\"type\":\"message\",\"channel\":\"/rooms\",\"data\":\"\\ud800\"}".into(),
        String::new(),
    ] {
        refuses(&mut peer, &text, WRONG)?;
    }
    // Fields that nobody knows are ignored, however many there are.
    ensure!(peer.asks(format!("{{\"type\":\"ping\",\"ref\":3{keys}}}"))?["type"] == "pong", "20,000 keys");
    let reply = peer.tell("/rooms", &json!({ "type": "me" }))?;
    ensure!(reply["type"] == "message" || reply["status"] == "ok", "the subscription is of no use any more: {reply}");
    Ok(String::new())
}

/// Names that mean something in a browser mean nothing here.
fn prototypes(stage: &Stage) -> Outcome {
    let mut peer = Peer::spark(stage.server.addr)?;
    let names = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "__defineGetter__", "valueOf"];
    for name in names {
        let path = format!("/{name}");
        let refused = refuses(&mut peer, &json!({ "type": name }).to_string(), WRONG)?;
        ensure!(refused["message"].as_str().is_some_and(|said| said.contains(name)), "{refused}");
        refuses(&mut peer, &json!({ "type": "subscribe", "channel": path, "ref": 1 }).to_string(), &["REFUSED"])?;
        refuses(&mut peer, &json!({ "type": "subscribe", "channel": name, "ref": 1 }).to_string(), WRONG)?;
        refuses(
            &mut peer,
            &json!({ "type": "message", "channel": path, "data": {} }).to_string(),
            &["NOT_SUBSCRIBED"],
        )?;
        let params = format!("{{\"{name}\":{{\"polluted\":true}}}}");
        refuses(&mut peer, &format!("{{\"type\":\"subscribe\",\"channel\":\"/echo\",\"params\":{params}}}"), WRONG)?;
        // A field of this name is one that nobody knows.
        ensure!(
            peer.asks(format!("{{\"type\":\"ping\",\"{name}\":{{\"ref\":7}}}}"))? == json!({ "type": "pong" }),
            "{name}"
        );
    }
    // As rooms they are names like others.
    let mut member = Peer::open(stage.server.addr, "/rooms")?;
    for name in names {
        ensure!(member.asks(json!({ "type": "count", "room": name }).to_string())?["count"] == 0, "{name} has members");
        let said = member.asks(json!({ "type": "say", "room": name, "text": "x" }).to_string())?;
        ensure!(said["type"] == "error", "{name} was taken for a room that it had joined");
    }
    Ok(format!("{} names", names.len()))
}

fn wrong_types(stage: &Stage) -> Outcome {
    let mut peer = Peer::spark(stage.server.addr)?;
    ensure!(peer.subscribe("/echo")?["status"] == "ok", "the subscription");
    let mut count = 0;
    for value in
        [json!(null), json!(7), json!(-1.5), json!(true), json!([]), json!(["/echo"]), json!({}), json!({"x": 1})]
    {
        for message in [
            value.clone(),
            json!({ "type": value, "channel": "/echo" }),
            json!({ "type": "subscribe", "channel": value }),
            json!({ "type": "unsubscribe", "channel": value }),
            json!({ "type": "message", "channel": value, "data": "x" }),
            json!({ "type": "subscribe", "channel": "/echo", "params": [value] }),
            json!({ "type": "subscribe", "channel": "/echo", "params": { "p": [value] } }),
        ] {
            refuses(&mut peer, &message.to_string(), WRONG)?;
            count += 1;
        }
    }
    for wrong in [json!("1"), json!(-1), json!(1.5), json!(4_294_967_296u64), json!([]), json!({}), json!(true)] {
        refuses(&mut peer, &json!({ "type": "ping", "ref": wrong }).to_string(), WRONG)?;
        refuses(
            &mut peer,
            &json!({ "type": "message", "channel": "/echo", "data": 1, "ref": wrong }).to_string(),
            WRONG,
        )?;
    }
    // What only a server sends, and references to what nobody asked.
    for kind in ["reply", "unsubscribed", "pong", "error", "SUBSCRIBE", "", "subscribe "] {
        let text = json!({ "type": kind, "channel": "/echo", "ref": 4_000_000_000u32, "status": "ok", "payload": 1 });
        refuses(&mut peer, &text.to_string(), WRONG)?;
    }
    for bytes in [&b""[..], b"\0", b"\x03", b"\x01", b"\x01\xff\xff/echo", b"\x01\0\x01\xff", b"\x02\0\0", b"\x01\0\0x"]
    {
        peer.send_raw(&frame(0x82, bytes))?;
        let answer = peer.json()?;
        ensure!(code(&answer) == Some("INVALID_MESSAGE"), "{bytes:?} was answered with {answer}");
    }
    peer.send(json!({ "type": "message", "channel": "/echo", "data": "x" }).to_string())?;
    ensure!(peer.json()?["data"] == "x", "the subscription is of no use any more");
    Ok(format!("{count} messages and more"))
}

fn subscriptions(stage: &Stage) -> Outcome {
    const MANY: usize = 100_000;
    const BATCH: usize = 500;
    let mut peer = Peer::spark(stage.server.addr)?;
    let (mut granted, mut refused) = (0, 0);
    for first in (0..MANY).step_by(BATCH) {
        for n in first..first + BATCH {
            let text = json!({ "type": "subscribe", "channel": format!("/say/{n}"), "ref": n }).to_string();
            peer.0.write(text.into())?;
        }
        peer.0.flush()?;
        for n in first..first + BATCH {
            let reply = peer.json()?;
            ensure!(reply["ref"] == n, "the reply to {n} is {reply}");
            granted += usize::from(reply["status"] == "ok");
            refused += usize::from(code(&reply) == Some("TOO_MANY_CHANNELS"));
        }
    }
    ensure!(granted == 128 && granted + refused == MANY, "{granted} granted, {refused} refused");
    for _ in 0..10_000 {
        // Come and gone: nothing of it stays.
        peer.0.write(json!({ "type": "unsubscribe", "channel": "/say/0" }).to_string().into())?;
        peer.0.write(json!({ "type": "subscribe", "channel": "/say/0", "ref": 5 }).to_string().into())?;
        peer.0.flush()?;
        ensure!(peer.json()?["status"] == "ok", "a place that is free is not given away");
    }
    let long = format!("/say/{}", "x".repeat(10_000));
    for channel in
        [&*long, "/say/%00", "/say/%0a", "/say/\n", "/say/a b", "/say/ü", "", "say/1", "/say/1?x", "/say/1#x"]
    {
        let text = json!({ "type": "subscribe", "channel": channel, "ref": 6 }).to_string();
        refuses(&mut peer, &text, &["INVALID_MESSAGE", "REFUSED", "TOO_MANY_CHANNELS"])?;
    }
    let begun = stage.before.resident;
    let held = stage.server.holds()?.resident.saturating_sub(begun);
    ensure!(held < 16 << 20, "128 subscriptions take {held} bytes");
    Ok(format!("{granted} of {MANY} subscriptions, {held} bytes held"))
}

fn others(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let mut ada = Peer::open(addr, "/user/ada?token=secret-of-ada")?;
    let mut spy = Peer::open(addr, "/spark?user=ada")?;
    let tries = [
        ("/user/ada", json!({})),
        ("/user/ada", json!({ "token": "" })),
        ("/user/ada", json!({ "token": "secret-of-bob" })),
        ("/user/ada", json!({ "TOKEN": "secret-of-ada" })),
        ("/user/*", json!({ "token": "secret-of-ada" })),
        ("/user/%2a", json!({ "token": "secret-of-ada" })),
        ("/user/%5ba%5dda", json!({ "token": "secret-of-ada" })),
        ("/user/ada%2f", json!({ "token": "secret-of-ada" })),
        ("/user/", json!({ "token": "secret-of-ada" })),
        ("/user/../user/ada", json!({ "token": "secret-of-ada" })),
        ("/user/ada?token=secret-of-ada", json!({})),
        ("/spark", json!({})),
    ];
    for (channel, params) in &tries {
        let text = json!({ "type": "subscribe", "channel": channel, "params": params, "ref": 1 }).to_string();
        refuses(&mut spy, &text, &["REFUSED", "INVALID_MESSAGE"])?;
    }
    ada.send("for ada alone")?;
    ensure!(ada.text()? == "for ada alone", "the owner hears nothing");
    spy.hears_nothing()?;
    for channel in ["/user/ada", "/user/*", "*", "/user/ada/"] {
        let text = json!({ "type": "message", "channel": channel, "data": "x", "ref": 1 }).to_string();
        refuses(&mut spy, &text, &["NOT_SUBSCRIBED", "INVALID_MESSAGE"])?;
    }
    ada.hears_nothing()?;
    Ok(format!("{} ways in", tries.len()))
}

fn outsiders(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let mut member = Peer::open(addr, "/rooms")?;
    member.asks("{\"type\":\"join\",\"room\":\"x\"}")?;
    let say = json!({ "type": "say", "room": "x", "text": "hello" });
    let join = json!({ "type": "join", "room": "x" });
    let mut outsider = Peer::spark(addr)?;
    let refused = |answer: Value| -> Result<(), Trouble> {
        ensure!(code(&answer) == Some("NOT_SUBSCRIBED"), "{answer}");
        Ok(())
    };
    refused(outsider.tell("/rooms", &say)?)?;
    ensure!(outsider.subscribe("/rooms")?["status"] == "ok", "the subscription");
    let not_in = outsider.tell("/rooms", &say)?;
    ensure!(not_in["status"] == "error", "who has not joined the room said {not_in}");
    member.hears_nothing()?;
    // The channel sends, and the reply follows.
    outsider.tell("/rooms", &join)?;
    ensure!(outsider.json()?["status"] == "ok", "joining");
    outsider.tell("/rooms", &json!({ "type": "me" }))?;
    ensure!(outsider.json()?["status"] == "ok", "asking who it is");
    outsider.send(json!({ "type": "unsubscribe", "channel": "/rooms" }).to_string())?;
    refused(outsider.tell("/rooms", &say)?)?;
    member.hears_nothing()?;
    // Subscribed anew it is in no room, and a kick ends that.
    ensure!(outsider.subscribe("/rooms")?["status"] == "ok", "the second subscription");
    ensure!(outsider.tell("/rooms", &say)?["status"] == "error", "it is still in the room");
    outsider.tell("/rooms", &join)?;
    ensure!(outsider.json()?["status"] == "ok", "joining again");
    let me = outsider.tell("/rooms", &json!({ "type": "me" }))?["data"]["conn"].clone();
    ensure!(outsider.json()?["status"] == "ok" && me.is_u64(), "asking again who it is: {me}");
    ensure!(member.asks(json!({ "type": "kick", "conn": me }).to_string())?["type"] == "kicked", "the kick");
    let ended = outsider.json()?;
    ensure!(ended["type"] == "unsubscribed" && ended["code"] == 4001, "{ended}");
    refused(outsider.tell("/rooms", &say)?)?;
    member.hears_nothing()?;
    // The socket itself is as it was.
    ensure!(outsider.asks("{\"type\":\"ping\"}")?["type"] == "pong", "the socket");
    Ok("before subscribing, after unsubscribing, after a kick".into())
}
