//! The request that opens a connection or asks for a page.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::net::SocketAddr;

use crate::route::{BadPath, Params, decode_path, hex_pair};

/// The methods that are served; others are refused before there is a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`: a page, or an upgrade.
    Get,
    /// `HEAD`: as `GET`, without the body of the answer.
    Head,
    /// `POST`: the only one with a body.
    Post,
}

impl Method {
    /// The method as it is written in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An HTTP request: what a channel sees when it is asked to open, and what a page handler answers.
///
/// Transports get one from [`driver::head`](crate::driver::head); tests and simulators make one:
///
/// ```
/// use lazuli::request::Request;
///
/// let request = Request::get("/chat/caf%C3%A9?name=Ada+L&x=1")?
///     .with_header("Cookie", "session=s1; theme=dark")?
///     .with_peer("127.0.0.1:4000".parse()?);
/// assert_eq!(request.path(), "/chat/café");
/// assert_eq!(request.query("name"), Some("Ada L"));
/// assert_eq!(request.cookie("theme"), Some("dark"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` is fit for a log: it shows no query, no body, and the values of a few harmless headers only, because the
/// rest may carry tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    method: Method,
    target: Box<str>,
    path: Box<str>,
    query: Vec<(String, String)>,
    headers: Vec<(Box<str>, Box<str>)>,
    peer: Option<SocketAddr>,
    params: Params,
    body: Vec<u8>,
}

impl Request {
    /// A `GET` request for a target: an encoded path, and a query if there is one.
    ///
    /// # Errors
    /// As [`Request::new`].
    pub fn get(target: &str) -> Result<Self, BadPath> {
        Self::new(Method::Get, target)
    }

    /// A `POST` request for a target.
    ///
    /// # Errors
    /// As [`Request::new`].
    pub fn post(target: &str) -> Result<Self, BadPath> {
        Self::new(Method::Post, target)
    }

    /// A request for a target such as `/chat/lobby?x=1`, without headers, peer or body.
    ///
    /// # Errors
    /// A [`BadPath`] for a target that a request line could not carry (a blank, a control character, `#`, or anything
    /// that is not ASCII), or whose path is malformed as the [router](crate::route) has it.
    pub fn new(method: Method, target: &str) -> Result<Self, BadPath> {
        if !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
            return Err(BadPath::Character);
        }
        let (raw_path, raw_query) = target.split_once('?').unwrap_or((target, ""));
        let mut path = String::with_capacity(raw_path.len());
        for segment in decode_path(raw_path)? {
            path.push('/');
            path.push_str(&segment?);
        }
        if path.is_empty() {
            path.push('/');
        }
        Ok(Self {
            method,
            target: target.into(),
            path: path.into(),
            query: decode_query(raw_query),
            headers: Vec::new(),
            peer: None,
            params: Params::default(),
            body: Vec::new(),
        })
    }

    /// The same with one more header. Blanks around the value are dropped.
    ///
    /// # Errors
    /// A [`HeaderError`] if the name is not a token, or if the value has a control character other than a tab.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, HeaderError> {
        check_header(name, value)?;
        self.push_header(name, trim(value));
        Ok(self)
    }

    /// The same from this peer.
    #[must_use]
    pub fn with_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with the path parameters that a router found.
    #[must_use]
    pub fn with_params(mut self, params: Params) -> Self {
        self.params = params;
        self
    }

    /// The same for another path, percent-encoded and without a query, with these parameters as the query: what a channel on
    /// a Spark socket sees.
    pub(crate) fn for_channel(&self, path: &str, query: Vec<(String, String)>) -> Result<Self, BadPath> {
        let (headers, peer) = (self.headers.clone(), self.peer);
        Ok(Self { query, headers, peer, ..Self::get(path)? })
    }

    pub(crate) fn set_params(&mut self, params: Params) {
        self.params = params;
    }

    pub(crate) fn push_header(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_ascii_lowercase().into(), value.into()));
    }

    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The path, percent-decoded. No segment holds a `/` of its own, so that splitting it is safe; to find a route, use
    /// [`raw_path`](Self::raw_path).
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The target as it came: encoded path and query. It may carry a token: not for a log.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The path as it came, still encoded: what [`Router::find`](crate::route::Router::find) takes.
    pub fn raw_path(&self) -> &str {
        self.target.split_once('?').map_or(&*self.target, |(path, _)| path)
    }

    /// The first query parameter of this name, decoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query_pairs().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All query parameters, decoded, in order.
    ///
    /// Decoding follows forms, as the URL standard has it, and so never fails: `+` is a blank, a `%` that begins no
    /// escape stands for itself, what is not UTF-8 becomes U+FFFD, and a name without `=` has an empty value.
    pub fn query_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The first value of a header, whatever the case of its name. What was not UTF-8 on the wire is U+FFFD here.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_values(name).next()
    }

    /// All values of a header, in order.
    pub fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers().filter(move |(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers in order, their names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The first cookie of this name, as it came: neither unquoted nor decoded. Names have a case.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All cookies, in order. What has no `=` is no cookie.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.header_values("cookie")
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (trim(name), trim(value)))
    }

    /// The subprotocols that the client offers, the one it likes best first. What is not a token is no subprotocol.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.header_list("sec-websocket-protocol").filter(|name| is_token(name))
    }

    /// The elements of a comma-separated header, over all its values, trimmed, without empty ones.
    pub(crate) fn header_list<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.header_values(name).flat_map(|value| value.split(',')).map(trim).filter(|element| !element.is_empty())
    }

    /// The address of the socket's other end, if it is known. Behind a proxy it is the proxy's.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The value of a path parameter, such as `room_id` of `/chat/:room_id`; none before the request is routed.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// All path parameters.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The body; empty but for a `POST`.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// Headers whose values help in a log and carry no secret. A list of what is secret could never be complete.
const HARMLESS: [&str; 10] = [
    "accept",
    "connection",
    "content-length",
    "content-type",
    "host",
    "origin",
    "sec-websocket-extensions",
    "sec-websocket-version",
    "upgrade",
    "user-agent",
];

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            // Not even names: in `?dG9rZW4=` the token is one.
            .field("query", &format_args!("{} redacted", self.query.len()))
            .field("headers", &Headers(self))
            .field("peer", &self.peer)
            .field("params", &self.params)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

struct Headers<'a>(&'a Request);

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.0.headers() {
            if HARMLESS.contains(&name) {
                map.entry(&name, &value);
            } else {
                map.entry(&name, &format_args!("redacted"));
            }
        }
        map.finish()
    }
}

/// A header that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// The name is empty, or has a character that a header's name cannot have.
    Name,
    /// The value has a control character, such as a line end, that would begin another header.
    Value,
    /// The header says how the message is framed, which is not the application's to choose.
    Reserved,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "a header's name must be a token: letters, digits and -",
            Self::Value => "a header's value must not contain line ends or other control characters",
            Self::Reserved => "this header is written by the driver; leave it out",
        })
    }
}

impl Error for HeaderError {}

pub(crate) fn check_header(name: &str, value: &str) -> Result<(), HeaderError> {
    if !is_token(name) {
        return Err(HeaderError::Name);
    }
    check_value(value)
}

pub(crate) fn check_value(value: &str) -> Result<(), HeaderError> {
    if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
        return Err(HeaderError::Value);
    }
    Ok(())
}

/// Without the blanks that HTTP allows around a value; others, such as U+00A0, belong to it.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Whether a text is a token in HTTP's sense.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn decode_query(raw: &str) -> Vec<(String, String)> {
    let pairs = raw.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(k, v)| (decode_form(k), decode_form(v)))
        .collect()
}

fn decode_form(raw: &str) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (first, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, tail @ ..]) => match hex_pair(*high, *low) {
                Some(byte) => {
                    rest = tail;
                    byte
                }
                None => b'%',
            },
            _ => *first,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    fn get(target: &str) -> Request {
        Request::get(target).unwrap()
    }

    #[test]
    fn a_target_is_a_path_and_a_query() {
        let request = get("/chat/caf%C3%A9?x=%2F&y=1?2");
        assert_eq!(request.method(), Method::Get);
        assert_eq!(request.target(), "/chat/caf%C3%A9?x=%2F&y=1?2");
        assert_eq!(request.raw_path(), "/chat/caf%C3%A9");
        assert_eq!(request.path(), "/chat/café");
        assert_eq!((request.query("x"), request.query("y")), (Some("/"), Some("1?2")));
        assert_eq!((get("/").path(), get("/?").path(), get("/a//b/").path()), ("/", "/", "/a//b/"));
    }

    #[test]
    fn a_target_that_no_request_line_could_carry_is_refused() {
        for target in ["/a b", "/a\tb", "/é", "/a#b", "/a?b#c", "/a\r\nHost: b", "/\0", "/\x7f"] {
            assert_eq!(Request::get(target), Err(BadPath::Character), "{target:?}");
        }
        assert_eq!(Request::get("chat"), Err(BadPath::MissingSlash));
        assert_eq!(Request::get(""), Err(BadPath::MissingSlash));
        assert_eq!(Request::get("?x"), Err(BadPath::MissingSlash));
        assert_eq!(Request::get("/a/%2e%2e"), Err(BadPath::Dots));
        assert_eq!(Request::get("/%2f"), Err(BadPath::Separator));
    }

    #[test]
    fn a_query_is_decoded_as_a_form_is() {
        let request = get("/?a=1&b=x+y%20z&a=2&&c&=d&e=%&f=%4&g=%zz&h=%ff&i=a=b&%6a=%C3%A9");
        let pairs: Vec<_> = request.query_pairs().collect();
        assert_eq!(
            pairs,
            [
                ("a", "1"),
                ("b", "x y z"),
                ("a", "2"),
                ("c", ""),
                ("", "d"),
                ("e", "%"),
                ("f", "%4"),
                ("g", "%zz"),
                ("h", "\u{fffd}"),
                ("i", "a=b"),
                ("j", "é"),
            ]
        );
        assert_eq!(request.query("a"), Some("1"), "the first wins");
        assert_eq!(request.query("z"), None);
    }

    #[test]
    fn headers_have_no_case_and_keep_their_order() {
        let request = get("/").with_header("X-Tag", " one\t").unwrap().with_header("x-tag", "two").unwrap();
        assert_eq!(request.header("X-TAG"), Some("one"));
        assert_eq!(request.header_values("x-tag").collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(request.headers().collect::<Vec<_>>(), [("x-tag", "one"), ("x-tag", "two")]);
        assert_eq!(request.header("x"), None);
    }

    #[test]
    fn a_header_that_would_begin_another_is_refused() {
        for name in ["", "a b", "a:", "a\r\n", "é", "a\0"] {
            assert_eq!(get("/").with_header(name, ""), Err(HeaderError::Name), "{name:?}");
        }
        for value in ["a\r\nb: c", "a\nb", "a\rb", "\0", "\x1b[0m", "\x7f"] {
            assert_eq!(get("/").with_header("a", value), Err(HeaderError::Value), "{value:?}");
        }
        assert!(get("/").with_header("a", "tab\tand é").is_ok());
    }

    #[test]
    fn cookies_are_split_and_the_first_wins() {
        let request = get("/").with_header("Cookie", "a=1; b=x=y;c=\"q\"; junk;A=2").unwrap();
        let request = request.with_header("cookie", "a=3").unwrap();
        assert_eq!(request.cookie("a"), Some("1"));
        assert_eq!(request.cookie("A"), Some("2"));
        assert_eq!(request.cookie("junk"), None);
        let all: Vec<_> = request.cookies().collect();
        assert_eq!(all, [("a", "1"), ("b", "x=y"), ("c", "\"q\""), ("A", "2"), ("a", "3")]);
    }

    #[test]
    fn subprotocols_are_tokens_in_order() {
        let request = get("/").with_header("Sec-WebSocket-Protocol", "spark.v2, ,spark , a b,x\"y").unwrap();
        let request = request.with_header("Sec-WebSocket-Protocol", "last").unwrap();
        assert_eq!(request.subprotocols().collect::<Vec<_>>(), ["spark.v2", "spark", "last"]);
    }

    #[test]
    fn the_builder_sets_what_it_says() {
        let peer = "[::1]:4000".parse().unwrap();
        let request = Request::post("/notify").unwrap().with_peer(peer).with_body(*b"{}");
        assert_eq!((request.method(), request.peer(), request.body()), (Method::Post, Some(peer), &b"{}"[..]));
        assert_eq!((request.method().to_string(), get("/").body(), get("/").peer()), ("POST".into(), &[][..], None));

        let mut router = crate::route::Router::new();
        router.insert("/chat/:room_id", ()).unwrap();
        let request = get("/chat/a");
        assert_eq!(request.param("room_id"), None);
        let params = router.find(request.raw_path()).unwrap().params;
        let request = request.with_params(params);
        assert_eq!((request.param("room_id"), request.param("x"), request.params().len()), (Some("a"), None, 1));
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut request = get("/private/a?token=SECRET&SECRET").with_body("SECRET");
        for name in ["Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "Referer", "Sec-WebSocket-Protocol"]
        {
            request = request.with_header(name, "SECRET").unwrap();
        }
        let request = request.with_header("Host", "example.org").unwrap();
        for text in [format!("{request:?}"), format!("{request:#?}")] {
            assert!(!text.contains("SECRET"), "{text}");
            assert!(text.contains("/private/a") && text.contains("example.org") && text.contains("cookie"), "{text}");
        }
    }

    #[test]
    fn debug_stays_one_escaped_line() {
        let agent = "a\u{2028}b\u{9b}31m\u{202e}";
        let text = format!("{:?}", get("/%E2%80%A8").with_header("User-Agent", agent).unwrap());
        assert!(!text.contains(['\u{2028}', '\u{9b}', '\u{202e}', '\n']), "{text}");
    }
}
