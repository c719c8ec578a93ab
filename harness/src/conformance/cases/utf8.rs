//! Text is UTF-8, and what isn't is refused at the byte that shows it.

use super::{Case, case, echo};
use crate::conformance::client::Client;
use crate::conformance::inbound::Kind;
use crate::conformance::wire::Frame;

/// Every kind of edge that valid UTF-8 has.
const VALID: [(&str, &str); 10] = [
    ("one-byte", "\u{0}\u{1}\u{7f}"),
    ("two-bytes", "\u{80}\u{7ff}"),
    ("three-bytes", "\u{800}\u{fff}\u{1000}\u{cfff}"),
    ("around-surrogates", "\u{d7ff}\u{e000}"),
    ("no-characters", "\u{fffe}\u{ffff}\u{fdd0}\u{1fffe}\u{10fffe}"),
    ("replacement-character", "\u{fffd}"),
    ("byte-order-mark", "\u{feff}text"),
    ("four-bytes", "\u{10000}\u{3ffff}\u{40000}\u{fffff}\u{100000}"),
    ("highest", "\u{10ffff}"),
    ("mixed", "Iñtërnâtiônàlizætiøn ☃ 💧 κόσμε"),
];

/// Bytes that are wrong exactly at the last one, and what a decoder that doesn't mind would need to
/// go on.
const INVALID: [(&str, &[u8], &[u8]); 24] = [
    ("continuation-alone", b"\x80", b""),
    ("continuation-alone-bf", b"\xbf", b""),
    ("overlong-2-c0", b"\xc0", b"\x80"),
    ("overlong-2-c1", b"\xc1", b"\xbf"),
    ("overlong-3", b"\xe0\x80", b"\x80"),
    ("overlong-3-highest", b"\xe0\x9f", b"\xbf"),
    ("overlong-4", b"\xf0\x80", b"\x80\x80"),
    ("overlong-4-highest", b"\xf0\x8f", b"\xbf\xbf"),
    ("surrogate-first", b"\xed\xa0", b"\x80"),
    ("surrogate-last", b"\xed\xbf", b"\xbf"),
    ("above-10ffff", b"\xf4\x90", b"\x80\x80"),
    ("lead-f5", b"\xf5", b"\x80\x80\x80"),
    ("lead-f7", b"\xf7", b"\xbf\xbf\xbf"),
    ("lead-f8-of-5-bytes", b"\xf8", b"\x88\x80\x80\x80"),
    ("lead-fc-of-6-bytes", b"\xfc", b"\x84\x80\x80\x80\x80"),
    ("fe", b"\xfe", b""),
    ("ff", b"\xff", b""),
    ("cut-after-1-of-2", b"\xc3(", b""),
    ("cut-after-1-of-3", b"\xe2(", b"\x82"),
    ("cut-after-2-of-3", b"\xe2\x82(", b""),
    ("cut-after-1-of-4", b"\xf0(", b"\x9f\x92"),
    ("cut-after-2-of-4", b"\xf0\x9f(", b"\x92"),
    ("cut-after-3-of-4", b"\xf0\x9f\x92(", b""),
    ("cut-by-another-lead", b"\xc3\xc3", b"\xa9"),
];

/// Comes before what is wrong: valid, and long enough that a validator that works on words is in
/// the middle of one.
const BEFORE: &str = "valid until here: ñ☃💧 and on: ";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = valid();
    cases.extend(invalid());
    cases.extend(across_fragments());
    cases
}

fn valid() -> Vec<Case> {
    let must = "valid UTF-8 comes back as it came";
    let text = |(name, text): (&str, &str)| {
        echo(format!("valid-{name}"), must, vec![Frame::text(text)], Kind::Text, text.into())
    };
    let mut cases: Vec<Case> = VALID.into_iter().map(text).collect();
    cases.extend([
        case("valid-byte-by-byte", "characters may be cut by segments", |target| {
            let mut client = Client::echo(target)?;
            for (_, text) in VALID {
                client.send_bytewise("a text", &Frame::text(text).bytes());
                client.echoed(Kind::Text, text.as_bytes())?;
            }
            Ok(())
        }),
        case("valid-cut-by-fragments", "characters may be cut by fragments", |target| {
            let mut client = Client::echo(target)?;
            for (_, text) in VALID {
                let text = text.as_bytes();
                for at in 0..=text.len() {
                    let (first, second) = text.split_at(at);
                    client.send_frames(&[Frame::text(first).more(), Frame::continuation(second)]);
                    client.echoed(Kind::Text, text)?;
                }
            }
            Ok(())
        }),
        case("valid-fragment-a-byte", "every byte may be a fragment of its own, with a ping between", |target| {
            let mut client = Client::echo(target)?;
            for (_, text) in VALID {
                let last = text.len() - 1;
                for (n, byte) in text.bytes().enumerate() {
                    let frame = if n == 0 { Frame::text([byte]) } else { Frame::continuation([byte]) };
                    client.send_frame(&if n < last { frame.more() } else { frame });
                    if n == 0 {
                        client.send_frame(&Frame::ping("inside"));
                    }
                }
                client.echoed(Kind::Text, text.as_bytes())?;
            }
            Ok(())
        }),
        case("binary-is-anything", "binary messages need not be UTF-8, between texts or in fragments", |target| {
            let mut client = Client::echo(target)?;
            for (_, bytes, _) in INVALID {
                client.send_frames(&[Frame::binary(bytes).more(), Frame::continuation(bytes), Frame::text("é")]);
                client.echoed(Kind::Binary, &[bytes, bytes].concat())?;
                client.echoed(Kind::Text, "é".as_bytes())?;
            }
            Ok(())
        }),
    ]);
    cases
}

fn invalid() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, bytes, rest) in INVALID {
        let text = [BEFORE.as_bytes(), bytes].concat();
        let whole = [&text, rest, b"and after"].concat();
        cases.push(case(format!("invalid-{name}"), "a text that isn't UTF-8 is refused", move |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text(whole.clone()));
            client.closed(&[1007])
        }));
        let must = "a text that isn't UTF-8 is refused at the byte that shows it";
        cases.push(case(format!("invalid-{name}-at-the-byte"), must, move |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text(text.clone()).announcing(1_000));
            client.closed(&[1007])
        }));
    }
    for (name, bytes) in [("2", &b"\xc3"[..]), ("3", b"\xe2\x82"), ("4", b"\xf0\x9f\x92")] {
        let text = [BEFORE.as_bytes(), bytes].concat();
        cases.push(case(format!("incomplete-{name}"), "a text must not end inside of a character", move |target| {
            let mut client = Client::echo(target)?;
            client.send_frame(&Frame::text(text.clone()));
            client.closed(&[1007])
        }));
    }
    cases
}

fn across_fragments() -> Vec<Case> {
    let must = "a character that begins in one fragment must go on in the next";
    let early = "what isn't UTF-8 is refused in its fragment, before the message is complete";
    let frames = [
        ("fragments-cut-character", must, vec![Frame::text(b"\xe2\x82").more(), Frame::continuation("(")]),
        ("fragments-surrogate", must, vec![Frame::text(b"\xed").more(), Frame::continuation(b"\xa0\x80")]),
        ("fragments-overlong", must, vec![Frame::text(b"\xe0").more(), Frame::continuation(b"\x9f\x80")]),
        ("fragments-incomplete", must, vec![Frame::text("a").more(), Frame::continuation(b"\xc3")]),
        ("fragments-incomplete-then-empty", must, vec![Frame::text(b"\xc3").more(), Frame::continuation("")]),
        ("fragments-first-is-wrong", early, vec![Frame::text(b"ok \xff").more()]),
        ("fragments-second-is-wrong", early, vec![Frame::text("ok ").more(), Frame::continuation(b"\xc0").more()]),
        (
            "fragments-ping-between",
            early,
            vec![Frame::text(b"\xf0\x9f").more(), Frame::pong("p"), Frame::continuation(b"\x28").more()],
        ),
        (
            "fragments-second-is-wrong-at-the-byte",
            early,
            vec![Frame::text(b"\xf4").more(), Frame::continuation(b"\x90").announcing(1_000)],
        ),
    ];
    frames.map(|(name, must, frames)| super::violation(name, must, frames, 1007)).into()
}
