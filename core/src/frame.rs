//! Messages on their way out, encoded once.

use crate::json;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use serde::Serialize;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// Bytes.
    Binary,
    /// A ping, of at most 125 bytes.
    Ping,
}

impl Kind {
    const fn opcode(self) -> u8 {
        match self {
            Kind::Text => 1,
            Kind::Binary => 2,
            Kind::Ping => 9,
        }
    }
}

/// Room for the longest header before the payload, so that a header is put in when the length is known.
const HEADER: usize = 10;

/// A WebSocket frame as it goes over the wire; a clone is a reference count.
///
/// ```
/// use lazuli::{Frame, Kind};
///
/// let frame = Frame::new(Kind::Text, b"hello");
/// assert_eq!(frame.wire(), b"\x81\x05hello");
/// assert_eq!(frame.payload(), b"hello");
/// ```
#[derive(Clone)]
pub struct Frame(Arc<Encoded>);

struct Encoded {
    kind: Kind,
    /// Whether it was written as JSON, and so need not be read to know that it is.
    json: bool,
    /// Where the header starts in `bytes`.
    start: u8,
    bytes: Vec<u8>,
}

impl Encoded {
    fn finish(&mut self) {
        let length = self.bytes.len() - HEADER;
        let mut header = [0; HEADER];
        header[0] = 0x80 | self.kind.opcode();
        let used = match length {
            0..=125 => {
                header[1] = length as u8;
                2
            }
            126..=0xffff => {
                header[1] = 126;
                header[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                4
            }
            _ => {
                header[1] = 127;
                header[2..10].copy_from_slice(&(length as u64).to_be_bytes());
                10
            }
        };
        self.start = (HEADER - used) as u8;
        self.bytes[HEADER - used..HEADER].copy_from_slice(&header[..used]);
    }
}

impl Frame {
    /// Encodes `payload` as one final, unmasked frame. Nothing is checked; see [`Frame::is_valid`].
    pub fn new(kind: Kind, payload: &[u8]) -> Frame {
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.resize(HEADER, 0);
        bytes.extend_from_slice(payload);
        let mut encoded = Encoded { kind, json: false, start: 0, bytes };
        encoded.finish();
        Frame(Arc::new(encoded))
    }

    /// Whether a peer would take it: text is UTF-8, and a ping has at most 125 bytes.
    pub fn is_valid(&self) -> bool {
        match self.kind() {
            Kind::Text => core::str::from_utf8(self.payload()).is_ok(),
            Kind::Binary => true,
            Kind::Ping => self.payload().len() <= 125,
        }
    }

    /// What the frame carries.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether it is known to be JSON. What is not known to be may be it all the same.
    pub(crate) fn is_json(&self) -> bool {
        self.0.json
    }

    /// Header and payload, as they go over the wire.
    pub fn wire(&self) -> &[u8] {
        &self.0.bytes[usize::from(self.0.start)..]
    }

    /// The payload alone.
    pub fn payload(&self) -> &[u8] {
        &self.0.bytes[HEADER..]
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("kind", &self.kind()).field("bytes", &self.payload().len()).finish()
    }
}

/// Frames that were handed out, to be used again once nobody holds them: encoding allocates nothing in steady state.
#[derive(Default)]
pub(crate) struct Pool {
    lent: VecDeque<Frame>,
    /// The memory of all that are lent.
    bytes: usize,
}

impl Pool {
    /// So much memory is kept, which is more than the messages of one turn take, and so large a frame may be to be kept.
    const BYTES: usize = 256 << 10;
    const LARGEST: usize = 16 << 10;
    /// What a frame has in any case, however short it is: few have to grow then.
    const LEAST: usize = 128;

    /// Encodes a frame whose payload `write` appends; an error of `write` gives no frame.
    pub(crate) fn encode<E>(
        &mut self,
        kind: Kind,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Frame, E> {
        let frame = self.encode_unshared(kind, write)?;
        self.lend(&frame);
        Ok(frame)
    }

    /// Keeps a frame, to be used again.
    fn lend(&mut self, frame: &Frame) {
        let capacity = frame.0.bytes.capacity();
        if capacity <= Self::LARGEST && self.bytes + capacity <= Self::BYTES {
            self.bytes += capacity;
            self.lent.push_back(frame.clone());
        }
    }

    fn encode_unshared<E>(
        &mut self,
        kind: Kind,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<Frame, E> {
        let mut frame = self.take();
        // `take` gives a frame that nobody else holds.
        if let Some(encoded) = Arc::get_mut(&mut frame.0) {
            encoded.kind = kind;
            encoded.json = false;
            encoded.bytes.clear();
            encoded.bytes.resize(HEADER, 0);
            write(&mut encoded.bytes)?;
            // A frame may wait for long, and is charged by its length: it must not hold on to much more than that.
            if encoded.bytes.capacity() > 4 * encoded.bytes.len() + 256 {
                encoded.bytes.shrink_to_fit();
            }
            encoded.finish();
        }
        Ok(frame)
    }

    /// Encodes a value as JSON.
    pub(crate) fn encode_json(&mut self, value: &(impl Serialize + ?Sized)) -> serde_json::Result<Frame> {
        let mut frame = self.encode_unshared(Kind::Text, |bytes| json::write(value, bytes))?;
        if let Some(encoded) = Arc::get_mut(&mut frame.0) {
            encoded.json = true;
        }
        self.lend(&frame);
        Ok(frame)
    }

    fn take(&mut self) -> Frame {
        let Some(mut oldest) = self.lent.pop_front() else { return Self::fresh() };
        if Arc::get_mut(&mut oldest.0).is_some() {
            self.bytes -= oldest.0.bytes.capacity();
            return oldest;
        }
        // Somebody holds it still, and may give it back later. As long as there is room for others, it is waited for.
        if self.bytes <= Self::BYTES / 2 {
            self.lent.push_back(oldest);
        } else {
            self.bytes -= oldest.0.bytes.capacity();
        }
        Self::fresh()
    }

    fn fresh() -> Frame {
        let bytes = Vec::with_capacity(Self::LEAST);
        Frame(Arc::new(Encoded { kind: Kind::Binary, json: false, start: 0, bytes }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn headers_take_the_shortest_form() {
        for (length, header) in [
            (0, &[0x82, 0][..]),
            (125, &[0x82, 125]),
            (126, &[0x82, 126, 0, 126]),
            (0xffff, &[0x82, 126, 0xff, 0xff]),
            (0x1_0000, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let frame = Frame::new(Kind::Binary, &alloc::vec![7; length]);
            assert_eq!(&frame.wire()[..header.len()], header);
            assert_eq!(frame.wire().len(), header.len() + length);
            assert!(frame.payload().iter().all(|&byte| byte == 7) && frame.payload().len() == length);
        }
    }

    #[test]
    fn a_frame_that_is_held_is_never_written_over() {
        let mut pool = Pool::default();
        let mut put = |text: &str| {
            pool.encode(Kind::Text, |bytes| {
                bytes.extend_from_slice(text.as_bytes());
                Ok::<_, ()>(())
            })
        };
        let held = put("held").ok();
        for _ in 0..300 {
            drop(put("short-lived"));
        }
        assert_eq!(held.as_ref().map(Frame::payload), Some(&b"held"[..]));
    }

    #[test]
    fn a_small_frame_holds_on_to_little_memory() {
        let mut pool = Pool::default();
        let mut put = |length: usize| {
            pool.encode(Kind::Text, |bytes| {
                bytes.resize(bytes.len() + length, b'x');
                Ok::<_, ()>(())
            })
        };
        drop(put(15_000));
        let small = put(1).ok();
        assert!(small.is_some_and(|frame| frame.0.bytes.capacity() < 512));
    }

    /// However many wait for a turn, or for a slow reader: what comes after them is used again.
    #[test]
    fn frames_are_used_again_after_many_were_held() {
        let mut pool = Pool::default();
        let put = |pool: &mut Pool, length: usize| {
            pool.encode(Kind::Text, |bytes| {
                bytes.resize(bytes.len() + length, b'x');
                Ok::<_, ()>(())
            })
        };
        let address = |frame: &Result<Frame, ()>| frame.as_ref().ok().map(|frame| frame.wire().as_ptr());
        let turn: Vec<_> = (0..500).map(|_| put(&mut pool, 60)).collect();
        let before: BTreeSet<_> = turn.iter().map(address).collect();
        drop(turn);
        let turn: Vec<_> = (0..500).map(|_| put(&mut pool, 60)).collect();
        assert!(turn.iter().map(address).collect::<BTreeSet<_>>() == before);
        let held: Vec<_> = (0..10_000).map(|n| put(&mut pool, n % 3_000)).collect();
        drop(turn);
        (0..10_000).for_each(|_| drop(put(&mut pool, 60)));
        let mut used = BTreeSet::new();
        (0..10_000).for_each(|_| _ = used.insert(address(&put(&mut pool, 60))));
        assert!(used.len() <= pool.lent.len());
        assert!(
            pool.bytes <= Pool::BYTES && pool.bytes == pool.lent.iter().map(|f| f.0.bytes.capacity()).sum::<usize>()
        );
        drop(held);
    }

    #[test]
    fn frames_are_used_again() {
        let mut pool = Pool::default();
        let mut address = || {
            let frame = pool.encode(Kind::Text, |bytes| {
                bytes.push(b'x');
                Ok::<_, ()>(())
            });
            frame.ok().map(|frame| frame.wire().as_ptr())
        };
        assert_eq!(address(), address());
    }
}
