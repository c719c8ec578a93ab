//! The rules of a complete head: what its headers may say, and what together.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec;
use core::net::SocketAddr;

use super::{Head, HeadLimits, Reject, bad, request_line};
use crate::request::{Method, Request};

/// The request that a complete head makes. `line` and `headers` have passed the scanner, which counted `count` header
/// lines in `headers`; the blank line is the end of `headers`.
pub(super) fn finish(
    line: &[u8],
    headers: &[u8],
    count: usize,
    peer: Option<SocketAddr>,
    limits: &HeadLimits,
) -> Result<Head, Reject> {
    let (method, target) = request_line(line)?;
    let (authority, target) = split_target(target)?;
    let mut request = Request::new(method, &target)?;
    if let Some(peer) = peer {
        request = request.with_peer(peer);
    }
    let mut parsed = vec![httparse::EMPTY_HEADER; count];
    match httparse::parse_headers(headers, &mut parsed) {
        Ok(httparse::Status::Complete((_, parsed))) => {
            for header in parsed {
                request.push_header(header.name, &String::from_utf8_lossy(header.value));
            }
        }
        Err(httparse::Error::HeaderName) => {
            return bad("a header has no colon, or a blank or other illegal character in its name");
        }
        _ => return bad("a header is malformed; write it as in: Name: value"),
    }
    check_once(&request)?;
    check_host(&request, authority)?;
    let body = body_length(&request, limits)?;
    if request.header_list("expect").any(|value| !value.eq_ignore_ascii_case("100-continue")) {
        return Err(Reject::new(417, "this expectation cannot be met; leave out the Expect header"));
    }
    let used = line.len() + headers.len();
    match handshake_key(&request)? {
        Some(key) => Ok(Head::Upgrade { request, key, used }),
        None => Ok(Head::Plain { request, used, body }),
    }
}

/// The authority of a whole URL, and the path and query of any target.
fn split_target(target: &str) -> Result<(Option<&str>, Cow<'_, str>), Reject> {
    if target.starts_with('/') {
        return Ok((None, Cow::Borrowed(target)));
    }
    match target.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => {
            let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            let slash = if path.starts_with('/') { "" } else { "/" };
            Ok((Some(authority), Cow::Owned([slash, path].concat())))
        }
        _ => bad("the request target must be a path that begins with a slash"),
    }
}

/// Headers of which a second one would let two readers disagree about what was said.
fn check_once(request: &Request) -> Result<(), Reject> {
    for (name, message) in [
        ("host", "the request has more than one Host header; send one"),
        ("content-length", "the request has more than one Content-Length header; send one"),
        ("origin", "the request has more than one Origin header; send one"),
        ("authorization", "the request has more than one Authorization header; send one"),
        ("sec-websocket-key", "the request has more than one Sec-WebSocket-Key header; send one"),
        ("sec-websocket-version", "the request has more than one Sec-WebSocket-Version header; send one"),
    ] {
        if request.header_values(name).nth(1).is_some() {
            return bad(message);
        }
    }
    Ok(())
}

fn check_host(request: &Request, authority: Option<&str>) -> Result<(), Reject> {
    let Some(host) = request.header("host") else {
        return bad("the request has no Host header; send one");
    };
    // What separates hosts from users, paths and one another is what a check of the origin could be fooled with.
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=:[]".contains(&byte);
    if host.is_empty() || !host.bytes().all(legal) {
        return bad("the Host header must be a host name, with a port if there is one");
    }
    match authority {
        Some(authority) if !authority.eq_ignore_ascii_case(host) => {
            bad("the request target names another host than the Host header; let them be equal")
        }
        _ => Ok(()),
    }
}

/// The length of the body, which only a `POST` may have.
fn body_length(request: &Request, limits: &HeadLimits) -> Result<usize, Reject> {
    let length = request.header("content-length");
    let encoded = request.header("transfer-encoding").is_some();
    if encoded && length.is_some() {
        return bad("the request has both Content-Length and Transfer-Encoding; send Content-Length alone");
    }
    if encoded && request.method() == Method::Post {
        return Err(Reject::new(501, "Transfer-Encoding is not served; send the body with a Content-Length"));
    }
    let length = match length {
        Some(digits) if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            return bad("the Content-Length must be a number in decimal digits");
        }
        // Digits that do not parse are a number that is too large, and so over any limit.
        Some(digits) => digits.parse().unwrap_or(usize::MAX),
        None => 0,
    };
    if request.method() != Method::Post && (encoded || length > 0) {
        return bad("a GET or HEAD request must not have a body; leave it out or use POST");
    }
    if length > limits.body {
        return Err(Reject::new(413, "the request body is too long; send less"));
    }
    Ok(length)
}

/// The key of a WebSocket handshake; none for a plain request.
fn handshake_key(request: &Request) -> Result<Option<[u8; 24]>, Reject> {
    let lists = |name, token| request.header_list(name).any(|element: &str| element.eq_ignore_ascii_case(token));
    let key = request.header("sec-websocket-key");
    if !lists("upgrade", "websocket") {
        return match key {
            Some(_) => bad("a WebSocket handshake needs Upgrade: websocket; a proxy in between may have removed it"),
            None => Ok(None),
        };
    }
    if !lists("connection", "upgrade") {
        return bad("a WebSocket handshake needs Connection: Upgrade; a proxy in between may have removed it");
    }
    if request.method() != Method::Get {
        return Err(Reject {
            status: 405,
            message: "a WebSocket handshake must be a GET request",
            headers: &[("Allow", "GET")],
        });
    }
    if request.header("sec-websocket-version") != Some("13") {
        return Err(Reject {
            status: 426,
            message: "this WebSocket version is not served; send Sec-WebSocket-Version: 13",
            headers: &[("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")],
        });
    }
    match key.and_then(|key| <[u8; 24]>::try_from(key.as_bytes()).ok()) {
        Some(key) if is_sixteen_bytes(&key) => Ok(Some(key)),
        _ => bad("a WebSocket handshake needs a Sec-WebSocket-Key of 16 bytes in base64, which is 24 characters"),
    }
}

/// Whether a text is base64 of 16 bytes. The four bits that its last digit leaves over may be anything.
fn is_sixteen_bytes(key: &[u8; 24]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    matches!(key, [digits @ .., b'=', b'='] if digits.iter().all(digit))
}
