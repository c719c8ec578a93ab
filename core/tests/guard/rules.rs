//! Each rule by example.

use std::time::Duration;

use lazuli::Time;
use lazuli::driver::guard::{FrameLimits, Guard, Violation};

use super::frames::{BINARY, CLOSE, CONTINUATION, Frame, PING, PONG, TEXT, frame, wire};

/// Inspects all of it at once, by the default limits.
fn inspect(frames: &[Frame]) -> Result<usize, Violation> {
    Guard::new().inspect(&FrameLimits::default(), Time::ZERO, &wire(frames))
}

/// Asserts which code the last frame gets, at which of its bytes, after the others passed.
#[track_caller]
fn refused(frames: &[Frame], code: u16, at: usize) {
    let before = wire(&frames[..frames.len() - 1]).len();
    let violation = inspect(frames).unwrap_err();
    assert_eq!((violation.code, violation.good, violation.at), (code, before, before + at), "{violation}");
    assert!(violation.reason.len() <= 123 && violation.reason.contains("; "), "{violation}");
}

#[track_caller]
fn accepted(frames: &[Frame]) {
    assert_eq!(inspect(frames), Ok(wire(frames).len()));
}

#[test]
fn messages_and_control_frames_pass() {
    accepted(&[frame(true, TEXT, "naïve 🦀".as_bytes()), frame(true, BINARY, &[0xFF; 300]), frame(true, TEXT, b"")]);
    accepted(&[
        frame(false, TEXT, b"\xF0\x9F"),
        frame(true, PING, b"\xFF inside"),
        frame(false, CONTINUATION, b""),
        frame(true, PONG, &[0; 125]),
        frame(true, CONTINUATION, b"\xA6\x80"),
        frame(true, BINARY, &[7; 70_000]),
    ]);
}

#[test]
fn an_unmasked_frame_is_refused() {
    refused(&[frame(true, TEXT, b"hi"), Frame { masked: false, ..frame(true, TEXT, b"hi") }], 1002, 1);
}

#[test]
fn reserved_bits_are_refused() {
    for bit in [0x40, 0x20, 0x10] {
        refused(&[Frame { head: 0x81 | bit, ..frame(true, TEXT, b"hi") }], 1002, 0);
    }
}

#[test]
fn reserved_opcodes_are_refused() {
    for opcode in (3..8).chain(11..16) {
        refused(&[frame(true, PING, b""), frame(true, opcode, b"")], 1002, 0);
        refused(&[frame(false, TEXT, b""), frame(true, opcode, b"")], 1002, 0);
    }
}

#[test]
fn fragmented_and_long_control_frames_are_refused() {
    for opcode in [CLOSE, PING, PONG] {
        refused(&[frame(false, opcode, b"")], 1002, 0);
        refused(&[frame(true, opcode, &[b'a'; 126])], 1002, 1);
        refused(&[frame(true, opcode, &[b'a'; 70_000])], 1002, 1);
        refused(&[Frame { form: Some(2), ..frame(true, opcode, b"") }], 1002, 1);
    }
}

#[test]
fn a_continuation_of_nothing_is_refused() {
    refused(&[frame(true, CONTINUATION, b"a")], 1002, 0);
    refused(&[frame(true, TEXT, b"a"), frame(false, CONTINUATION, b"b")], 1002, 0);
}

#[test]
fn a_message_inside_a_message_is_refused() {
    refused(&[frame(false, TEXT, b"a"), frame(true, TEXT, b"b")], 1002, 0);
    refused(&[frame(false, BINARY, b"a"), frame(true, PING, b""), frame(false, BINARY, b"b")], 1002, 0);
}

#[test]
fn a_length_with_the_top_bit_is_refused_at_that_byte() {
    refused(&[Frame { declared: Some(1 << 63), ..frame(true, BINARY, b"") }], 1002, 2);
    refused(&[Frame { declared: Some(u64::MAX), ..frame(true, TEXT, b"") }], 1002, 2);
}

#[test]
fn a_length_longer_than_needed_is_refused() {
    for opcode in [TEXT, BINARY] {
        refused(&[Frame { form: Some(2), ..frame(true, opcode, &[b'a'; 125]) }], 1002, 3);
        refused(&[Frame { form: Some(8), ..frame(true, opcode, &[b'a'; 65_535]) }], 1002, 9);
        accepted(&[Frame { form: Some(2), ..frame(true, opcode, &[b'a'; 126]) }]);
        accepted(&[Frame { form: Some(8), ..frame(true, opcode, &[b'a'; 65_536]) }]);
    }
}

#[test]
fn a_message_over_its_limit_is_refused_at_the_header() {
    let FrameLimits { text, binary, .. } = FrameLimits::default();
    accepted(&[frame(true, TEXT, &vec![b'a'; text]), frame(true, BINARY, &vec![0; binary])]);
    for (opcode, limit) in [(TEXT, text), (BINARY, binary)] {
        refused(&[Frame { declared: Some(limit as u64 + 1), ..frame(true, opcode, b"") }], 1009, 9);
        refused(&[Frame { declared: Some(1 << 40), ..frame(true, opcode, b"") }], 1009, 9);
        refused(&[Frame { declared: Some((1 << 63) - 1), ..frame(true, opcode, b"") }], 1009, 9);
        // All fragments together.
        let half = frame(false, opcode, &vec![b'a'; limit - 100]);
        accepted(&[half.clone(), frame(true, CONTINUATION, &[b'a'; 100])]);
        refused(&[half.clone(), frame(true, CONTINUATION, &[b'a'; 101])], 1009, 1);
        refused(&[half, Frame { declared: Some((1 << 63) - 1), ..frame(true, CONTINUATION, b"") }], 1009, 9);
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_at_the_byte() {
    for (text, at) in [
        (&b"abc\xFF"[..], 3),
        (b"\x80", 0),
        (b"\xC0\x80", 0),
        (b"\xC1\xBF", 0),
        (b"\xE0\x80\x80", 1),
        (b"\xED\xA0\x80", 1),
        (b"\xF0\x80\x80\x80", 1),
        (b"\xF4\x90\x80\x80", 1),
        (b"\xF5\x80\x80\x80", 0),
        (b"\xE6\x97a", 2),
        (b"0123456789\xCE\xBA\xE1\xBD\xB9\xED\xA0\x80", 16),
    ] {
        refused(&[frame(true, TEXT, text)], 1007, 6 + at);
        // A fragment boundary before the wrong byte, and a ping in between.
        let (before, rest) = text.split_at(at);
        refused(&[frame(false, TEXT, before), frame(true, PING, b"\xFF"), frame(true, CONTINUATION, rest)], 1007, 6);
    }
}

#[test]
fn text_that_ends_inside_a_character_is_refused_at_its_last_byte() {
    refused(&[frame(true, TEXT, b"a\xF0\x9F\xA6")], 1007, 6 + 3);
    refused(&[frame(false, TEXT, b"\xC3"), frame(true, CONTINUATION, b"")], 1007, 5);
    // The next message begins afresh.
    accepted(&[frame(false, TEXT, b"\xC3"), frame(true, CONTINUATION, b"\xA9"), frame(true, TEXT, b"a")]);
}

fn close(code: u16, reason: &[u8]) -> Frame {
    frame(true, CLOSE, &[&code.to_be_bytes()[..], reason].concat())
}

#[test]
fn a_close_frame_ends_the_conversation() {
    let limits = FrameLimits::default();
    for last in [frame(true, CLOSE, b""), close(1000, b""), close(1001, "né".as_bytes()), close(4999, &[b'r'; 123])] {
        let end = wire(&[frame(false, TEXT, b"\xC3"), last.clone()]).len();
        let bytes = wire(&[frame(false, TEXT, b"\xC3"), last, Frame { masked: false, ..frame(true, 3, b"late") }]);
        let mut guard = Guard::new();
        assert_eq!(guard.inspect(&limits, Time::ZERO, &bytes), Ok(end));
        assert!(guard.closed() && guard.at_boundary());
        assert_eq!(guard.deadline(&limits), None);
        assert_eq!(guard.inspect(&limits, Time::MAX, &bytes), Ok(0));
    }
}

#[test]
fn a_close_frame_of_one_byte_is_refused_at_the_header() {
    refused(&[frame(true, CLOSE, &[3])], 1002, 1);
}

#[test]
fn close_codes_that_no_peer_may_send_are_refused() {
    let good = (1000..=1003).chain(1007..=1014).chain(3000..=4999);
    let good: std::collections::BTreeSet<u16> = good.collect();
    for code in 0..=u16::MAX {
        match good.contains(&code) {
            true => accepted(&[close(code, b"")]),
            false => refused(&[close(code, b"reason")], 1002, 7),
        }
    }
}

#[test]
fn a_close_reason_that_is_not_utf8_is_refused() {
    refused(&[close(1000, b"ok\xED\xA0\x80")], 1007, 6 + 2 + 3);
    refused(&[close(1000, b"ok\xE2\x82")], 1007, 6 + 2 + 3);
    refused(&[frame(false, TEXT, b"\xF0\x9F"), close(1000, b"\xA6\x80")], 1007, 6 + 2);
}

#[test]
fn too_many_fragments_are_refused_and_counted_for_each_message() {
    let mut frames = vec![frame(false, TEXT, b"")];
    frames.extend(vec![frame(false, CONTINUATION, b""); 4094]);
    frames.push(frame(true, CONTINUATION, b""));
    accepted(&[&frames[..], &frames].concat());
    frames.insert(1, frame(false, CONTINUATION, b""));
    refused(&frames, 1008, 0);
}

#[test]
fn too_many_pings_and_pongs_are_refused_but_a_close_is_heard() {
    let limits =
        FrameLimits { control_frames: 2, control_window: Duration::from_micros(100), ..FrameLimits::default() };
    let both = wire(&[frame(true, PING, b"a"), frame(true, PONG, b"")]);
    let one = wire(&[frame(true, PONG, b"")]);
    let mut guard = Guard::new();
    for now in [50, 150, 250] {
        assert_eq!(guard.inspect(&limits, Time::from_micros(now), &both), Ok(both.len()));
        let full = guard.clone().inspect(&limits, Time::from_micros(now + 99), &one).unwrap_err();
        assert_eq!((full.code, full.good, full.at), (1008, 0, 0), "{full}");
    }
    let close = wire(&[close(1000, b"")]);
    assert_eq!(guard.inspect(&limits, Time::from_micros(251), &close), Ok(close.len()));
}

#[test]
fn a_message_that_takes_too_long_is_refused() {
    let limits = FrameLimits { message_time: Duration::from_micros(100), ..FrameLimits::default() };
    let late = |time| Guard::expired(&mut late_by_ping(&limits), &limits, Time::from_micros(time));
    assert_eq!(late_by_ping(&limits).deadline(&limits), Some(Time::from_micros(110)));
    assert_eq!(late(109), None);
    let violation = late(110).unwrap();
    assert_eq!((violation.code, violation.good, violation.at), (1008, 0, 0));

    // Bytes that come too late are refused as they come; those in time are not.
    let rest = wire(&[frame(true, CONTINUATION, b"b"), frame(true, TEXT, b"next")]);
    let arrive = |time| late_by_ping(&limits).inspect(&limits, Time::from_micros(time), &rest);
    assert_eq!(arrive(110), Err(violation));
    assert_eq!(arrive(109), Ok(rest.len()));
}

/// A message begun at 10 µs, with a ping at 90 µs that buys it no time.
fn late_by_ping(limits: &FrameLimits) -> Guard {
    let mut guard = Guard::new();
    let first = wire(&[frame(false, TEXT, b"a")]);
    assert_eq!(guard.inspect(limits, Time::from_micros(10), &first[..1]), Ok(1));
    assert_eq!(guard.inspect(limits, Time::from_micros(20), &first[1..]), Ok(6));
    let ping = wire(&[frame(true, PING, b"")]);
    assert_eq!(guard.inspect(limits, Time::from_micros(90), &ping), Ok(6));
    guard
}

#[test]
fn a_violation_is_final() {
    let mut guard = Guard::new();
    let limits = FrameLimits::default();
    let first = guard.inspect(&limits, Time::ZERO, &wire(&[frame(true, PING, b""), frame(true, 3, b"")])).unwrap_err();
    assert_eq!(first.to_string(), "unknown opcode; use 0, 1, 2, 8, 9 or 10 (1002)");
    let again = Violation { good: 0, at: 0, ..first };
    assert_eq!(guard.inspect(&limits, Time::ZERO, &wire(&[frame(true, TEXT, b"")])), Err(again));
    assert_eq!(guard.inspect(&limits, Time::ZERO, b""), Err(again));
    assert_eq!(guard.expired(&limits, Time::MAX), Some(again));
    assert_eq!(guard.deadline(&limits), None);
    assert!(!guard.at_boundary() && !guard.closed());
}

#[test]
fn a_guard_is_small() {
    assert_eq!(size_of::<Guard>(), 56);
}
