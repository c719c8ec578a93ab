//! What hubs say to each other.

use crate::config::Node;
use crate::frame::Kind;
use crate::id::ConnId;
use alloc::string::String;
use alloc::vec::Vec;

/// What one hub tells the others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Publication<'a> {
    pub(crate) node: Node,
    pub(crate) whom: Whom,
    /// Connections of `node`.
    pub(crate) except: Vec<ConnId>,
    pub(crate) kind: Kind,
    pub(crate) payload: &'a [u8],
}

/// Whom a publication is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// The members of the topic's room.
    Topic,
    /// The members of several rooms, each connection once.
    Rooms(Vec<String>),
    /// Everyone.
    All,
}

/// The first byte of each publication: another layout gets another one.
const VERSION: u8 = 1;

impl<'a> Publication<'a> {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + self.payload.len());
        bytes.extend([
            VERSION,
            match self.kind {
                Kind::Text => 1,
                Kind::Binary => 2,
                Kind::Ping => 9,
            },
        ]);
        bytes.extend(self.node.0.to_le_bytes());
        bytes.extend((self.except.len() as u32).to_le_bytes());
        for conn in &self.except {
            bytes.extend(conn.as_u64().to_le_bytes());
        }
        match &self.whom {
            Whom::Topic => bytes.push(0),
            Whom::All => bytes.push(1),
            Whom::Rooms(rooms) => {
                bytes.push(2);
                bytes.extend((rooms.len() as u32).to_le_bytes());
                for room in rooms {
                    bytes.extend((room.len() as u32).to_le_bytes());
                    bytes.extend(room.as_bytes());
                }
            }
        }
        bytes.extend(self.payload);
        bytes
    }

    /// `None` for bytes that no hub of this version wrote.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Publication<'a>> {
        let mut reader = Reader(bytes);
        let [VERSION, kind] = reader.array()? else { return None };
        let kind = match kind {
            1 => Kind::Text,
            2 => Kind::Binary,
            9 => Kind::Ping,
            _ => return None,
        };
        let node = Node(u64::from_le_bytes(reader.array()?));
        let mut except = Vec::new();
        for _ in 0..reader.length()? {
            except.push(ConnId::from_u64(u64::from_le_bytes(reader.array()?))?);
        }
        let whom = match reader.array()? {
            [0] => Whom::Topic,
            [1] => Whom::All,
            [2] => {
                let mut rooms = Vec::new();
                for _ in 0..reader.length()? {
                    let length = reader.length()?;
                    rooms.push(core::str::from_utf8(reader.take(length)?).ok()?.into());
                }
                Whom::Rooms(rooms)
            }
            _ => return None,
        };
        let payload = reader.0;
        if kind == Kind::Text {
            core::str::from_utf8(payload).ok()?;
        }
        Some(Publication { node, whom, except, kind, payload })
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whom() -> impl Strategy<Value = Whom> {
        prop_oneof![Just(Whom::Topic), Just(Whom::All), prop::collection::vec(".{0,20}", 0..4).prop_map(Whom::Rooms),]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            node in any::<u64>(),
            whom in whom(),
            except in prop::collection::vec(1u64.., 0..4),
            payload in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let except = except.into_iter().filter_map(ConnId::from_u64).collect();
            let publication = Publication { node: Node(node), whom, except, kind: Kind::Binary, payload: &payload };
            let bytes = publication.encode();
            prop_assert_eq!(Publication::decode(&bytes), Some(publication));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Publication::decode(&bytes);
        }
    }
}
