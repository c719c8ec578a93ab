//! Sizes: what is too long is refused at the header that says so, and before anything is allocated
//! for it.

use super::{Case, ascii, case};
use crate::conformance::client::Client;
use crate::conformance::inbound::Kind;
use crate::conformance::wire::{BINARY, CONTINUATION, Frame, TEXT};

const TEXT_LIMIT: usize = 64 << 10;
const BINARY_LIMIT: usize = 2 << 20;
const ECHO_LIMIT: usize = 16 << 20;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let lengths: [(&str, u64, u16); 5] = [
        ("2^32", 1 << 32, 1009),
        ("2^40", 1 << 40, 1009),
        ("2^63-1", (1 << 63) - 1, 1009),
        ("2^63", 1 << 63, 1002),
        ("2^64-1", u64::MAX, 1002),
    ];
    for (name, length, code) in lengths {
        for (kind, opcode) in [("text", TEXT), ("binary", BINARY)] {
            let must = "a length that nobody can mean is refused at the header";
            cases.push(case(format!("{kind}-of-{name}"), must, move |target| {
                let mut client = Client::echo(target)?;
                client.send_frame(&Frame::new(opcode, "").announcing(length));
                client.closed(&[code])
            }));
        }
        cases.push(case(
            format!("fragment-of-{name}"),
            "a length that nobody can mean is refused in a continuation too",
            move |target| {
                let mut client = Client::echo(target)?;
                client.send_frame(&Frame::binary("a").more());
                client.send_frame(&Frame::new(CONTINUATION, "").announcing(length));
                client.closed(&[code])
            },
        ));
    }
    cases.extend(echo_channel());
    cases.extend(limited_channel());
    cases
}

fn echo_channel() -> Vec<Case> {
    let over = ECHO_LIMIT as u64 + 1;
    vec![
        case("echo-exactly", "a message of exactly 16 MiB comes back", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::binary(ascii(ECHO_LIMIT)));
            client.echoed(Kind::Binary, &ascii(ECHO_LIMIT))?;
            client.still_open()
        }),
        case("echo-binary-over", "a binary message of 16 MiB and 1 byte is refused at the header", move |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::binary("").announcing(over));
            client.closed(&[1009])
        }),
        case("echo-text-over", "a text of 16 MiB and 1 byte is refused at the header", move |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text("").announcing(over));
            client.closed(&[1009])
        }),
        case("echo-sum-over", "fragments of 16 MiB and 1 byte in all are refused at the last header", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::binary(ascii(ECHO_LIMIT - 10)).more());
            client.send_frame(&Frame::continuation("").announcing(11));
            client.closed(&[1009])
        }),
    ]
}

fn limited_channel() -> Vec<Case> {
    let over = |name: &'static str, must: &'static str, frames: fn() -> Vec<Frame>| {
        case(name, must, move |target| {
            let mut client = Client::limited(target)?;
            client.send_frames(&frames());
            client.closed(&[1009])
        })
    };
    vec![
        case("text-exactly", "a text of exactly 64 KiB is taken", |target| {
            let mut client = Client::limited(target)?;
            client.send_frame(&Frame::text(ascii(TEXT_LIMIT)));
            client.answered()?;
            client.still_open()
        }),
        case("text-fragments-exactly", "fragments of exactly 64 KiB in all are taken", |target| {
            let mut client = Client::limited(target)?;
            let second = Frame::continuation(ascii(TEXT_LIMIT - 40_000));
            client.send_frames(&[Frame::text(ascii(40_000)).more(), Frame::ping(ascii(125)), second]);
            client.answered()?;
            client.still_open()
        }),
        case("texts-in-a-row", "what is counted for a message is not counted for the next one", |target| {
            let mut client = Client::limited(target)?;
            for _ in 0..3 {
                client.send_frames(&[Frame::text(ascii(30_000)).more(), Frame::continuation(ascii(30_000))]);
                client.answered()?;
            }
            client.still_open()
        }),
        case("binary-over-the-text-limit", "the limit for text is not the limit for binary", |target| {
            let mut client = Client::limited(target)?;
            client.send_frame(&Frame::binary(ascii(TEXT_LIMIT + 1)));
            client.still_open()
        }),
        case("binary-exactly", "a binary message of exactly 2 MiB is taken", |target| {
            let mut client = Client::limited(target)?;
            client.send_frame(&Frame::binary(ascii(BINARY_LIMIT)));
            client.still_open()
        }),
        over("text-over", "a text of 64 KiB and 1 byte is refused", || vec![Frame::text(ascii(TEXT_LIMIT + 1))]),
        over("text-over-at-the-header", "a text of 64 KiB and 1 byte is refused at the header", || {
            vec![Frame::text("").announcing(TEXT_LIMIT as u64 + 1)]
        }),
        over("binary-over-at-the-header", "a binary message of 2 MiB and 1 byte is refused at the header", || {
            vec![Frame::binary("").announcing(BINARY_LIMIT as u64 + 1)]
        }),
        over("text-sum-over", "fragments of a text over 64 KiB in all are refused at the last header", || {
            vec![Frame::text(ascii(40_000)).more(), Frame::continuation("").more().announcing(25_537)]
        }),
        over("text-sum-over-with-pongs", "control frames between fragments don't reset the sum", || {
            vec![Frame::text(ascii(40_000)).more(), Frame::pong("p"), Frame::continuation("").announcing(25_537)]
        }),
        over(
            "binary-sum-over",
            "fragments of a binary message over 2 MiB in all are refused at the last header",
            || vec![Frame::binary(ascii(BINARY_LIMIT)).more(), Frame::continuation("").announcing(1)],
        ),
    ]
}
