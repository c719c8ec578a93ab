//! What hubs say to each other.

use crate::config::Node;
use crate::frame::Kind;
use crate::id::ConnId;
use crate::presence::Users;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use serde::de::IgnoredAny;

/// What one hub tells the others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Publication<'a> {
    pub(crate) by: Speaker,
    pub(crate) whom: Whom,
    /// Connections of `by`.
    pub(crate) except: Vec<ConnId>,
    pub(crate) except_users: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) payload: &'a [u8],
}

/// Which hub it is. What a node says last may come to the hub that took its place, which has other connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Speaker {
    pub(crate) node: Node,
    /// When it was started, by its wall clock.
    pub(crate) born: u64,
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
    /// Nobody: what the hub shows in the topic's room.
    Shown(Shown),
    /// Nobody: the hub is there.
    Here { life: u64 },
    /// Nobody: a hub's presence was forgotten, and this is the latest life of it that was heard of.
    Forgotten { node: Node, life: u64 },
}

/// What a hub shows of its users in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// Which life of the hub it is.
    pub(crate) life: u64,
    /// Whether these are all whom it shows.
    pub(crate) all: bool,
    /// Whether the other hubs are to say all that they show.
    pub(crate) ask: bool,
    pub(crate) users: Users,
}

/// The first byte of each publication: another layout gets another one.
const VERSION: u8 = 3;

impl<'a> Publication<'a> {
    /// What a hub says to hubs alone.
    pub(crate) fn of_hub(by: Speaker, whom: Whom) -> Publication<'static> {
        Publication { by, whom, except: Vec::new(), except_users: Vec::new(), kind: Kind::Binary, payload: &[] }
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(40 + self.payload.len());
        bytes.extend([
            VERSION,
            match self.kind {
                Kind::Text => 1,
                Kind::Binary => 2,
                Kind::Ping => 9,
            },
        ]);
        bytes.extend(self.by.node.0.to_le_bytes());
        bytes.extend(self.by.born.to_le_bytes());
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
            Whom::Shown(Shown { life, all, ask, users }) => {
                bytes.push(5);
                bytes.extend(life.to_le_bytes());
                bytes.push(u8::from(*all) | u8::from(*ask) << 1);
                bytes.extend((users.len() as u32).to_le_bytes());
                for (user, metas) in users {
                    write_name(user, &mut bytes);
                    write_names(metas, &mut bytes);
                }
            }
            Whom::Here { life } => {
                bytes.push(6);
                bytes.extend(life.to_le_bytes());
            }
            Whom::Forgotten { node, life } => {
                bytes.push(7);
                bytes.extend(node.0.to_le_bytes());
                bytes.extend(life.to_le_bytes());
            }
        }
        bytes.extend(self.payload);
        bytes
    }

    /// Whether these bytes are an order to close a user's connections, which nobody is to miss.
    pub(crate) fn is_order(bytes: &[u8]) -> bool {
        // Version, kind, speaker; nobody is excepted; whom.
        matches!(bytes, [VERSION, _, rest @ ..] if rest.get(16..25) == Some(&[0, 0, 0, 0, 0, 0, 0, 0, 4]))
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
        let by = Speaker { node: Node(reader.number()?), born: reader.number()? };
        let mut except = Vec::new();
        for _ in 0..reader.length()? {
            except.push(ConnId::from_u64(reader.number()?)?);
        }
        let except_users = reader.names()?;
        let whom = match reader.array()? {
            [0] => Whom::Topic,
            [1] => Whom::All,
            [2] => Whom::Rooms(reader.names()?),
            [3] => Whom::Users(reader.names()?),
            [4] => Whom::Close { user: reader.name()?, code: u16::from_le_bytes(reader.array()?) },
            [5] => Whom::Shown(reader.shown()?),
            [6] => Whom::Here { life: reader.number()? },
            [7] => Whom::Forgotten { node: Node(reader.number()?), life: reader.number()? },
            _ => return None,
        };
        let payload = reader.0;
        if kind == Kind::Text {
            core::str::from_utf8(payload).ok()?;
        }
        Some(Publication { by, whom, except, except_users, kind, payload })
    }
}

fn write_names(names: &[impl AsRef<str>], bytes: &mut Vec<u8>) {
    bytes.extend((names.len() as u32).to_le_bytes());
    for name in names {
        write_name(name.as_ref(), bytes);
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

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = self.length()?;
        core::str::from_utf8(self.take(length)?).ok()
    }

    fn name(&mut self) -> Option<String> {
        self.text().map(String::from)
    }

    fn shown(&mut self) -> Option<Shown> {
        let life = self.number()?;
        let [flags @ 0..=3] = self.array()? else { return None };
        let mut users = Users::new();
        for _ in 0..self.length()? {
            users.push((self.text()?.into(), self.metas()?));
        }
        Some(Shown { life, all: flags & 1 != 0, ask: flags & 2 != 0, users })
    }

    /// Members get metadata as they are: nothing but JSON may stand there.
    fn metas(&mut self) -> Option<Vec<Arc<str>>> {
        let mut metas = Vec::new();
        for _ in 0..self.length()? {
            let meta = self.text()?;
            serde_json::from_str::<IgnoredAny>(meta).ok()?;
            metas.push(meta.into());
        }
        Some(metas)
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
            (any::<u64>(), any::<bool>(), any::<bool>(), users())
                .prop_map(|(life, all, ask, users)| Whom::Shown(Shown { life, all, ask, users })),
            any::<u64>().prop_map(|life| Whom::Here { life }),
            any::<(u64, u64)>().prop_map(|(node, life)| Whom::Forgotten { node: Node(node), life }),
        ]
    }

    fn users() -> impl Strategy<Value = Users> {
        let meta = prop_oneof![Just("{}"), Just(r#"{"s":"\u00e4"}"#), Just("1"), Just("null")];
        let metas = prop::collection::vec(meta.prop_map(Arc::from), 0..3);
        prop::collection::vec((".{0,20}".prop_map(Arc::from), metas), 0..4)
    }

    #[test]
    fn metadata_that_are_no_json_are_refused() {
        for (meta, is_json) in [("{}", true), ("", false), ("{}]", false), ("1,2", false), ("{\"a\":}", false)] {
            let users = [("ada".into(), [meta.into()].into())].into();
            let whom = Whom::Shown(Shown { life: 1, all: true, ask: true, users });
            let bytes = Publication::of_hub(Speaker { node: Node(1), born: 2 }, whom).encode();
            assert_eq!(Publication::decode(&bytes).is_some(), is_json, "{meta}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            (node, born) in any::<(u64, u64)>(),
            whom in whom(),
            except in prop::collection::vec(1u64.., 0..4),
            except_users in prop::collection::vec(".{0,20}", 0..4),
            payload in prop::collection::vec(any::<u8>(), 0..50),
        ) {
            let except: Vec<ConnId> = except.into_iter().filter_map(ConnId::from_u64).collect();
            let by = Speaker { node: Node(node), born };
            let is_order = matches!(whom, Whom::Close { .. }) && except.is_empty() && except_users.is_empty();
            let publication = Publication { by, whom, except, except_users, kind: Kind::Binary, payload: &payload };
            let bytes = publication.encode();
            prop_assert_eq!(Publication::is_order(&bytes), is_order);
            prop_assert_eq!(Publication::decode(&bytes), Some(publication));
        }

        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Publication::decode(&bytes);
        }
    }
}
