//! Frames: lengths, masks, how they are cut into segments, and headers that are wrong.

use super::{Case, ascii, case, violation};
use crate::conformance::client::Client;
use crate::conformance::inbound::{Event, Kind};
use crate::conformance::wire::{Frame, Width};
use crate::conformance::{Outcome, Target};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20] {
        let must = format!("a message of {length} bytes comes back as it came");
        cases.push(case(format!("text-{length}"), &must, move |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text(ascii(length)));
            client.echoed(Kind::Text, &ascii(length))?;
            client.still_open()
        }));
        cases.push(case(format!("binary-{length}"), must, move |target| {
            let mut client = Client::echo(target)?;
            let payload: Vec<u8> = (0..length).map(|n| (n + n / 251) as u8).collect();
            client.send_frame(&Frame::binary(payload.clone()));
            client.echoed(Kind::Binary, &payload)?;
            client.still_open()
        }));
    }
    for (name, key) in [
        ("zero", [0; 4]),
        ("ones", [0xff; 4]),
        ("first-byte", [0xa5, 0, 0, 0]),
        ("last-byte", [0, 0, 0, 0xa5]),
        ("looks-like-text", *b"mask"),
    ] {
        cases.push(case(format!("mask-{name}"), "any masking key works, for a payload of any length", move |target| {
            let mut client = Client::echo(target)?;
            for length in 0..=33 {
                client.send_frame(&Frame::text(ascii(length)).mask(key));
                client.echoed(Kind::Text, &ascii(length))?;
            }
            Ok(())
        }));
    }
    cases.extend(segments());
    cases.extend(wrong_headers());
    cases
}

fn segments() -> Vec<Case> {
    vec![
        case("byte-by-byte", "frames that arrive byte by byte are as good as any", |target| {
            let mut client = Client::echo(target)?;
            for length in [0, 5, 200] {
                client.send_bytewise("a text frame", &Frame::text(ascii(length)).bytes());
                client.echoed(Kind::Text, &ascii(length))?;
            }
            let long = Frame::binary(ascii(65_536)).bytes();
            client.send_bytewise("the beginning of a frame with a 64-bit length", &long[..100]);
            client.send("the rest of it", &long[100..]);
            client.echoed(Kind::Binary, &ascii(65_536))
        }),
        case("cut-anywhere", "a frame may be cut into two segments anywhere", |target| {
            let mut client = Client::echo(target)?;
            let frame = Frame::text(ascii(130)).bytes();
            for at in 1..frame.len() {
                let (first, second) = frame.split_at(at);
                client.send_part(format!("the first {at} bytes of a frame"), first);
                client.send("the rest of it", second);
                client.echoed(Kind::Text, &ascii(130))?;
            }
            Ok(())
        }),
        case("many-in-one-segment", "100 frames in one segment are 100 messages, in order", |target| {
            let mut client = Client::echo(target)?;
            let frames: Vec<Frame> = (0..100).map(|n| Frame::text(format!("message {n}"))).collect();
            client.send_frames(&frames);
            for n in 0..100 {
                client.echoed(Kind::Text, format!("message {n}").as_bytes())?;
            }
            Ok(())
        }),
        case("frame-and-a-half", "a segment may end inside of its second frame", |target| {
            let mut client = Client::echo(target)?;
            let second = Frame::binary(ascii(1_000)).bytes();
            for at in [1, 3, 5, 7, 8, 9, 500] {
                client.send_part(
                    "a frame and part of another",
                    &[Frame::text("one").bytes(), second[..at].into()].concat(),
                );
                client.echoed(Kind::Text, b"one")?;
                client.send("the rest of it", &second[at..]);
                client.echoed(Kind::Binary, &ascii(1_000))?;
            }
            Ok(())
        }),
        case("text-and-binary", "the kind of each message is kept", |target| {
            let mut client = Client::echo(target)?;
            let kinds = [Kind::Text, Kind::Binary, Kind::Binary, Kind::Text];
            client.send_frames(&[Frame::text("1"), Frame::binary("2"), Frame::binary("3"), Frame::text("4")]);
            kinds.into_iter().zip([b"1", b"2", b"3", b"4"]).try_for_each(|(kind, text)| client.echoed(kind, text))
        }),
        case("length-16-bits-for-5", "a length in too many bytes is taken, or refused with 1002", |target| {
            wasteful_length(target, Width::Two)
        }),
        case("length-64-bits-for-5", "a length in too many bytes is taken, or refused with 1002", |target| {
            wasteful_length(target, Width::Eight)
        }),
    ]
}

fn wasteful_length(target: &Target, width: Width) -> Outcome {
    let expected = "the same message back, or close 1002";
    let mut client = Client::echo(target)?;
    client.send("a text of 5 bytes with a longer length field", &Frame::text("hello").width(width).bytes());
    match client.next(expected)? {
        Event::Message(Kind::Text, text) if text == b"hello" => client.still_open(),
        Event::Close(Some(1002), _) => Ok(()),
        _ => Err(client.fail(expected)),
    }
}

fn wrong_headers() -> Vec<Case> {
    let reserved = "a reserved bit that no extension has claimed is refused";
    let opcode = "an opcode that means nothing is refused";
    let unmasked = "a client's frame without a mask is refused";
    let mut cases: Vec<Case> = (1..8)
        .map(|bits| violation(format!("reserved-{bits:03b}"), reserved, vec![Frame::text("x").rsv(bits)], 1002))
        .collect();
    cases.extend(
        [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]
            .map(|code| violation(format!("opcode-{code}"), opcode, vec![Frame::new(code, "x")], 1002)),
    );
    let start = || Frame::text("a").more();
    let frames = [
        ("reserved-binary", reserved, vec![Frame::binary("x").rsv(0b100)]),
        ("reserved-continuation", reserved, vec![start(), Frame::continuation("b").rsv(0b100)]),
        ("reserved-ping", reserved, vec![Frame::ping("x").rsv(0b010)]),
        ("reserved-pong", reserved, vec![Frame::pong("x").rsv(0b001)]),
        ("reserved-close", reserved, vec![Frame::close(1000, "").rsv(0b100)]),
        ("opcode-3-empty", opcode, vec![Frame::new(3, "")]),
        ("opcode-11-empty", opcode, vec![Frame::new(11, "")]),
        ("opcode-3-inside", opcode, vec![start(), Frame::new(3, "x")]),
        ("unmasked-text", unmasked, vec![Frame::text("hello").unmasked()]),
        ("unmasked-binary", unmasked, vec![Frame::binary(ascii(200)).unmasked()]),
        ("unmasked-empty", unmasked, vec![Frame::text("").unmasked()]),
        ("unmasked-continuation", unmasked, vec![start(), Frame::continuation("b").unmasked()]),
        ("unmasked-ping", unmasked, vec![Frame::ping("x").unmasked()]),
        ("unmasked-pong", unmasked, vec![Frame::pong("x").unmasked()]),
        ("unmasked-close", unmasked, vec![Frame::close(1000, "").unmasked()]),
    ];
    cases.extend(frames.map(|(name, must, frames)| violation(name, must, frames, 1002)));
    let after = [
        ("reserved-after-a-text", Frame::text("x").rsv(0b010)),
        ("opcode-after-a-text", Frame::new(5, "x")),
        ("unmasked-after-a-text", Frame::text("x").unmasked()),
    ];
    cases.extend(after.map(|(name, wrong)| {
        let must = "what comes before a violation is answered, what comes after it is not";
        case(name, must, move |target| {
            let mut client = Client::echo(target)?;
            let late = [Frame::ping("late"), Frame::text("late")];
            client.send_frames(&[&[Frame::text("good"), wrong.clone()][..], &late].concat());
            client.echoed(Kind::Text, b"good")?;
            client.closed(&[1002])
        })
    }));
    cases
}
