//! Answers to plain requests, as they stand on the wire.

use lazuli::driver::response::Response;
use lazuli::{Refused, request::HeaderError};
use tungstenite::http::StatusCode;

fn first_line(response: &Response) -> String {
    let wire = String::from_utf8(response.encode(true)).unwrap();
    wire.lines().next().unwrap().into()
}

/// The registry as another library knows it; where that is behind RFC 9110, what the RFC says.
fn registered(status: u16) -> Option<&'static str> {
    match status {
        203 => Some("Non-Authoritative Information"),
        413 => Some("Content Too Large"),
        422 => Some("Unprocessable Content"),
        _ => StatusCode::from_u16(status).ok()?.canonical_reason(),
    }
}

/// Registered, and not named: nothing to do with pages and sockets (WebDAV, proxies, what was given up).
const LEFT_OUT: [u16; 14] = [207, 208, 226, 300, 305, 407, 418, 423, 424, 506, 507, 508, 510, 511];

#[test]
fn a_status_has_the_reason_that_is_registered() {
    for status in 200..600 {
        let line = first_line(&Response::text("").with_status(status));
        let reason = line.strip_prefix(&format!("HTTP/1.1 {status} ")).expect("it is the status that was asked for");
        let expected = registered(status).filter(|_| !LEFT_OUT.contains(&status));
        assert_eq!(reason, expected.unwrap_or("Unregistered"), "{status}");
        assert_eq!(Response::status(status).body(), format!("{status} {reason}\n").as_bytes());
    }
}

#[test]
fn what_is_shown_of_an_answer_tells_no_secret() {
    let response = Response::text("the body").with_header("Set-Cookie", "token=hunter2").unwrap().with_status(403);
    let shown = format!("{response:?}");
    assert!(shown.contains("403") && shown.contains("Set-Cookie") && shown.contains("8 bytes"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("the body"), "{shown}");
}

#[test]
fn errors_of_headers_and_refusals_say_what_to_do() {
    let error = |name: &'static str, value: &'static str| Response::text("").with_header(name, value).unwrap_err();
    assert!(error("a b", "").to_string().contains("must be a token"));
    assert!(error("a", "b\r\n").to_string().contains("must not contain line ends"));
    assert_eq!(error("Content-Length", "1"), HeaderError::Reserved);
    assert!(error("Content-Length", "1").to_string().contains("leave it out"));
    assert_eq!(Refused::new(403, "Members only").to_string(), "403 Members only");
}

#[test]
fn a_quality_that_is_none_takes_nothing() {
    let is_compressed = |accepted: &str| {
        let request = lazuli::Request::get("/spark.js").unwrap().with_header("Accept-Encoding", accepted).unwrap();
        lazuli::client::script(&request).headers().any(|header| header == ("Content-Encoding", "gzip"))
    };
    for accepted in ["gzip", "gzip;q=1", "gzip;q=0.1", "gzip; q=0.123", "gzip;q=1.000"] {
        assert!(is_compressed(accepted), "{accepted}");
    }
    for refused in ["", "gzip;q=0", "gzip;q=7.5", "gzip;q=0.1234", "gzip;q=1.001", "gzip;q=0.x", "gzip;q=-1", "br"] {
        assert!(!is_compressed(refused), "{refused}");
    }
}
