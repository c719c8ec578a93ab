//! The closing handshake, and closes that are forced.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::http::flood;
use super::{BACKLOG, Case, ascii, case, violation};
use crate::conformance::Outcome;
use crate::conformance::client::Client;
use crate::conformance::expect::soon;
use crate::conformance::inbound::Kind;
use crate::conformance::wire::{CLOSE, Frame, Width};

/// Codes that an endpoint may send and that are answered with the same.
const GOOD: [u16; 13] = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];

/// Codes that are never sent: undefined, reserved for what an endpoint tells itself, or out of
/// range.
const BAD: [u16; 13] = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

pub(super) fn cases() -> Vec<Case> {
    let mut cases = handshake();
    cases.extend(forced());
    cases
}

fn handshake() -> Vec<Case> {
    let mut cases: Vec<Case> = GOOD
        .into_iter()
        .map(|code| {
            case(
                format!("code-{code}"),
                "a close is answered with its code, and the server ends the stream",
                move |target| {
                    let mut client = Client::echo(target)?;
                    client.send_frame(&Frame::close(code, "a reason"));
                    client.close_answered(code, "a reason")
                },
            )
        })
        .collect();
    cases.extend(BAD.map(|code| {
        violation(format!("code-{code}"), "a code that must not be sent is refused", vec![Frame::close(code, "")], 1002)
    }));
    let reason = "a reason that isn't UTF-8 is refused";
    cases.extend([
        case("empty", "a close without a code is answered without one, or with 1000", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::new(CLOSE, ""));
            client.close_answered_plainly()
        }),
        violation("1-byte", "a close of 1 byte is refused: a code has two", vec![Frame::new(CLOSE, b"\x03")], 1002),
        case("reason-of-123-bytes", "a reason may fill the frame", |target| {
            let mut client = Client::echo(target)?;
            let reason = "é".repeat(61) + "!";
            client.send_frame(&Frame::close(1000, &reason));
            client.close_answered(1000, &reason)
        }),
        violation(
            "reason-of-124-bytes",
            "a control frame of more than 125 bytes is refused",
            vec![Frame::close(1000, ascii(124))],
            1002,
        ),
        violation(
            "long-length-field",
            "a close with its length in 16 bits is refused",
            vec![Frame::close(1000, "").width(Width::Two)],
            1002,
        ),
        violation("fragment", "a fragmented close is refused", vec![Frame::close(1000, "").more()], 1002),
        violation("reason-invalid", reason, vec![Frame::close(1000, b"bad \xff reason")], 1007),
        violation("reason-surrogate", reason, vec![Frame::close(1000, b"\xed\xa0\x80")], 1007),
        violation("reason-incomplete", reason, vec![Frame::close(1000, b"caf\xc3")], 1007),
        case("byte-by-byte", "a close may arrive byte by byte", |target| {
            let mut client = Client::echo(target)?;
            client.send_bytewise("a close frame", &Frame::close(1001, "bye").bytes());
            client.close_answered(1001, "bye")
        }),
        case("after-messages", "what came before the close is answered before the close is", |target| {
            let mut client = Client::echo(target)?;
            let mut frames: Vec<Frame> = (0..10).map(|n| Frame::text(format!("{n}"))).collect();
            frames.push(Frame::close(1000, ""));
            client.send_frames(&frames);
            (0..10).try_for_each(|n| client.echoed(Kind::Text, format!("{n}").as_bytes()))?;
            client.close_answered(1000, "")
        }),
        case("after-large-messages", "answers of 8 MiB in all are complete before the close is answered", |target| {
            let mut client = Client::echo(target)?;
            behind_answers(&mut client, &Frame::close(1000, ""))?;
            client.close_answered(1000, "")
        }),
        case(
            "after-large-messages-then-end",
            "answers that wait are sent to a peer that has closed and ended its stream",
            |target| {
                let mut client = Client::echo(target)?;
                let message = ascii(1 << 20);
                let mut bytes = Frame::binary(message.clone()).bytes().repeat(8);
                bytes.extend(Frame::close(1000, "").bytes());
                let what = "8 messages of 1 MiB and a close frame, without reading meanwhile";
                let start = Instant::now();
                let taken = client.send_blind(what, &bytes, Duration::from_secs(2));
                client.send("what the server had not taken yet", &bytes[taken..]);
                client.finish_sending();
                // A slow server has not read all of it yet, nor the end. But it may give up who takes nothing for long.
                sleep((BACKLOG + 2 * start.elapsed()).min(Duration::from_secs(2)));
                (0..8).try_for_each(|_| client.echoed(Kind::Binary, &message))?;
                client.close_answered(1000, "")
            },
        ),
        case("end-comes-soon", "the server ends the stream with its answer to a close, not much later", |target| {
            soon(target, "close frame with 1000 in answer, then the end of the stream", |_| {
                let mut client = Client::echo(target)?;
                let start = Instant::now();
                client.send_frame(&Frame::close(1000, ""));
                client.close_answered(1000, "")?;
                Ok((client, start.elapsed()))
            })
        }),
        case("inside-a-message", "a close between fragments is answered, the unfinished message is not", |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&[Frame::text("never").more(), Frame::close(1000, "")]);
            client.close_answered(1000, "")
        }),
        case("inside-a-character", "a close may come while a text is inside of a character", |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&[Frame::text(b"\xe2\x82").more(), Frame::close(1000, "")]);
            client.close_answered(1000, "")
        }),
    ]);
    let close = || Frame::close(1000, "");
    let late = [
        ("then-text", vec![close(), Frame::text("late")]),
        ("then-ping", vec![close(), Frame::ping("late")]),
        ("then-close", vec![close(), Frame::close(1001, "again")]),
        ("then-violation", vec![close(), Frame::new(3, "").unmasked()]),
        ("inside-a-message-then-the-rest", vec![Frame::text("a").more(), close(), Frame::continuation("b")]),
        ("then-32-kib", vec![close(), Frame::text(ascii(32 << 10))]),
    ];
    cases.extend(late.map(|(name, frames)| {
        case(name, "what comes after a close is ignored", move |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&frames);
            client.close_answered(1000, "")
        })
    }));
    cases
}

/// Sends 8 messages of 1 MiB and `last` without reading meanwhile, as far as the server takes them,
/// and then reads the answers. That is more than the sockets hold, so that answers wait in the
/// server.
fn behind_answers(client: &mut Client, last: &Frame) -> Outcome {
    let message = ascii(1 << 20);
    let mut bytes = Frame::binary(message.clone()).bytes().repeat(8);
    bytes.extend(last.bytes());
    let what = format!("8 messages of 1 MiB and [{last}], without reading meanwhile");
    let taken = client.send_blind(what, &bytes, Duration::from_millis(500));
    sleep(BACKLOG);
    client.send("what the server had not taken yet", &bytes[taken..]);
    (0..8).try_for_each(|_| client.echoed(Kind::Binary, &message))
}

fn forced() -> Vec<Case> {
    vec![
        case(
            "violation-end-comes-soon",
            "the server ends the stream once its close is answered, not much later",
            |target| {
                let expected = "close frame with 1002 and, once it is answered, the end of the stream";
                soon(target, expected, |_| {
                    let mut client = Client::echo(target)?;
                    let start = Instant::now();
                    client.send_frame(&Frame::text("x").rsv(0b111));
                    client.close_frame(&[1002], expected)?;
                    client.answer_close();
                    client.ends(expected)?;
                    Ok((client, start.elapsed()))
                })
            },
        ),
        case("violation-then-32-kib", "the close frame arrives, and no reset, though 32 KiB were not read", |target| {
            let mut client = Client::echo(target)?;
            let mut bytes = Frame::text("x").rsv(0b111).bytes();
            bytes.extend(Frame::binary(ascii(32 << 10)).bytes());
            client.send("a text with reserved bits and 32 KiB more", &bytes);
            client.closed(&[1002])
        }),
        case(
            "violation-then-more-in-flight",
            "what is on its way when the close frame is sent is not answered by a reset",
            |target| {
                let mut client = Client::echo(target)?;
                client.send_frame(&Frame::text("x").rsv(0b111));
                for _ in 0..4 {
                    sleep(Duration::from_millis(30));
                    client.send_blind("4 KiB more, unread", &[0; 4 << 10], Duration::from_secs(1));
                }
                client.closed(&[1002])
            },
        ),
        case("violation-then-256-kib", "the close frame arrives even if the peer had sent much more", |target| {
            let mut client = Client::echo(target)?;
            let mut bytes = Frame::text("x").rsv(0b111).bytes();
            bytes.extend(Frame::binary(ascii(256 << 10)).bytes());
            client.send_blind("a text with reserved bits and 256 KiB more, unread", &bytes, Duration::from_secs(1));
            // How it ends is left open: nobody has to read all of that.
            client.close_frame(&[1002], "close frame with 1002")
        }),
        case("violation-behind-answers", "answers that wait are sent before the close frame", |target| {
            let mut client = Client::echo(target)?;
            behind_answers(&mut client, &Frame::text("x").unmasked())?;
            client.closed(&[1002])
        }),
        case("violations-in-a-row", "several violations in a row are answered by one close frame", |target| {
            let mut client = Client::echo(target)?;
            client.send_frames(&[Frame::text(b"\xff"), Frame::new(3, ""), Frame::close(999, "")]);
            client.closed(&[1002, 1007])
        }),
        case("flood-after-violation", "who goes on sending after the server's close is cut off", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text("x").rsv(0b111));
            client.close_frame(&[1002], "close frame with 1002")?;
            flood(&mut client)
        }),
        case("flood-after-close", "who goes on sending after its own close is cut off", |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::close(1000, ""));
            client.close_frame(&[1000], "close frame with 1000")?;
            flood(&mut client)
        }),
        case(
            "peer-stays",
            "a peer that neither answers the server's close nor goes away is cut off in 10 s",
            |target| {
                let mut client = Client::echo(target)?;
                client.send_frame(&Frame::new(3, "x"));
                client.closed_unanswered(&[1002])?;
                // Only a write tells whether the other end still has the connection.
                let start = Instant::now();
                while !client.is_cut() {
                    if start.elapsed() > Duration::from_secs(10) {
                        return Err(client.fail("that the connection is cut"));
                    }
                    client.send("a byte", b"x");
                    sleep(Duration::from_millis(500));
                }
                Ok(())
            },
        ),
    ]
}
