//! The rules for a request head, one test each, and the laws of reading one.
//!
//! Every example is read whole, from every prefix, and byte by byte: see [`read`].

use lazuli::driver::head::{Head, HeadLimits, HeadParser, Reject, parse};
use lazuli::driver::response::Response;
use lazuli::request::{Method, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

type Outcome = Result<Option<Head>, Reject>;

const LIMITS: HeadLimits = HeadLimits { bytes: 16 * 1024, headers: 100, body: 64 * 1024 };

/// Reads a buffer whole, and checks the law of growth: read from its prefixes, afresh or continued, the result is "more
/// bytes needed" until it is there, and from then on it is the same.
#[track_caller]
fn read_within(buf: &[u8], limits: &HeadLimits) -> Outcome {
    let whole = parse(buf, None, limits);
    let mut parser = HeadParser::new(*limits);
    let mut decided = false;
    for end in 0..=buf.len() {
        let afresh = parse(&buf[..end], None, limits);
        decided |= afresh != Ok(None);
        assert_eq!(afresh, if decided { whole.clone() } else { Ok(None) }, "at {end} of {}", buf.escape_ascii());
        assert_eq!(parser.parse(&buf[..end], None), afresh, "continued, at {end} of {}", buf.escape_ascii());
    }
    whole
}

#[track_caller]
fn read(buf: impl AsRef<[u8]>) -> Outcome {
    read_within(buf.as_ref(), &LIMITS)
}

/// The status and the headers with which a head is refused.
#[track_caller]
fn refused(buf: impl AsRef<[u8]>) -> (u16, &'static [(&'static str, &'static str)]) {
    match read(&buf) {
        Err(reject) => (reject.status, reject.headers),
        other => panic!("{} gives {other:?}", buf.as_ref().escape_ascii()),
    }
}

#[track_caller]
fn status(buf: impl AsRef<[u8]>) -> u16 {
    refused(buf).0
}

#[track_caller]
fn plain(buf: impl AsRef<[u8]>) -> (Request, usize) {
    match read(&buf) {
        Ok(Some(Head::Plain { request, body, .. })) => (request, body),
        other => panic!("{} gives {other:?}", buf.as_ref().escape_ascii()),
    }
}

/// A `GET` with these header lines after `Host`.
fn get(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: example.org\r\n{headers}\r\n")
}

fn post(headers: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: example.org\r\n{headers}\r\n")
}

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A good handshake, with one text replaced.
fn handshake(from: &str, to: &str) -> String {
    let good = format!(
        "GET /chat/lobby HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    assert!(good.contains(from));
    good.replacen(from, to, 1)
}

#[track_caller]
fn upgrades(buf: impl AsRef<[u8]>) {
    assert!(matches!(read(&buf), Ok(Some(Head::Upgrade { .. }))), "{:?}", read(&buf));
}

// Plain requests.

#[test]
fn a_plain_request_is_read() {
    let head = "GET /a%20b?c=d HTTP/1.1\r\nHost: example.org:4000\r\nX-Empty:\r\nX-Tag:\t one \t\r\nx-tag: two\r\n\r\n";
    let expected = [("host", "example.org:4000"), ("x-empty", ""), ("x-tag", "one"), ("x-tag", "two")];
    let Ok(Some(Head::Plain { request, used, body: 0 })) = read(head) else { panic!("{:?}", read(head)) };
    assert_eq!((request.method(), request.path(), request.query("c")), (Method::Get, "/a b", Some("d")));
    assert_eq!(request.headers().collect::<Vec<_>>(), expected);
    assert_eq!(used, head.len());
}

#[test]
fn the_peer_is_handed_on() {
    let peer = "192.0.2.1:1234".parse().unwrap();
    let Ok(Some(Head::Plain { request, .. })) = parse(get("").as_bytes(), Some(peer), &LIMITS) else { panic!() };
    assert_eq!(request.peer(), Some(peer));
}

#[test]
fn what_follows_a_head_is_never_a_second_request() {
    let one = get("");
    let two = [one.clone(), get("X: y\r\n")].concat();
    assert_eq!(read(&two), read(&one));
}

#[test]
fn a_post_announces_its_body() {
    let (request, body) = plain(post("Content-Length: 12\r\n"));
    assert_eq!((request.method(), body, request.body()), (Method::Post, 12, &b""[..]));
    assert_eq!(plain(post("Content-Length: 0012\r\n")).1, 12);
    assert_eq!(plain(post("")).1, 0);
}

#[test]
fn a_body_over_the_limit_is_413() {
    assert_eq!(plain(post("Content-Length: 65536\r\n")).1, 65536);
    assert_eq!(status(post("Content-Length: 65537\r\n")), 413);
    assert_eq!(status(post(&format!("Content-Length: {}\r\n", "9".repeat(40)))), 413);
}

#[test]
fn a_get_or_head_has_no_body() {
    assert_eq!(status(get("Content-Length: 1\r\n")), 400);
    assert_eq!(status(get("Transfer-Encoding: chunked\r\n")), 400);
    assert_eq!(status(get("Content-Length: 1\r\n").replace("GET", "HEAD")), 400);
    assert_eq!(status(get(&format!("Content-Length: {}\r\n", "9".repeat(40)))), 400);
    assert_eq!(plain(get("Content-Length: 0\r\n")).1, 0);
}

#[test]
fn a_content_length_is_one_number_in_digits() {
    for value in ["", "-1", "+1", "0x10", "1 2", "1,1", "1.0", "١", "1_0"] {
        assert_eq!(status(post(&format!("Content-Length: {value}\r\n"))), 400, "{value}");
    }
    assert_eq!(status(post("Content-Length: 1\r\nContent-Length: 2\r\n")), 400);
    assert_eq!(status(post("Content-Length: 1\r\ncontent-length: 1\r\n")), 400);
}

#[test]
fn a_transfer_encoding_is_refused() {
    for value in ["chunked", "identity", "gzip, chunked", "xchunked", ""] {
        assert_eq!(status(post(&format!("Transfer-Encoding: {value}\r\n"))), 501, "{value}");
        assert_eq!(status(post(&format!("Transfer-Encoding: {value}\r\nContent-Length: 3\r\n"))), 400, "{value}");
        assert_eq!(status(post(&format!("Content-Length: 3\r\ntransfer-encoding: {value}\r\n"))), 400, "{value}");
    }
}

#[test]
fn an_expectation_is_passed_over_or_417() {
    assert_eq!(plain(post("Expect: 100-Continue\r\nContent-Length: 3\r\n")).1, 3);
    assert_eq!(status(post("Expect: tea\r\n")), 417);
}

// The request line.

#[test]
fn other_methods_are_405_and_unknown_ones_501() {
    for method in ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"] {
        let (status, headers) = refused(get("").replace("GET", method));
        assert_eq!((status, headers), (405, &[("Allow", "GET, HEAD, POST")][..]), "{method}");
    }
    for method in ["get", "Get", "BREW", "GETGET", "PROPFIND"] {
        assert_eq!(status(get("").replace("GET", method)), 501, "{method}");
    }
    assert_eq!(plain(get("").replace("GET", "HEAD")).0.method(), Method::Head);
}

#[test]
fn other_versions_are_refused() {
    assert_eq!(status(get("").replace("1.1", "1.0")), 400);
    for version in ["1.2", "2.0", "0.9", "3.0"] {
        assert_eq!(status(get("").replace("1.1", version)), 505, "{version}");
    }
    for version in ["1", "1.", "1.1.1", "11", "1.1 ", "x.y", ""] {
        assert_eq!(status(get("").replace("1.1", version)), 400, "{version:?}");
    }
    assert_eq!(status("GET /\r\n\r\n"), 400, "HTTP/0.9");
    assert_eq!(status(get("").replace("HTTP/", "http/")), 400);
    assert_eq!(status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

#[test]
fn a_request_line_has_two_blanks() {
    for line in ["GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET /\tHTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET"] {
        assert_eq!(status(format!("{line}\r\nHost: a\r\n\r\n")), 400, "{line}");
    }
    assert_eq!(status("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400, "no empty line before it");
}

#[test]
fn a_target_is_a_good_path() {
    for target in ["*", "example.org:443", "a/b", "ftp://example.org/", "//%", "/%zz", "/a%2fb", "/%00", "/..", "/#a"] {
        assert_eq!(status(get("").replace("GET /", &format!("GET {target}"))), 400, "{target}");
    }
    for target in ["/../etc/passwd", "/%2e%2e%2f", "/%5c", "/a\u{e9}", "/\x7f", "/\x01"] {
        assert_eq!(status(get("").replace("GET /", &format!("GET {target}"))), 400, "{target}");
    }
    let long = "x".repeat(256);
    assert_eq!(status(get("").replace("GET /", &format!("GET /{long}"))), 400);
    assert_eq!(plain(get("").replace("GET /", &format!("GET /?{long}"))).0.query(&long), Some(""));
}

#[test]
fn a_whole_url_is_stripped_to_its_path() {
    let with = |target: &str| get("").replace("GET /", &format!("GET {target}"));
    for (target, stripped) in [
        ("http://example.org/a?b=c", "/a?b=c"),
        ("HTTPS://EXAMPLE.org", "/"),
        ("http://example.org?b=http://c/d", "/?b=http://c/d"),
    ] {
        assert_eq!(plain(with(target)).0.target(), stripped);
    }
    for target in ["http://evil.example/a", "http://me@example.org/", "http://example.org:80/", "http:///a", "http:/a"]
    {
        assert_eq!(status(with(target)), 400, "{target}");
    }
}

// The header lines.

#[test]
fn there_is_one_host() {
    assert_eq!(status("GET / HTTP/1.1\r\n\r\n"), 400);
    assert_eq!(status(get("Host: example.org\r\n")), 400);
    assert_eq!(status(get("host: evil.example\r\n")), 400);
    for host in ["", "a b", "a/b", "a,b", "me@a", "a?b", "a#b", "a\\b", "h\u{e9}"] {
        assert_eq!(status(get("").replace("example.org", host)), 400, "{host}");
    }
    for host in ["localhost:4000", "[::1]:80", "a_b.example", "127.0.0.1"] {
        assert_eq!(plain(get("").replace("example.org", host)).0.header("host"), Some(host));
    }
}

#[test]
fn what_must_be_single_is() {
    for name in ["Origin", "Authorization", "Sec-WebSocket-Version"] {
        assert_eq!(status(get(&format!("{name}: 13\r\nX: y\r\n{}: 13\r\n", name.to_lowercase()))), 400, "{name}");
    }
}

#[test]
fn a_bare_line_feed_is_refused() {
    assert_eq!(status("GET / HTTP/1.1\nHost: a\n\n"), 400);
    assert_eq!(status("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400);
    assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400);
    assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\nX:\ny\r\n\r\n"), 400);
    assert_eq!(status("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

#[test]
fn a_bare_carriage_return_is_refused() {
    assert_eq!(status("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400);
    assert_eq!(status(get("X: a\rb\r\n")), 400);
    assert_eq!(status(get("X: a\r\r\n")), 400);
    assert_eq!(status("GET / HTTP/1.1\r\nHost: a\r\n\rx"), 400);
}

#[test]
fn a_folded_header_is_refused() {
    assert_eq!(status(get("X: a\r\n b\r\n")), 400);
    assert_eq!(status(get("X: a\r\n\tb\r\n")), 400);
    assert_eq!(status("GET / HTTP/1.1\r\n Host: a\r\n\r\n"), 400);
}

#[test]
fn a_blank_before_the_colon_is_refused() {
    assert_eq!(status(get("X : a\r\n")), 400);
    assert_eq!(status(get("X\t: a\r\n")), 400);
    assert_eq!(status(post("Content-Length : 3\r\n")), 400);
}

#[test]
fn a_header_name_is_a_token() {
    for line in [": a", "X", "X Y: a", "X\u{e9}: a", "X(: a", "\"X\": a"] {
        assert_eq!(status(get(&format!("{line}\r\n"))), 400, "{line}");
    }
}

#[test]
fn a_nul_or_control_character_is_refused() {
    for line in ["X: a\0b", "X\0: a", "\0: a", "X: \x01", "X: \x1b[0m", "X: \x7f", "\x0bX: a", "X:\0"] {
        assert_eq!(status(get(&format!("{line}\r\n"))), 400, "{line:?}");
    }
    assert_eq!(status("GET /\0 HTTP/1.1\r\n"), 400);
    assert_eq!(plain(get("X: a\tb\r\n")).0.header("x"), Some("a\tb"));
}

#[test]
fn a_value_that_is_not_utf8_does_not_go_missing() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://\xff\r\nX: caf\xc3\xa9\r\n\r\n";
    let request = plain(head).0;
    assert_eq!((request.header("origin"), request.header("x")), (Some("http://\u{fffd}"), Some("café")));
}

#[test]
fn a_fault_of_form_is_refused_at_its_byte_with_its_name() {
    for (start, message) in [
        ("\x16", "TLS"),
        ("GET /\n", "line feed"),
        ("GET / HTTP/1.1\r\nX: y\n", "line feed"),
        ("GET / HTTP/1.1\r\nX: y\r\n\n", "line feed"),
        ("GET / HTTP/1.1\rX", "carriage return"),
        ("GET / HTTP/1.1\r\nX: y\rz", "carriage return"),
        ("GET / HTTP/1.1\r\n\rX", "carriage return"),
        ("GET /\0", "NUL"),
        ("GET / HTTP/1.1\r\nX: y\0", "NUL"),
        ("GET / HTTP/1.1\r\n\0", "NUL"),
        ("GET /\t", "printable ASCII"),
        ("GET /\x7f", "printable ASCII"),
        ("GET / HTTP/1.1\r\nX: y\x1b", "control character"),
        ("GET / HTTP/1.1\r\nX: y\x7f", "control character"),
        ("GET / HTTP/1.1\r\n\x01", "control character"),
        ("GET / HTTP/1.1\r\nX: y\r\n ", "folded"),
        ("GET / HTTP/1.1\r\nX: y\r\n\t", "folded"),
        ("GET / HTTP/1.1\r\n ", "folded"),
        ("GET / HTTP/9.1\r\n", "version"),
    ] {
        assert_eq!(read(&start[..start.len() - 1]), Ok(None), "{start:?}");
        let reject = read(start).unwrap_err();
        assert!(reject.message.contains(message), "{start:?}: {}", reject.message);
    }
}

// Limits.

#[test]
fn a_head_over_the_limit_is_431_even_without_an_end() {
    let fits = |length: usize| get(&format!("X: {}\r\n", "y".repeat(length - get("X: \r\n").len())));
    assert_eq!(fits(LIMITS.bytes).len(), LIMITS.bytes);
    assert!(matches!(parse(fits(LIMITS.bytes).as_bytes(), None, &LIMITS), Ok(Some(_))));
    assert_eq!(parse(fits(LIMITS.bytes + 1).as_bytes(), None, &LIMITS).unwrap_err().status, 431);

    let endless = [get("").trim_end().as_bytes(), &vec![b'x'; 1 << 20]].concat();
    assert_eq!(parse(&endless[..LIMITS.bytes - 1], None, &LIMITS), Ok(None));
    assert_eq!(parse(&endless[..LIMITS.bytes], None, &LIMITS).unwrap_err().status, 431);
    assert_eq!(parse(&endless, None, &LIMITS).unwrap_err().status, 431);
    let target = ["GET /".as_bytes(), &vec![b'x'; 1 << 20]].concat();
    assert_eq!(parse(&target, None, &LIMITS).unwrap_err().status, 431);
}

#[test]
fn too_many_headers_are_431_as_soon_as_they_are() {
    let with = |count: usize| get(&"X: y\r\n".repeat(count - 1));
    assert_eq!(plain(with(100)).0.headers().count(), 100);
    assert_eq!(status(with(101)), 431);
    assert_eq!(status(with(2000)), 431);
    let full = &with(101)[..with(100).len() - 2];
    assert_eq!(read(full), Ok(None));
    assert_eq!(status([full, "X"].concat()), 431);
}

#[test]
fn limits_of_nothing_are_no_panic() {
    let none = HeadLimits { bytes: 0, headers: 0, body: 0 };
    assert_eq!(parse(b"", None, &none).unwrap_err().status, 431);
    let none = HeadLimits { bytes: usize::MAX, headers: 0, body: 0 };
    assert_eq!(parse(get("").as_bytes(), None, &none).unwrap_err().status, 431);
}

#[test]
fn another_protocol_is_refused_at_once() {
    let tls = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    assert_eq!(parse(&tls[..1], None, &LIMITS).unwrap_err().status, 400);
    for start in
        [&b"\0"[..], b"\x05\x01\0", b"\xff\xfe", b"{", b"<", b" ", b"\r", b"\n", b"SSH-2.0-x\r\n", b"EHLO x\r\n"]
    {
        assert_eq!(parse(start, None, &LIMITS).unwrap_err().status, 400, "{}", start.escape_ascii());
    }
}

// Handshakes.

#[test]
fn a_handshake_is_read() {
    let head = handshake("", "");
    let early = [head.as_bytes(), b"\x81\x80"].concat();
    let Ok(Some(Head::Upgrade { request, key, used })) = read(&early) else { panic!("{:?}", read(&early)) };
    assert_eq!((request.path(), &key[..], used), ("/chat/lobby", KEY.as_bytes(), head.len()));
}

#[test]
fn upgrade_and_connection_are_lists_without_case() {
    upgrades(handshake("Upgrade: websocket", "upgrade: h2c, WebSocket"));
    upgrades(handshake("Upgrade: websocket", "Upgrade: h2c\r\nUPGRADE:\tWEBSOCKET "));
    upgrades(handshake("Connection: Upgrade", "Connection: keep-alive ,, uPGRADE"));
    upgrades(handshake("Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade"));
}

#[test]
fn half_a_handshake_says_what_is_missing() {
    assert_eq!(status(handshake("Connection: Upgrade\r\n", "")), 400);
    assert_eq!(status(handshake("Connection: Upgrade", "Connection: close")), 400);
    assert_eq!(status(handshake("Upgrade: websocket\r\n", "")), 400);
    assert_eq!(status(handshake("Upgrade: websocket", "Upgrade: xwebsocket")), 400);
}

#[test]
fn another_upgrade_is_a_plain_request() {
    assert_eq!(plain(get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")).1, 0);
    assert_eq!(plain(get("Connection: upgrade\r\n")).1, 0);
}

#[test]
fn a_handshake_without_a_good_key_is_400() {
    let key_line = format!("Sec-WebSocket-Key: {KEY}\r\n");
    assert_eq!(status(handshake(&key_line, "")), 400);
    assert_eq!(status(handshake(&key_line, &key_line.repeat(2))), 400);
    let long = KEY.replace("==", "AA==");
    for key in ["", "dGhlIHNhbXBsZSBub25j", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQA=", &long] {
        assert_eq!(status(handshake(KEY, key)), 400, "{key:?}");
    }
    for key in
        ["dGhlIHNhbXBsZSBub25jZ===", "dGhlIHNhbXBsZSBub25jZ-==", "dGhlIHNhb BsZSBub25jZQ==", "d=hlIHNhbXBsZSBub25jZQ=="]
    {
        assert_eq!(status(handshake(KEY, key)), 400, "{key:?}");
    }
    upgrades(handshake(KEY, "AAAAAAAAAAAAAAAAAAAAAA=="));
    upgrades(handshake(KEY, "++++//////////////////=="));
}

#[test]
fn another_version_is_426_and_names_ours() {
    for version in ["12", "14", "8", "13, 8", "013", "", "x"] {
        let (status, headers) = refused(handshake("Version: 13", &format!("Version: {version}")));
        assert_eq!(status, 426, "{version:?}");
        assert!(headers.contains(&("Sec-WebSocket-Version", "13")));
    }
    assert_eq!(status(handshake("Sec-WebSocket-Version: 13\r\n", "")), 426);
    let twice = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n";
    assert_eq!(status(handshake("Sec-WebSocket-Version: 13\r\n", twice)), 400);
}

#[test]
fn a_handshake_is_a_get_in_http_1_1_without_a_body() {
    for method in ["POST", "HEAD"] {
        assert_eq!(refused(handshake("GET", method)), (405, &[("Allow", "GET")][..]), "{method}");
    }
    assert_eq!(refused(handshake("GET", "PUT")), (405, &[("Allow", "GET, HEAD, POST")][..]));
    assert_eq!(status(handshake("HTTP/1.1", "HTTP/1.0")), 400);
    assert_eq!(status(handshake("Upgrade: w", "Content-Length: 3\r\nUpgrade: w")), 400);
}

#[test]
fn an_answer_to_a_refused_head_is_one_line_that_closes() {
    let reject = read(handshake("13", "12")).unwrap_err();
    let wire = String::from_utf8(Response::from(&reject).encode(false)).unwrap();
    let (head, body) = wire.split_once("\r\n\r\n").unwrap();
    for line in
        ["HTTP/1.1 426 Upgrade Required", "Connection: close", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    {
        assert!(head.lines().any(|other| other == line), "{line} in {head}");
    }
    assert_eq!(body, "this WebSocket version is not served; send Sec-WebSocket-Version: 13\n");
}

// Laws.

/// Heads that are often good and often nearly so.
fn head() -> impl Strategy<Value = Vec<u8>> {
    let good = select(vec!["GET / HTTP/1.1", "GET http://a/b%20c?d HTTP/1.1", "POST /p HTTP/1.1", "HEAD / HTTP/1.1"]);
    let nearly = select(vec![
        "GET /%zz HTTP/1.1",
        "GET / HTTP/1.0",
        "GET / HTTP/2.0",
        "PUT / HTTP/1.1",
        "brew / HTTP/1.1",
        "GET  / HTTP/1.1",
        "",
    ]);
    let base = select(vec![
        "Host: a\r\n".to_owned(),
        "X: y\r\n".to_owned(),
        handshake("example.org", "a").split_once("\r\n").unwrap().1.trim_end().to_owned() + "\r\n",
    ]);
    let header = select(vec![
        "X: y",
        "x-empty:",
        "Upgrade: websocket",
        "Connection: keep-alive, Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 12",
        "Content-Length: 3",
        "Content-Length: x",
        "Transfer-Encoding: chunked",
        "Expect: tea",
        "Host: b",
        "X : y",
        " folded",
        "X: \u{e9}",
        "X:\0",
        "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
        "",
    ]);
    let end = prop_oneof![60 => Just("\r\n"), 1 => Just("\n"), 1 => Just("\r"), 1 => Just("\r\r\n")];
    let line = prop_oneof![5 => good, 1 => nearly];
    let headers = vec((header, end.clone()), 0..4);
    let tail = select(vec!["\r\n", "\r\n\x01\x02", "\r\nGET / HTTP/1.1\r\n", "", "\r", "\n"]);
    (line, end, base, headers, tail).prop_map(|(line, end, base, headers, tail)| {
        let headers: String = headers.iter().map(|(header, end)| format!("{header}{end}")).collect();
        format!("{line}{end}{base}{headers}{tail}").into_bytes()
    })
}

fn limits() -> impl Strategy<Value = HeadLimits> {
    (select(vec![40_usize, 100, 200, 400, 16384]), 1..9_usize, 0..5_usize)
        .prop_map(|(bytes, headers, body)| HeadLimits { bytes, headers, body })
}

proptest! {
    #[test]
    fn a_head_is_read_the_same_however_it_grows(buf in head(), limits in limits()) {
        // The law is checked within.
        if let Ok(Some(Head::Upgrade { used, .. } | Head::Plain { used, .. })) = read_within(&buf, &limits) {
            prop_assert!(used <= limits.bytes && buf[..used].ends_with(b"\r\n\r\n"));
        }
    }

    #[test]
    fn a_head_is_read_the_same_however_it_is_cut(buf in head(), limits in limits(), cuts in vec(0..400_usize, 0..5)) {
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(buf.len())).chain([buf.len()]).collect();
        cuts.sort_unstable();
        let mut parser = HeadParser::new(limits);
        let mut result = Ok(None);
        for cut in cuts {
            result = parser.parse(&buf[..cut], None);
            if result != Ok(None) {
                break;
            }
        }
        prop_assert_eq!(result, parse(&buf, None, &limits));
    }

    #[test]
    fn random_bytes_are_no_panic(buf in vec(any::<u8>(), 0..200), limits in limits()) {
        let _ = read_within(&buf, &limits);
    }

    #[test]
    fn random_changes_to_a_good_head_are_no_panic_and_keep_the_law(
        changes in vec((0..300_usize, select(b"\0\t\n\r :/%a9=,\x7f\xff".to_vec())), 0..4),
    ) {
        let mut buf = handshake("", "").into_bytes();
        for (at, byte) in changes {
            let at = at % buf.len();
            buf[at] = byte;
        }
        let _ = read_within(&buf, &LIMITS);
    }

    #[test]
    fn what_is_read_is_what_was_written(
        path in "/[a-z0-9._~-]{1,20}x",
        headers in vec(("x-[a-z0-9!#$%&'*+.^_`|~-]{1,10}", "([!-~é]([ -~é]{0,20}[!-~é])?)?"), 0..8),
        body in 0..1000_usize,
    ) {
        let line = |(name, value): &(String, String)| format!("{}: {value}\r\n", name.to_uppercase());
        let lines: String = headers.iter().map(line).collect();
        let text = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {body}\r\n{lines}\r\n");
        let (request, announced) = plain(&text);
        prop_assert_eq!((request.path(), announced), (path.as_str(), body));
        let read: Vec<_> = request.headers().skip(2).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        prop_assert_eq!(read, headers);
    }

    #[test]
    fn an_answer_has_no_header_but_those_it_was_given(
        name in ".{0,12}|[a-z-]{1,12}",
        value in ".{0,20}|[\r\n\0 -~]{0,20}",
    ) {
        let Ok(response) = Response::text("body").with_header(name.clone(), value.clone()) else { return Ok(()) };
        let wire = response.encode(false);
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut parsed = httparse::Response::new(&mut headers);
        let end = parsed.parse(&wire).unwrap().unwrap();
        prop_assert_eq!(&wire[end..], b"body");
        prop_assert_eq!(parsed.headers.len(), 5);
        let last = parsed.headers[4];
        prop_assert_eq!((last.name, last.value), (name.as_str(), value.trim_matches([' ', '\t']).as_bytes()));
    }
}
