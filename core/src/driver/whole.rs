//! Messages that came whole in one frame, as most do: they need no framing state, and are unmasked here. tungstenite gets the
//! others.

use super::framer::KEPT;
use crate::input::Message;
use alloc::vec::Vec;

/// A text or binary frame that is a message by itself, as it came.
pub(super) struct Whole<'a> {
    is_text: bool,
    mask: [u8; 4],
    payload: &'a [u8],
}

impl<'a> Whole<'a> {
    /// The frame at the beginning of bytes that the guard let through at a message's boundary, and what is behind it;
    /// `None` if it is something else, or not all there.
    pub(super) fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let is_text = match first {
            0x81 => true,
            0x82 => false,
            _ => return None,
        };
        let (length, rest) = match second & 0x7f {
            126 => rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))?,
            127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest))?,
            length => (length.into(), rest),
        };
        let (&mask, rest) = rest.split_first_chunk()?;
        let (payload, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        Some((Whole { is_text, mask, payload }, rest))
    }

    /// The message, in memory that was another's before; `None` if it is text that is none, which the guard lets not through.
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
    use crate::driver::framer::Framer;
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
                let (whole, rest) = Whole::split(&bytes).unwrap();
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
            let bytes = masked(0x82, &payload, [1, 2, 3, 4]);
            prop_assert!(Whole::split(&bytes[..cut.index(bytes.len())]).is_none());
            for first in [0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8a] {
                prop_assert!(Whole::split(&masked(first, b"ab", [1, 2, 3, 4])).is_none());
            }
        }
    }
}
