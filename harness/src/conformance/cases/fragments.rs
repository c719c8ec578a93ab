//! Messages in several frames.

use super::{Case, ascii, case, echo, violation};
use crate::conformance::client::Client;
use crate::conformance::inbound::Kind;
use crate::conformance::wire::Frame;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = whole();
    cases.extend(with_control());
    cases.extend(wrong());
    cases
}

/// `payload` as a message in fragments of at most `size` bytes.
fn split(payload: &[u8], size: usize, kind: Kind) -> Vec<Frame> {
    let parts: Vec<&[u8]> = payload.chunks(size).collect();
    let last = parts.len() - 1;
    let frame = |(n, part): (usize, &&[u8])| {
        let frame = match (n, kind) {
            (0, Kind::Text) => Frame::text(*part),
            (0, Kind::Binary) => Frame::binary(*part),
            _ => Frame::continuation(*part),
        };
        if n == last { frame } else { frame.more() }
    };
    parts.iter().enumerate().map(frame).collect()
}

fn whole() -> Vec<Case> {
    let must = "fragments are joined to one message";
    let mut cases: Vec<Case> = [2, 3, 10, 1_000]
        .into_iter()
        .map(|count| {
            let payload = ascii(count * 7);
            echo(format!("{count}-of-text"), must, split(&payload, 7, Kind::Text), Kind::Text, payload)
        })
        .collect();
    let empty = || Frame::continuation("");
    cases.extend([
        echo("3-of-binary", must, split(&ascii(300), 128, Kind::Binary), Kind::Binary, ascii(300)),
        case("large", must, |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&split(&ascii(1 << 20), 65_536, Kind::Binary));
            client.echoed(Kind::Binary, &ascii(1 << 20))
        }),
        echo(
            "empty-first",
            "the first fragment may be empty",
            vec![Frame::text("").more(), Frame::continuation("abc")],
            Kind::Text,
            b"abc".to_vec(),
        ),
        echo(
            "empty-last",
            "the last fragment may be empty",
            vec![Frame::text("abc").more(), empty()],
            Kind::Text,
            b"abc".to_vec(),
        ),
        echo(
            "empty-between",
            "a fragment in the middle may be empty",
            vec![Frame::text("ab").more(), empty().more(), empty().more(), Frame::continuation("c")],
            Kind::Text,
            b"abc".to_vec(),
        ),
        echo(
            "empty-all",
            "a message of empty fragments is an empty message",
            vec![Frame::binary("").more(), empty().more(), empty()],
            Kind::Binary,
            Vec::new(),
        ),
        case("65536-of-64-bytes", "4 MiB in fragments of 64 bytes are one message", |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&split(&ascii(4 << 20), 64, Kind::Text));
            client.echoed(Kind::Text, &ascii(4 << 20))
        }),
        case("one-message-after-another", "a message in fragments leaves nothing behind", |target| {
            let mut client = Client::echo(target)?;
            for (n, kind) in [Kind::Text, Kind::Binary, Kind::Text].into_iter().enumerate() {
                client.send_frames(&split(&ascii(20 + n), 6, kind));
                client.send_frame(&Frame::text("between"));
                client.echoed(kind, &ascii(20 + n))?;
                client.echoed(Kind::Text, b"between")?;
            }
            Ok(())
        }),
        case("byte-by-byte", "fragments that arrive byte by byte are joined as well", |target| {
            let mut client = Client::echo(target)?;
            let bytes: Vec<u8> = split(&ascii(40), 9, Kind::Text).iter().flat_map(Frame::bytes).collect();
            client.send_bytewise("a text in fragments", &bytes);
            client.echoed(Kind::Text, &ascii(40))
        }),
    ]);
    cases
}

fn with_control() -> Vec<Case> {
    vec![
        case("ping-between", "a ping between fragments is answered before the message is complete", |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&[Frame::text("ab").more(), Frame::ping("1")]);
            client.pong(b"1")?;
            client.send_frames(&[Frame::continuation("cd").more(), Frame::ping("2")]);
            client.pong(b"2")?;
            client.send_frame(&Frame::continuation("ef"));
            client.echoed(Kind::Text, b"abcdef")
        }),
        case("pong-between", "a pong between fragments is ignored", |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&[Frame::text("ab").more(), Frame::pong("?"), Frame::continuation("cd")]);
            client.echoed(Kind::Text, b"abcd")
        }),
        case("ping-between-every-two", "pings between all fragments change nothing about the message", |target| {
            let mut client = Client::echo(target)?;
            let fragments = split(&ascii(50), 5, Kind::Text);
            let frames: Vec<Frame> = fragments.into_iter().flat_map(|frame| [frame, Frame::ping("between")]).collect();
            client.send_frames(&frames);
            client.echoed(Kind::Text, &ascii(50))?;
            client.still_open()
        }),
    ]
}

fn wrong() -> Vec<Case> {
    let orphan = "a continuation of nothing is refused";
    let nested = "a new message inside of an unfinished one is refused";
    let start = || Frame::text("a").more();
    vec![
        violation("orphan-last", orphan, vec![Frame::continuation("x")], 1002),
        violation("orphan-more", orphan, vec![Frame::continuation("x").more()], 1002),
        violation("orphan-empty", orphan, vec![Frame::continuation("")], 1002),
        violation("orphan-after-ping", orphan, vec![Frame::pong("p"), Frame::continuation("x")], 1002),
        violation("text-in-text", nested, vec![start(), Frame::text("b")], 1002),
        violation("binary-in-text", nested, vec![start(), Frame::binary("b")], 1002),
        violation("text-in-binary", nested, vec![Frame::binary("a").more(), Frame::text("b").more()], 1002),
        violation("text-after-empty", nested, vec![Frame::text("").more(), Frame::text("b")], 1002),
        violation("text-later", nested, vec![start(), Frame::continuation("b").more(), Frame::text("c")], 1002),
        case("orphan-after-a-message", orphan, |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&[Frame::text("ab").more(), Frame::continuation("cd"), Frame::continuation("ef")]);
            client.echoed(Kind::Text, b"abcd")?;
            client.closed(&[1002])
        }),
        case("orphan-after-a-text", orphan, |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&[Frame::text("whole"), Frame::continuation("more").more()]);
            client.echoed(Kind::Text, b"whole")?;
            client.closed(&[1002])
        }),
    ]
}
