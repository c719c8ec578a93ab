//! The cases, one family a file.

use std::time::Duration;

use super::client::Client;
use super::inbound::Kind;
use super::wire::Frame;
use super::{Outcome, Target};

mod close;
mod control;
mod fragments;
mod framing;
mod handshake;
mod http;
mod limits;
mod robustness;
mod utf8;
mod watch;

/// How long a client that has sent much waits before it reads, so that answers pile up in the
/// server. If that is too short, a case sees less, but doesn't fail for it.
const BACKLOG: Duration = Duration::from_millis(700);

/// A demand on a server, and the function that sees whether it holds.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) must: String,
    pub(super) run: Box<dyn Fn(&Target) -> Outcome + Send + Sync>,
}

/// A case before its family is put before its name.
fn case(
    name: impl Into<String>,
    must: impl Into<String>,
    run: impl Fn(&Target) -> Outcome + Send + Sync + 'static,
) -> Case {
    Case { name: name.into(), must: must.into(), run: Box::new(run) }
}

/// All cases, in the order in which they are reported.
pub(super) fn all() -> Vec<Case> {
    let families = [
        ("handshake", handshake::cases()),
        ("http", http::cases()),
        ("framing", framing::cases()),
        ("fragments", fragments::cases()),
        ("control", control::cases()),
        ("utf8", utf8::cases()),
        ("close", close::cases()),
        ("limits", limits::cases()),
        ("robustness", robustness::cases()),
        ("watch", watch::cases()),
    ];
    let named = |(family, cases): (&str, Vec<Case>)| {
        let prefix = |case: Case| Case { name: format!("{family}/{}", case.name), ..case };
        cases.into_iter().map(prefix).collect::<Vec<_>>()
    };
    families.into_iter().flat_map(named).collect()
}

/// Sent at once to the echo channel, `frames` close the connection with `code`, and nothing is
/// answered before that.
fn violation(name: impl Into<String>, must: impl Into<String>, frames: Vec<Frame>, code: u16) -> Case {
    case(name, must, move |target| {
        let mut client = Client::echo(target)?;
        client.send_frames(&frames);
        client.closed(&[code])
    })
}

/// Sent at once to the echo channel, `frames` come back as one message, and the connection stays
/// open.
fn echo(name: impl Into<String>, must: impl Into<String>, frames: Vec<Frame>, kind: Kind, payload: Vec<u8>) -> Case {
    case(name, must, move |target| {
        let mut client = Client::echo(target)?;
        client.send_frames(&frames);
        client.echoed(kind, &payload)?;
        client.still_open()
    })
}

/// Text of this many bytes that doesn't repeat in steps of 2, 4 or 8, so that nothing lost or
/// swapped goes unnoticed.
fn ascii(length: usize) -> Vec<u8> {
    (0..length).map(|n| b'!' + ((n + n / 89) % 89) as u8).collect()
}

/// A generator of bytes from a seed (SplitMix64), for cases that want many different ones, the same
/// at every run.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
