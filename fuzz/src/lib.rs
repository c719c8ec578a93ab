//! What a fuzzer tries, as plain functions: libFuzzer calls them with its inputs, and `cargo test` with the corpus.
//!
//! A function panics when something that must hold does not.

#![forbid(unsafe_code)]

mod html;
mod spark;
mod tape;

pub use html::applier;
#[cfg(feature = "html-strings")]
pub use html::diff;
pub use spark::spark;

use lazuli::driver::guard::{FrameLimits, Guard};
use lazuli::driver::head::{HeadLimits, HeadParser, parse};
use lazuli::{Channel, Config, Context, Hub, Result, Routes, Time};
use std::time::Duration;
use tape::Tape;

/// What a channel panics with because an input asks for it.
const WISH: &str = "as you wish";

/// Lets such panics, which the hub contains, pass by the hook with which libFuzzer ends at every panic.
pub fn allow_wishes() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let said = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        if said != Some(WISH) {
            hook(info);
        }
    }));
}

/// A request head gives the same result however it is split, and only the limits bound it.
pub fn head(bytes: &[u8]) {
    let limits = HeadLimits { bytes: 512, headers: 8, body: 64 };
    let whole = parse(bytes, None, &limits);
    let mut parser = HeadParser::new(limits);
    let mut first = None;
    for end in 0..=bytes.len() {
        match parser.parse(&bytes[..end], None) {
            Ok(None) => {}
            found => {
                first = Some(found);
                break;
            }
        }
    }
    assert_eq!(first.unwrap_or(Ok(None)), whole);
}

/// The guard finds the same violation at the same byte however its input is split.
pub fn guard(bytes: &[u8]) {
    let limits = FrameLimits { text: 200, binary: 300, fragments: 5, control_frames: 5, ..FrameLimits::default() };
    let verdict = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let (mut guard, mut before) = (Guard::new(), 0);
        for piece in pieces {
            match guard.inspect(&limits, Time::ZERO, piece) {
                Ok(length) if length == piece.len() => before += length,
                Ok(length) => return (before + length, None, guard.closed()),
                Err(violation) => return (before + violation.at, Some(violation.code), false),
            }
        }
        (before, None, guard.closed())
    };
    let whole = verdict(&mut std::iter::once(bytes));
    assert_eq!(whole, verdict(&mut bytes.chunks(1)));
    assert_eq!(whole, verdict(&mut bytes.chunks(7)));
}

struct Echo;

impl Channel for Echo {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        cx.join("all");
        cx.set_timer("late", Duration::from_secs(3));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        match text {
            "leave" => cx.leave("all"),
            "close" => cx.close(1000, WISH),
            "panic" => panic!("{WISH}"),
            _ => cx.to_room("all").text(text),
        }
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Result {
        cx.binary(bytes);
        Ok(())
    }
}

/// The driver survives whatever comes over any number of links, its timeouts lie ahead, and nothing is left at the end.
pub fn driver(bytes: &[u8]) {
    let mut routes = Routes::new();
    if routes.channel("/echo", |_| Ok(Echo)).is_err() {
        unreachable!("the pattern is right");
    }
    let config = Config { window: 256, ..Config::default() };
    Tape::new(bytes).play(Hub::new(config, routes, ()));
}

/// Lets all panics pass by that hook: callbacks of a simulated application panic as they please.
pub fn allow_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// Whatever a tape of the simulator decides, no oracle has anything to say, and it runs the same way twice.
pub fn simulator(bytes: &[u8]) {
    let failure = lazuli_harness::run_tape(&lazuli_harness::Tape::from_raw(bytes)).failure;
    if let Some(failure) = &failure {
        eprintln!("{failure}");
    }
    assert_eq!(failure, None);
}
