//! How a journal writes things down: numbers in groups of seven bits, the lowest first; bytes after their length.

use crate::component::Secret;
use crate::config::{Config, Node};
use crate::driver::head::HeadLimits;
use crate::driver::{LinkId, Settings};
use crate::frame::{Frame, Kind};
use crate::id::ConnId;
use crate::input::{Command, Receivers};
use crate::log::Level;
use crate::origin::Origins;
use crate::rate::Rate;
use crate::rooms::Position;
use crate::time::{Time, Timestamp};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

/// Bytes that are read from the front. What they say about lengths is believed only as far as there are bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn slice(&mut self) -> Option<&'a [u8]> {
        let length = usize::read(self)?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        core::str::from_utf8(self.slice()?).ok()
    }

    pub(super) fn field<F: Field>(&mut self) -> Option<F> {
        F::read(self)
    }
}

pub(super) fn write_slice(bytes: &[u8], to: &mut Vec<u8>) {
    bytes.len().write(to);
    to.extend_from_slice(bytes);
}

/// What is written and read by itself.
pub(super) trait Field: Sized {
    fn write(&self, to: &mut Vec<u8>);
    /// `None` for bytes that this never wrote.
    fn read(from: &mut Bytes<'_>) -> Option<Self>;
}

impl Field for u64 {
    fn write(&self, to: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            to.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        to.push(rest as u8);
    }

    fn read(from: &mut Bytes<'_>) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = from.array()?;
            let group = u64::from(byte & 0x7f);
            number |= group.checked_shl(shift).filter(|shifted| shifted >> shift == group)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

impl Field for bool {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }

    fn read(from: &mut Bytes<'_>) -> Option<bool> {
        match from.array()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

/// Those that are another field inside.
macro_rules! like {
    ($($type:ty, $as:ty: $from:expr, $to:expr;)*) => { $(
        impl Field for $type {
            fn write(&self, to: &mut Vec<u8>) {
                let convert: fn(&$type) -> $as = $from;
                convert(self).write(to);
            }

            fn read(from: &mut Bytes<'_>) -> Option<$type> {
                let convert: fn($as) -> Option<$type> = $to;
                convert(<$as>::read(from)?)
            }
        }
    )* };
}

like! {
    u32, u64: |number| (*number).into(), |number| number.try_into().ok();
    u16, u64: |number| (*number).into(), |number| number.try_into().ok();
    usize, u64: |number| *number as u64, |number| number.try_into().ok();
    Node, u64: |node| node.0, |node| Some(Node(node));
    Time, u64: |time| time.as_micros(), |micros| Some(Time::from_micros(micros));
    Timestamp, u64: |time| time.as_unix_micros(), |micros| Some(Timestamp::from_unix_micros(micros));
    // Ids of one place differ in their upper half, which is small.
    ConnId, (u32, u32): |id| (id.as_u64() as u32, (id.as_u64() >> 32) as u32),
        |(index, generation)| ConnId::from_u64(u64::from(generation) << 32 | u64::from(index));
    LinkId, ConnId: |link| link.conn_id(), |id| Some(LinkId::from_conn_id(id));
    Duration, (u64, u32): |time| (time.as_secs(), time.subsec_nanos()),
        |(seconds, nanos)| (nanos < 1_000_000_000).then(|| Duration::new(seconds, nanos));
    Level, u64: |level| *level as u64, |level| match level {
        0 => Some(Level::Debug),
        1 => Some(Level::Info),
        2 => Some(Level::Warn),
        3 => Some(Level::Error),
        _ => None,
    };
    Kind, u64: |kind| *kind as u64, |kind| match kind {
        0 => Some(Kind::Text),
        1 => Some(Kind::Binary),
        2 => Some(Kind::Ping),
        _ => None,
    };
}

impl<A: Field, B: Field> Field for (A, B) {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Bytes<'_>) -> Option<(A, B)> {
        Some((A::read(from)?, B::read(from)?))
    }
}

impl<T: Field> Field for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        self.is_some().write(to);
        if let Some(inner) = self {
            inner.write(to);
        }
    }

    fn read(from: &mut Bytes<'_>) -> Option<Option<T>> {
        Some(if bool::read(from)? { Some(T::read(from)?) } else { None })
    }
}

impl<T: Field> Field for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        self.len().write(to);
        self.iter().for_each(|item| item.write(to));
    }

    fn read(from: &mut Bytes<'_>) -> Option<Vec<T>> {
        // Grows with what is there, not by what is claimed.
        let mut list = Vec::new();
        for _ in 0..usize::read(from)? {
            list.push(T::read(from)?);
        }
        Some(list)
    }
}

impl Field for String {
    fn write(&self, to: &mut Vec<u8>) {
        write_slice(self.as_bytes(), to);
    }

    fn read(from: &mut Bytes<'_>) -> Option<String> {
        from.text().map(String::from)
    }
}

impl Field for Secret {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.bytes());
    }

    fn read(from: &mut Bytes<'_>) -> Option<Secret> {
        from.array().map(Secret::new)
    }
}

impl Field for SocketAddr {
    fn write(&self, to: &mut Vec<u8>) {
        match self.ip() {
            IpAddr::V4(ip) => write_slice(&ip.octets(), to),
            IpAddr::V6(ip) => write_slice(&ip.octets(), to),
        }
        self.port().write(to);
    }

    fn read(from: &mut Bytes<'_>) -> Option<SocketAddr> {
        let octets = from.slice()?;
        let v4 = || <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
        let ip = v4().or_else(|| <[u8; 16]>::try_from(octets).ok().map(IpAddr::from))?;
        Some(SocketAddr::new(ip, from.field()?))
    }
}

impl Field for Frame {
    fn write(&self, to: &mut Vec<u8>) {
        self.kind().write(to);
        write_slice(self.payload(), to);
    }

    fn read(from: &mut Bytes<'_>) -> Option<Frame> {
        Some(Frame::new(from.field()?, from.slice()?))
    }
}

impl Field for Receivers {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Receivers::Conn(conn) => (0_u32, *conn).write(to),
            Receivers::Rooms(rooms) => {
                to.push(1);
                rooms.write(to);
            }
            Receivers::Users(users) => {
                to.push(2);
                users.write(to);
            }
            Receivers::All => to.push(3),
        }
    }

    fn read(from: &mut Bytes<'_>) -> Option<Receivers> {
        Some(match from.array()? {
            [0] => Receivers::Conn(from.field()?),
            [1] => Receivers::Rooms(from.field()?),
            [2] => Receivers::Users(from.field()?),
            [3] => Receivers::All,
            _ => return None,
        })
    }
}

impl Field for Command {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Command::Send { to: receivers, except, except_users, frame } => {
                to.push(0);
                receivers.write(to);
                except.write(to);
                except_users.write(to);
                // Last, so that it is known where the payload is.
                frame.write(to);
            }
            Command::CloseUser { user, code, reason } => {
                to.push(1);
                user.write(to);
                code.write(to);
                reason.write(to);
            }
            Command::Close { conn, code, reason } => {
                to.push(2);
                (*conn, *code).write(to);
                reason.write(to);
            }
        }
    }

    fn read(from: &mut Bytes<'_>) -> Option<Command> {
        Some(match from.array()? {
            [0] => Command::Send {
                to: from.field()?,
                except: from.field()?,
                except_users: from.field()?,
                frame: from.field()?,
            },
            [1] => Command::CloseUser { user: from.field()?, code: from.field()?, reason: from.field()? },
            [2] => Command::Close { conn: from.field()?, code: from.field()?, reason: from.field()? },
            _ => return None,
        })
    }
}

/// Those that are their fields, in this order. A field that is missing here does not compile; a change asks for another
/// [`VERSION`](super::VERSION).
macro_rules! fields {
    ($($type:ident { $($field:ident),* $(,)? })*) => { $(
        impl Field for $type {
            fn write(&self, to: &mut Vec<u8>) {
                let $type { $($field),* } = self;
                $( $field.write(to); )*
            }

            fn read(from: &mut Bytes<'_>) -> Option<$type> {
                $( let $field = Field::read(from)?; )*
                Some($type { $($field),* })
            }
        }
    )* };
}

fields! {
    Config {
        seed, secret, secure_cookies, token_life, patches, wall, connections, window, linger, come_back, per_address,
        per_user, accepted, failures, origins, presence, backplane, log,
    }
    Settings { head, request_time, links, answer_time, close_time, discard_time, discard_bytes }
    HeadLimits { bytes, headers, body }
    Rate { per_second, burst }
    Origins { also, any, none }
    Position { epoch, offset }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn again<F: Field>(field: &F) -> Option<F> {
        let mut bytes = Vec::new();
        field.write(&mut bytes);
        let mut reader = Bytes(&bytes);
        reader.field().filter(|_| reader.0.is_empty())
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(number: u64, small in 0..1_000_u64, seconds: u64, nanos in 0..1_000_000_000_u32) {
            prop_assert_eq!(again(&number), Some(number));
            prop_assert_eq!(again(&small), Some(small));
            let time = Duration::new(seconds, nanos);
            prop_assert_eq!(again(&time), Some(time));
        }

        #[test]
        fn addresses_are_read_as_they_were_written(addr: SocketAddr) {
            // Scopes and labels of flows are the machine's own.
            let addr = SocketAddr::new(addr.ip(), addr.port());
            prop_assert_eq!(again(&addr), Some(addr));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = (Config::read(&mut Bytes(&bytes)), Command::read(&mut Bytes(&bytes)), u64::read(&mut Bytes(&bytes)));
        }
    }

    #[test]
    fn numbers_that_are_too_large_are_refused() {
        assert_eq!(again(&u64::MAX), Some(u64::MAX));
        assert_eq!(u64::read(&mut Bytes(&[0xff; 11])), None);
        assert_eq!(u64::read(&mut Bytes(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2])), None);
        assert_eq!(u32::read(&mut Bytes(&[0xff, 0xff, 0xff, 0xff, 0x1f])), None);
    }

    #[test]
    fn settings_are_read_as_they_were_written() {
        let config = Config {
            seed: 7,
            secret: Some(Secret::new([9; 32])),
            backplane: Some(Node(3)),
            origins: Origins::list(["https://app.example.com"]),
            per_user: usize::MAX,
            log: Level::Debug,
            ..Config::default()
        };
        let read = again(&config).map(|config| alloc::format!("{config:?}"));
        assert_eq!(read, Some(alloc::format!("{config:?}")));
        let settings = Settings { links: 5, ..Settings::default() };
        assert_eq!(
            again(&settings).map(|settings| alloc::format!("{settings:?}")),
            Some(alloc::format!("{settings:?}"))
        );
    }
}
