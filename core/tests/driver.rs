//! The driver: bytes come in and go out, and sockets take as little at a time as they like.

mod common;

use common::net::*;
use common::*;
use lazuli::driver::guard::FrameLimits;
use lazuli::driver::{LinkId, Settings};
use lazuli::log::Level;
use lazuli::{Config, Input, Limits, Link, SlowPolicy, Time};
use std::net::SocketAddr;

fn say(net: &mut Net, link: lazuli::driver::LinkId, words: &'static [&'static str]) -> lazuli::ConnId {
    net.run(link, move |cx| {
        words.iter().for_each(|word| cx.text(word));
        Ok(())
    })
}

#[test]
fn a_handshake_is_answered() {
    let mut net = Net::default();
    let link = net.accept();
    net.receive(link, &handshake("/probe"));
    let answer = String::from_utf8(net.read(link)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{answer}");
    assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
    assert_eq!((net.told(), net.driver.stats().opened), (vec!["connect".into()], 1));
}

#[test]
fn a_handshake_may_come_byte_by_byte() {
    let mut net = Net::default();
    let link = net.accept();
    for byte in handshake("/probe") {
        assert_eq!(net.read(link), b"");
        net.receive(link, &[byte]);
    }
    assert!(net.read(link).starts_with(b"HTTP/1.1 101 "));
}

#[test]
fn frames_may_come_with_the_handshake() {
    let mut net = Net::default();
    let link = net.accept();
    net.script.on("message", |cx, text| {
        cx.text(text);
        Ok(())
    });
    net.receive(link, &[handshake("/probe"), client_frame(0x81, b"early"), client_frame(0x81, b"bird")].concat());
    let read = net.read(link);
    let head = read.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(server_frames(&read[head..]), [text("early"), text("bird")]);
    assert_eq!(net.wires.writes.len(), 1, "answer and frames in one write");
}

#[test]
fn what_on_connect_sends_comes_behind_the_answer() {
    let mut net = Net::default();
    net.script.on("connect", |cx, _| {
        cx.text("welcome");
        Ok(())
    });
    let link = net.accept();
    net.receive(link, &handshake("/probe"));
    let read = net.read(link);
    assert!(read.starts_with(b"HTTP/1.1 101 ") && read.ends_with(b"\r\n\r\n\x81\x07welcome"), "{read:?}");
}

#[test]
fn a_refused_upgrade_is_answered_with_the_status_and_closed() {
    for (target, status) in [("/members", 403), ("/nothing", 404), ("/chat/a/taken", 409), ("/broken", 500)] {
        let mut net = Net::default();
        let link = net.accept();
        net.receive(link, &handshake(target));
        let answer = String::from_utf8(net.read(link)).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert!(net.is_ended(link) && !net.is_closed(link));
        net.disconnected(link, false);
        assert!(net.is_closed(link) && net.driver.links() == 0);
        assert_eq!(net.driver.next_timeout(), None);
    }
}

#[test]
fn pages_are_answered_and_the_body_of_a_post_is_waited_for() {
    let mut net = Net::default();
    let link = net.accept();
    net.receive(link, b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = String::from_utf8(net.read(link)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\npage"), "{answer}");
    assert!(net.is_ended(link));

    let link = net.accept();
    net.receive(link, b"HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = String::from_utf8(net.read(link)).unwrap();
    assert!(answer.contains("Content-Length: 4\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");

    let link = net.accept();
    net.receive(link, b"POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    assert_eq!(net.read(link), b"");
    net.receive(link, b"dyand more");
    assert!(net.read(link).starts_with(b"HTTP/1.1 405 "));
}

#[test]
fn a_request_that_is_none_is_answered_with_400() {
    let mut net = Net::default();
    let link = net.accept();
    net.receive(link, b"\x16\x03\x01\x02\x00\x01");
    assert!(net.read(link).starts_with(b"HTTP/1.1 400 "));
    assert!(net.is_ended(link));
}

#[test]
fn a_request_that_is_too_slow_is_cut_with_408() {
    let mut net = Net::default();
    let (silent, slow) = (net.accept(), net.accept());
    net.receive(slow, b"GET /probe HTTP/1.1\r\nHost: a\r\n");
    net.pass(millis(9_999));
    assert_eq!((net.read(silent).len(), net.read(slow).len()), (0, 0));
    net.receive(slow, b"X-More: 1\r\n");
    net.pass(millis(1));
    for link in [silent, slow] {
        assert!(net.read(link).starts_with(b"HTTP/1.1 408 "));
        assert!(net.is_ended(link) && !net.is_closed(link));
    }
    net.pass(seconds(2));
    assert!(net.is_closed(silent) && net.is_closed(slow));
}

#[test]
fn a_slow_body_is_cut_with_408_too() {
    let mut net = Net::default();
    let link = net.accept();
    net.receive(link, b"POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nhal");
    net.pass(seconds(10));
    assert!(net.read(link).starts_with(b"HTTP/1.1 408 "));
}

#[test]
fn an_open_connection_has_no_deadline() {
    let mut net = Net::default();
    let link = net.open();
    assert_eq!(net.driver.next_timeout(), None);
    net.pass(seconds(86_400));
    assert!(!net.is_closed(link));
}

#[test]
fn too_many_sockets_are_not_accepted() {
    let settings = Settings { links: 2, ..Settings::default() };
    let mut net = Net::new(Config::default(), Limits::default(), settings);
    let first = net.accept();
    net.accept();
    assert_eq!(net.driver.accept(net.now, None), None);
    net.disconnected(first, true);
    assert!(net.driver.accept(net.now, None).is_some());
}

#[test]
fn what_is_refused_or_cut_is_logged_with_the_peers_address() {
    let settings = Settings { links: 4, ..Settings::default() };
    let mut net = Net::new(Config { log: Level::Debug, ..Config::default() }, Limits::default(), settings);
    let peer = |port| SocketAddr::from(([192, 0, 2, 1], port));
    let links = [1, 2, 3, 4].map(|port| net.driver.accept(net.now, Some(peer(port))).unwrap());
    assert_eq!(net.driver.accept(net.now, Some(peer(5))), None);
    net.receive(links[0], &handshake("/probe"));
    net.receive(links[1], &handshake("/nowhere"));
    net.receive(links[2], b"nonsense\r\n\r\n");
    net.receive(links[3], b"POST /page HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel");
    net.pass(Settings::default().request_time);
    for (what, port) in
        [("accepted", 1), ("refused", 2), ("bad request", 3), ("slow request", 4), ("too many sockets", 5)]
    {
        let peers: Vec<_> = net.wires.logs.iter().filter(|log| log.what == what).map(|log| log.peer).collect();
        assert_eq!(peers, [Some(peer(port))], "{what}");
    }
}

#[test]
fn messages_reach_the_channel_however_they_are_split() {
    let bytes = [
        client_frame(0x01, "caf".as_bytes()),
        client_frame(0x89, b"ping"),
        client_frame(0x80, "é".as_bytes()),
        client_frame(0x82, &[1, 2]),
        client_frame(0x8a, b"pong"),
        client_frame(0x81, "x".repeat(300).as_bytes()),
    ]
    .concat();
    for size in [1, 2, 3, 7, 50, bytes.len()] {
        let mut net = Net::default();
        let link = net.open();
        net.told();
        for chunk in bytes.chunks(size) {
            net.receive(link, chunk);
        }
        let expected = [
            "ping [112, 105, 110, 103]".to_owned(),
            "message café".into(),
            "binary [1, 2]".into(),
            "pong [112, 111, 110, 103]".into(),
            format!("message {}", "x".repeat(300)),
        ];
        assert_eq!(net.told(), expected, "in pieces of {size}");
        assert_eq!(net.frames(link), [(0x8a, b"ping".to_vec())]);
        assert_eq!(net.driver.next_timeout(), None, "a deadline is left in pieces of {size}");
    }
}

#[test]
fn a_message_that_is_not_complete_in_time_is_a_violation() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &client_frame(0x81, b"hello")[..4]);
    net.pass(millis(29_999));
    assert_eq!(net.frames(link), []);
    net.pass(millis(1));
    let frames = net.frames(link);
    assert_eq!((frames.len(), frames[0].0, &frames[0].1[..2]), (1, 0x88, &1008u16.to_be_bytes()[..]));
    assert!(net.told().last().is_some_and(|told| told.starts_with("close 1008 ")));
}

#[test]
fn what_a_socket_does_not_take_goes_out_when_it_does() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(3));
    say(&mut net, link, &["hello", "world"]);
    assert_eq!(net.read(link), b"\x81\x05h");
    say(&mut net, link, &["again"]);
    assert_eq!(net.read(link), b"", "the socket has not said that it takes more");
    let calls = net.wires.writes.len();
    net.turn();
    assert_eq!(net.wires.writes.len(), calls, "and is not asked");
    net.writable(link, Some(6));
    assert_eq!(net.read(link), b"ello\x81\x05");
    net.writable(link, None);
    assert_eq!(net.read(link), b"world\x81\x05again");
}

#[test]
fn frames_are_whole_and_in_order_however_little_a_socket_takes() {
    for step in 1..40 {
        let mut net = Net::default();
        let link = net.open();
        net.room(link, Some(0));
        say(&mut net, link, &["one", "two", "three"]);
        for _ in 0..40 {
            net.writable(link, Some(step));
        }
        assert_eq!(net.frames(link), [text("one"), text("two"), text("three")], "{step} bytes at a time");
    }
}

#[test]
fn the_handshake_too_may_be_taken_in_pieces() {
    let mut net = Net::default();
    net.script.on("connect", |cx, _| {
        cx.text("welcome");
        Ok(())
    });
    let link = net.accept();
    net.room(link, Some(10));
    net.receive(link, &handshake("/probe"));
    for _ in 0..30 {
        net.writable(link, Some(10));
    }
    let read = net.read(link);
    assert!(read.starts_with(b"HTTP/1.1 101 ") && read.ends_with(b"\r\n\r\n\x81\x07welcome"), "{read:?}");
}

#[test]
fn what_was_written_is_reported_to_the_hub() {
    let config = Config { window: 20, ..Config::default() };
    let mut net = Net::new(config, Limits::default(), Settings::default());
    let link = net.open();
    net.room(link, Some(12));
    let conn = say(&mut net, link, &["0123456789", "abcdefghij", "9876543210", "jihgfedcba"]);
    assert_eq!((net.driver.stats().bytes_out, net.driver.hub().waiting(conn)), (12, 24), "12 more are on their way");
    net.writable(link, None);
    assert_eq!((net.driver.stats().bytes_out, net.driver.hub().waiting(conn)), (48, 0));
    assert_eq!(net.frames(link).len(), 4);
}

/// The hub is told of a lot that was written in parts. Whoever is lost in between is told of first.
#[test]
fn what_was_written_to_a_connection_is_reported_before_its_end() {
    const MEMBERS: usize = 40;
    const LARGE: usize = 60_000;
    let mut net = Net::default();
    net.script.on("close", |cx, _| {
        cx.to_room("all").text("somebody left");
        Ok(())
    });
    let links: Vec<LinkId> = (0..MEMBERS).map(|_| net.member("all").0).collect();
    links.iter().for_each(|link| net.room(*link, Some(0)));
    net.run(links[0], |cx| {
        cx.to_room("all").text(&"x".repeat(LARGE));
        Ok(())
    });
    // All can be written to again. One is lost at once, which the others are told; every third takes the large one and
    // is lost when it is told, while what it took waits to be reported.
    net.wires.broken.insert(links[0]);
    net.wires.fragile.extend(links.iter().skip(1).step_by(3));
    for link in &links {
        net.room(*link, None);
        net.driver.writable(net.now, *link);
    }
    net.turn();
    let stats = net.driver.stats();
    let lost = 1 + (MEMBERS - 1).div_ceil(3);
    assert_eq!((net.driver.links(), stats.stale), (MEMBERS - lost, 0));
    let read: usize = links.iter().map(|link| net.wires.read.get(link).map_or(0, Vec::len)).sum();
    assert_eq!(stats.bytes_out, read as u64);
    let left = net.frames(links[2]).iter().filter(|frame| **frame == text("somebody left")).count();
    assert_eq!(left, lost);
}

#[test]
fn answers_pongs_and_closes_are_not_reported_as_the_hub_s() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &client_frame(0x89, b"ping"));
    net.receive(link, &client_close(1000, ""));
    assert_eq!(net.driver.stats().bytes_out, 0);
}

#[test]
fn a_new_pong_replaces_one_that_waits() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(0));
    for n in 0..200u8 {
        net.receive(link, &client_frame(0x89, &[n]));
    }
    net.writable(link, None);
    assert_eq!(net.frames(link), [(0x8a, vec![199])]);
    assert_eq!(net.told().iter().filter(|told| told.starts_with("ping")).count(), 200, "but on_ping hears of each");
}

#[test]
fn a_pong_goes_between_frames_and_never_into_one() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(3));
    say(&mut net, link, &["hello", "world"]);
    net.receive(link, &client_frame(0x89, b"?"));
    net.writable(link, None);
    assert_eq!(net.frames(link), [text("hello"), (0x8a, b"?".to_vec()), text("world")]);
}

#[test]
fn half_a_pong_is_finished_before_the_next() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(1));
    net.receive(link, &client_frame(0x89, b"1"));
    net.receive(link, &client_frame(0x89, b"2"));
    net.receive(link, &client_frame(0x89, b"3"));
    net.writable(link, None);
    assert_eq!(net.frames(link), [(0x8a, b"1".to_vec()), (0x8a, b"3".to_vec())]);
}

#[test]
fn all_that_a_turn_has_for_a_link_is_one_write() {
    let mut net = Net::default();
    let (a, _) = net.member("room");
    let (b, _) = net.member("room");
    net.wires.writes.clear();
    net.stage(a, |cx| {
        cx.text("1");
        cx.to_room("room").text("2");
        Ok(())
    });
    net.stage(b, |cx| {
        cx.to_room("room").text("3");
        Ok(())
    });
    net.turn();
    assert_eq!(
        net.wires.writes.iter().map(|(link, slices)| (*link, slices.len())).collect::<Vec<_>>(),
        [(a, 1), (b, 1)]
    );
    assert_eq!(net.frames(a), [text("1"), text("2"), text("3")]);
}

#[test]
fn a_broadcast_is_the_same_bytes_in_memory_for_everyone() {
    let mut net = Net::default();
    let links: Vec<_> = (0..10).map(|_| net.member("room").0).collect();
    net.wires.writes.clear();
    let message = "a long message ".repeat(20);
    net.run(links[0], move |cx| {
        cx.to_room("room").text(&message);
        Ok(())
    });
    assert_eq!(net.wires.writes.len(), 10);
    let (_, first) = &net.wires.writes[0];
    assert!(first.len() == 1 && net.wires.writes.iter().all(|(_, slices)| slices == first));
}

#[test]
fn a_slow_link_holds_up_nobody_else() {
    let mut net = Net::new(
        Config { window: 50, ..Config::default() },
        Limits { waiting: 100, slow: SlowPolicy::DropOldest, ..Limits::default() },
        Settings::default(),
    );
    let ((slow, _), (fast, _)) = (net.member("room"), net.member("room"));
    net.room(slow, Some(0));
    for _ in 0..100 {
        net.run(fast, |cx| {
            cx.to_room("room").text("twelve bytes");
            Ok(())
        });
    }
    assert_eq!(net.frames(fast).len(), 100);
    net.writable(slow, None);
    assert_eq!(net.frames(slow).len(), 3 + 7, "a window of 50 bytes, and what waits within 100");
}

#[test]
fn a_broken_socket_is_a_lost_connection() {
    let mut net = Net::default();
    let (link, other) = (net.open(), net.open());
    net.wires.broken.insert(link);
    say(&mut net, link, &["x"]);
    assert!(net.is_closed(link));
    assert_eq!(net.told().last().map(String::as_str), Some("close 1006"));
    assert_eq!((net.driver.links(), net.driver.stats().connections), (1, 1));
    net.wires.broken.clear();
    say(&mut net, other, &["still here"]);
    assert_eq!(net.frames(other), [text("still here")]);
}

#[test]
fn a_peer_that_is_gone_is_a_lost_connection() {
    for reset in [false, true] {
        let mut net = Net::default();
        let link = net.open();
        net.disconnected(link, reset);
        assert_eq!(net.told(), ["connect", "close 1006"]);
        assert!(net.is_closed(link) && net.driver.links() == 0);
    }
}

#[test]
fn what_comes_for_a_link_that_is_gone_means_nothing() {
    let mut net = Net::default();
    let gone = net.open();
    net.disconnected(gone, true);
    let next = net.open();
    assert_eq!(gone.index(), next.index());
    net.told();
    net.text(gone, "late");
    net.disconnected(gone, true);
    net.writable(gone, None);
    assert_eq!((net.told(), net.driver.links()), (vec![], 1));
    assert!(!net.is_closed(next));
}

#[test]
fn effects_logs_and_the_backplane_reach_the_transport() {
    let config = Config { log: Level::Debug, ..backplane(1) };
    let mut net = Net::new(config, Limits::default(), Settings::default());
    let (link, _) = net.member("room");
    net.run(link, |cx| {
        cx.effect(Order("coffee".into()));
        cx.to_room("room").text("x");
        cx.leave("room");
        Ok(())
    });
    assert_eq!(net.wires.effects, ["coffee"]);
    assert_eq!(net.wires.bus, ["subscribe all", "subscribe room:room", "publish room:room", "unsubscribe room:room"]);
    assert!(net.wires.logs.iter().any(|record| record.what == "accepted"));
    net.driver.input(net.now, Input::Backplane(Link::Lost));
    net.turn();
    assert!(net.wires.logs.iter().any(|record| record.level == Level::Warn));
}

#[test]
fn a_handle_s_sends_take_their_turn() {
    let mut net = Net::default();
    let (link, conn) = net.member("room");
    let (submit, inbox) = std::sync::mpsc::channel();
    let handle = lazuli::Handle::<TestApp>::new(move |remote| {
        let _ = submit.send(remote);
    });
    handle.to_conn(conn).json("one").unwrap();
    handle.broadcast("room", "two").unwrap();
    handle.close(conn, 4000, "three");
    while let Ok(remote) = inbox.try_recv() {
        net.driver.remote(net.now, remote);
    }
    net.turn();
    assert_eq!(net.frames(link), [text("\"one\""), text("\"two\""), close(4000, "three")]);
}

#[test]
fn a_panic_in_a_callback_closes_that_link_alone() {
    let mut net = Net::default();
    let ((a, _), (b, _)) = (net.member("room"), net.member("room"));
    net.run(a, |cx| {
        cx.to_room("room").text("never");
        panic!("oh");
    });
    let frames = net.frames(a);
    assert!(String::from_utf8_lossy(&frames[0].1).contains("INTERNAL_ERROR"));
    assert_eq!(frames[1..], [close(1011, "Internal server error")]);
    say(&mut net, b, &["fine"]);
    assert_eq!(net.frames(b), [text("fine")]);
}

#[test]
fn a_clock_that_goes_back_changes_nothing() {
    let mut net = Net::default();
    let link = net.open();
    net.pass(seconds(100));
    net.driver.timeout(net.now);
    net.driver.receive(Time::ZERO, link, &client_frame(0x81, b"half")[..3]);
    assert_eq!(net.driver.next_timeout(), Some(net.now + FrameLimits::default().message_time));
}

#[test]
fn what_was_answered_before_the_peers_end_goes_first() {
    for (end, answer) in [(client_frame(0xc1, b"reserved bits"), 1002), (client_close(4000, "bye"), 4000)] {
        let mut net = Net::default();
        let link = net.open();
        net.stage(link, |cx| {
            cx.text("heard");
            Ok(())
        });
        net.receive(link, &end);
        let frames = net.frames(link);
        assert_eq!(frames[0], text("heard"));
        assert_eq!((frames.len(), &frames[1].1[..2]), (2, &u16::to_be_bytes(answer)[..]));
    }
}

#[test]
fn each_of_several_pings_is_answered_while_the_socket_takes_it() {
    let mut net = Net::default();
    let link = net.open();
    let pings: Vec<u8> = (0..10).flat_map(|n| client_frame(0x89, &[n])).collect();
    net.receive(link, &pings);
    assert_eq!(net.frames(link), (0..10).map(|n| (0x8a, vec![n])).collect::<Vec<_>>());
}
