//! Messages that came whole in one frame, as most do: they need no framing state, so neither guard nor tungstenite sees them.
//! Both get whatever else there is.

use super::framer::KEPT;
use super::guard::FrameLimits;
use crate::input::Message;
use alloc::vec::Vec;

/// A text or binary frame that is a message by itself, as it came.
pub(super) struct Whole<'a> {
    is_text: bool,
    mask: [u8; 4],
    payload: &'a [u8],
}

impl<'a> Whole<'a> {
    /// The frame at the beginning of bytes, between messages, and what is behind it; `None` if it is something else, not all there, or
    /// breaks a rule: which one, the guard says.
    pub(super) fn split(limits: &FrameLimits, bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let is_text = match first {
            0x81 => true,
            0x82 => false,
            _ => return None,
        };
        // The shortest form of the length, with the bit that says that there is a mask.
        let (length, shortest, rest) = match second {
            0x80..=0xfd => (u64::from(second & 0x7f), 0, rest),
            0xfe => rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), 126, rest))?,
            0xff => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), 0x1_0000, rest))?,
            _ => return None,
        };
        let most = if is_text { limits.text } else { limits.binary };
        if length < shortest || length > most as u64 || limits.fragments == 0 {
            return None;
        }
        let (&mask, rest) = rest.split_first_chunk()?;
        let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        Some((Whole { is_text, mask, payload }, rest))
    }

    /// The message, in memory that was another's before; `None` if it is text that is none.
    pub(super) fn unmask<'b>(&self, plain: &'b mut Vec<u8>) -> Option<Message<'b>> {
        plain.clear();
        plain.shrink_to(KEPT);
        plain.extend_from_slice(self.payload);
        let [a, b, c, d] = self.mask;
        let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
        let (chunks, rest) = plain.as_chunks_mut();
        for chunk in chunks {
            *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
        }
        for (byte, mask) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
            *byte ^= mask;
        }
        match self.is_text {
            true => core::str::from_utf8(plain).ok().map(Message::Text),
            false => Some(Message::Binary(plain)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Time;
    use crate::driver::framer::Framer;
    use crate::driver::guard::Guard;
    use alloc::string::String;
    use proptest::prelude::*;
    use tungstenite::protocol::frame::Frame;
    use tungstenite::protocol::frame::coding::{Data, OpCode};

    /// A frame as a client sends it.
    fn masked(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
        let mut frame = Frame::message(payload.to_vec(), OpCode::Data(Data::Binary), true);
        frame.header_mut().mask = Some(mask);
        let mut bytes = Vec::new();
        frame.format(&mut bytes).unwrap();
        bytes[0] = first;
        bytes
    }

    fn payload() -> impl Strategy<Value = Vec<u8>> {
        let length = prop_oneof![0..140usize, 0xff00..0x1_0100usize];
        length.prop_flat_map(|length| prop::collection::vec(any::<u8>(), length))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// What tungstenite makes of a frame is made of it here, and what is behind it stays.
        #[test]
        fn a_whole_frame_is_the_message_that_tungstenite_reads(
            binary in payload(),
            text in "[a-zß-öа-я🦀]{0,90}",
            mask in any::<[u8; 4]>(),
            behind in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut plain = alloc::vec![7; 3];
            for (first, payload) in [(0x82, &*binary), (0x81, text.as_bytes())] {
                let mut bytes = masked(first, payload, mask);
                let mut framer = Framer::new();
                framer.feed(&bytes);
                let expected = framer.next().unwrap().unwrap();
                bytes.extend(&behind);
                let (whole, rest) = Whole::split(&FrameLimits::default(), &bytes).unwrap();
                prop_assert_eq!(rest, &behind);
                match whole.unmask(&mut plain).unwrap() {
                    Message::Text(text) => prop_assert_eq!(tungstenite::Message::text(text), expected),
                    Message::Binary(bytes) => prop_assert_eq!(tungstenite::Message::binary(bytes.to_vec()), expected),
                }
            }
        }

        /// A frame that is not all there is none, wherever it breaks off; nor is a fragment or a control frame.
        #[test]
        fn what_is_not_whole_is_left_to_tungstenite(payload in payload(), cut in any::<prop::sample::Index>()) {
            let limits = FrameLimits::default();
            let bytes = masked(0x82, &payload, [1, 2, 3, 4]);
            prop_assert!(Whole::split(&limits, &bytes[..cut.index(bytes.len())]).is_none());
            for first in [0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8a] {
                prop_assert!(Whole::split(&limits, &masked(first, b"ab", [1, 2, 3, 4])).is_none());
            }
        }

        /// What is taken for a whole message, the guard would let through, as a message, and all the rest is left to it: lengths
        /// around the limits and in other forms than the shortest, no masks, reserved bits, text that is none.
        #[test]
        fn what_is_whole_keeps_the_guards_rules(
            first in prop_oneof![Just(0x81), Just(0x82), any::<u8>()],
            declared in prop_oneof![0..140u64, 0xfff0..0x1_0010u64, any::<u64>()],
            form in 0..4u8,
            mask in prop::option::of(any::<[u8; 4]>()),
            payload in prop_oneof![payload(), "[a-zß-ö🦀]{0,60}".prop_map(String::into_bytes)],
            is_declared in any::<bool>(),
            most in prop_oneof![Just(1 << 20), 0..200usize, 0xfff0..0x1_0010usize],
            fragments in 0..3u32,
        ) {
            let limits = FrameLimits { text: most, binary: most / 2, fragments, ..FrameLimits::default() };
            let length = if is_declared { declared } else { payload.len() as u64 };
            let has_mask = u8::from(mask.is_some()) << 7;
            let mut bytes = alloc::vec![first];
            match (form, length) {
                (0 | 3, 0..126) => bytes.push(has_mask | length as u8),
                (0 | 1, 0..0x1_0000) => {
                    bytes.push(has_mask | 126);
                    bytes.extend((length as u16).to_be_bytes());
                }
                _ => {
                    bytes.push(has_mask | 127);
                    bytes.extend(length.to_be_bytes());
                }
            }
            bytes.extend(mask.unwrap_or_default());
            bytes.extend(payload.iter().zip(mask.unwrap_or_default().iter().cycle()).map(|(byte, mask)| byte ^ mask));
            let mut guard = Guard::new();
            let is_good = guard.inspect(&limits, Time::ZERO, &bytes).map(|_| ());
            let Some((whole, rest)) = Whole::split(&limits, &bytes) else {
                // Nothing is left to the guard that could have been taken.
                let text_or_binary = matches!(first, 0x81 | 0x82);
                let is_all_there = bytes.len() as u64 >= length && length == payload.len() as u64;
                prop_assert!(!(text_or_binary && is_all_there && is_good.is_ok()));
                return Ok(());
            };
            let used = bytes.len() - rest.len();
            let mut guard = Guard::new();
            let judged = guard.inspect(&limits, Time::ZERO, &bytes[..used]);
            match whole.unmask(&mut Vec::new()) {
                Some(_) => prop_assert!(judged == Ok(used) && guard.is_between()),
                None => prop_assert_eq!(judged.unwrap_err().code, 1007),
            }
        }
    }
}
