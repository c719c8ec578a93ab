//! What a message says: which room it is for, which in its room's order it is, and when it was sent. As text of a fixed
//! length, so that it is read fast, and filled up to the length that is asked for.

/// The shortest message.
pub const SHORTEST: usize = 41;
const FILL: u8 = b'.';

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Asks whether a member is in the room yet. Who comes later does not get it, so nobody counts it.
    Probe,
    /// Counted and verified.
    Message,
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// What kind it is.
    pub kind: Kind,
    /// The room that it was sent to.
    pub room: u32,
    /// Its number in the room, from 0.
    pub seq: u64,
    /// When it was sent, or had to be, in nanoseconds since the run's start.
    pub time: u64,
}

impl Marker {
    /// The text, of so many bytes, but never less than [`SHORTEST`].
    pub fn write(&self, text: &mut Vec<u8>, bytes: usize) {
        text.clear();
        text.push(match self.kind {
            Kind::Probe => b'p',
            Kind::Message => b'm',
        });
        hex(text, u64::from(self.room), 8);
        hex(text, self.seq, 16);
        hex(text, self.time, 16);
        text.resize(bytes.max(SHORTEST), FILL);
    }

    /// What a text of so many bytes says; `None` if it is none of ours, byte for byte.
    pub fn read(text: &[u8], bytes: usize) -> Option<Marker> {
        if text.len() != bytes.max(SHORTEST) || text[SHORTEST..].iter().any(|&byte| byte != FILL) {
            return None;
        }
        let kind = match text[0] {
            b'p' => Kind::Probe,
            b'm' => Kind::Message,
            _ => return None,
        };
        let room = u32::try_from(number(&text[1..9])?).ok()?;
        Some(Marker { kind, room, seq: number(&text[9..25])?, time: number(&text[25..41])? })
    }
}

fn hex(text: &mut Vec<u8>, number: u64, digits: u32) {
    text.extend((0..digits).rev().map(|place| b"0123456789abcdef"[(number >> (4 * place)) as usize & 15]));
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_back_and_nothing_else_is() {
        let marker = Marker { kind: Kind::Message, room: 99, seq: 1 << 40, time: u64::MAX };
        let mut text = Vec::new();
        for bytes in [0, SHORTEST, 64, 1_000] {
            marker.write(&mut text, bytes);
            assert_eq!(Marker::read(&text, bytes), Some(marker));
            for at in [0, 3, text.len() - 1] {
                let mut other = text.clone();
                other[at] = b'Z';
                assert_eq!(Marker::read(&other, bytes), None, "byte {at} of {}", text.len());
            }
            text.push(FILL);
            assert_eq!(Marker::read(&text, bytes), None, "one more byte");
        }
    }
}
