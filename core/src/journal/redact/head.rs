//! Heads of requests, byte by byte as they come.

use alloc::string::String;

/// Where in a head a byte is.
pub(super) struct Head {
    part: Part,
    /// The name of a header, or the beginning of what may be kept of a value: in lower case, as far as it fits.
    word: ([u8; 32], usize),
    /// Whether this value is hidden from here on.
    hidden: bool,
    is_get: bool,
    /// Whether the request asks for a WebSocket.
    upgrades: bool,
    /// Whether this line has had a byte.
    any: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Method,
    Path,
    QueryName,
    QueryValue,
    Version,
    /// The name of a header.
    Name,
    Value(Kind),
    /// No head at all.
    Lost,
}

/// What of a header's value is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    All,
    Nothing,
    /// All; and if it is `websocket`, that is noted.
    Upgrade,
    /// Names before `=`.
    Cookies,
    /// `Bearer` and `Basic`.
    Scheme,
    /// Subprotocols that are known, and `bearer.`.
    Protocols,
}

/// What comes behind the head.
pub(super) enum After {
    Frames,
    Body,
}

/// Headers whose values say how to go on.
const KEPT: [&[u8]; 14] = [
    b"host",
    b"origin",
    b"connection",
    b"content-length",
    b"content-type",
    b"transfer-encoding",
    b"expect",
    b"accept",
    b"accept-encoding",
    b"if-none-match",
    b"sec-websocket-key",
    b"sec-websocket-version",
    b"sec-websocket-extensions",
    b"sec-fetch-site",
];

impl Head {
    pub(super) fn new() -> Head {
        Head { part: Part::Method, word: ([0; 32], 0), hidden: false, is_get: false, upgrades: false, any: false }
    }

    /// Redacts bytes in place, up to the end of the head; how many, and what follows once it is there.
    pub(super) fn redact(&mut self, bytes: &mut [u8], protocols: &[String]) -> (usize, Option<After>) {
        for (index, byte) in bytes.iter_mut().enumerate() {
            match *byte {
                b'\r' => {}
                b'\n' => {
                    if let Some(after) = self.line() {
                        return (index + 1, Some(after));
                    }
                }
                other => {
                    self.any = true;
                    *byte = self.step(other, protocols);
                }
            }
        }
        (bytes.len(), None)
    }

    /// A line is over; what follows if it was the last.
    fn line(&mut self) -> Option<After> {
        if self.part == Part::Value(Kind::Upgrade) {
            self.upgrades |= self.word() == b"websocket";
        }
        if !core::mem::take(&mut self.any) {
            return Some(if self.upgrades && self.is_get { After::Frames } else { After::Body });
        }
        self.begin(if self.part == Part::Lost { Part::Lost } else { Part::Name });
        None
    }

    fn begin(&mut self, part: Part) {
        (self.part, self.word.1, self.hidden) = (part, 0, false);
    }

    fn word(&self) -> &[u8] {
        self.word.0.get(..self.word.1).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.word.0.get_mut(self.word.1) {
            *place = byte.to_ascii_lowercase();
        }
        self.word.1 = (self.word.1 + 1).min(self.word.0.len() + 1);
    }

    fn step(&mut self, byte: u8, protocols: &[String]) -> u8 {
        match (self.part, byte) {
            (Part::Method, b' ') => {
                self.is_get = self.word() == b"get";
                self.begin(Part::Path);
            }
            (Part::Method, b'A'..=b'Z') if self.word.1 < 7 => self.push(byte),
            (Part::Path, b'/') => self.hidden = true, // it is a path; from here on nothing else is asked
            (Part::Path, b'?') if self.hidden => self.begin(Part::QueryName),
            (Part::Path, b' ') if self.hidden => self.begin(Part::Version),
            (Part::Path, _) if self.hidden => {}
            (Part::QueryName, b'=') => self.part = Part::QueryValue,
            (Part::QueryName | Part::QueryValue, b' ') => self.begin(Part::Version),
            (Part::QueryValue, b'&') => self.part = Part::QueryName,
            (Part::QueryName, _) => {}
            (Part::QueryValue, _) => return b'A',
            (Part::Version, b'H' | b'T' | b'P' | b'/' | b'.' | b'0'..=b'9') => {}
            (Part::Name, b':') => {
                let kind = match self.word() {
                    b"upgrade" => Kind::Upgrade,
                    b"cookie" => Kind::Cookies,
                    b"authorization" => Kind::Scheme,
                    b"sec-websocket-protocol" => Kind::Protocols,
                    name if KEPT.contains(&name) => Kind::All,
                    _ => Kind::Nothing,
                };
                self.begin(Part::Value(kind));
            }
            (Part::Name, b' ' | b'\t') => {}
            (Part::Name, _) => self.push(byte),
            (Part::Value(kind), _) => return self.value(kind, byte, protocols),
            _ => {
                self.part = Part::Lost;
                return b'A';
            }
        }
        byte
    }

    fn value(&mut self, kind: Kind, byte: u8, protocols: &[String]) -> u8 {
        if let b' ' | b'\t' = byte {
            // What comes after a scheme is the secret.
            self.hidden |= kind == Kind::Scheme && self.word.1 > 0;
            return byte;
        }
        match (kind, byte) {
            (Kind::All, _) => return byte,
            (Kind::Upgrade, _) => {
                self.push(byte);
                return byte;
            }
            (Kind::Cookies, b';') | (Kind::Protocols, b',') => {
                (self.word.1, self.hidden) = (0, false);
                return byte;
            }
            (Kind::Cookies, b'=') if !self.hidden => {
                self.hidden = true;
                return byte;
            }
            (Kind::Cookies, _) if !self.hidden => return byte,
            (Kind::Scheme | Kind::Protocols, _) if !self.hidden => {
                self.push(byte);
                // It is kept as long as it is the beginning of something known.
                let known = if kind == Kind::Scheme {
                    ["bearer", "basic"].iter().any(|scheme| scheme.as_bytes().starts_with(self.word()))
                } else {
                    let mut known = protocols.iter().map(String::as_str).chain(["bearer."]);
                    known.any(|known| known.to_ascii_lowercase().as_bytes().starts_with(self.word()))
                };
                self.hidden = !known;
                if known {
                    return byte;
                }
            }
            _ => {}
        }
        b'A'
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    /// How a head comes out, and whether frames follow.
    fn redacted(head: &str, chunk: usize) -> (String, Option<bool>) {
        let mut bytes = head.as_bytes().to_vec();
        let (mut state, mut end) = (Head::new(), None);
        for chunk in bytes.chunks_mut(chunk) {
            if end.is_none() {
                end = state.redact(chunk, &["lazuli".to_string()]).1;
            }
        }
        (String::from_utf8(bytes).unwrap(), end.map(|after| matches!(after, After::Frames)))
    }

    #[test]
    fn what_says_how_to_go_on_stays_and_the_rest_does_not() {
        let head = "GET /chat/7?token=S3.cr-et%21&x=S=&y HTTP/1.1\r\nHost: a.example\r\nUpgrade: WebSocket\r\n\
             Connection: Upgrade\r\nCookie: a=S3cr3t; token=S3cr3t\r\nAuthorization: Bearer S3cr3t==\r\n\
             Sec-WebSocket-Protocol: lazuli, bearer.S3cr3t,S3cr3t\r\nX-Api-Key: S3cr3t more\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let expected = "GET /chat/7?token=AAAAAAAAAAA&x=AA&y HTTP/1.1\r\nHost: a.example\r\nUpgrade: WebSocket\r\n\
             Connection: Upgrade\r\nCookie: a=AAAAAA; token=AAAAAA\r\nAuthorization: Bearer AAAAAAAA\r\n\
             Sec-WebSocket-Protocol: lazuli, bearer.AAAAAA,AAAAAA\r\nX-Api-Key: AAAAAA AAAA\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        for chunk in [1, 2, 7, 1_000] {
            assert_eq!(redacted(head, chunk), (expected.to_string(), Some(true)));
        }
    }

    #[test]
    fn plain_requests_have_bodies_behind_them() {
        let post = "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(redacted(post, 5), (post.to_string(), Some(false)));
    }

    #[test]
    fn what_is_no_request_is_hidden() {
        for secret in ["AUTH hunter2", "password hunter2", "GET hunter2 x", "\u{16}\u{3}\u{1}hunter2", "GEThunter2"] {
            let (redacted, end) = redacted(&format!("{secret}\r\nmore: hunter2"), 4);
            assert!(!redacted.contains("hunter2") && end.is_none(), "{redacted}");
        }
    }
}
