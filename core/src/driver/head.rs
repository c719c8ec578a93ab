//! The head of an HTTP/1.1 request, read strictly.
//!
//! A connection carries one request: an upgrade, or a plain request that is answered and closed. Nothing after it is
//! ever read as a second one, so that there is nothing to smuggle.
//!
//! Reading has two stages. While bytes arrive, a scanner looks at each of them once and decides what can be decided by
//! then: line ends, control characters, folded lines, limits, and the request line as soon as it ends. When the blank
//! line has come, `httparse` reads the header lines and the rules between headers are checked. However the bytes are
//! cut into reads, the result is the same, and the work is linear. Once a result is reached, more bytes do not change
//! it.
//!
//! What HTTP leaves to a server is decided so:
//! - Methods: `GET`, `HEAD` and `POST`; other standard ones are 405, unknown ones 501. An upgrade is a `GET`.
//! - Versions: HTTP/1.1; 1.0 is 400, others 505. No empty line before the request line.
//! - Targets: a path; or a whole `http` or `https` URL whose authority equals `Host`, which is stripped to its path.
//! - Bodies: by `Content-Length`, on `POST` only (a length of 0 is no body). `Transfer-Encoding` is never accepted.
//! - `Expect: 100-continue` is passed over: clients send their body after a second at most. Other expectations are 417.
//! - Header values are UTF-8; other bytes become U+FFFD, so that a value never goes missing from a check.
//! - `Connection: upgrade` without `Upgrade: websocket` is a plain request: some proxies always send it.

use core::net::SocketAddr;

use crate::request::{Method, Request, is_token_byte};
use crate::route::BadPath;

mod rules;

/// What the head of a request may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// The longest head in bytes, request line and blank line included: 16 KiB. Beyond it 431.
    pub bytes: usize,
    /// The most header lines: 100. Beyond it 431.
    pub headers: usize,
    /// The longest body in bytes: 64 KiB. Beyond it 413.
    pub body: usize,
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self { bytes: 16 * 1024, headers: 100, body: 64 * 1024 }
    }
}

/// A complete head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A WebSocket handshake, valid but for what only the hub can say (its route, its origin).
    Upgrade {
        /// The request.
        request: Request,
        /// The value of `Sec-WebSocket-Key`: 16 bytes in base64.
        key: [u8; 24],
        /// The bytes that the head took; what follows belongs to the WebSocket.
        used: usize,
    },
    /// A plain request: it is answered, and the connection closed.
    Plain {
        /// The request, without its body as yet.
        request: Request,
        /// The bytes that the head took.
        used: usize,
        /// The bytes of body that follow; what follows them is not to be read.
        body: usize,
    },
}

/// An answer to a request that is not accepted; [`Response`](crate::driver::response::Response) is made from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The HTTP status.
    pub status: u16,
    /// What is wrong and what would be right, in one line.
    pub message: &'static str,
    /// Headers that the status asks for, such as `Allow`.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Reject {
    const fn new(status: u16, message: &'static str) -> Self {
        Self { status, message, headers: &[] }
    }
}

impl From<BadPath> for Reject {
    fn from(bad: BadPath) -> Self {
        Self::new(400, bad.message())
    }
}

const fn bad<T>(message: &'static str) -> Result<T, Reject> {
    Err(Reject::new(400, message))
}

/// Reads a head from a buffer that begins with it. `None`: more bytes are needed.
///
/// Each call starts afresh; to call after every read of a slow head, keep a [`HeadParser`].
///
/// ```
/// use lazuli::driver::head::{Head, HeadLimits, parse};
///
/// let limits = HeadLimits::default();
/// assert_eq!(parse(b"GET /healthz HTTP/1.1\r\nHost: a", None, &limits), Ok(None));
/// let head = parse(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", None, &limits).unwrap();
/// assert!(matches!(head, Some(Head::Plain { request, body: 0, .. }) if request.path() == "/healthz"));
/// assert_eq!(parse(b"\x16\x03\x01", None, &limits).unwrap_err().status, 400);
/// ```
///
/// # Errors
/// A [`Reject`]; for faults of form and size as soon as they are seen, for others when the head is complete.
pub fn parse(buf: &[u8], peer: Option<SocketAddr>, limits: &HeadLimits) -> Result<Option<Head>, Reject> {
    HeadParser::new(*limits).parse(buf, peer)
}

/// Reads a head that arrives piece by piece. It holds no bytes, only how far it has looked.
#[derive(Clone, Debug)]
pub struct HeadParser {
    limits: HeadLimits,
    state: State,
    /// The bytes that have been looked at.
    scanned: usize,
    /// Where the request line ends.
    line: usize,
    /// The header lines that have begun.
    headers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    RequestLine,
    RequestLineEnd,
    HeaderStart,
    Header,
    HeaderEnd,
    HeadEnd,
    Complete,
}

impl HeadParser {
    /// A parser for one head.
    pub const fn new(limits: HeadLimits) -> Self {
        Self { limits, state: State::Start, scanned: 0, line: 0, headers: 0 }
    }

    /// Goes on where it stopped. `buf` holds everything since the connection opened: what it held at the last call, and
    /// what has been read since. `None`: more bytes are needed.
    ///
    /// # Errors
    /// A [`Reject`]; for faults of form and size as soon as they are seen, for others when the head is complete.
    pub fn parse(&mut self, buf: &[u8], peer: Option<SocketAddr>) -> Result<Option<Head>, Reject> {
        while self.state != State::Complete {
            if self.scanned >= self.limits.bytes {
                return Err(Reject::new(431, "the request head is too long; send fewer or shorter headers"));
            }
            let Some(&byte) = buf.get(self.scanned) else {
                return Ok(None);
            };
            self.state = self.step(byte, buf)?;
            self.scanned += 1;
        }
        let (line, headers) =
            buf.get(..self.scanned).and_then(|head| head.split_at_checked(self.line)).unwrap_or_default();
        rules::finish(line, headers, self.headers, peer, &self.limits).map(Some)
    }

    fn step(&mut self, byte: u8, buf: &[u8]) -> Result<State, Reject> {
        match (self.state, byte) {
            (State::RequestLine, b'\r') => Ok(State::RequestLineEnd),
            (State::Header, b'\r') => Ok(State::HeaderEnd),
            (State::HeaderStart, b'\r') => Ok(State::HeadEnd),
            (State::RequestLineEnd, b'\n') => {
                self.line = self.scanned + 1;
                // At once: who speaks another protocol may never send a blank line.
                request_line(buf.get(..self.line).unwrap_or_default())?;
                Ok(State::HeaderStart)
            }
            (State::HeaderEnd, b'\n') => Ok(State::HeaderStart),
            (State::HeadEnd, b'\n') => Ok(State::Complete),
            (State::RequestLineEnd | State::HeaderEnd | State::HeadEnd, _) => {
                bad("a carriage return stands alone; end each line with CR LF")
            }
            (State::Start, 0x16) => bad("this port speaks plain HTTP and received TLS; use http:// or ws:// here"),
            (State::Start, _) if !is_token_byte(byte) => bad("this is not HTTP; begin with a request line"),
            (State::Start, _) => Ok(State::RequestLine),
            (_, b'\n') => bad("a line feed stands alone; end each line with CR LF"),
            (_, 0) => bad("the request head contains a NUL byte"),
            (State::RequestLine, b' '..=b'~') => Ok(State::RequestLine),
            (State::RequestLine, _) => bad("the request line must be printable ASCII; percent-encode the rest"),
            (State::HeaderStart, b' ' | b'\t') => {
                bad("a header is folded or begins with a blank; write it on one line")
            }
            (State::HeaderStart | State::Header, 0x7f) => bad("a header contains a control character"),
            (State::HeaderStart | State::Header, ..0x20) if byte != b'\t' => {
                bad("a header contains a control character")
            }
            (State::HeaderStart, _) if self.headers == self.limits.headers => {
                Err(Reject::new(431, "the request has too many headers; send fewer"))
            }
            (State::HeaderStart, _) => {
                self.headers += 1;
                Ok(State::Header)
            }
            (State::Header | State::Complete, _) => Ok(self.state),
        }
    }
}

/// Method and target of a request line that ends with CR LF.
fn request_line(line: &[u8]) -> Result<(Method, &str), Reject> {
    const FORM: &str = "the request line is malformed; write it as in: GET /path HTTP/1.1";
    let mut request = httparse::Request::new(&mut []);
    let result = request.parse(line);
    // httparse notes each part as soon as it has read it.
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return bad(FORM);
    };
    match (result, request.version) {
        (Ok(_), Some(1)) => {}
        (Ok(_), Some(0)) => return bad("HTTP/1.0 is not served; send HTTP/1.1 with a Host header"),
        (Err(httparse::Error::Version), _) if has_version(line) => {
            return Err(Reject::new(505, "this HTTP version is not served; send HTTP/1.1"));
        }
        _ => return bad(FORM),
    }
    let method = match method {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "CONNECT" | "DELETE" | "OPTIONS" | "PATCH" | "PUT" | "TRACE" => {
            return Err(Reject {
                status: 405,
                message: "this method is not served; use GET, HEAD or POST",
                headers: &[("Allow", "GET, HEAD, POST")],
            });
        }
        _ => {
            return Err(Reject::new(501, "this method is unknown; use GET, HEAD or POST, in capitals"));
        }
    };
    Ok((method, target))
}

/// Whether the third and last part of a request line is an HTTP version, whichever.
fn has_version(line: &[u8]) -> bool {
    let version = line.split(|byte| *byte == b' ').nth(2).unwrap_or_default();
    matches!(version, [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9', b'\r', b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn each_byte_is_looked_at_once() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
        let mut parser = HeadParser::new(HeadLimits::default());
        for end in 0..head.len() {
            assert_eq!(parser.parse(&head[..end], None), Ok(None));
            assert_eq!(parser.scanned, end);
        }
        assert!(matches!(parser.parse(head, None), Ok(Some(Head::Plain { .. }))));
        assert_eq!((parser.scanned, parser.headers), (head.len(), 2));
    }

    #[test]
    fn a_result_stands() {
        let mut parser = HeadParser::new(HeadLimits::default());
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let first = parser.parse(head, None);
        assert_eq!(parser.parse(&[&head[..], b"GET /smuggled"].concat(), None), first);

        let mut parser = HeadParser::new(HeadLimits::default());
        let first = parser.parse(b"GET / HTTP/1.1\n", None);
        assert!(first.is_err());
        assert_eq!(parser.parse(b"GET / HTTP/1.1\nHost: a\r\n\r\n", None), first);
    }

    #[test]
    fn a_buffer_that_shrank_is_no_panic() {
        let mut parser = HeadParser::new(HeadLimits::default());
        let head: Vec<u8> = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec();
        assert!(parser.parse(&head, None).is_ok());
        assert_eq!(parser.parse(&head[..5], None).unwrap_err().status, 400);
    }
}
