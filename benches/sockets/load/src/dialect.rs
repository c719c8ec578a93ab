//! What servers expect inside of the frames.

/// How messages are put into frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// As they are.
    #[default]
    Plain,
    /// As events with the name `message` of Socket.IO's main namespace, in packets of Engine.IO 4. As much of both as is
    /// needed over a WebSocket, and for text that stands in JSON as it is.
    SocketIo,
}

/// The event before and after its text.
const EVENT: (&[u8], &[u8]) = (b"42[\"message\",\"", b"\"]");

/// What a frame with text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A message.
    Text(&'a [u8]),
    /// The server opens its session; nothing has to be done.
    Session,
    /// The server has let this client into the namespace.
    Connected,
    /// The server wants a sign of life.
    Ping,
}

impl Dialect {
    /// By its name in small letters.
    ///
    /// # Errors
    /// When it is none.
    pub fn by_name(name: &str) -> Result<Dialect, String> {
        match name {
            "plain" => Ok(Dialect::Plain),
            "socketio" => Ok(Dialect::SocketIo),
            _ => Err("it can be plain or socketio".into()),
        }
    }

    /// What has to be sent before anything else, and answered by [`Packet::Connected`].
    pub fn hello(self) -> Option<&'static [u8]> {
        match self {
            Dialect::Plain => None,
            Dialect::SocketIo => Some(b"40"),
        }
    }

    /// The answer to [`Packet::Ping`].
    pub fn pong(self) -> &'static [u8] {
        b"3"
    }

    /// Where a server is looked for that has no path of its own: a room, with its number for `{room}`, or an echo.
    pub fn path(self, room: bool) -> &'static str {
        match (self, room) {
            (Dialect::Plain, true) => "/chat/{room}",
            (Dialect::Plain, false) => "/echo",
            (Dialect::SocketIo, true) => "/socket.io/?EIO=4&transport=websocket&room={room}",
            (Dialect::SocketIo, false) => "/socket.io/?EIO=4&transport=websocket",
        }
    }

    /// Puts a message into what a frame holds.
    pub fn put(self, out: &mut Vec<u8>, text: &[u8]) {
        out.clear();
        match self {
            Dialect::Plain => out.extend(text),
            Dialect::SocketIo => {
                out.extend(EVENT.0);
                out.extend(text);
                out.extend(EVENT.1);
            }
        }
    }

    /// What a frame holds; `None` if it is nothing that is expected.
    pub fn read(self, payload: &[u8]) -> Option<Packet<'_>> {
        if self == Dialect::Plain {
            return Some(Packet::Text(payload));
        }
        match payload {
            b"2" => Some(Packet::Ping),
            [b'0', b'{', ..] => Some(Packet::Session),
            [b'4', b'0', ..] => Some(Packet::Connected),
            _ => payload.strip_prefix(EVENT.0)?.strip_suffix(EVENT.1).map(Packet::Text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_back_and_nothing_else_is() {
        for dialect in [Dialect::Plain, Dialect::SocketIo] {
            let mut payload = b"before".to_vec();
            dialect.put(&mut payload, b"m01..");
            assert_eq!(dialect.read(&payload), Some(Packet::Text(b"m01..")));
        }
        let read = |payload| Dialect::SocketIo.read(payload);
        assert_eq!(read(br#"42["message","text"]"#), Some(Packet::Text(b"text")));
        assert_eq!(read(br#"0{"sid":"x","upgrades":[],"pingInterval":25000}"#), Some(Packet::Session));
        assert_eq!(read(br#"40{"sid":"x"}"#), Some(Packet::Connected));
        assert_eq!(read(b"2"), Some(Packet::Ping));
        for other in [&br#"42["other","text"]"#[..], br#"42["message","text""#, b"41", b"text", b""] {
            assert_eq!(read(other), None, "{}", String::from_utf8_lossy(other));
        }
    }
}
