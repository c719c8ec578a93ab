//! TLS on both transports, by a client that was not written here, and by peers that do wrong.

mod lab;
mod memory;
mod tunnel;

use lab::{Client, Start, connect, secure};
use lazuli::driver::Settings;
use rustls::HandshakeKind;
use socket2::SockRef;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;

/// Makes a test of each function for each transport; of the first ones for several hubs behind one address, too.
macro_rules! on_both {
    ($($shared:ident)* ; $($name:ident)*) => {
        mod on_smol { $( #[test] fn $shared() { super::$shared(super::lab::smol); } )*
                      $( #[test] fn $name() { super::$name(super::lab::smol); } )* }
        mod on_std { $( #[test] fn $shared() { super::$shared(super::lab::std); } )*
                     $( #[test] fn $name() { super::$name(super::lab::std); } )* }
        mod on_shards { $( #[test] fn $shared() { super::$shared(super::lab::shards); } )* }
    };
}

on_both! {
    a_room_hears_what_its_members_say
    many_talk_at_once
    a_client_without_tls_gets_an_alert
    ;
    a_megabyte_goes_both_ways
    many_small_messages_come_in_order
    bytes_that_come_one_by_one_are_understood
    a_slow_reader_is_closed_and_nobody_else_notices
    the_client_closes_and_the_stream_ends_cleanly
    the_server_closes_and_the_stream_ends_cleanly
    a_cut_connection_is_lost
    a_broken_record_is_answered_by_an_alert_and_the_end
    a_journal_replays_without_keys
    a_handshake_that_stops_is_cut
    who_comes_back_may_not_speak_early
    it_conforms
}

use tunnel::it_conforms;

/// Or some hubs of an address would speak it, and some not.
#[test]
fn all_shards_speak_it_or_none() {
    let bind = || lazuli_smol::Server::bind("127.0.0.1:0", lab::routes(), ()).expect("a port is free");
    let mut first = bind();
    let shard = first.shard(lab::routes(), ()).expect("a shard");
    let error = first.tls(lab::configs().0).run_with([shard]).expect_err("it does not run");
    assert!(error.to_string().contains("`tls`"), "{error}");
    let mut first = bind();
    let shard = first.shard(lab::routes(), ()).expect("a shard").tls(lab::configs().0);
    let error = first.run_with([shard]).expect_err("it does not run");
    assert!(error.to_string().contains("`tls`"), "{error}");
}

fn a_room_hears_what_its_members_say(start: Start) {
    let server = start(Settings::default());
    let (mut ann, mut ben) = (Client::open(server.addr, "/chat/a"), Client::open(server.addr, "/chat/a"));
    let mut eve = Client::open(server.addr, "/chat/b");
    for client in [&mut ann, &mut ben, &mut eve] {
        assert_eq!(client.text(), "welcome");
    }
    for n in 0..100 {
        ann.send(format!("a{n}"));
        assert_eq!((ann.text(), ben.text()), (format!("a{n}"), format!("a{n}")));
    }
    eve.send("alone");
    assert_eq!(eve.text(), "alone");
}

fn a_megabyte_goes_both_ways(start: Start) {
    let server = start(Settings::default());
    let mut client = Client::open(server.addr, "/echo");
    let bytes: Vec<u8> = (0..1 << 20).map(|n: u32| (n.wrapping_mul(n) >> 7) as u8).collect();
    for _ in 0..4 {
        client.send(bytes.clone());
        assert!(client.read() == Message::binary(bytes.clone()));
    }
}

fn many_small_messages_come_in_order(start: Start) {
    let server = start(Settings::default());
    let mut client = Client::open(server.addr, "/echo");
    for n in 0..5_000 {
        client.0.write(Message::text(n.to_string())).expect("the server reads");
    }
    client.0.flush().expect("the server reads");
    for n in 0..5_000 {
        assert_eq!(client.text(), n.to_string());
    }
}

fn many_talk_at_once(start: Start) {
    const CLIENTS: usize = 8;
    const EACH: usize = 150;
    let server = start(Settings::default());
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| Client::open(server.addr, "/chat/all")).collect();
    for client in &mut clients {
        assert_eq!(client.text(), "welcome");
    }
    let talk = |(who, mut client): (usize, Client)| {
        thread::spawn(move || {
            for n in 0..EACH {
                client.send(format!("{who} {n} {}", "x".repeat(n * 13 % 500)));
            }
            (0..CLIENTS * EACH).map(|_| client.text()).collect::<Vec<_>>()
        })
    };
    let talks: Vec<_> = clients.into_iter().enumerate().map(talk).collect();
    let heard: Vec<_> = talks.into_iter().map(|talk| talk.join().expect("nobody was closed")).collect();
    assert!(heard.iter().all(|texts| *texts == heard[0]), "everyone hears the same in the same order");
}

fn bytes_that_come_one_by_one_are_understood(start: Start) {
    let server = start(Settings::default());
    let mut client = Client::over(secure(server.addr, 1), "/echo");
    client.send("one by one");
    assert_eq!(client.text(), "one by one");
}

fn a_slow_reader_is_closed_and_nobody_else_notices(start: Start) {
    let server = start(Settings::default());
    let (mut slow, mut sender) = (Client::open(server.addr, "/chat/x"), Client::open(server.addr, "/chat/x"));
    let mut other = Client::open(server.addr, "/chat/y");
    for client in [&mut slow, &mut sender, &mut other] {
        assert_eq!(client.text(), "welcome");
    }
    // Sockets take a few megabytes by themselves; what TLS encrypts ahead, the window and 1 MiB wait beyond that.
    for _ in 0..200 {
        sender.send("flood 100000");
        sender.read();
        other.send("hello");
        assert_eq!(other.text(), "hello");
    }
    assert_eq!(slow.close_code(), 1013);
    slow.ends_cleanly();
}

fn the_client_closes_and_the_stream_ends_cleanly(start: Start) {
    let server = start(Settings::default());
    let mut client = Client::open(server.addr, "/echo");
    client.send("last");
    let frame = CloseFrame { code: 1000.into(), reason: "done".into() };
    client.0.close(Some(frame)).expect("the server reads");
    assert_eq!(client.text(), "last");
    assert_eq!(client.close_code(), 1000);
    client.ends_cleanly();
}

fn the_server_closes_and_the_stream_ends_cleanly(start: Start) {
    let mut server = start(Settings::default());
    let mut client = Client::open(server.addr, "/echo");
    client.send("open");
    assert_eq!(client.text(), "open");
    let reading = thread::spawn(move || {
        assert_eq!(client.close_code(), 1001);
        client.ends_cleanly();
    });
    server.stop();
    reading.join().expect("it was closed cleanly");
    assert!(TcpStream::connect(server.addr).is_err(), "nobody listens any more");
}

fn a_cut_connection_is_lost(start: Start) {
    let server = start(Settings::default());
    let (gone, mut stays) = (Client::open(server.addr, "/chat/x"), Client::open(server.addr, "/chat/x"));
    assert_eq!(stays.text(), "welcome");
    // The socket alone: no close frame, no `close_notify`.
    gone.0.get_ref().sock.0.shutdown(Shutdown::Both).expect("it is open");
    assert_eq!(stays.text(), "left 1006");
}

/// Reads until the end of the stream, which must not be a reset.
fn read_all(mut socket: &TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).expect("the stream ends in order");
    bytes
}

/// A record of an alert that ends the connection.
fn is_fatal_alert(record: &[u8]) -> bool {
    matches!(record, [21, 3, _, 0, 2, 2, _])
}

fn a_client_without_tls_gets_an_alert(start: Start) {
    let server = start(Settings::default());
    let mut stays = Client::open(server.addr, "/echo");
    for sent in [&b"GET /chat HTTP/1.1\r\nHost: a\r\n\r\n"[..], &[0; 100], &[0x80, 0xff, 1, 3, 1]] {
        let mut socket = connect(server.addr);
        socket.write_all(sent).expect("the server reads");
        let answer = read_all(&socket);
        assert!(is_fatal_alert(&answer), "{answer:?}");
    }
    // Also one that has far more to say.
    let mut socket = connect(server.addr);
    socket.write_all(&[b'x'; 200_000]).expect("the server reads");
    socket.shutdown(Shutdown::Write).expect("it is open");
    assert!(is_fatal_alert(&read_all(&socket)));
    stays.send("still here");
    assert_eq!(stays.text(), "still here");
}

fn a_broken_record_is_answered_by_an_alert_and_the_end(start: Start) {
    let server = start(Settings::default());
    let (mut bad, mut stays) = (Client::open(server.addr, "/chat/x"), Client::open(server.addr, "/chat/x"));
    assert_eq!((bad.text(), stays.text()), ("welcome".into(), "welcome".into()));
    // A record of application data that nobody's key has encrypted.
    let record = [&[23, 3, 3, 0, 32][..], &[9; 32]].concat();
    bad.0.get_mut().sock.write_all(&record).expect("the server reads");
    assert_eq!(stays.text(), "left 1006");
    let error = bad.0.read().expect_err("no message");
    assert!(error.to_string().contains("BadRecordMac"), "{error}");
}

/// What was written down is what was decrypted; and what sockets took is less than that, now and then.
fn a_journal_replays_without_keys(start: Start) {
    let mut server = start(Settings::default());
    let (mut ann, mut ben) = (Client::open(server.addr, "/chat/x"), Client::open(server.addr, "/chat/x"));
    assert_eq!((ann.text(), ben.text()), ("welcome".into(), "welcome".into()));
    // A system may let a socket grow to 32 MiB, and take all of it at once.
    for client in [&mut ann, &mut ben] {
        SockRef::from(&client.0.get_mut().sock.0).set_recv_buffer_size(64 << 10).expect("it can be set");
    }
    ann.send("flood 8000000");
    for client in [&mut ann, &mut ben] {
        assert_eq!(client.0.read().expect("a message").len(), 8_000_000);
    }
    let record = [&[23, 3, 3, 0, 32][..], &[9; 32]].concat();
    ann.0.get_mut().sock.write_all(&record).expect("the server reads");
    assert_eq!(ben.text(), "left 1006");
    let reading = thread::spawn(move || while ben.0.read().is_ok() {});
    server.stop();
    reading.join().expect("no panic");
    let bytes = server.journal.bytes();
    let replayed = lazuli_harness::replay_journal(&bytes, lab::routes(), ()).expect("a journal");
    assert!(replayed.difference.is_none() && replayed.end.is_some(), "{replayed}");
    let mut words = String::new();
    lazuli_harness::journal::tell_journal(&bytes, |line| words += line).expect("a journal");
    assert!(words.contains("the peer broke TLS") && words.contains("takes bytes again"));
}

fn a_handshake_that_stops_is_cut(start: Start) {
    // Long enough for a handshake on a machine that is busy.
    let settings = Settings { request_time: Duration::from_secs(2), ..Settings::default() };
    let server = start(settings);
    // The first half of a `ClientHello`, and nothing at all.
    let mut hello = Vec::new();
    secure(server.addr, usize::MAX).conn.write_tls(&mut hello).expect("it is written to memory");
    let sockets = [&hello[..hello.len() / 2], &[]].map(|part| {
        let mut socket = connect(server.addr);
        socket.write_all(part).expect("the server reads");
        socket
    });
    // One that is done in time, but brings no request.
    let mut idle = secure(server.addr, usize::MAX);
    let mut answer = String::new();
    idle.read_to_string(&mut answer).expect("an answer, and close_notify");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    for socket in &sockets {
        let answer = read_all(socket);
        // `close_notify`, not encrypted, for there is no key yet; and no HTTP.
        assert!(matches!(answer[..], [21, 3, _, 0, 2, 1, 0]), "{answer:?}");
    }
}

/// Early data could be replayed by others. A server offers no place for it, whatever it was configured for.
fn who_comes_back_may_not_speak_early(start: Start) {
    let server = start(Settings::default());
    // The first may know the server from before, and both get what it takes to come back.
    for _ in 0..2 {
        let mut client = Client::open(server.addr, "/chat/x");
        assert_eq!(client.text(), "welcome");
    }
    let mut again = secure(server.addr, usize::MAX);
    assert!(again.conn.early_data().is_none());
    again.conn.complete_io(&mut again.sock).expect("a handshake");
    assert_eq!(again.conn.handshake_kind(), Some(HandshakeKind::Resumed), "the server knows the client");
}
