//! The guard: each rule by example, then laws over conversations with every fault, against a second reading of the
//! rules and against the decoder that stands behind the guard.

#[path = "guard/frames.rs"]
mod frames;
#[path = "guard/model.rs"]
mod model;
#[path = "guard/rules.rs"]
mod rules;

use std::collections::BTreeMap;
use std::time::Duration;

use frames::{CONTINUATION, Frame, PING, TEXT, frame, pieces, stream, wire};
use lazuli::Time;
use lazuli::driver::guard::{FrameLimits, Guard, Violation};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

/// Small enough that conversations of a few frames reach every limit.
const TIGHT: FrameLimits = FrameLimits {
    text: 160,
    binary: 200,
    fragments: 5,
    message_time: Duration::from_micros(300),
    control_frames: 3,
    control_window: Duration::from_micros(200),
};

/// What came of a conversation: how much passed, and the code, reason and offset of the violation if there was one.
#[derive(Debug, PartialEq)]
struct Outcome {
    passed: usize,
    fault: Option<(u16, &'static str, usize)>,
    at_boundary: bool,
    closed: bool,
    deadline: Option<Time>,
}

/// Gives a guard `pieces`, each at its time.
fn talk<'a>(limits: &FrameLimits, pieces: impl IntoIterator<Item = (Time, &'a [u8])>) -> Outcome {
    let mut guard = Guard::new();
    let (mut passed, mut offset, mut fault) = (0, 0, None);
    for (now, piece) in pieces {
        match guard.inspect(limits, now, piece) {
            Ok(n) => {
                assert!(n == piece.len() || guard.closed());
                passed += n;
            }
            Err(Violation { good, at, code, reason }) => {
                assert!(good <= at && at < piece.len().max(1));
                passed += good;
                fault = Some((code, reason, offset + at));
                break;
            }
        }
        offset += piece.len();
    }
    Outcome {
        passed,
        fault,
        at_boundary: guard.at_boundary(),
        closed: guard.closed(),
        deadline: guard.deadline(limits),
    }
}

/// Each byte with its time.
fn timed(stream: &[(Time, Vec<u8>)]) -> Vec<(Time, u8)> {
    stream.iter().flat_map(|(at, chunk)| chunk.iter().map(|&byte| (*at, byte))).collect()
}

#[test]
fn the_conversations_meet_every_rule() {
    let mut runner = TestRunner::deterministic();
    let mut met = BTreeMap::<_, u32>::new();
    for _ in 0..4000 {
        let stream = stream().new_tree(&mut runner).unwrap().current();
        let outcome = talk(&TIGHT, stream.iter().map(|(at, chunk)| (*at, &chunk[..])));
        let end = if outcome.closed { "closed" } else { "open" };
        *met.entry(outcome.fault.map_or(end, |(_, reason, _)| reason)).or_default() += 1;
    }
    assert_eq!(met.len(), 2 + 19, "{met:#?}");
    assert!(met.values().all(|&times| times >= 5), "{met:#?}");
    // A close frame carries 125 bytes, two of them the code.
    assert!(met.keys().all(|reason| reason.len() <= 123), "{met:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_split_changes_nothing_and_the_model_agrees(stream in stream(), cuts in vec(1..40_usize, 1..8)) {
        let timed = timed(&stream);
        let verdict = model::judge(&TIGHT, &timed);
        let whole = talk(&TIGHT, stream.iter().map(|(at, chunk)| (*at, &chunk[..])));
        let bytes = talk(&TIGHT, pieces(&stream, &[1]));
        let split = talk(&TIGHT, pieces(&stream, &cuts));

        prop_assert_eq!(whole.fault.map(|(code, _, at)| (code, at)), verdict.fault.map(|(code, at, _)| (code, at)));
        prop_assert_eq!(whole.closed, verdict.closed.is_some());
        if let Some((_, at, frame)) = verdict.fault {
            // Of the frame that is wrong, only what came in earlier chunks has passed.
            let ends = stream.iter().scan(0, |end, (_, chunk)| { *end += chunk.len(); Some(*end) });
            let chunk = ends.take_while(|&end| end <= at).last().unwrap_or(0);
            prop_assert_eq!(whole.passed, frame.max(chunk));
            prop_assert_eq!(bytes.passed, at);
            prop_assert!((frame..=at).contains(&split.passed));
        } else {
            let end = verdict.closed.unwrap_or(timed.len());
            prop_assert_eq!([whole.passed, bytes.passed, split.passed], [end; 3]);
        }
        let whole = Outcome { passed: 0, ..whole };
        prop_assert_eq!(&Outcome { passed: 0, ..bytes }, &whole);
        prop_assert_eq!(&Outcome { passed: 0, ..split }, &whole);
    }

    #[test]
    fn a_boundary_is_where_nothing_is_in_progress(stream in stream()) {
        let timed = timed(&stream);
        let verdict = model::judge(&TIGHT, &timed);
        let mut guard = Guard::new();
        let mut last = 0;
        for (i, &(now, byte)) in timed.iter().enumerate() {
            let is = verdict.boundaries.contains(&i);
            last = if is { i } else { last };
            prop_assert_eq!(guard.at_boundary(), is, "after {} bytes", i);
            prop_assert_eq!(guard.deadline(&TIGHT), (!is).then(|| timed[last].0 + TIGHT.message_time));
            if guard.inspect(&TIGHT, now, &[byte]) != Ok(1) || guard.closed() {
                break;
            }
        }
    }

    #[test]
    fn text_is_judged_as_by_core(
        mut text in prop_oneof![frames::text(), any::<String>().prop_map(String::into_bytes)],
        mutation: Option<(Index, u8)>,
        mask: [u8; 4],
        cut: Index,
    ) {
        if let Some((at, byte)) = mutation && !text.is_empty() {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let (first, rest) = text.split_at(cut.index(text.len() + 1));
        let frames = [frame(false, TEXT, first), frame(true, CONTINUATION, rest)].map(|frame| Frame { mask, ..frame });
        let bytes = wire(&frames);
        // Both headers are before a byte of the second payload, one is before a byte of the first.
        let (first_header, headers) = (frames[0].bytes().len() - first.len(), bytes.len() - text.len());
        let expected = match model::utf8(text.iter().copied()) {
            Err(wrong) => Some(wrong + if wrong < first.len() { first_header } else { headers }),
            Ok(0) => None,
            Ok(_) => Some(bytes.len() - 1),
        };
        let found = Guard::new().inspect(&FrameLimits::default(), Time::ZERO, &bytes);
        prop_assert_eq!(found.err().map(|violation| (violation.code, violation.at)), expected.map(|at| (1007, at)));
    }

    #[test]
    fn any_bytes_are_judged(chunks in vec((0..500_u64, vec(any::<u8>(), 1..60)), 0..20)) {
        let times = chunks.iter().scan(Time::ZERO, |now, (gap, _)| {
            *now = *now + Duration::from_micros(*gap);
            Some(*now)
        });
        let stream: Vec<_> = times.zip(chunks.iter().map(|(_, bytes)| bytes.clone())).collect();
        let found = talk(&TIGHT, stream.iter().map(|(at, chunk)| (*at, &chunk[..])));
        let verdict = model::judge(&TIGHT, &timed(&stream));
        prop_assert_eq!(found.fault.map(|(code, _, at)| (code, at)), verdict.fault.map(|(code, at, _)| (code, at)));
    }

    #[test]
    fn who_keeps_the_rate_passes_and_nobody_gets_more_than_twice_through(gaps in vec(0..120_u64, 0..60)) {
        let ping = wire(&[frame(true, PING, b"")]);
        let mut guard = Guard::new();
        let (mut passed, mut now) = (Vec::new(), 0);
        for gap in gaps {
            now += gap;
            let in_window = |start: u64| passed.iter().filter(|&&then| (start..start + 200).contains(&then)).count();
            let keeps = in_window((now + 1).saturating_sub(200)) < 3;
            if guard.inspect(&TIGHT, Time::from_micros(now), &ping).is_err() {
                prop_assert!(!keeps);
                break;
            }
            passed.push(now);
            prop_assert!(passed.iter().filter(|&&then| then + 200 > now).count() <= 2 * 3);
        }
    }
}

/// What a peer sent, and nowhere for an answer to go.
#[cfg(feature = "websocket")]
struct Recorded(std::io::Cursor<Vec<u8>>);

#[cfg(feature = "websocket")]
impl std::io::Read for Recorded {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(into)
    }
}

#[cfg(feature = "websocket")]
impl std::io::Write for Recorded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "websocket")]
proptest! {
    #[test]
    fn what_passes_the_decoder_takes(stream in stream()) {
        use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
        use tungstenite::protocol::{Role, WebSocket};
        use tungstenite::{Error, Message};

        let outcome = talk(&TIGHT, stream.iter().map(|(at, chunk)| (*at, &chunk[..])));
        let mut passed = stream.into_iter().flat_map(|(_, chunk)| chunk).collect::<Vec<u8>>();
        passed.truncate(outcome.passed);
        let mut socket = WebSocket::from_raw_socket(Recorded(std::io::Cursor::new(passed)), Role::Server, None);
        let mut closed = false;
        let end = loop {
            match socket.read() {
                Ok(message) => closed |= matches!(message, Message::Close(_)),
                Err(error) => break error,
            }
        };
        let ended = matches!(end, Error::ConnectionClosed | Error::Protocol(ResetWithoutClosingHandshake));
        prop_assert!(ended, "{end}");
        prop_assert_eq!(closed, outcome.closed);
    }
}
