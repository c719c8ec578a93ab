//! The opening handshake.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Case, ascii, case};
use crate::conformance::client::Client;
use crate::conformance::inbound::Kind;
use crate::conformance::wire::{Frame, Head, KEYS};
use crate::conformance::{Outcome, Target, serve_fresh};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = accepted();
    cases.extend(refused());
    cases.extend(slow());
    cases
}

/// A change to a head that is right.
type Change = fn(Head) -> Head;

fn accepted() -> Vec<Case> {
    let mut cases: Vec<Case> = KEYS
        .into_iter()
        .enumerate()
        .map(|(n, (key, accept))| {
            case(format!("accept-key-{n}"), "the key is answered with its hash", move |target| {
                let mut client = Client::connect(target)?;
                client.send_head(&target.upgrade().set("Sec-WebSocket-Key", key));
                client.upgraded_with(accept)?;
                client.still_open()
            })
        })
        .collect();
    let heads: [(&str, &str, Change); 8] = [
        ("names-in-capitals", "names of header fields have no case", |head| head.names(str::to_uppercase)),
        ("names-in-small-letters", "names of header fields have no case", |head| head.names(str::to_lowercase)),
        ("tokens-in-any-case", "the values of Upgrade and Connection have no case", |head| {
            head.set("Upgrade", "WebSocket").set("Connection", "uPGRADE")
        }),
        ("connection-list", "Connection is a list, which Firefox makes use of", |head| {
            head.set("Connection", "keep-alive, Upgrade")
        }),
        ("upgrade-last", "the order of header fields doesn't matter", |head| head.set("Upgrade", "websocket")),
        ("unknown-fields", "header fields that mean nothing to the server are ignored", |head| {
            (0..40).fold(head, |head, n| head.add(format!("X-Unknown-{n}"), format!("a value, number {n}")))
        }),
        ("large-cookie", "a head of 8 KiB is accepted: cookies alone may take 4", |head| {
            head.add("Cookie", format!("session={}", "c".repeat(7_600)))
        }),
        ("blank-values", "blanks around a value, and empty values, are allowed", |head| {
            head.set("Upgrade", "  websocket \t").add("X-Empty", "")
        }),
    ];
    cases.extend(heads.map(|(name, must, change)| {
        case(name, must, move |target| {
            let mut client = Client::connect(target)?;
            client.send_head(&change(target.upgrade()));
            client.upgraded()?;
            client.still_open()
        })
    }));
    cases.extend([
        case("query", "a query after the path changes nothing about the route", |target| {
            let mut client = Client::connect(target)?;
            client.send_head(&Head::upgrade(&target.authority(), &format!("{}?a=1&b=%20", target.echo)));
            client.upgraded()?;
            client.still_open()
        }),
        case("byte-by-byte", "a head that arrives byte by byte is as good as any", |target| {
            let mut client = Client::connect(target)?;
            client.send_bytewise("an upgrade", &target.upgrade().bytes());
            client.upgraded()?;
            client.still_open()
        }),
        case("frames-in-the-same-segment", "frames that arrive with the head are not lost", |target| {
            let mut client = Client::connect(target)?;
            let frames = [Frame::text("early"), Frame::ping("p"), Frame::binary(ascii(300))];
            let mut bytes = target.upgrade().bytes();
            frames.iter().for_each(|frame| bytes.extend(frame.bytes()));
            client.send("an upgrade and, in the same segment, a text, a ping, a binary message", &bytes);
            client.upgraded()?;
            client.echoed(Kind::Text, b"early")?;
            client.echoed(Kind::Binary, &ascii(300))?;
            client.still_open()
        }),
        case("half-a-frame-in-the-same-segment", "part of a frame that arrives with the head is kept", |target| {
            let mut client = Client::connect(target)?;
            let frame = Frame::text("in two halves").bytes();
            let (first, second) = frame.split_at(7);
            client.send("an upgrade and half a frame", &[target.upgrade().bytes(), first.to_vec()].concat());
            client.upgraded()?;
            client.send("the other half", second);
            client.echoed(Kind::Text, b"in two halves")
        }),
        case("protocol-not-offered", "a subprotocol is agreed on only if it was offered", |target| {
            let mut client = Client::connect(target)?;
            client.send_head(&target.upgrade());
            let none = client.upgraded()?.field("sec-websocket-protocol").is_none();
            if none { client.still_open() } else { Err(client.fail("no sec-websocket-protocol")) }
        }),
        case("extension-not-agreed-on", "an extension that was not agreed on is not used", |target| {
            let mut client = Client::connect(target)?;
            client.send_head(&target.upgrade().add("Sec-WebSocket-Extensions", "x-nobody-has-this"));
            if client.upgraded()?.field("sec-websocket-extensions").is_some() {
                return Err(client.fail("no sec-websocket-extensions"));
            }
            client.send_frame(&Frame::text("plain").rsv(0b100));
            client.closed(&[1002])
        }),
        case("pipelined", "what follows an upgrade is frames: a second request is never answered", |target| {
            let mut client = Client::connect(target)?;
            let head = target.upgrade().bytes();
            client.send("two upgrades in one segment", &[head.clone(), head].concat());
            client.upgraded()?;
            client.closed(&[1002])
        }),
    ]);
    cases
}

fn refused() -> Vec<Case> {
    let heads: [(&str, &str, &'static [u16], Change); 17] = [
        ("no-key", "an upgrade without a key is refused", &[400], |head| head.without("Sec-WebSocket-Key")),
        ("empty-key", "the key must be 16 bytes", &[400], |head| head.set("Sec-WebSocket-Key", "")),
        ("short-key", "the key must be 16 bytes", &[400], |head| head.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZQ==")),
        ("long-key", "the key must be 16 bytes", &[400], |head| {
            head.set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQABAgM=")
        }),
        ("key-not-base64", "the key must be Base64", &[400], |head| {
            head.set("Sec-WebSocket-Key", "dGhlIHNhbXBs*SBub25jZQ==")
        }),
        ("two-keys", "two keys are refused", &[400], |head| head.add("Sec-WebSocket-Key", KEYS[1].0)),
        ("no-version", "an upgrade without a version is refused", &[400, 426], |head| {
            head.without("Sec-WebSocket-Version")
        }),
        ("post", "only GET is upgraded", &[400, 405], |head| {
            let line = head.to_line().replacen("GET", "POST", 1);
            head.line(line).add("Content-Length", "0")
        }),
        ("http-1.0", "HTTP/1.0 has no upgrade", &[400, 426, 505], |head| {
            let line = head.to_line().replacen("HTTP/1.1", "HTTP/1.0", 1);
            head.line(line)
        }),
        ("no-upgrade", "without Upgrade nothing is upgraded", &[400, 404, 405, 426], |head| head.without("Upgrade")),
        ("other-upgrade", "an upgrade to another protocol is no WebSocket", &[400, 404, 405, 426], |head| {
            head.set("Upgrade", "h2c")
        }),
        ("no-connection", "without Connection nothing is upgraded", &[400, 404, 405, 426], |head| {
            head.without("Connection")
        }),
        ("connection-close", "Connection must list upgrade", &[400, 404, 405, 426], |head| {
            head.set("Connection", "close")
        }),
        ("no-host", "HTTP/1.1 demands a Host", &[400], |head| head.without("Host")),
        ("two-hosts", "HTTP/1.1 demands one Host", &[400], |head| head.add("Host", "elsewhere.example")),
        ("unknown-path", "a path that nobody serves is not found", &[404], |head| {
            head.line("GET /no/such/channel/here HTTP/1.1")
        }),
        ("path-prefix", "a channel's path is not the beginning of others", &[404], |head| {
            let line = head.to_line().replacen(" HTTP", "-and-more HTTP", 1);
            head.line(line)
        }),
    ];
    let mut cases: Vec<Case> = heads
        .into_iter()
        .map(|(name, must, statuses, change)| {
            case(name, must, move |target| {
                let mut client = Client::connect(target)?;
                client.send_head(&change(target.upgrade()));
                client.status(statuses).map(drop)
            })
        })
        .collect();
    cases.extend(["0", "8", "12", "14"].map(|version| {
        case(format!("version-{version}"), "another version is answered with the one that is spoken", move |target| {
            let mut client = Client::connect(target)?;
            client.send_head(&target.upgrade().set("Sec-WebSocket-Version", version));
            let reply = client.status(&[426])?;
            let told = reply.lists("sec-websocket-version", "13");
            if told { Ok(()) } else { Err(client.fail("HTTP status 426 with sec-websocket-version: 13")) }
        })
    }));
    cases
}

fn slow() -> Vec<Case> {
    vec![
        case("unhurried-head", "a head that takes 3 s is served", |target| {
            let mut client = Client::connect(target)?;
            let head = target.upgrade().bytes();
            for part in head.chunks(head.len().div_ceil(4)) {
                client.send("a quarter of an upgrade", part);
                sleep(Duration::from_millis(750));
            }
            client.upgraded()?;
            client.still_open()
        }),
        case("slow-head", "a head at a byte a second is cut 10 s after it began", |target| trickle(target, 1, true)),
        case("no-head", "a connection on which nothing comes is cut after 10 s", |target| trickle(target, 1, false)),
        case("many-slow-heads", "slow heads keep nobody out, and all are cut", |target| trickle(target, 24, true)),
    ]
}

/// Opens `count` connections that send a byte a second, or nothing. All must be gone after 15 s,
/// and a fresh client be served at any time.
fn trickle(target: &Target, count: usize, sending: bool) -> Outcome {
    let head = target.upgrade().bytes();
    let start = Instant::now();
    let mut clients = (0..count).map(|_| Client::connect(target)).collect::<Result<Vec<_>, _>>()?;
    for byte in &head {
        if start.elapsed() > Duration::from_secs(15) {
            break;
        }
        for client in &mut clients {
            if sending {
                client.send("a byte of an upgrade", &[*byte]);
            }
        }
        // A server may say why before it hangs up: what it says is not looked at.
        clients.retain_mut(|client| !client.is_over());
        if clients.is_empty() {
            return Ok(());
        }
        serve_fresh(target)?;
        sleep(Duration::from_secs(1));
    }
    Err(clients[0].fail("the end of the connection within 15 s"))
}
