//! What the hub is told, seen through a channel that says it: that a time has come, and how others
//! ended.

use std::time::{Duration, Instant};

use super::{Case, case};
use crate::conformance::client::Client;
use crate::conformance::expect::soon;
use crate::conformance::wire::Frame;
use crate::conformance::{Outcome, Target};

/// The time after which the channel is asked to say something.
const WAIT: Duration = Duration::from_millis(200);

pub(super) fn cases() -> Vec<Case> {
    vec![
        case("timer", "a time that a channel waits for comes neither early nor late", timer),
        case("reset-is-told", "others are told soon that a connection was reset", |target| {
            ending(target, "reset", 1006, |mut peer| {
                peer.send_frame(&Frame::text("never read"));
                peer.reset("an answer")?;
                Ok(None)
            })
        }),
        case("end-is-told", "others are told soon of an end of the stream without a close frame", |target| {
            ending(target, "end", 1006, |mut peer| {
                peer.finish_sending();
                Ok(Some(peer))
            })
        }),
        case("close-is-told", "others are told soon of a close, and its code", |target| {
            ending(target, "close", 4321, |mut peer| {
                peer.send_frame(&Frame::close(4321, "bye"));
                Ok(Some(peer))
            })
        }),
    ]
}

fn timer(target: &Target) -> Outcome {
    soon(target, "text \"waited\" 200 ms after it was asked for", |_| {
        let mut client = Client::watch(target, "timer")?;
        let start = Instant::now();
        client.send_frame(&Frame::text(format!("wait {}", WAIT.as_millis())));
        client.told("waited")?;
        let took = start.elapsed();
        // The clocks of two machines differ by less than that.
        if took < WAIT * 9 / 10 {
            return Err(client.wrong(format!("it after {took:.0?}"), "text \"waited\" after 200 ms, and not before"));
        }
        Ok((client, took.saturating_sub(WAIT)))
    })
}

/// Two clients are in a room; one ends in this way, and the other must be told soon that it ended
/// with `code`. A peer that is given back is there until then.
fn ending(
    target: &Target,
    room: &str,
    code: u16,
    end: impl Fn(Client) -> Result<Option<Client>, crate::conformance::Failure>,
) -> Outcome {
    soon(target, &format!("text \"closed {code}\""), |number| {
        // The end of those who were in the room before would be told as well.
        let room = format!("{room}-{number}");
        let mut watcher = Client::watch(target, &room)?;
        let peer = Client::watch(target, &room)?;
        let _still_there = end(peer)?;
        let start = Instant::now();
        watcher.told(&format!("closed {code}"))?;
        Ok((watcher, start.elapsed()))
    })
}
