//! Both transports over real sockets, by the same tests.

mod client;
mod http;
mod lab;
mod log;
mod memory;
mod shards;
mod shards_behind;
mod shards_pages;

use client::Client;
use lab::{Running, Start, Wish};
use lazuli::backplane::Local;
use lazuli::{Config, ConnId, Node};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Makes a test of each function for each transport; of the first ones for several hubs behind one address, too.
macro_rules! on_both {
    ($($shared:ident)* ; $($name:ident)*) => {
        mod on_smol { $( #[test] fn $shared() { super::$shared(super::lab::smol); } )*
                      $( #[test] fn $name() { super::$name(super::lab::smol); } )* }
        mod on_std { $( #[test] fn $shared() { super::$shared(super::lab::std); } )*
                     $( #[test] fn $name() { super::$name(super::lab::std); } )* }
        mod on_shards { $( #[test] fn $shared() { super::$shared(super::shards::start); } )* }
    };
}

on_both! {
    everyone_in_a_room_hears_everything_in_one_order
    an_effect_is_answered_by_an_event
    a_panic_is_its_own_peers_alone
    a_slow_reader_is_closed_and_nobody_else_notices
    a_lost_peer_leaves_its_room
    stopping_says_goodbye
    stopping_ends_with_the_last_connection
    a_flood_closes_nobody_who_reads
    a_flood_keeps_nobody_out
    a_busy_handle_closes_nobody_who_reads
    large_messages_of_a_handle_close_nobody_who_reads
    plain_requests_are_answered
    a_page_can_broadcast
    a_slow_request_is_cut
    sockets_are_given_back
    ;
    a_handle_sends_from_another_thread
    too_many_connections_are_refused
}

use http::{a_page_can_broadcast, a_slow_request_is_cut, plain_requests_are_answered};
use memory::sockets_are_given_back;

fn two(server: &Running, room: &str) -> (Client, Client) {
    (Client::join(server.addr, room), Client::join(server.addr, room))
}

fn everyone_in_a_room_hears_everything_in_one_order(start: Start) {
    let server = start(Wish::default());
    let (mut a, mut b) = two(&server, "x");
    let mut elsewhere = Client::join(server.addr, "y");
    for n in 0..500 {
        a.send(&format!("a{n}"));
        b.send(&format!("b{n}"));
    }
    let heard: Vec<String> = (0..1_000).map(|_| a.text()).collect();
    assert_eq!(heard, (0..1_000).map(|_| b.text()).collect::<Vec<_>>());
    for (who, name) in [("a", "a"), ("b", "b")] {
        let own: Vec<_> = heard.iter().filter(|text| text.starts_with(who)).cloned().collect();
        assert_eq!(own, (0..500).map(|n| format!("{name}{n}")).collect::<Vec<_>>());
    }
    elsewhere.send("alone");
    assert_eq!(elsewhere.text(), "alone");
}

fn a_handle_sends_from_another_thread(start: Start) {
    let server = start(Wish::default());
    let (mut a, mut b) = two(&server, "x");
    let (handle, first) = (server.handle.clone(), ConnId::from_u64(a.id).expect("an id"));
    std::thread::spawn(move || {
        handle.broadcast("x", "to the room").expect("a text is JSON");
        handle.to_conn(first).json("to one").expect("a text is JSON");
        handle.to_all().json("to all").expect("a text is JSON");
        handle.close(first, 4000, "enough");
    });
    assert_eq!([a.text(), a.text(), a.text()], ["\"to the room\"", "\"to one\"", "\"to all\""]);
    assert_eq!(a.close_code(), (4000, "enough".into()));
    assert_eq!([b.text(), b.text(), b.text()], ["\"to the room\"", "\"to all\"", "left 4000"]);
}

fn an_effect_is_answered_by_an_event(start: Start) {
    let server = start(Wish::default());
    let (mut a, mut b) = two(&server, "x");
    a.send("add 1 2 3");
    assert_eq!((a.text(), b.text()), ("sum 6".into(), "sum 6".into()));
}

fn a_panic_is_its_own_peers_alone(start: Start) {
    let server = start(Wish::default());
    let (mut a, mut b) = two(&server, "x");
    a.send("panic");
    let error: serde_json::Value = serde_json::from_str(&a.text()).expect("the error is JSON");
    assert_eq!((&error["type"], &error["code"]), (&"error".into(), &"INTERNAL_ERROR".into()));
    assert_eq!(a.close_code(), (1011, "Internal server error".into()));
    b.send("still here");
    assert_eq!(b.text(), "still here");
}

fn a_slow_reader_is_closed_and_nobody_else_notices(start: Start) {
    let server = start(Wish::default());
    let mut slow = Client::join(server.addr, "x");
    let mut other = Client::join(server.addr, "y");
    let mut sender = Client::join(server.addr, "x");
    memory::wait_for_sockets(server.addr, 3);
    // Sockets take a few megabytes by themselves; the window and 1 MiB wait beyond that.
    for _ in 0..200 {
        sender.send("flood 100000");
        sender.skip();
        other.send("hello");
        assert_eq!(other.text(), "hello");
    }
    let (code, _) = slow.close_code();
    assert_eq!(code, 1013);
    drop(slow);
    memory::wait_for_sockets(server.addr, 2);
}

fn a_lost_peer_leaves_its_room(start: Start) {
    let server = start(Wish::default());
    let (a, mut b) = two(&server, "x");
    drop(a);
    assert_eq!(b.text(), "left 1006");
    let a = Client::join(server.addr, "x");
    a.close();
    assert_eq!(b.text(), "left 1005");
}

fn stopping_says_goodbye(start: Start) {
    let mut server = start(Wish::default());
    let (mut a, mut b) = two(&server, "x");
    let reading = std::thread::spawn(move || [a.close_code(), b.close_code()]);
    server.stop();
    for (code, reason) in reading.join().expect("both are closed") {
        assert_eq!(code, 1001);
        let millis: u64 = reason
            .strip_prefix("Going away; come back in ")
            .and_then(|rest| rest.strip_suffix(" ms"))
            .and_then(|millis| millis.parse().ok())
            .expect("a hint when to come back");
        assert!(millis <= 10_000);
    }
    assert!(TcpStream::connect(server.addr).is_err(), "nobody listens any more");
}

fn stopping_ends_with_the_last_connection(start: Start) {
    let mut server = start(Wish::default());
    let (a, b) = two(&server, "x");
    let reading = std::thread::spawn(move || {
        for mut client in [a, b] {
            client.close_code();
            client.close();
        }
    });
    let began = std::time::Instant::now();
    server.stop();
    // It may take the 5 s that a test gives it only if somebody does not answer.
    assert!(began.elapsed() < std::time::Duration::from_secs(3), "it waited for nobody");
    reading.join().expect("both are closed");
}

/// Many send a lot at once, in small pieces; who reads gets it all.
fn a_flood_closes_nobody_who_reads(start: Start) {
    const SENDERS: usize = 8;
    const EACH: usize = 1_500;
    let server = start(Wish::default());
    let mut reader = Client::join(server.addr, "x");
    let senders: Vec<Client> = (0..SENDERS).map(|_| Client::join(server.addr, "x")).collect();
    let flood = |mut sender: Client| {
        sender.send_at_once("a message of some length, so that there is something to deliver", EACH);
        for _ in 0..SENDERS * EACH {
            sender.skip();
        }
    };
    let senders: Vec<_> = senders.into_iter().map(|sender| std::thread::spawn(move || flood(sender))).collect();
    for _ in 0..SENDERS * EACH {
        reader.skip();
    }
    for sender in senders {
        sender.join().expect("nobody was closed");
    }
}

/// Who has always something to say holds up neither newcomers nor what they say.
fn a_flood_keeps_nobody_out(start: Start) {
    let server = start(Wish::default());
    let (is_over, begin) = (AtomicBool::new(false), Instant::now());
    let flood = |room| {
        let (mut sender, is_over) = (Client::join(server.addr, room), &is_over);
        move || {
            while !is_over.load(Relaxed) && begin.elapsed() < Duration::from_secs(30) {
                sender.send_at_once("more", 100);
                (0..100).for_each(|_| sender.skip());
            }
        }
    };
    std::thread::scope(|scope| {
        for room in ["a", "b", "c"] {
            scope.spawn(flood(room));
        }
        for n in 0..20 {
            let mut newcomer = Client::join(server.addr, "x");
            newcomer.send(&n.to_string());
            assert_eq!(newcomer.text(), n.to_string());
            newcomer.close();
        }
        is_over.store(true, Relaxed);
    });
}

/// Sixty messages of sixty kilobytes at once are more than may wait for a connection.
fn large_messages_of_a_handle_close_nobody_who_reads(start: Start) {
    let server = start(Wish::default());
    let readers: Vec<Client> = (0..3).map(|_| Client::join(server.addr, "x")).collect();
    let text = "x".repeat(60_000);
    (0..60).for_each(|_| server.handle.to_room("x").text(&text));
    Client::all_read(readers, 60, 60_000);
}

fn a_busy_handle_closes_nobody_who_reads(start: Start) {
    let server = start(Wish::default());
    let mut reader = Client::join(server.addr, "x");
    let handle = server.handle.clone();
    let sending = std::thread::spawn(move || {
        for n in 0..20_000 {
            handle
                .broadcast("x", &format!("message {n} of twenty thousand, each of a hundred bytes or so"))
                .expect("JSON");
        }
    });
    for n in 0..20_000 {
        assert!(reader.text().starts_with(&format!("\"message {n} ")));
    }
    sending.join().expect("no panic");
}

fn too_many_connections_are_refused(start: Start) {
    let server = start(Wish { config: Config { connections: 2, ..Config::default() }, ..Wish::default() });
    let (a, _b) = two(&server, "x");
    let stream = TcpStream::connect(server.addr).expect("the server accepts");
    match tungstenite::client(format!("ws://{}/room/x", server.addr), stream) {
        Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
            assert_eq!(response.status(), 503);
            assert!(response.headers().contains_key("retry-after"));
        }
        other => panic!("expected 503, got {other:?}"),
    }
    a.close();
    memory::wait_until("there is room again", || server_has_room(&server));
}

fn server_has_room(server: &Running) -> bool {
    let stream = TcpStream::connect(server.addr).expect("the server accepts");
    tungstenite::client(format!("ws://{}/room/x", server.addr), stream).is_ok()
}

#[test]
fn a_backplane_joins_servers_of_both_transports() {
    let local = Local::new();
    let wish = |node| Wish { backplane: Some((Node(node), local.port(Node(node)))), ..Wish::default() };
    let (one, two) = (lab::smol(wish(1)), lab::std(wish(2)));
    let (mut a, mut b) = (Client::join(one.addr, "x"), Client::join(two.addr, "x"));
    // Each is heard on both sides once both have subscribed.
    a.send("ready a");
    assert_eq!((a.text(), b.text()), ("ready a".into(), "ready a".into()));
    for n in 0..200 {
        a.send(&format!("a{n}"));
        b.send(&format!("b{n}"));
    }
    let heard: Vec<String> = (0..400).map(|_| a.text()).collect();
    assert_eq!(heard, (0..400).map(|_| b.text()).collect::<Vec<_>>(), "one order on both");
    drop(a);
    assert_eq!(b.text(), "left 1006");
}
