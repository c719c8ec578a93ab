//! How links end: each stage of the close has its time, and nothing follows a close frame.

mod common;

use common::net::*;
use common::*;
use lazuli::driver::{LinkId, Settings};
use lazuli::{Config, Limits};

/// The hub asks for a close.
fn close_from_here(net: &mut Net, link: LinkId) {
    net.run(link, |cx| {
        cx.text("last words");
        cx.close(4000, "bye");
        Ok(())
    });
}

#[test]
fn a_close_of_the_peer_s_is_answered_with_its_code() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &client_close(4321, "done"));
    assert_eq!(net.frames(link), [close(4321, "done")]);
    assert_eq!(net.told(), ["connect", "close 4321 done"]);
    assert!(net.is_ended(link) && !net.is_closed(link), "the peer closes the socket");
    net.disconnected(link, false);
    assert!(net.is_closed(link));
    assert_eq!((net.driver.links(), net.driver.next_timeout()), (0, None));
}

#[test]
fn a_close_without_code_is_1005_and_answered_without_one() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &client_frame(0x88, b""));
    assert_eq!((net.frames(link), net.told()), (vec![(0x88, vec![])], vec!["connect".into(), "close 1005".into()]));
}

#[test]
fn a_peer_that_said_goodbye_and_stays_is_cut_after_two_seconds() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &client_close(1000, ""));
    net.pass(millis(1_999));
    assert!(!net.is_closed(link));
    net.pass(millis(1));
    assert!(net.is_closed(link));
}

#[test]
fn what_was_queued_goes_before_the_answer_to_a_close() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(4));
    net.run(link, |cx| {
        cx.text("hello");
        cx.text("world");
        Ok(())
    });
    net.receive(link, &client_close(1000, ""));
    net.writable(link, None);
    assert_eq!(net.frames(link), [text("hello"), text("world"), close(1000, "")]);
}

#[test]
fn messages_behind_a_close_frame_are_not_heard() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &[client_close(1000, ""), client_frame(0x81, b"late")].concat());
    net.text(link, "later");
    assert_eq!(net.told(), ["connect", "close 1000"]);
}

#[test]
fn messages_before_a_close_frame_in_the_same_bytes_are_heard() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &[client_frame(0x81, b"last"), client_close(1000, "")].concat());
    assert_eq!(net.told(), ["connect", "message last", "close 1000"]);
}

#[test]
fn a_close_from_here_waits_for_the_peer_s() {
    let mut net = Net::default();
    let link = net.open();
    close_from_here(&mut net, link);
    assert_eq!(net.frames(link), [text("last words"), close(4000, "bye")]);
    assert_eq!(net.told(), ["connect", "close 4000 bye"]);
    assert!(!net.is_ended(link));
    net.text(link, "crossing");
    assert_eq!((net.told(), net.is_ended(link)), (vec![], false));
    net.receive(link, &client_close(4000, ""));
    assert!(net.is_ended(link) && !net.is_closed(link));
    assert_eq!(net.driver.stats().connections, 0);
    net.disconnected(link, false);
    assert!(net.is_closed(link) && net.driver.next_timeout().is_none());
    assert_eq!(net.read(link), b"", "nothing follows the close frame");
}

#[test]
fn a_peer_that_does_not_answer_a_close_has_five_seconds() {
    let mut net = Net::default();
    let link = net.open();
    close_from_here(&mut net, link);
    net.pass(millis(4_999));
    assert!(!net.is_ended(link));
    net.pass(millis(1));
    assert!(net.is_ended(link) && !net.is_closed(link));
    assert_eq!(net.driver.stats().connections, 0);
    net.pass(seconds(2));
    assert!(net.is_closed(link) && net.driver.links() == 0);
}

#[test]
fn a_peer_that_hangs_up_instead_of_answering_is_done() {
    for reset in [false, true] {
        let mut net = Net::default();
        let link = net.open();
        close_from_here(&mut net, link);
        net.disconnected(link, reset);
        assert!(net.is_closed(link));
        assert_eq!((net.driver.links(), net.driver.stats().connections), (0, 0));
        assert_eq!(net.driver.next_timeout(), None);
    }
}

#[test]
fn a_close_frame_that_crosses_is_the_answer() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(0));
    close_from_here(&mut net, link);
    net.receive(link, &client_close(1000, "me too"));
    net.writable(link, None);
    assert_eq!(net.frames(link), [text("last words"), close(4000, "bye")]);
    assert!(net.is_ended(link));
    assert_eq!(net.told(), ["connect", "close 4000 bye"]);
}

#[test]
fn what_was_queued_has_five_seconds_to_go_out() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(3));
    close_from_here(&mut net, link);
    net.pass(millis(4_999));
    assert!(!net.is_closed(link));
    net.pass(millis(1));
    assert!(net.is_closed(link));
    assert_eq!(net.driver.stats().connections, 0);
}

#[test]
fn a_link_too_slow_for_its_window_loses_what_waits_but_gets_its_close_frame() {
    let config = Config { window: 30, ..Config::default() };
    let mut net = Net::new(config, Limits { waiting: 20, ..Limits::default() }, Settings::default());
    let link = net.open();
    net.room(link, Some(5));
    for _ in 0..2 {
        net.run(link, |cx| {
            for _ in 0..3 {
                cx.text("12345678");
            }
            Ok(())
        });
    }
    net.writable(link, None);
    let frames = net.frames(link);
    assert_eq!(frames[0], text("12345678"), "a frame that has begun is finished");
    assert_eq!((frames.len(), frames[1].0, &frames[1].1[..2]), (2, 0x88, &1013u16.to_be_bytes()[..]));
}

#[test]
fn a_violation_is_answered_with_its_code() {
    let cases: [(&[u8], u16); 5] = [
        (&[0x81, 0x02, b'h', b'i'], 1002),
        (&[0xc1, 0x80, 0, 0, 0, 0], 1002),
        (&[0x80, 0x80, 0, 0, 0, 0], 1002),
        (&[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
        (&[0x81, 0xff, 0, 0, 0, 0, 1, 0, 0, 0], 1009),
    ];
    for (bytes, code) in cases {
        let mut net = Net::default();
        let link = net.open();
        net.receive(link, &[&client_frame(0x81, b"good"), bytes].concat());
        let frames = net.frames(link);
        assert_eq!((frames.len(), frames[0].0, &frames[0].1[..2]), (1, 0x88, &code.to_be_bytes()[..]));
        let reason = String::from_utf8(frames[0].1[2..].into()).unwrap();
        assert_eq!(net.told(), ["connect".into(), "message good".into(), format!("close {code} {reason}")]);
        assert!(net.is_ended(link) && !net.is_closed(link), "what is unread must not reset the stream");
    }
}

#[test]
fn text_and_binary_have_limits_of_their_own() {
    let mut limits = Limits::default();
    limits.frames.text = 4;
    limits.frames.binary = 8;
    let mut net = Net::new(Config::default(), limits, Settings::default());
    let (a, b, c) = (net.open(), net.open(), net.open());
    net.receive(a, &client_frame(0x81, b"12345"));
    net.receive(b, &client_frame(0x82, b"12345678"));
    net.receive(c, &client_frame(0x82, b"123456789"));
    assert_eq!([a, b, c].map(|link| net.frames(link).len()), [1, 0, 1]);
}

#[test]
fn after_a_violation_data_is_thrown_away_for_two_seconds() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &[0xff; 10]);
    for _ in 0..19 {
        net.receive(link, &[0; 1_000]);
        net.pass(millis(100));
    }
    assert!(!net.is_closed(link));
    net.pass(millis(100));
    assert!(net.is_closed(link), "what comes in does not make it longer");
}

#[test]
fn after_a_violation_only_so_much_is_thrown_away() {
    let settings = Settings { discard_bytes: 5_000, ..Settings::default() };
    let mut net = Net::new(Config::default(), Limits::default(), settings);
    let link = net.open();
    net.receive(link, &[0xff; 10]);
    for _ in 0..5 {
        net.receive(link, &[0; 1_000]);
        assert!(!net.is_closed(link));
    }
    net.receive(link, &[0; 1]);
    assert!(net.is_closed(link));
}

#[test]
fn the_peer_s_end_of_stream_after_a_violation_closes_the_socket() {
    let mut net = Net::default();
    let link = net.open();
    net.receive(link, &[0xff; 10]);
    net.disconnected(link, false);
    assert!(net.is_closed(link) && net.driver.links() == 0);
}

#[test]
fn a_violation_while_a_close_is_awaited_ends_the_wait() {
    let mut net = Net::default();
    let link = net.open();
    close_from_here(&mut net, link);
    net.receive(link, &[0xff; 10]);
    assert!(net.is_ended(link));
    assert_eq!(net.frames(link).len(), 2, "one close frame is enough");
}

#[test]
fn a_message_that_was_half_said_before_the_close_is_read_to_its_end() {
    let mut net = Net::default();
    let link = net.open();
    let half = client_frame(0x81, b"a long message");
    net.receive(link, &half[..8]);
    let frame = lazuli::Frame::new(lazuli::Kind::Text, b"x");
    net.driver.input(net.now, lazuli::Input::Command(lazuli::Command::send(lazuli::Receivers::All, frame)));
    net.driver.shutdown(net.now, net.now + seconds(10));
    net.turn();
    net.receive(link, &[&half[8..], &client_close(1001, "")[..]].concat());
    assert!(net.is_ended(link));
}

#[test]
fn a_refused_connection_reads_why() {
    let mut net = Net::default();
    net.script.on("connect", |_, _| Err(lazuli::Error::denied("not you")));
    let link = net.accept();
    net.receive(link, &handshake("/probe"));
    let read = net.read(link);
    let head = read.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(server_frames(&read[head..]), [close(1008, "Access denied: not you")]);
}

#[test]
fn a_shutdown_closes_every_link_and_is_drained_when_all_are_gone() {
    let mut net = Net::default();
    let links = [net.open(), net.open()];
    net.driver.shutdown(net.now, net.now + seconds(30));
    net.turn();
    for link in links {
        let frames = net.frames(link);
        assert_eq!((frames.len(), frames[0].0, &frames[0].1[..2]), (1, 0x88, &1001u16.to_be_bytes()[..]));
        assert!(!net.driver.is_drained());
        net.receive(link, &client_close(1001, ""));
    }
    assert!(net.driver.is_drained());
    assert_eq!(net.driver.accept(net.now, None), None);
}

#[test]
fn a_shutdown_is_drained_at_its_deadline_at_the_latest() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(0));
    close_from_here(&mut net, link);
    net.driver.shutdown(net.now, net.now + seconds(2));
    net.turn();
    net.pass(millis(1_999));
    assert!(!net.driver.is_drained());
    net.pass(millis(1));
    assert!(net.driver.is_drained());
}

#[test]
fn a_request_during_a_shutdown_is_answered_with_503() {
    let mut net = Net::default();
    let (held, link) = (net.open(), net.accept());
    net.driver.shutdown(net.now, net.now + seconds(30));
    net.receive(link, &handshake("/probe"));
    let answer = String::from_utf8(net.read(link)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 5\r\n"), "{answer}");
    assert!(!net.driver.is_drained() && !net.is_closed(held));
}

#[test]
fn an_answer_that_is_not_taken_is_cut() {
    let mut net = Net::default();
    let link = net.accept();
    net.room(link, Some(5));
    net.receive(link, b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n");
    net.pass(millis(29_999));
    assert!(!net.is_closed(link));
    net.pass(millis(1));
    assert!(net.is_closed(link));
}

#[test]
fn a_place_is_taken_again_only_when_its_socket_is_closed() {
    let mut net = Net::default();
    let link = net.open();
    net.driver.disconnected(net.now, link, true);
    let other = net.accept();
    assert_ne!(link.index(), other.index(), "the first one's socket is not closed yet");
    net.turn();
    assert!(net.is_closed(link));
    assert_eq!(net.accept().index(), link.index());
}

#[test]
fn a_reset_on_the_way_out_ends_the_link_at_once() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(4));
    close_from_here(&mut net, link);
    net.disconnected(link, true);
    assert!(net.is_closed(link));
    assert_eq!((net.driver.links(), net.driver.next_timeout()), (0, None));
    assert_eq!(net.told(), ["connect", "close 4000 bye"]);
}

#[test]
fn the_end_of_the_stream_on_the_way_out_leaves_what_is_still_to_be_said() {
    let mut net = Net::default();
    let link = net.open();
    net.room(link, Some(4));
    close_from_here(&mut net, link);
    net.disconnected(link, false);
    assert!(!net.is_closed(link));
    net.writable(link, None);
    assert_eq!(net.frames(link), [text("last words"), close(4000, "bye")]);
    assert!(net.is_closed(link));
    assert_eq!((net.driver.links(), net.driver.next_timeout()), (0, None));
}

/// Both may have come before the driver has its turn.
#[test]
fn the_end_of_the_stream_right_behind_a_close_frame_leaves_the_answer() {
    let mut net = Net::default();
    let link = net.open();
    net.driver.receive(net.now, link, &client_close(1000, "done"));
    net.driver.disconnected(net.now, link, false);
    net.turn();
    assert_eq!(net.frames(link), [close(1000, "done")]);
    assert_eq!(net.told(), ["connect", "close 1000 done"]);
    assert!(net.is_closed(link));
    assert_eq!((net.driver.links(), net.driver.next_timeout()), (0, None));
}
