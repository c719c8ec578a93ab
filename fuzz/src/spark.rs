//! Frames of a client on a Spark socket, one a line; a line that begins with `B` is a binary frame.

use crate::WISH;
use lazuli::{
    Cause, Channel, Config, ConnId, Context, Hub, Input, Kind, Limits, Message, Output, Request, Result, Routes, Time,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Does what a message says.
struct Obedient;

impl Channel for Obedient {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        cx.join("all");
        cx.identify("ada");
        cx.track("all", &1);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        match text {
            "reply" => cx.reply(&text),
            "close" => cx.close(4000, WISH),
            "user" => cx.close_user("ada", 4000, WISH),
            "fail" => return Err(lazuli::Error::reply(WISH)),
            "panic" => panic!("{WISH}"),
            _ => cx.to_room("all").text(text),
        }
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Result {
        cx.to_room("all").binary(bytes);
        Ok(())
    }
}

/// The `ref` of a frame, whatever else is in it: what nobody reads need not be readable.
#[derive(serde::Deserialize)]
struct Asked {
    #[serde(rename = "ref")]
    reference: Option<u32>,
}

/// What a client has seen of its socket.
#[derive(Default)]
struct Client {
    asked: BTreeMap<u64, usize>,
    answered: BTreeMap<u64, usize>,
    joined: BTreeSet<String>,
    closed: bool,
}

impl Client {
    fn heard(&mut self, kind: Kind, payload: &[u8]) {
        assert!(!self.closed, "something came after the close");
        if kind == Kind::Binary {
            let length = usize::from(u16::from_be_bytes([payload[1], payload[2]]));
            let channel = std::str::from_utf8(&payload[3..3 + length]).expect("a path is text");
            assert!(payload[0] == 1 && self.joined.contains(channel), "binary of nowhere");
            return;
        }
        let value: Value = serde_json::from_slice(payload).expect("what the server sends is JSON");
        let channel = value["channel"].as_str().unwrap_or_default().to_owned();
        if let Some(reference) = value["ref"].as_u64() {
            *self.answered.entry(reference).or_default() += 1;
        }
        match value["type"].as_str() {
            Some("reply") => {
                assert!(matches!(value["status"].as_str(), Some("ok" | "error")) && value["ref"].is_u64());
                if value["status"] == "ok" {
                    self.joined.insert(channel);
                }
            }
            Some("unsubscribed") => assert!(self.joined.remove(&channel), "{channel} ended twice"),
            // Whoever joins without a ref learns of it by the first message.
            Some("message") => drop(self.joined.insert(channel)),
            Some("error") => assert!(value["message"].is_string() && value["timestamp"].is_string()),
            Some("pong") => {}
            other => panic!("{other:?} is no type of the protocol"),
        }
    }
}

/// The hub answers whatever comes over a Spark socket in the protocol's words, each `ref` at most once, and nothing is left
/// at the end.
pub fn spark(bytes: &[u8]) {
    let mut routes = Routes::new();
    let limits = Limits { heartbeat: None, ..Limits::default() };
    for path in ["/a", "/b/:name"] {
        routes.channel_with(path, limits.clone(), |_| Ok(Obedient)).expect("a good pattern");
    }
    routes.spark_with("/spark", Limits { channels: 3, ..limits }, |_| Ok(Default::default())).expect("a good pattern");
    let mut hub: Hub = Hub::new(Config::default(), routes, ());
    let conn = hub.open(Time::ZERO, Request::get("/spark").expect("a good path")).expect("room for one");
    hub.handle(Time::ZERO, Input::Opened { conn });
    let mut client = Client::default();
    for (step, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let now = Time::from_micros(step as u64 * 1_000);
        hub.handle_timeout(now);
        let text = String::from_utf8_lossy(line);
        let message = match line {
            [b'B', rest @ ..] => {
                if let [2, a, b, c, d, ..] = rest {
                    let reference = u32::from_be_bytes([*a, *b, *c, *d]);
                    *client.asked.entry(u64::from(reference)).or_default() += 1;
                }
                Message::Binary(rest)
            }
            _ => {
                if let Some(reference) = serde_json::from_str::<Asked>(&text).ok().and_then(|asked| asked.reference) {
                    *client.asked.entry(reference.into()).or_default() += 1;
                }
                Message::Text(&text)
            }
        };
        hub.handle(now, Input::Message { conn, message });
        drain(&mut hub, conn, &mut client);
        for (reference, answers) in &client.answered {
            assert!(Some(answers) <= client.asked.get(reference), "ref {reference} was answered {answers} times");
        }
    }
    hub.handle(Time::MAX, Input::Closed { conn, cause: Cause::Lost });
    let stats = hub.stats();
    assert_eq!((stats.connections, stats.channels, stats.rooms, stats.users, stats.timers), (0, 0, 0, 0, 0));
}

fn drain(hub: &mut Hub, conn: ConnId, client: &mut Client) {
    let mut sent = Vec::new();
    while let Some(output) = hub.poll_output() {
        match output {
            Output::Send { to, frame } => {
                assert!(to.iter().all(|to| *to == conn));
                for _ in to {
                    sent.push((conn, frame.wire().len() as u32));
                    client.heard(frame.kind(), frame.payload());
                }
            }
            Output::Close { .. } => client.closed = true,
            _ => {}
        }
    }
    if !sent.is_empty() && !client.closed {
        hub.handle(Time::ZERO, Input::Sent(&sent));
        drain(hub, conn, client);
    }
}
