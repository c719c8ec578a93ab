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
    pub(crate) except_users: Vec<String>,
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
    /// The connections of users, each once.
    Users(Vec<String>),
    /// Nobody: the connections of a user are to be closed, with the payload as the reason.
    Close { user: String, code: u16 },
    /// Everyone.
    All,
}

/// The first byte of each publication: another layout gets another one.
const VERSION: u8 = 2;

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
        write_names(&self.except_users, &mut bytes);
        match &self.whom {
            Whom::Topic => bytes.push(0),
            Whom::All => bytes.push(1),
            Whom::Rooms(rooms) => {
                bytes.push(2);
                write_names(rooms, &mut bytes);
            }
            Whom::Users(users) => {
                bytes.push(3);
                write_names(users, &mut bytes);
            }
            Whom::Close { user, code } => {
                bytes.push(4);
                write_name(user, &mut bytes);
                bytes.extend(code.to_le_bytes());
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
        let except_users = reader.names()?;
        let whom = match reader.array()? {
            [0] => Whom::Topic,
            [1] => Whom::All,
            [2] => Whom::Rooms(reader.names()?),
            [3] => Whom::Users(reader.names()?),
            [4] => Whom::Close { user: reader.name()?, code: u16::from_le_bytes(reader.array()?) },
            _ => return None,
        };
        let payload = reader.0;
        if kind == Kind::Text {
            core::str::from_utf8(payload).ok()?;
        }
        Some(Publication { node, whom, except, except_users, kind, payload })
    }
}

fn write_names(names: &[String], bytes: &mut Vec<u8>) {
    bytes.extend((names.len() as u32).to_le_bytes());
    for name in names {
        write_name(name, bytes);
    }
}

fn write_name(name: &str, bytes: &mut Vec<u8>) {
    bytes.extend((name.len() as u32).to_le_bytes());
    bytes.extend(name.as_bytes());
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

    fn name(&mut self) -> Option<String> {
        let length = self.length()?;
        core::str::from_utf8(self.take(length)?).ok().map(String::from)
    }

    fn names(&mut self) -> Option<Vec<String>> {
        let mut names = Vec::new();
        for _ in 0..self.length()? {
            names.push(self.name()?);
        }
        Some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whom() -> impl Strategy<Value = Whom> {
        let names = || prop::collection::vec(".{0,20}", 0..4);
        prop_oneof![
            Just(Whom::Topic),
            Just(Whom::All),
            names().prop_map(Whom::Rooms),
            names().prop_map(Whom::Users),
            (".{0,20}", any::<u16>()).prop_map(|(user, code)| Whom::Close { user, code }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            node in any::<u64>(),
            whom in whom(),
            except in prop::collection::vec(1u64.., 0..4),
            except_users in prop::collection::vec(".{0,20}", 0..4),
            payload in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let except = except.into_iter().filter_map(ConnId::from_u64).collect();
            let publication =
                Publication { node: Node(node), whom, except, except_users, kind: Kind::Binary, payload: &payload };
            let bytes = publication.encode();
            prop_assert_eq!(Publication::decode(&bytes), Some(publication));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Publication::decode(&bytes);
        }
    }
}
