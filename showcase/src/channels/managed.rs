//! `/managed/:topic`: connections that are looked after, and counted.

use crate::app::{Context, Showcase};
use lazuli::{Channel, ConnId, Heartbeat, Limits, Result, Time, Timer, Timestamp, json};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// How often each connection is pinged, whether it is silent or not.
const BEAT: Duration = Duration::from_secs(30);
/// So many topics or connections are listed.
const LISTED: usize = 1_000;
/// What the rooms' names begin with.
const PREFIX: &str = "managed:";

/// One connection to a topic.
pub struct Managed {
    topic: String,
    room: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Stats {},
    Members {},
    Ping {},
}

#[derive(Serialize)]
struct Member {
    user_id: ConnId,
    connected_at: Timestamp,
    last_activity: Timestamp,
}

/// The hub's own ping is for the silent. It comes after ours, so that there is one at a time.
pub fn limits() -> Limits {
    let heartbeat = Heartbeat { every: BEAT * 3 / 2, timeout: BEAT / 2 };
    Limits { heartbeat: Some(heartbeat), ..Limits::default() }
}

impl Managed {
    /// A connection to this topic.
    pub fn new(topic: &str) -> Managed {
        Managed { topic: topic.into(), room: format!("{PREFIX}{topic}") }
    }

    fn members(&self, cx: &Context<'_>) -> Vec<Member> {
        let mut conns: Vec<ConnId> = cx.members(&self.room).collect();
        conns.sort_unstable();
        conns.truncate(LISTED);
        let member = |conn| {
            let info = cx.conn_info(conn)?;
            let (connected_at, last_activity) = (wall(cx, info.connected_at), wall(cx, info.last_activity));
            Some(Member { user_id: conn, connected_at, last_activity })
        };
        conns.into_iter().filter_map(member).collect()
    }
}

/// A moment of the hub's time, on the wall clock.
fn wall(cx: &Context<'_>, moment: Time) -> Timestamp {
    let ago = cx.now().saturating_since(moment).as_micros() as u64;
    Timestamp::from_unix_micros(cx.timestamp().as_unix_micros().saturating_sub(ago))
}

impl Channel<Showcase> for Managed {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        cx.join(&self.room);
        cx.set_interval("heartbeat", BEAT);
        let (user_id, server_time) = (cx.conn(), cx.timestamp());
        let connected =
            json!({ "type": "connected", "topic": self.topic, "user_id": user_id, "server_time": server_time });
        cx.send(&connected);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        match json::parse(text)? {
            Said::Stats {} => {
                let rooms = cx.rooms(PREFIX).take(LISTED);
                let counts: BTreeMap<&str, usize> = rooms.map(|(room, count)| (&room[PREFIX.len()..], count)).collect();
                let stats = json!({ "type": "stats", "connections": counts });
                cx.reply(&stats);
            }
            Said::Members {} => {
                let members = self.members(cx);
                cx.reply(&json!({ "type": "members", "members": members }));
            }
            Said::Ping {} => cx.reply(&json!({ "type": "pong", "timestamp": cx.timestamp() })),
        }
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, _timer: Timer) -> Result {
        cx.ping(b"heartbeat");
        Ok(())
    }
}
