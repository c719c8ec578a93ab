//! The rules of the guard once more, written with the whole stream at hand: frames are cut out as slices, texts are
//! collected and given to `core`, and the first of all faults of a frame is the verdict.

use lazuli::Time;
use lazuli::driver::guard::FrameLimits;

/// What a stream comes to.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// The code, the offset of the first wrong byte, and where its frame begins.
    pub(crate) fault: Option<(u16, usize, usize)>,
    /// The end of a close frame.
    pub(crate) closed: Option<usize>,
    /// After how many bytes nothing is in progress.
    pub(crate) boundaries: Vec<usize>,
}

/// The byte that spoils `bytes` as UTF-8, or how many bytes a last, unfinished character has: `core` says where a
/// character began and how many of its bytes were right.
pub(crate) fn utf8(bytes: impl Iterator<Item = u8>) -> Result<usize, usize> {
    let bytes: Vec<u8> = bytes.collect();
    let Err(error) = str::from_utf8(&bytes) else { return Ok(0) };
    let start = error.valid_up_to();
    match error.error_len() {
        None => Ok(bytes.len() - start),
        Some(right) if matches!(bytes[start], 0xC2..=0xF4) => Err(start + right),
        Some(_) => Err(start),
    }
}

struct Frame {
    start: usize,
    head: u8,
    second: Option<u8>,
    /// The length, if it is there, and the offset of its last byte.
    length: Option<(u64, usize)>,
    /// What is there of the payload, unmasked, each byte with its offset.
    payload: Vec<(usize, u8)>,
    /// The offset after the frame, if it is all there.
    end: Option<usize>,
}

fn cut(stream: &[(Time, u8)], start: usize) -> Option<Frame> {
    let byte = |at: usize| stream.get(at).map(|&(_, byte)| byte);
    let number = |at: usize, len: usize| (at..at + len).try_fold(0, |n: u64, at| Some(n << 8 | u64::from(byte(at)?)));
    let second = byte(start + 1);
    let extended = second.map(|second| match second & 0x7F {
        126 => 2,
        127 => 8,
        _ => 0,
    });
    let length = extended.and_then(|bytes| match bytes {
        0 => second.map(|second| (u64::from(second & 0x7F), start + 1)),
        _ => number(start + 2, bytes).map(|length| (length, start + 1 + bytes)),
    });
    let mut frame = Frame { start, head: byte(start)?, second, length, payload: Vec::new(), end: None };
    if let Some((length, last)) = length
        && let Some(mask) = number(last + 1, 4)
    {
        let payload = stream.iter().enumerate().skip(last + 5).take(usize::try_from(length).unwrap_or(usize::MAX));
        let mask = (mask as u32).to_be_bytes().into_iter().cycle();
        frame.payload = payload.zip(mask).map(|((at, &(_, byte)), mask)| (at, byte ^ mask)).collect();
        frame.end = (frame.payload.len() as u64 == length).then_some(last + 5 + frame.payload.len());
    }
    Some(frame)
}

/// Judges a stream of bytes, each with the time of its arrival.
pub(crate) fn judge(limits: &FrameLimits, stream: &[(Time, u8)]) -> Verdict {
    let mut verdict = Verdict { boundaries: vec![0], ..Verdict::default() };
    let mut message: Vec<Frame> = Vec::new();
    let mut pings: Vec<Time> = Vec::new();
    let mut at = 0;
    while let Some(frame) = cut(stream, at) {
        let (fin, opcode) = (frame.head & 0x80 != 0, frame.head & 0x0F);
        let second_at = at + 1;
        let second = frame.second.unwrap_or(0x80);
        let (length, length_at) = frame.length.unwrap_or((u64::MAX >> 1, usize::MAX));
        let control = opcode >= 8;
        let before: u64 = message.iter().filter_map(|frame| frame.length).map(|(length, _)| length).sum();
        let kind = message.first().map_or(opcode, |first| first.head & 0x0F);
        let limit = if kind == 1 { limits.text } else { limits.binary } as u64;

        let mut faults = vec![
            (frame.head & 0x70 != 0, at, 1002),
            (!matches!(opcode, 0..=2 | 8..=10), at, 1002),
            (control && !fin, at, 1002),
            (opcode == 0 && message.is_empty(), at, 1002),
            (matches!(opcode, 1 | 2) && !message.is_empty(), at, 1002),
            (!control && message.len() as u32 >= limits.fragments, at, 1008),
            (matches!(opcode, 9 | 10) && !in_time(limits, &mut pings, stream[at].0), at, 1008),
            (second & 0x80 == 0, second_at, 1002),
            (control && second & 0x7F > 125, second_at, 1002),
            (opcode == 8 && length == 1, length_at, 1002),
            (second & 0x7F == 127 && stream.get(at + 2).is_some_and(|byte| byte.1 >= 0x80), at + 2, 1002),
            (second & 0x7F == 126 && length < 126, length_at, 1002),
            (second & 0x7F == 127 && length < 65536, length_at, 1002),
            (!control && frame.length.is_some() && before + (length & u64::MAX >> 1) > limit, length_at, 1009),
        ];
        if let [(_, high), (low_at, low), ..] = frame.payload[..] {
            let code = u16::from_be_bytes([high, low]);
            let known = (1000..1015).contains(&code) && ![1004, 1005, 1006].contains(&code);
            faults.push((opcode == 8 && !known && !(3000..5000).contains(&code), low_at, 1002));
        }
        // Everything before in this text, or the reason alone.
        let text: Vec<(usize, u8)> = match (opcode, kind) {
            (8, _) => frame.payload.iter().skip(2).copied().collect(),
            (9.., _) | (_, 2..) => Vec::new(),
            _ => message.iter().chain([&frame]).flat_map(|frame| &frame.payload).copied().collect(),
        };
        match (utf8(text.iter().map(|&(_, byte)| byte)), frame.end) {
            (Err(wrong), _) => faults.push((true, text[wrong].0, 1007)),
            (Ok(rest), Some(end)) => faults.push((rest > 0 && fin, end - 1, 1007)),
            (Ok(_), None) => {}
        }
        let first = faults.iter().filter(|&&(is, ..)| is).min_by_key(|&&(_, at, _)| at);
        let fault = first.map(|&(_, at, code)| (code, at, frame.start));

        // Lateness comes before anything else that a byte could be.
        let start = message.first().map_or(at, |first| first.start);
        let until = fault.map_or(frame.end.unwrap_or(stream.len()), |(_, at, _)| at + 1);
        let late = (at..until).find(|&i| stream[i].0.saturating_since(stream[start].0) >= limits.message_time);
        verdict.fault = late.map(|late| (1008, late, at)).or(fault);
        let (Some(end), None) = (frame.end, verdict.fault) else { return verdict };
        if opcode == 8 {
            verdict.closed = Some(end);
            verdict.boundaries.push(end);
            return verdict;
        }
        if !control {
            message.push(frame);
            if fin {
                message.clear();
            }
        }
        if message.is_empty() {
            verdict.boundaries.push(end);
        }
        at = end;
    }
    verdict
}

/// Whether one more ping fits; `pings` are those of the running window.
fn in_time(limits: &FrameLimits, pings: &mut Vec<Time>, now: Time) -> bool {
    if pings.first().is_some_and(|&first| now.saturating_since(first) >= limits.control_window) {
        pings.clear();
    }
    pings.push(now);
    pings.len() as u32 <= limits.control_frames
}
