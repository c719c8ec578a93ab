//! What the server writes on one link, followed as it is written, before anything can be lost on the way.

use std::borrow::Cow;

/// Counts the bytes of the hub's frames (messages and pings), and sees to it that frames stay whole and nothing follows
/// a close frame.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    state: State,
    /// How the text in progress begins.
    begin: Vec<u8>,
    /// The length of its frame.
    length: u64,
    /// The length of the longest frame so far.
    pub(crate) largest: u64,
    /// What texts were written since somebody asked, with the lengths of their frames.
    pub(super) texts: Vec<(Text, u64)>,
    /// The payload of the close frame, as far as it was written.
    goodbye: Vec<u8>,
}

/// What a text on a Spark socket is about, as far as its beginning says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// Patches of components.
    Patches,
    /// Something else that a component says to its page.
    Component,
    Other,
}

impl Text {
    fn of(begin: &[u8]) -> Text {
        match begin {
            [b'[', ..] => Text::Patches,
            COMPONENT => Text::Component,
            _ => Text::Other,
        }
    }
}

const COMPONENT: &[u8] = b"{\"type\":\"component_";

#[derive(Debug)]
enum State {
    /// In the head of the answer: its first bytes, and how much of its end has come.
    Head { status: Vec<u8>, end: usize },
    /// The answer is none to a WebSocket: its body.
    Body,
    /// In the header of a frame: what there is of it.
    Header { bytes: [u8; 10], have: usize },
    /// In a payload: whose frame it is, and what is missing.
    Payload { opcode: u8, left: u64 },
    /// After the close frame.
    Closed,
}

impl Default for State {
    fn default() -> State {
        State::Head { status: Vec::new(), end: 0 }
    }
}

const UPGRADE: &[u8] = b"HTTP/1.1 101 ";
const BLANK_LINE: &[u8] = b"\r\n\r\n";
const BEGIN: State = State::Header { bytes: [0; 10], have: 0 };

impl Wire {
    /// Reads on; returns how many of these bytes belong to frames of the hub.
    ///
    /// # Errors
    /// In words, what a server must not write.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<usize, String> {
        let mut hub = 0;
        while let Some((&byte, rest)) = bytes.split_first() {
            match &mut self.state {
                State::Body => return Ok(hub),
                State::Closed => return Err("something was written after the close frame".into()),
                State::Head { status, end } => {
                    bytes = rest;
                    if status.len() < UPGRADE.len() {
                        status.push(byte);
                    }
                    *end = match byte {
                        _ if byte == BLANK_LINE[*end] => *end + 1,
                        b'\r' => 1,
                        _ => 0,
                    };
                    if *end == BLANK_LINE.len() {
                        self.state = if status == UPGRADE { BEGIN } else { State::Body };
                    }
                }
                State::Header { bytes: header, have } => {
                    bytes = rest;
                    header[*have] = byte;
                    *have += 1;
                    let opcode = header[0] & 0x0f;
                    hub += usize::from(is_hub(opcode));
                    // A server has no reason to fragment, and must not mask.
                    if header[0] & 0xf0 != 0x80 || !matches!(opcode, 1 | 2 | 8 | 9 | 10) || *have > 1 && header[1] > 127
                    {
                        return Err(format!("a frame was written that begins with {:02x?}", &header[..*have]));
                    }
                    let left = match (*have, header[1]) {
                        (0 | 1, _) => continue,
                        (2, length @ 0..=125) => u64::from(length),
                        (4, 126) => u64::from(u16::from_be_bytes([header[2], header[3]])),
                        (10, 127) => header[2..].iter().fold(0, |length, &byte| length << 8 | u64::from(byte)),
                        _ => continue,
                    };
                    self.length = *have as u64 + left;
                    self.largest = self.largest.max(self.length);
                    self.state = State::Payload { opcode, left };
                    self.end_frame();
                }
                State::Payload { opcode, left } => {
                    let size = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= size as u64;
                    hub += if is_hub(*opcode) { size } else { 0 };
                    if *opcode == 1 {
                        let missing = COMPONENT.len() - self.begin.len();
                        self.begin.extend_from_slice(&bytes[..size.min(missing)]);
                    }
                    if *opcode == 8 {
                        self.goodbye.extend_from_slice(&bytes[..size]);
                    }
                    bytes = &bytes[size..];
                    self.end_frame();
                }
            }
        }
        Ok(hub)
    }

    /// Whether the answer was one to a WebSocket, and no close frame has followed.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Header { .. } | State::Payload { .. })
    }

    /// Whether there was a close frame, or the answer was none to a WebSocket.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Body | State::Closed)
    }

    /// The code and the reason of the close frame, once it is written.
    pub(crate) fn goodbye(&self) -> Option<(u16, Cow<'_, str>)> {
        matches!(self.state, State::Closed).then(|| match self.goodbye.split_first_chunk() {
            Some((code, reason)) => (u16::from_be_bytes(*code), String::from_utf8_lossy(reason)),
            None => (1005, Cow::Borrowed("")),
        })
    }

    fn end_frame(&mut self) {
        if let State::Payload { opcode, left: 0 } = self.state {
            if opcode == 1 {
                self.texts.push((Text::of(&self.begin), self.length));
                self.begin.clear();
            }
            self.state = if opcode == 8 { State::Closed } else { BEGIN };
        }
    }
}

/// Whether the hub makes such frames; pongs and close frames are the driver's.
fn is_hub(opcode: u8) -> bool {
    matches!(opcode, 1 | 2 | 9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lazuli::{Frame, Kind};

    #[test]
    fn the_hubs_bytes_are_counted_however_they_are_cut() {
        let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n".to_vec();
        let mut hub = 0;
        for (kind, length) in [(Kind::Text, 0), (Kind::Binary, 200), (Kind::Ping, 5), (Kind::Binary, 70_000)] {
            let frame = Frame::new(kind, &vec![b'x'; length]);
            hub += frame.wire().len();
            bytes.extend(frame.wire());
            bytes.extend(b"\x8a\x02hi");
        }
        bytes.extend(b"\x88\x02\x03\xe8");
        for size in [1, 3, 1_000, bytes.len()] {
            let mut wire = Wire::default();
            let counted: usize = bytes.chunks(size).map(|piece| wire.feed(piece).unwrap()).sum();
            assert_eq!(counted, hub);
            assert_eq!((wire.is_open(), wire.goodbye()), (false, Some((1000, "".into()))));
            assert!(wire.feed(b"").is_ok());
            assert!(wire.feed(b"\x81").is_err(), "after the close");
        }
    }

    #[test]
    fn what_is_no_websocket_has_no_frames() {
        let mut wire = Wire::default();
        assert_eq!(wire.feed(b"HTTP/1.1 404 Not Found\r\n\r\n\r\n\x88\x00anything"), Ok(0));
    }

    #[test]
    fn texts_are_told_apart_by_their_beginnings() {
        let texts =
            ["[1,[1,2]]", "{\"type\":\"component_flash\"}", "{\"type\":\"reply\"}", "", "{\"type\":\"component"];
        let mut bytes = b"HTTP/1.1 101 Switching Protocols\r\n\r\n".to_vec();
        texts.iter().for_each(|text| bytes.extend(Frame::new(Kind::Text, text.as_bytes()).wire()));
        for size in [1, 7, 1_000] {
            let mut wire = Wire::default();
            assert!(bytes.chunks(size).all(|piece| wire.feed(piece).is_ok()));
            let kinds: Vec<Text> = wire.texts.iter().map(|(text, _)| *text).collect();
            assert_eq!(wire.texts[1].1, 2 + texts[1].len() as u64);
            assert_eq!(kinds, [Text::Patches, Text::Component, Text::Other, Text::Other, Text::Other]);
        }
    }

    #[test]
    fn a_broken_frame_is_noticed() {
        let mut wire = Wire::default();
        wire.feed(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x03ab").unwrap();
        assert!(wire.feed(b"\x8a\x01!c").is_err(), "a pong inside a frame");
    }
}
