//! Pings and pongs.

use super::{Case, ascii, case, violation};
use crate::conformance::client::Client;
use crate::conformance::inbound::{Event, Kind};
use crate::conformance::wire::{Frame, PING, PONG, Width};

pub(super) fn cases() -> Vec<Case> {
    let payloads: [(&str, &[u8]); 5] = [
        ("empty", b""),
        ("text", b"hello"),
        ("binary", &[0x00, 0xff, 0xfe, 0x80, 0xc3, 0x28]),
        ("125-bytes", &[0xfe; 125]),
        ("looks-like-a-frame", &[0x88, 0x82, 0, 0, 0, 0, 3, 0xe8]),
    ];
    let mut cases: Vec<Case> = payloads
        .into_iter()
        .map(|(name, payload)| {
            case(format!("ping-{name}"), "a ping is answered by a pong with the same payload", move |target| {
                let mut client = Client::echo(target)?;
                client.send_frame(&Frame::ping(payload));
                client.pong(payload)
            })
        })
        .collect();
    let long = "a control frame of more than 125 bytes is refused";
    let fragment = "a fragmented control frame is refused";
    cases.extend([
        case("ping-byte-by-byte", "a ping may arrive byte by byte", |target| {
            let mut client = Client::echo(target)?;
            client.send_bytewise("a ping", &Frame::ping(ascii(125)).bytes());
            client.pong(&ascii(125))
        }),
        case("ping-10", "of pings in one segment the latest is answered, others at most once and in order", |target| {
            let mut client = Client::echo(target)?;
            let pings: Vec<Frame> = (0..10).map(|n| Frame::ping(vec![n])).collect();
            client.send_frames(&pings);
            let expected = "pongs in the order of the pings, the last one 9";
            let mut next = 0;
            while next < 10 {
                match client.next(expected)? {
                    Event::Pong(payload) if payload.len() == 1 && (next..10).contains(&payload[0]) => {
                        next = payload[0] + 1;
                    }
                    _ => return Err(client.fail(expected)),
                }
            }
            client.send_frame(&Frame::text("and on"));
            match client.next("the text back, and no further pong")? {
                Event::Message(Kind::Text, text) if text == b"and on" => Ok(()),
                _ => Err(client.fail("the text back, and no further pong")),
            }
        }),
        case("ping-in-turn", "pings that wait for their pong are answered one by one", |target| {
            let mut client = Client::echo(target)?;
            (0..10).try_for_each(|n| {
                client.send_frame(&Frame::ping(vec![n]));
                client.pong(&[n])
            })
        }),
        case("ping-between-messages", "a ping between messages is answered, and the messages too", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text("before"));
            client.echoed(Kind::Text, b"before")?;
            client.send_frame(&Frame::ping("between"));
            client.pong(b"between")?;
            client.send_frame(&Frame::text("after"));
            client.echoed(Kind::Text, b"after")
        }),
        case("pong-unasked", "a pong that nobody asked for is ignored", |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&[Frame::pong(""), Frame::pong("unasked"), Frame::pong(ascii(125)), Frame::text("on")]);
            client.echoed(Kind::Text, b"on")?;
            client.still_open()
        }),
        violation("ping-126-bytes", long, vec![Frame::ping(ascii(126))], 1002),
        violation("pong-126-bytes", long, vec![Frame::pong(ascii(126))], 1002),
        violation("ping-65536-bytes", long, vec![Frame::ping(ascii(65_536))], 1002),
        violation("ping-16-bit-length", long, vec![Frame::ping("x").width(Width::Two)], 1002),
        violation("ping-64-bit-length", long, vec![Frame::ping("x").width(Width::Eight)], 1002),
        violation("ping-fragment", fragment, vec![Frame::ping("a").more()], 1002),
        violation("ping-fragments", fragment, vec![Frame::ping("a").more(), Frame::continuation("b")], 1002),
        violation("pong-fragment", fragment, vec![Frame::pong("a").more()], 1002),
        violation("ping-fragment-inside", fragment, vec![Frame::text("a").more(), Frame::ping("b").more()], 1002),
    ]);
    for (name, opcode) in [("ping", PING), ("pong", PONG)] {
        cases.push(case(
            format!("{name}-126-bytes-at-the-header"),
            "a control frame that declares more than 125 bytes is refused before they come",
            move |target| {
                let mut client = Client::echo(target)?;
                client.send_frame(&Frame::new(opcode, "").announcing(126));
                client.closed(&[1002])
            },
        ));
    }
    cases
}
