//! Messages that are whole and wrong: JSON, names, rooms.

use super::ensure;
use crate::Trouble;
use crate::peer::{Opened, Peer, connect, frame};
use crate::runner::{Outcome, Row, Stage};
use serde_json::{Value, json};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("14-json-bombs", bombs),
        Row::new("16-wrong-types", wrong_types),
        Row::new("17-rooms-without-end", rooms).heavy(),
        Row::new("18-names-of-others", names),
        Row::new("19-saying-without-joining", outsiders),
    ]
}

/// Whether this is the answer to something that is wrong.
fn is_error(answer: &Value) -> bool {
    answer["type"] == "error" && answer["message"].is_string()
}

/// Sends what is wrong: an error has to come back, and nothing else.
fn refuses(peer: &mut Peer, text: &str) -> Result<Value, Trouble> {
    let answer = peer.asks(text)?;
    let shown: String = text.chars().take(60).collect();
    ensure!(is_error(&answer), "{shown:?} was answered with {answer}");
    Ok(answer)
}

fn bombs(stage: &Stage) -> Outcome {
    let mut peer = Peer::open(stage.server.addr, "/rooms")?;
    let deep = |open: &str, close: &str, times: usize| open.repeat(times) + "1" + &close.repeat(times);
    let keys: String = (0..1_000_000).map(|n| format!(",\"k{n}\":0")).collect();
    let texts = [
        deep("[", "]", 100_000),
        "[".repeat(100_000),
        deep("{\"a\":", "}", 100_000),
        format!("{{\"type\":\"say\",\"room\":{},\"text\":\"x\"}}", deep("[", "]", 100_000)),
        format!("{{\"type\":\"count\",\"room\":\"x\"{keys}}}"),
        format!("{{\"none\":0{keys}}}"),
        "{\"type\":\"weigh\",\"grams\":1e400}".into(),
        format!("{{\"type\":\"weigh\",\"grams\":{}}}", "9".repeat(100_000)),
        "{\"type\":\"count\",\"room\":\"\\ud800\"}".into(),
        "{\"type\":\"count\",\"room\":\"\\udc00\\ud800\"}".into(),
        "{\"type\":\"count\",\"type\":\"me\",\"room\":\"x\"}".into(),
        "{\"type\":\"count\",\"room\":\"a\",\"room\":\"b\"}".into(),
        "\"".repeat(1_000),
        format!("\"{}", "\\".repeat(1_000_001)),
        String::new(),
        "\u{feff}{\"type\":\"me\"}".into(),
    ];
    for text in &texts {
        refuses(&mut peer, text)?;
    }
    ensure!(peer.asks("{\"type\":\"weigh\",\"grams\":1.5}")?["grams"] == 1.5, "the connection is of no use any more");
    Ok(format!("{} texts", texts.len()))
}

fn wrong_types(stage: &Stage) -> Outcome {
    let mut peer = Peer::open(stage.server.addr, "/rooms")?;
    let wrong = [json!(null), json!(7), json!(-1.5), json!(true), json!([]), json!(["x"]), json!({}), json!({"x": 1})];
    let mut count = 0;
    for value in &wrong {
        for message in [
            json!({ "type": value, "room": "x" }),
            json!({ "type": "join", "room": value }),
            json!({ "type": "say", "room": "x", "text": value }),
            json!({ "type": "join", "room": "x", "more": value }),
            value.clone(),
        ] {
            refuses(&mut peer, &message.to_string())?;
            count += 1;
        }
    }
    let other = [
        json!({}),
        json!({ "type": "join" }),
        json!({ "type": "nonsense", "room": "x" }),
        json!({ "type": "Join", "room": "x" }),
        json!({ "type": "kick", "conn": "7" }),
        json!({ "type": "kick", "conn": 0 }),
        json!({ "type": "kick", "conn": -1 }),
        json!({ "type": "weigh", "grams": "1" }),
        json!("join"),
    ];
    for message in &other {
        refuses(&mut peer, &message.to_string())?;
    }
    // Bytes are no JSON here.
    peer.send_raw(&frame(0x82, b"{\"type\":\"me\"}"))?;
    ensure!(is_error(&peer.json()?), "bytes were taken for a text");
    ensure!(peer.asks("{\"type\":\"count\",\"room\":\"x\"}")?["count"] == 0, "something of it took effect");
    Ok(format!("{} messages", count + other.len() + 1))
}

fn rooms(stage: &Stage) -> Outcome {
    const MANY: usize = 100_000;
    const BATCH: usize = 500;
    let mut peer = Peer::open(stage.server.addr, "/rooms")?;
    let mut play = |name: &dyn Fn(usize) -> String, leave: bool| -> Result<usize, Trouble> {
        let mut joined = 0;
        for first in (0..MANY).step_by(BATCH) {
            for n in first..first + BATCH {
                peer.0.write(json!({ "type": "join", "room": name(n) }).to_string().into())?;
                if leave {
                    peer.0.write(json!({ "type": "leave", "room": name(n) }).to_string().into())?;
                }
            }
            peer.0.flush()?;
            for _ in 0..BATCH {
                joined += usize::from(peer.json()?["type"] == "joined");
                if leave {
                    ensure!(peer.json()?["type"] == "left", "a room could not be left");
                }
            }
        }
        Ok(joined)
    };
    // Joined and left: what stays of 100,000 names of 200 bytes would be seen in the end.
    let joined = play(&|n| format!("{n:0200}"), true)?;
    ensure!(joined == MANY, "{joined} rooms of {MANY} could be joined and left");
    let left = stage.server.holds()?.resident.saturating_sub(stage.before.resident);
    ensure!(left < 16 << 20, "{left} bytes are left of rooms without members");
    // And joined only.
    let joined = play(&|n| format!("room {n}"), false)?;
    ensure!(joined == 128, "one connection is in {joined} rooms");
    for name in [String::new(), "x".repeat(256), "x".repeat(10_000), "a\u{7}b".into(), "a\nb".into(), "\u{9f}".into()] {
        let answer = refuses(&mut peer, &json!({ "type": "join", "room": name }).to_string())?;
        ensure!(answer["code"] == "BAD_ROOM", "the room {name:?} was answered with {answer}");
    }
    drop(peer);
    let mut next = Peer::open(stage.server.addr, "/rooms")?;
    ensure!(
        next.asks(json!({ "type": "join", "room": "x".repeat(255) }).to_string())?["type"] == "joined",
        "255 bytes"
    );
    let mut left = 1;
    for _ in 0..100 {
        left = next.asks("{\"type\":\"count\",\"room\":\"room 0\"}")?["count"].as_u64().unwrap_or(1);
        if left == 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    ensure!(left == 0, "the room has members that are gone");
    Ok(format!("{MANY} rooms joined and left, 128 of {MANY} joined"))
}

fn names(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let mut ada = Peer::open(addr, "/user/ada?token=secret-of-ada")?;
    let tries = [
        "/user/ada",
        "/user/ada?token=",
        "/user/ada?token=secret-of-bob",
        "/user/*?token=secret-of-bob",
        "/user/ada%3Fx?token=secret-of-bob",
        "/user/ad%61?token=secret-of-bob",
        "/user/ADA?token=secret-of-ada",
        "/user/ada%20?token=secret-of-ada",
    ];
    for path in tries {
        match Peer::ask(connect(addr)?, addr, path, &[])? {
            Opened::No(403, _) => {}
            Opened::No(status, _) => return Err(format!("{path} was refused with {status}").into()),
            Opened::Yes(_) => return Err(format!("{path} was let in").into()),
        }
    }
    // A name is a name: none of these stands for another room, and being in one is being in no other.
    let patterns =
        ["*", "user:*", "user:[a-z]da", "user:?da", "user:>", "user:#", "user:+", "user:ada:", ":ada", "user"];
    let mut spy = Peer::open(addr, "/rooms")?;
    for room in patterns {
        ensure!(spy.asks(json!({ "type": "join", "room": room }).to_string())?["type"] == "joined", "{room}");
    }
    ada.send("for ada alone")?;
    ensure!(ada.text()? == "for ada alone", "the owner hears nothing");
    spy.hears_nothing()?;
    for room in patterns {
        let text = json!({ "type": "say", "room": room, "text": room }).to_string();
        let heard = spy.asks(text)?;
        ensure!(heard["room"] == room && heard["text"] == room, "the room {room} said {heard}");
    }
    ada.hears_nothing()?;
    spy.hears_nothing()?;
    Ok(format!("{} ways in, {} patterns", tries.len(), patterns.len()))
}

fn outsiders(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let say = json!({ "type": "say", "room": "x", "text": "hello" }).to_string();
    let join = json!({ "type": "join", "room": "x" }).to_string();
    let mut member = Peer::open(addr, "/rooms")?;
    member.asks(join.clone())?;
    let mut outsider = Peer::open(addr, "/rooms")?;
    refuses(&mut outsider, &say)?;
    member.hears_nothing()?;
    outsider.asks(join)?;
    ensure!(outsider.asks(say.clone())?["type"] == "said", "a member may say something");
    ensure!(member.json()?["text"] == "hello", "a member hears it");
    outsider.asks(json!({ "type": "leave", "room": "x" }).to_string())?;
    refuses(&mut outsider, &say)?;
    member.hears_nothing()?;
    // Kicked while a lot of it is on its way: nothing is heard of what came behind the kick.
    outsider.asks(json!({ "type": "join", "room": "x" }).to_string())?;
    let id = outsider.asks("{\"type\":\"me\"}")?["conn"].clone();
    ensure!(member.asks(json!({ "type": "kick", "conn": id }).to_string())?["type"] == "kicked", "the kick");
    for _ in 0..100 {
        // It is closed sooner or later while this goes on.
        let _ = outsider.send(say.clone());
    }
    member.hears_nothing()?;
    let code = outsider.close_code()?;
    ensure!(code == 4001, "the kicked one was closed with {code}");
    member.hears_nothing()?;
    Ok("before joining, after leaving, after a kick".into())
}
