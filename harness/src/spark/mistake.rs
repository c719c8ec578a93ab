//! What a client of a Spark socket does wrong.

use super::Law;
use super::client::Asked;
use crate::coverage::Mark;
use lazuli::Message;
use serde_json::json;

impl Law {
    /// Something that concerns no channel: the socket answers, and nobody else hears of it.
    pub(super) fn mistake(&mut self, socket: usize) {
        let (conn, client) = &mut self.sockets[socket];
        let with_ref = self.rng.chance(500);
        let kind = self.rng.below(7);
        let (mut frame, code) = match kind {
            0 => (json!({ "type": "message", "channel": "/room/nobody", "data": 1 }), "NOT_SUBSCRIBED"),
            1 => (json!({ "type": "unsubscribe", "channel": "/room/nobody" }), "NOT_SUBSCRIBED"),
            2 => (json!({ "type": "shout" }), "INVALID_MESSAGE"),
            3 => (json!({ "type": "subscribe", "channel": "room" }), "INVALID_MESSAGE"),
            4 => (json!({ "type": "message", "channel": "/room/r0" }), "INVALID_MESSAGE"),
            5 => {
                if with_ref {
                    let number = client.ask(Asked::Ping);
                    self.together.message(*conn, Message::Text(&json!({ "type": "ping", "ref": number }).to_string()));
                } else {
                    client.pongs += 1;
                    self.together.message(*conn, Message::Text("{\"type\":\"ping\"}"));
                }
                return;
            }
            _ => {
                client.errors.push("INVALID_JSON");
                return self.together.message(*conn, Message::Text("{\"type\":"));
            }
        };
        self.coverage.add(Mark::SparkMistake, 1);
        self.trace.step(self.now, "mistake", kind, || format!("socket {socket}, for {code}: {frame}"));
        if with_ref {
            frame["ref"] = client.ask(Asked::Wrong(code)).into();
        } else {
            client.errors.push(code);
        }
        self.together.message(*conn, Message::Text(&frame.to_string()));
    }
}
