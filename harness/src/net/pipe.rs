//! One direction of a stream.

use lazuli::Time;
use std::collections::VecDeque;

/// Bytes on their way, each of which arrives at its time and never before the one in front of it.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    bytes: Vec<u8>,
    /// What of `bytes` was taken out.
    taken: usize,
    /// How many bytes arrive when.
    arrivals: VecDeque<(Time, usize)>,
    latest: Time,
    /// When the end of the stream arrives.
    end: Option<Time>,
}

impl Pipe {
    /// Puts bytes in that arrive at `at`, or right after those before them.
    pub(crate) fn push(&mut self, bytes: &[u8], at: Time) {
        if bytes.is_empty() {
            return;
        }
        self.latest = self.latest.max(at);
        self.bytes.extend_from_slice(bytes);
        match self.arrivals.back_mut() {
            Some((last, count)) if *last == self.latest => *count += bytes.len(),
            _ => self.arrivals.push_back((self.latest, bytes.len())),
        }
    }

    /// Nothing comes after what is in now. The first end counts.
    pub(crate) fn end(&mut self, at: Time) {
        self.end.get_or_insert(at.max(self.latest));
    }

    /// How many bytes have not been taken out.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.taken
    }

    /// How many bytes have arrived.
    pub(crate) fn ready(&self, now: Time) -> usize {
        self.arrivals.iter().take_while(|(at, _)| *at <= now).map(|(_, count)| count).sum()
    }

    /// Moves the next `size` bytes to `out`.
    pub(crate) fn take(&mut self, size: usize, out: &mut Vec<u8>) {
        let size = size.min(self.len());
        out.extend_from_slice(&self.bytes[self.taken..self.taken + size]);
        self.taken += size;
        if self.taken * 2 > self.bytes.len() {
            self.bytes.drain(..self.taken);
            self.taken = 0;
        }
        let mut left = size;
        while let Some((_, count)) = self.arrivals.front_mut() {
            if *count > left {
                *count -= left;
                break;
            }
            left -= *count;
            self.arrivals.pop_front();
        }
    }

    /// When the next byte, or else the end of the stream, arrives.
    pub(crate) fn next(&self) -> Option<Time> {
        self.arrivals.front().map(|(at, _)| *at).or(self.end.filter(|_| !self.told()))
    }

    fn told(&self) -> bool {
        self.end == Some(Time::MAX)
    }

    /// Whether everything was taken out and the end has arrived; says so once.
    pub(crate) fn has_ended(&mut self, now: Time) -> bool {
        let ended = self.len() == 0 && self.end.is_some_and(|at| at <= now);
        if ended {
            self.end = Some(Time::MAX);
        }
        ended
    }

    /// Loses what is on its way, the end included.
    pub(crate) fn clear(&mut self) {
        *self = Pipe { latest: self.latest, end: Some(Time::MAX), ..Pipe::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(micros: u64) -> Time {
        Time::from_micros(micros)
    }

    #[test]
    fn bytes_arrive_in_order_and_the_end_comes_last() {
        let mut pipe = Pipe::default();
        pipe.push(b"abc", at(10));
        pipe.push(b"de", at(5));
        pipe.end(at(1));
        assert_eq!((pipe.ready(at(9)), pipe.ready(at(10)), pipe.next()), (0, 5, Some(at(10))));
        let mut out = Vec::new();
        pipe.take(4, &mut out);
        assert!(!pipe.has_ended(at(10)));
        assert_eq!((pipe.len(), pipe.ready(at(10))), (1, 1));
        pipe.take(9, &mut out);
        assert_eq!((&*out, pipe.next()), (&b"abcde"[..], Some(at(10))));
        assert!(!pipe.has_ended(at(9)));
        assert!(pipe.has_ended(at(10)));
        assert!(!pipe.has_ended(at(10)), "once is enough");
        assert_eq!(pipe.next(), None);
    }

    #[test]
    fn what_is_lost_never_arrives() {
        let mut pipe = Pipe::default();
        pipe.push(b"abc", at(10));
        pipe.end(at(20));
        pipe.clear();
        assert_eq!((pipe.len(), pipe.next()), (0, None));
        assert!(!pipe.has_ended(at(30)));
    }
}
