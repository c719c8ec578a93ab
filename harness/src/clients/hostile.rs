//! What no client should send.

use super::World;
use crate::codec::{CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, push_frame};
use crate::model::Arrival;
use crate::tally::Fault;

const FIN_PING: u8 = FIN | PING;
const FIN_PONG: u8 = FIN | PONG;

impl World {
    /// A client breaks the protocol or a limit, or begins a message and never ends it. It says nothing after that.
    pub(super) fn misbehave(&mut self, session: u32) {
        let faults = &self.crowd.plan.faults;
        if self.net.kernel.rng.weighted(&[faults.hostile, faults.dawdle]) == 1 {
            return self.dawdle(session);
        }
        let kind = self.net.kernel.rng.below(16);
        if kind == 15 {
            return self.flood(session);
        }
        self.net.kernel.count(Fault::Hostile);
        let mask = self.mask();
        let (bytes, wrong, code) = nonsense(kind, mask);
        self.net.kernel.step("nonsense", kind, || format!("session {session}: {bytes:02x?}, to be closed with {code}"));
        self.visits[session as usize].is_quiet = true;
        let mut arrivals = vec![(1, Arrival::Begun)];
        if wrong > 0 && matches!(bytes[0], FIN_PING | FIN_PONG) {
            // Up to there it is a ping or pong, and counts as one.
            arrivals.push((1, Arrival::Control));
        }
        arrivals.push((wrong + 1, Arrival::Violation(code)));
        self.send(session, &bytes, arrivals);
        if self.net.kernel.rng.chance(500) {
            // Whatever follows is not read any more.
            let noise = vec![0xa5; self.net.kernel.rng.below(3_000) as usize];
            self.send(session, &noise, []);
        }
    }

    fn dawdle(&mut self, session: u32) {
        self.net.kernel.count(Fault::Dawdle);
        let mut bytes = Vec::new();
        let how = self.net.kernel.rng.below(3);
        match how {
            0 => push_frame(&mut bytes, TEXT, self.mask(), b"to be continued"),
            1 => push_frame(&mut bytes, FIN | TEXT, self.mask(), b"to be cut short"),
            _ => push_frame(&mut bytes, FIN | PING, self.mask(), b"?"),
        }
        if how != 0 {
            let end = self.net.kernel.rng.between(1, bytes.len() as u64 - 1);
            bytes.truncate(end as usize);
        }
        self.net.kernel.step("dawdle", how, || format!("session {session}: {bytes:02x?} and no more"));
        self.visits[session as usize].is_quiet = true;
        let mut arrivals = vec![(1, Arrival::Begun)];
        if how == 2 {
            arrivals.push((1, Arrival::Control));
        }
        self.send(session, &bytes, arrivals);
    }

    /// More pings than anybody needs.
    fn flood(&mut self, session: u32) {
        for _ in 0..self.net.kernel.rng.between(3, 400) {
            let payload = self.control_payload();
            self.control(session, PING, &payload);
        }
    }
}

/// Bytes that break a rule, the place of the first wrong one among them, and the code that they are answered with.
fn nonsense(kind: u64, mask: u32) -> (Vec<u8>, usize, u16) {
    let mut bytes = Vec::new();
    let mut frame = |first, payload: &[u8]| push_frame(&mut bytes, first, mask, payload);
    let (wrong, code) = match kind {
        // Not masked.
        0 => return (b"\x81\x02hi".to_vec(), 1, 1002),
        1 => {
            frame(FIN | 0x40 | TEXT, b"reserved");
            (0, 1002)
        }
        2 => {
            frame(FIN | 3, b"unknown");
            (0, 1002)
        }
        3 => {
            frame(PING, b"in fragments");
            (0, 1002)
        }
        4 => {
            frame(FIN | PING, &[b'x'; 126]);
            (1, 1002)
        }
        5 => {
            frame(FIN | CONTINUATION, b"of nothing");
            (0, 1002)
        }
        6 => {
            frame(TEXT, b"a");
            frame(FIN | TEXT, b"b");
            (7, 1002)
        }
        // Lengths in more bytes than they need, or with the top bit.
        7 => return (b"\x81\xfe\x00\x05\0\0\0\0hello".to_vec(), 3, 1002),
        8 => return (b"\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff".to_vec(), 9, 1002),
        9 => return (b"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00".to_vec(), 2, 1002),
        10 => {
            frame(FIN | CLOSE, b"x");
            (1, 1002)
        }
        11 => {
            frame(FIN | CLOSE, &1005_u16.to_be_bytes());
            (7, 1002)
        }
        12 => {
            frame(FIN | TEXT, b"ok\xffno");
            (8, 1007)
        }
        // Cut short in the middle of a character.
        13 => {
            frame(FIN | TEXT, b"ok\xe2\x82");
            (9, 1007)
        }
        // A length beyond the limit for text, which is 64 KiB.
        _ => return (b"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x01".to_vec(), 9, 1009),
    };
    (bytes, wrong, code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lazuli::Time;
    use lazuli::driver::guard::{FrameLimits, Guard};

    #[test]
    fn nonsense_is_wrong_where_it_says() {
        for kind in 0..15 {
            let (bytes, wrong, code) = nonsense(kind, 0x1234_5678);
            let violation = Guard::new().inspect(&FrameLimits::default(), Time::ZERO, &bytes).unwrap_err();
            assert_eq!((violation.at, violation.code), (wrong, code), "{kind}: {bytes:02x?}");
        }
    }
}
