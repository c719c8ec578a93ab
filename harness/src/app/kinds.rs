//! Channels that get their messages in another way.

use super::member::{Cx, Member};
use super::verb::Verb;
use super::{SimApp, SimEvent};
use crate::chronicle::What;
use lazuli::{Batch, Channel, Message, Result, Timer};

/// The same without a callback for binary messages.
pub(super) struct Plain(pub(super) Member);

impl Channel<SimApp> for Plain {
    fn on_connect(&mut self, cx: &mut Cx<'_>) -> Result {
        self.0.on_connect(cx)
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, text: &str) -> Result {
        self.0.on_message(cx, text)
    }

    fn on_ping(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.0.on_ping(cx, bytes)
    }

    fn on_pong(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.0.on_pong(cx, bytes)
    }

    fn on_close(&mut self, cx: &mut Cx<'_>, code: u16, reason: &str) -> Result {
        self.0.on_close(cx, code, reason)
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: Timer) -> Result {
        self.0.on_timer(cx, timer)
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &SimEvent) -> Result {
        self.0.on_event(cx, event)
    }
}

/// The same with messages in batches, of which everyone in the room is told the numbers.
pub(super) struct Gatherer(pub(super) Member);

impl Channel<SimApp> for Gatherer {
    fn on_connect(&mut self, cx: &mut Cx<'_>) -> Result {
        self.0.on_connect(cx)
    }

    fn on_message(&mut self, _: &mut Cx<'_>, _: &str) -> Result {
        unreachable!("messages come in batches")
    }

    fn on_batch(&mut self, cx: &mut Cx<'_>, batch: &Batch<'_>) -> Result {
        let mut how = None;
        let ops: Vec<u32> = batch
            .iter()
            .map(|message| match message {
                Message::Text(text) => match Verb::parse(text) {
                    Some((op, Verb::Fail { how: failing, .. })) => {
                        how.get_or_insert(failing);
                        op
                    }
                    Some((op, _)) => op,
                    None => u32::MAX,
                },
                Message::Binary(bytes) => bytes.first_chunk().map_or(u32::MAX, |number| u32::from_le_bytes(*number)),
            })
            .collect();
        let told = ops.iter().map(u32::to_string).collect::<Vec<_>>().join(" ");
        self.0.act(What::Batch { ops }, |member, _| {
            if let Some(how) = how {
                return member.fail(cx, 0, how, member.room.clone());
            }
            cx.text(&format!("b {told}"));
            if let Some(room) = &member.room {
                cx.to_room(room).text(&format!("b{} {told}", member.session));
            }
            Ok(())
        })
    }

    fn on_ping(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.0.on_ping(cx, bytes)
    }

    fn on_pong(&mut self, cx: &mut Cx<'_>, bytes: &[u8]) -> Result {
        self.0.on_pong(cx, bytes)
    }

    fn on_close(&mut self, cx: &mut Cx<'_>, code: u16, reason: &str) -> Result {
        self.0.on_close(cx, code, reason)
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: Timer) -> Result {
        self.0.on_timer(cx, timer)
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &SimEvent) -> Result {
        self.0.on_event(cx, event)
    }
}
