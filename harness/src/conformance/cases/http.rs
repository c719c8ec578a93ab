//! HTTP apart from the upgrade: heads that are wrong, endless or meant to be read differently by
//! two servers.

use std::time::{Duration, Instant};

use super::{Case, case};
use crate::conformance::client::Client;
use crate::conformance::expect::soon;
use crate::conformance::wire::Head;
use crate::conformance::{Outcome, Target};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = malformed();
    cases.extend(too_large());
    cases.extend(requests());
    cases
}

/// A change to the bytes of a head that is right.
type Spoil = fn(String) -> String;

/// Puts a line before the end of a head.
fn with_line(head: String, line: &str) -> String {
    head.replacen("\r\n\r\n", &format!("\r\n{line}\r\n\r\n"), 1)
}

/// Each of these is refused with 400, and the request after it is never read as one: the two ends
/// don't agree where it begins.
fn malformed() -> Vec<Case> {
    let heads: [(&str, &str, Spoil); 20] = [
        ("bare-lf", "a line that ends in a bare LF is refused", |head| head.replacen("\r\nUpgrade", "\nUpgrade", 1)),
        ("bare-lf-everywhere", "a head with bare LFs only is refused", |head| head.replace("\r\n", "\n")),
        ("bare-lf-at-the-end", "a head isn't ended by a bare LF", |head| head.replacen("\r\n\r\n", "\r\n\n", 1)),
        ("bare-cr", "a CR inside of a line is refused", |head| with_line(head, "X-A: b\rX-C: d")),
        ("folded", "a header that goes on in the next line is refused", |head| with_line(head, "X-A: b\r\n c")),
        ("folded-first", "a first header line that begins with a blank is refused", |head| {
            head.replacen("\r\nHost", "\r\n Host", 1)
        }),
        ("blank-before-colon", "a blank before the colon is refused", |head| with_line(head, "X-A : b")),
        ("blank-in-name", "a blank in a header's name is refused", |head| with_line(head, "X A: b")),
        ("nul-in-value", "a NUL in a header's value is refused", |head| with_line(head, "X-A: b\0c")),
        ("nul-in-name", "a NUL in a header's name is refused", |head| with_line(head, "X\0A: b")),
        ("nul-in-path", "a NUL in the path is refused", |head| head.replacen(" HTTP", "\0 HTTP", 1)),
        ("control-in-value", "a control character in a header's value is refused", |head| with_line(head, "X-A: \x01")),
        ("no-colon", "a header line without a colon is refused", |head| with_line(head, "X-A")),
        ("no-name", "a header without a name is refused", |head| with_line(head, ": b")),
        ("not-a-version", "a request line without a version of HTTP is refused", |head| {
            head.replacen("HTTP/1.1", "HTTQ/1.1", 1)
        }),
        ("blank-in-path", "a blank in the path is refused", |head| head.replacen(" HTTP", " and more HTTP", 1)),
        ("length-and-encoding", "Content-Length with Transfer-Encoding is refused", |head| {
            with_line(head, "Content-Length: 5\r\nTransfer-Encoding: chunked") + "0\r\n\r\n"
        }),
        ("two-lengths", "two Content-Lengths that differ are refused", |head| {
            with_line(head, "Content-Length: 0\r\nContent-Length: 5") + "hello"
        }),
        ("body", "an upgrade with a body is refused", |head| with_line(head, "Content-Length: 5") + "hello"),
        ("chunked-body", "an upgrade with a chunked body is refused", |head| {
            with_line(head, "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n"
        }),
    ];
    let case = |(name, must, spoil): (&str, &str, Spoil)| {
        case(name, format!("{must}, and no other request is answered"), move |target: &Target| {
            let mut client = Client::connect(target)?;
            let head = String::from_utf8(target.upgrade().bytes()).expect("a head is text");
            let spoiled = spoil(head.clone());
            client.send(format!("{spoiled:?} and then a right upgrade"), (spoiled + &head).as_bytes());
            client.refused(&[400])
        })
    };
    heads.into_iter().map(case).collect()
}

fn too_large() -> Vec<Case> {
    vec![
        case("fields-2000-long", "2,000 headers are refused", |target| {
            let head = (0..2_000).fold(target.upgrade(), |head, n| head.add(format!("X-{n}"), "value"));
            too_large_head(target, "2,000 headers", &head.bytes(), &[431])
        }),
        case("fields-2000", "2,000 headers are refused, even if they are short", |target| {
            let head = (0..2_000).fold(target.upgrade(), |head, _| head.add("A", ""));
            too_large_head(target, "2,000 headers of 5 bytes", &head.bytes(), &[431])
        }),
        case("field-of-1-mib", "a header of 1 MiB is refused", |target| {
            let head = target.upgrade().add("X-Long", "v".repeat(1 << 20));
            too_large_head(target, "a header of 1 MiB", &head.bytes(), &[431])
        }),
        // What is sent here never ends, and the server must not wait for more: 16 KiB are enough.
        case("value-without-end", "a header without end is refused after 16 KiB", |target| {
            let head = target.upgrade().add("X-Long", "v".repeat(16 << 10)).bytes();
            too_large_head(target, "16 KiB of a header, unfinished", &head[..head.len() - 4], &[431])
        }),
        case("name-without-end", "a header's name without end is refused after 16 KiB", |target| {
            let mut head = target.upgrade().bytes();
            head.truncate(head.len() - 2);
            head.extend([b'n'; 16 << 10]);
            too_large_head(target, "16 KiB of a header's name, unfinished", &head, &[431])
        }),
        case("path-without-end", "a path without end is refused after 16 KiB", |target| {
            let line = format!("GET /{}", "p".repeat(17 << 10));
            too_large_head(target, "17 KiB of a path, unfinished", line.as_bytes(), &[414, 431])
        }),
    ]
}

/// Sends until the server answers, since it may cut off who doesn't listen.
fn too_large_head(target: &Target, what: &str, head: &[u8], statuses: &[u16]) -> Outcome {
    let mut client = Client::connect(target)?;
    for part in head.chunks(4 << 10) {
        client.send(what, part);
        if client.has_news() {
            break;
        }
    }
    client.status(statuses)?;
    client.gone("the end of the connection")
}

fn requests() -> Vec<Case> {
    let mut cases = vec![
        case("unknown-path", "a page that doesn't exist is not found", |target| {
            let mut client = Client::connect(target)?;
            client.send_head(&Head::plain("GET /no/such/page HTTP/1.1", &target.authority()));
            client.status(&[404]).map(drop)
        }),
        case("channel-without-upgrade", "a plain GET of a channel is refused", |target| {
            let mut client = Client::connect(target)?;
            client.send_head(&Head::plain(&format!("GET {} HTTP/1.1", target.echo), &target.authority()));
            client.status(&[400, 404, 405, 426]).map(drop)
        }),
        case(
            "end-comes-soon",
            "the server ends the stream with an answer that is the last, not much later",
            |target| {
                soon(target, "HTTP status 404, then the end of the stream", |_| {
                    let mut client = Client::connect(target)?;
                    let head =
                        Head::plain("GET /no/such/page HTTP/1.1", &target.authority()).add("Connection", "close");
                    let start = Instant::now();
                    client.send_head(&head);
                    client.refused(&[404])?;
                    Ok((client, start.elapsed()))
                })
            },
        ),
        case("body-that-is-a-request", "a body is never read as a request", |target| {
            let mut client = Client::connect(target)?;
            let body = target.upgrade().bytes();
            let head = Head::plain("POST /no/such/page HTTP/1.1", &target.authority())
                .add("Content-Length", body.len().to_string())
                .add("Connection", "close");
            client.send("a POST whose body is an upgrade", &[head.bytes(), body].concat());
            client.refused(&[400, 403, 404, 405])
        }),
        case("head-has-no-body", "the answer to HEAD has no body", |target| {
            let mut client = Client::connect(target)?;
            let head = Head::plain("HEAD /no/such/page HTTP/1.1", &target.authority()).add("Connection", "close");
            client.send_head(&head);
            client.refused_without_body(&[400, 404, 405, 501])
        }),
        case("not-http", "what isn't HTTP is refused or cut off", |target| {
            let hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03\r\n\r\n";
            let mut client = Client::connect(target)?;
            client.send("the beginning of TLS", hello);
            client.gone("a refusal or none, and the end of the connection")
        }),
        case("http-2", "HTTP/2 is refused or cut off", |target| {
            let mut client = Client::connect(target)?;
            client
                .send("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00");
            client.gone("a refusal or none, and the end of the connection")
        }),
        case("flood-after-refusal", "who goes on sending after a refusal is cut off", |target| {
            let mut client = Client::connect(target)?;
            client.send("a malformed head", b"GET / HTTP/1.1\r\n: no name\r\n\r\n");
            client.status(&[400])?;
            flood(&mut client)
        }),
    ];
    let paths =
        ["/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc%2fpasswd", "/..%5c..%5cetc", "/%00", "/%"];
    cases.extend(paths.into_iter().enumerate().map(|(n, path)| {
        case(format!("path-{n}"), format!("{path} leads nowhere"), move |target| {
            let mut client = Client::connect(target)?;
            client.send_head(&Head::plain(&format!("GET {path} HTTP/1.1"), &target.authority()));
            client.status(&[400, 404]).map(drop)
        })
    }));
    cases
}

/// Sends until the server has no more of it: what it reads and discards is bounded, in bytes and in
/// time.
pub(super) fn flood(client: &mut Client) -> Outcome {
    let (start, mut taken) = (Instant::now(), 0);
    while !client.is_cut() {
        if start.elapsed() > client.patience() || taken > 64 << 20 {
            return Err(client.fail("that the connection is cut before 64 MiB more"));
        }
        let chunk = [b'x'; 16 << 10];
        taken += client.send_blind("16 KiB of anything", &chunk, Duration::from_millis(100));
    }
    Ok(())
}
