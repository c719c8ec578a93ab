//! Answers to plain requests, and the answer that turns a connection into a WebSocket.

use alloc::borrow::{Cow, ToOwned};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::driver::head::Reject;
use crate::html::{Fault, Render, Renderer};
use crate::request::{HeaderError, check_header, check_value, is_token};

/// An HTTP answer. One goes out on a connection, which is then closed.
///
/// ```
/// use lazuli::driver::response::Response;
///
/// let answer = Response::text("hello\n").with_header("Cache-Control", "no-store")?.encode(false);
/// assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n") && answer.ends_with(b"\r\n\r\nhello\n"));
/// assert!(Response::text("").with_header("X", "a\r\nSet-Cookie: b=c").is_err());
/// # Ok::<(), lazuli::request::HeaderError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    content_type: Cow<'static, str>,
    headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    body: Cow<'static, [u8]>,
}

impl Response {
    /// 200 with plain text.
    pub fn text(body: impl Into<Cow<'static, str>>) -> Self {
        Self::new("text/plain; charset=utf-8", into_bytes(body.into()))
    }

    /// 200 with a page.
    pub fn html(body: impl Into<Cow<'static, str>>) -> Self {
        Self::new("text/html; charset=utf-8", into_bytes(body.into()))
    }

    /// 200 with a whole page: markup that begins with `html`. Where it shows components, see
    /// [`Scope::show`](crate::Scope::show).
    ///
    /// ```
    /// use lazuli::{Response, html};
    ///
    /// let page = Response::page(&html! {
    ///     html lang="en" { head { meta charset="utf-8"; title { "Hello" } } body { h1 { "Hello" } } }
    /// })?;
    /// assert!(page.body().starts_with(b"<!DOCTYPE html><html lang=\"en\"><head>"));
    /// # Ok::<(), lazuli::html::Fault>(())
    /// ```
    ///
    /// # Errors
    /// When the markup is none; see [`Fault`].
    pub fn page(content: &dyn Render) -> Result<Self, Fault> {
        // A renderer checks what stands in what, too.
        let page = Renderer::new(0).page(content)?;
        Ok(Self::html(format!("<!DOCTYPE html>{}", page.html)))
    }

    /// 200 with a script.
    pub fn javascript(body: impl Into<Cow<'static, str>>) -> Self {
        Self::new("text/javascript; charset=utf-8", into_bytes(body.into()))
    }

    /// 200 with a script, as its bytes are or in an encoding that a header has to name.
    pub(crate) fn javascript_bytes(body: &'static [u8]) -> Self {
        Self::new("text/javascript; charset=utf-8", body.into())
    }

    /// 200 with JSON that has been encoded already.
    pub fn json(body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self::new("application/json", body.into())
    }

    /// 200 with bytes of another type; name it by [`with_content_type`](Self::with_content_type).
    pub fn bytes(body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self::new("application/octet-stream", body.into())
    }

    /// 404 with a line that says so.
    pub fn not_found() -> Self {
        Self::status(404)
    }

    /// This status, with a line of text that names it. What is not from 200 to 599 becomes 500.
    pub fn status(status: u16) -> Self {
        let this = Self::text("").with_status(status);
        let line = format!("{} {}\n", this.status, reason(this.status));
        Self { body: line.into_bytes().into(), ..this }
    }

    fn new(content_type: &'static str, body: Cow<'static, [u8]>) -> Self {
        Self { status: 200, content_type: content_type.into(), headers: Vec::new(), body }
    }

    /// The same with this status. What is not from 200 to 599 becomes 500.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = if (200..600).contains(&status) { status } else { 500 };
        self
    }

    /// The same with this content type.
    ///
    /// # Errors
    /// [`HeaderError::Value`] if it has a control character.
    pub fn with_content_type(mut self, content_type: impl Into<Cow<'static, str>>) -> Result<Self, HeaderError> {
        self.content_type = content_type.into();
        check_value(&self.content_type)?;
        Ok(self)
    }

    /// The same with one more header.
    ///
    /// # Errors
    /// A [`HeaderError`] if the name is not a token, if the value has a control character other than a tab, or for what
    /// is written by [`encode`](Self::encode) itself: `Connection`, `Content-Length`, `Content-Type`,
    /// `Transfer-Encoding` and `X-Content-Type-Options`.
    pub fn with_header(
        mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Result<Self, HeaderError> {
        const OURS: [&str; 5] =
            ["connection", "content-length", "content-type", "transfer-encoding", "x-content-type-options"];
        let (name, value) = (name.into(), value.into());
        check_header(&name, &value)?;
        if OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
            return Err(HeaderError::Reserved);
        }
        self.headers.push((name, value));
        Ok(self)
    }

    /// Adds a header whose name and value are known to be right.
    pub(crate) fn with_own_header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The status.
    pub fn status_code(&self) -> u16 {
        self.status
    }

    /// The content type.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The headers that were added, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The answer as it goes over the wire. With `head_only` (the answer to a `HEAD`) the body is left out, but its
    /// length is told. A 204, 205 or 304 has neither body nor length.
    pub fn encode(&self, head_only: bool) -> Vec<u8> {
        let has_body = !matches!(self.status, 204 | 205 | 304);
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        if has_body {
            push_header(&mut head, "Content-Type", &self.content_type);
            push_header(&mut head, "Content-Length", &self.body.len().to_string());
        }
        push_header(&mut head, "Connection", "close");
        push_header(&mut head, "X-Content-Type-Options", "nosniff");
        for (name, value) in self.headers() {
            push_header(&mut head, name, value);
        }
        head.push_str("\r\n");
        let mut wire = head.into_bytes();
        if has_body && !head_only {
            wire.extend_from_slice(&self.body);
        }
        wire
    }
}

impl From<&Reject> for Response {
    fn from(reject: &Reject) -> Self {
        let mut response = Self::text(format!("{}\n", reject.message)).with_status(reject.status);
        // Not by `with_header`: a 426 must say `Connection: Upgrade` too, and the texts are ours.
        response.headers = reject.headers.iter().map(|&(name, value)| (name.into(), value.into())).collect();
        response
    }
}

/// Shows the names of headers and the size of the body only: either may carry a secret.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers().map(|(name, _)| name).collect();
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// The 101 that completes a WebSocket handshake. `accept` is the value of `Sec-WebSocket-Accept`; `protocol` is the
/// subprotocol that was chosen among those offered, and is left out if it is not a token.
///
/// ```
/// use lazuli::driver::response::encode_upgrade;
///
/// let answer = encode_upgrade("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", Some("spark"));
/// assert!(answer.ends_with(b"Sec-WebSocket-Protocol: spark\r\n\r\n"));
/// ```
pub fn encode_upgrade(accept: &str, protocol: Option<&str>) -> Vec<u8> {
    let mut head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n".to_owned();
    push_header(&mut head, "Sec-WebSocket-Accept", accept);
    if let Some(protocol) = protocol.filter(|name| is_token(name)) {
        push_header(&mut head, "Sec-WebSocket-Protocol", protocol);
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn push_header(head: &mut String, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        head.push_str(part);
    }
}

fn into_bytes(text: Cow<'static, str>) -> Cow<'static, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// The reason phrase of a status.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Unregistered",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn text(wire: Vec<u8>) -> String {
        String::from_utf8(wire).unwrap()
    }

    #[test]
    fn an_answer_is_framed_and_closes() {
        let response = Response::html("<p>é").with_header("Cache-Control", "no-store").unwrap();
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n\
                    Connection: close\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n";
        assert_eq!(text(response.encode(false)), [head, "<p>é"].concat());
        assert_eq!(text(response.encode(true)), head, "the answer to a HEAD tells the length");
    }

    #[test]
    fn each_constructor_names_its_type() {
        assert_eq!(Response::text("a").content_type(), "text/plain; charset=utf-8");
        assert_eq!(Response::html("a").content_type(), "text/html; charset=utf-8");
        assert_eq!(Response::json(b"{}").content_type(), "application/json");
        assert_eq!(Response::bytes(vec![0]).content_type(), "application/octet-stream");
        assert_eq!(Response::javascript("a").content_type(), "text/javascript; charset=utf-8");
        let style = Response::bytes(b"").with_content_type("text/css").unwrap();
        assert_eq!(style.content_type(), "text/css");
    }

    #[test]
    fn a_status_names_itself() {
        let response = Response::not_found();
        assert_eq!((response.status_code(), response.body()), (404, &b"404 Not Found\n"[..]));
        assert!(text(response.encode(false)).starts_with("HTTP/1.1 404 Not Found\r\n"));
        assert_eq!(Response::status(503).body(), b"503 Service Unavailable\n");
        for odd in [0, 100, 101, 199, 600, u16::MAX] {
            assert_eq!(Response::status(odd), Response::status(500));
        }
        assert!(text(Response::status(299).encode(false)).starts_with("HTTP/1.1 299 Unregistered\r\n"));
    }

    #[test]
    fn some_statuses_have_no_body() {
        for status in [204, 205, 304] {
            let wire = text(Response::text("body").with_status(status).encode(false));
            assert!(wire.ends_with("nosniff\r\n\r\n"), "{wire}");
            assert!(!wire.contains("Content-Length") && !wire.contains("Content-Type:"), "{wire}");
        }
    }

    #[test]
    fn nothing_can_be_injected() {
        let add = |name: &'static str, value: &'static str| Response::text("").with_header(name, value).unwrap_err();
        for value in ["a\r\nb: c", "a\nb", "a\r", "\0", "\x0b"] {
            assert_eq!(add("Location", value), HeaderError::Value, "{value:?}");
            assert_eq!(Response::text("").with_content_type(value), Err(HeaderError::Value), "{value:?}");
        }
        for name in ["", "a b", "a:b", "a\r\nb", "a\0", "é"] {
            assert_eq!(add(name, "x"), HeaderError::Name, "{name:?}");
        }
    }

    #[test]
    fn framing_is_not_for_the_application() {
        for name in ["content-length", "Connection", "TRANSFER-ENCODING", "Content-Type", "x-content-type-options"] {
            assert_eq!(Response::text("").with_header(name, "1"), Err(HeaderError::Reserved), "{name}");
        }
    }

    #[test]
    fn a_rejection_says_why_and_brings_its_headers() {
        let reject = Reject { status: 405, message: "use GET", headers: &[("Allow", "GET")] };
        let wire = text(Response::from(&reject).encode(false));
        assert!(wire.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{wire}");
        assert!(wire.contains("\r\nAllow: GET\r\n") && wire.contains("\r\nConnection: close\r\n"), "{wire}");
        assert!(wire.ends_with("\r\n\r\nuse GET\n"), "{wire}");
    }

    #[test]
    fn an_upgrade_names_the_protocol_if_it_is_one() {
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
        let encode = |protocol| text(encode_upgrade("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", protocol));
        assert_eq!(encode(None), [head, "\r\n"].concat());
        assert_eq!(encode(Some("spark")), [head, "Sec-WebSocket-Protocol: spark\r\n\r\n"].concat());
        assert_eq!(encode(Some("a\r\nb: c")), [head, "\r\n"].concat());
    }

    #[test]
    fn debug_shows_neither_values_nor_body() {
        let response = Response::text("SECRET").with_header("Set-Cookie", "a=SECRET").unwrap();
        let shown = format!("{response:?}");
        assert!(!shown.contains("SECRET") && shown.contains("Set-Cookie") && shown.contains("6 bytes"), "{shown}");
    }
}
