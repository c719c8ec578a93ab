//! What a request may hold, and what becomes of it: subprotocols, and bodies that come in pieces.

mod common;

use common::net::{Net, Wires};
use common::{TestApp, quiet};
use lazuli::driver::{Driver, LinkId, Settings};
use lazuli::{Config, Hub, Response, Time};
use std::sync::Arc;

fn net() -> Net {
    let script = Arc::<common::Script>::default();
    let mut routes = common::routes(&script, quiet());
    routes.subprotocols(["chat", "superchat"]);
    routes.post("/echo", |_, request| Ok(Response::bytes(request.body().to_vec()))).unwrap();
    let hub = Hub::new(Config::default(), routes, TestApp::default());
    Net { driver: Driver::new(hub, Settings::default()), wires: Wires::default(), script, now: Time::ZERO }
}

#[test]
fn of_the_subprotocols_that_a_client_offers_the_first_that_is_known_is_chosen() {
    for (offered, chosen) in [
        ("superchat, chat", Some("superchat")),
        ("other, chat, superchat", Some("chat")),
        ("other", None),
        ("lazuli", Some("lazuli")),
    ] {
        let mut net = net();
        let link = net.accept();
        let request = format!(
            "GET /probe HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: {offered}\r\n\r\n"
        );
        net.receive(link, request.as_bytes());
        let answer = String::from_utf8(net.read(link)).unwrap();
        let said = answer.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Protocol: "));
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert_eq!(said, chosen, "{offered}");
    }
}

#[test]
fn a_body_is_as_long_as_its_length_says_however_it_comes() {
    for piece in [1, 2, 3, 7, 100] {
        let mut net = net();
        let link = net.accept();
        net.receive(link, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n");
        for bytes in b"0123456789".chunks(piece) {
            net.receive(link, bytes);
        }
        let answer = String::from_utf8(net.read(link)).unwrap();
        assert!(
            answer
                .ends_with("Content-Length: 7\r\nConnection: close\r\nX-Content-Type-Options: nosniff\r\n\r\n0123456"),
            "{answer}"
        );
    }
}

#[test]
fn the_id_of_a_link_is_a_number_and_the_same_again() {
    let mut net = net();
    let (first, second) = (net.accept(), net.accept());
    assert_ne!(first.as_u64(), second.as_u64());
    for link in [first, second] {
        assert_eq!(LinkId::from_u64(link.as_u64()), Some(link));
    }
    assert_ne!(format!("{first:?}"), format!("{second:?}"));
}
