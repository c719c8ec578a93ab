//! Journals that transports write over real sockets, played again in the bare core.

#[path = "../transports/client.rs"]
#[allow(dead_code)]
mod client;
mod damage;
mod file;
mod killed;
#[path = "../transports/lab.rs"]
mod lab;
mod panics;
mod redacted;

use client::Client;
use file::{assert_same, journal, partial_writes, replay};
use lab::{Lab, Start, Wish};
use lazuli::backplane::Local;
use lazuli::journal::{End, Journal};
use lazuli::{ConnId, Node};
use lazuli_harness::journal::{Memory, Unplayable, tell_journal};
use redacted::{a_journal_can_be_redacted_later, a_redacted_journal_has_no_secret_and_replays};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Makes a test of each function for each transport.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod on_smol { $( #[test] fn $name() { super::$name(super::lab::smol); } )* }
        mod on_std { $( #[test] fn $name() { super::$name(super::lab::std); } )* }
    };
}

on_both! {
    a_day_replays_to_its_hash
    what_sockets_did_not_take_replays
    a_journal_of_a_server_that_runs_replays_as_far_as_it_is
    hubs_of_a_backplane_replay_each_by_itself
    a_journal_that_is_full_says_so_and_the_server_goes_on
    an_event_that_cannot_be_written_ends_the_journal
    a_redacted_journal_has_no_secret_and_replays
    a_journal_can_be_redacted_later
}

fn wish(journal: Journal<Lab>) -> Wish {
    Wish { journal: Some(journal), ..Wish::default() }
}

fn post(addr: SocketAddr, room: &str, text: &str) {
    let mut stream = TcpStream::connect(addr).expect("the server accepts");
    let length = text.len();
    write!(stream, "POST /tell/{room} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{text}")
        .expect("it reads");
    stream.read_to_end(&mut Vec::new()).expect("the server answers and closes");
}

/// Several at once, of everything a bit, a panic, a peer that is suddenly gone, and the end.
fn day(start: Start, journal: Journal<Lab>) {
    let mut server = start(wish(journal));
    let (mut a, mut b) = (Client::join(server.addr, "x"), Client::join(server.addr, "x"));
    let many: Vec<_> = (0..4)
        .map(|n| {
            let mut client = Client::join(server.addr, &format!("own{n}"));
            std::thread::spawn(move || {
                for n in 0..100 {
                    client.send(&format!("message {n}"));
                    client.skip();
                }
            })
        })
        .collect();
    a.send("add 1 2 3");
    assert_eq!((a.text(), b.text()), ("sum 6".into(), "sum 6".into()));
    b.send("flood 70000");
    a.skip();
    b.skip();
    server.handle.broadcast("x", "from outside").expect("a text is JSON");
    server.handle.to_conn(ConnId::from_u64(b.id).expect("an id")).text("to one");
    assert_eq!((a.text(), b.text(), b.text()), ("\"from outside\"".into(), "\"from outside\"".into(), "to one".into()));
    post(server.addr, "x", "from a page");
    assert_eq!((a.text(), b.text()), ("from a page".into(), "from a page".into()));
    a.send("panic");
    assert_eq!(a.close_code().0, 1011);
    drop(Client::join(server.addr, "x"));
    assert_eq!(b.text(), "left 1006");
    for thread in many {
        thread.join().expect("they are heard");
    }
    let mut no_request = TcpStream::connect(server.addr).expect("the server accepts");
    no_request.write_all(b"what is this?\r\n\r\n").expect("it reads");
    let reading = std::thread::spawn(move || b.close_code().0);
    server.stop();
    assert_eq!(reading.join().expect("it is closed"), 1001);
}

fn a_day_replays_to_its_hash(start: Start) {
    let file = Memory::default();
    day(start, journal(&file));
    let bytes = file.bytes();
    let replayed = assert_same(&bytes);
    assert_eq!((replayed.end, replayed.left), (Some(End::Stopped), 0));
    assert!(replayed.entries > 500 && replayed.turns > 100, "{replayed}");
    let panics: Vec<_> = replayed.records.iter().filter(|record| record.what.contains("panic")).collect();
    assert!(matches!(panics[..], [record] if record.detail.as_deref() == Some("as asked")), "{panics:?}");
    let mut lines = Vec::new();
    tell_journal(&bytes, |line| lines.push(line.to_owned())).expect("a journal");
    assert!(lines.last().expect("lines").contains("the server was stopped"));
    // Another application is another run, from the first turn on that shows it.
    let other = lazuli_harness::journal::Replay::new(&bytes).expect("a journal").events(file::read_event);
    let difference = other.run(lazuli::Routes::new(), Lab).expect("a journal").difference.expect("a difference");
    assert!(difference.did.iter().any(|line| line.contains("404")), "{difference}");
    assert!(difference.told.iter().any(|line| line.contains("GET /room/")), "{difference}");
}

fn what_sockets_did_not_take_replays(start: Start) {
    let file = Memory::default();
    let server = start(wish(journal(&file)));
    let (mut slow, mut patient) = (Client::join(server.addr, "x"), Client::join(server.addr, "y"));
    let (mut sender, mut other) = (Client::join(server.addr, "x"), Client::join(server.addr, "y"));
    for _ in 0..200 {
        sender.send("flood 100000");
        sender.skip();
    }
    assert_eq!(slow.close_code().0, 1013);
    // More than sockets take by themselves: the rest waits until this one reads.
    other.send("flood 12000000");
    patient.skip();
    other.skip();
    drop(server);
    while replay(&file.bytes()).expect("a journal").end.is_none() {
        std::thread::yield_now();
    }
    assert!(partial_writes(&file.bytes()) > 0, "some sockets were full");
    assert_same(&file.bytes());
}

fn a_journal_of_a_server_that_runs_replays_as_far_as_it_is(start: Start) {
    let file = Memory::default();
    let server = start(wish(journal(&file)));
    let mut client = Client::join(server.addr, "x");
    client.send("hello");
    assert_eq!(client.text(), "hello");
    // As a process leaves it that is killed: what came in is there before anything comes of it.
    let replayed = assert_same(&file.bytes());
    assert_eq!((replayed.end, replayed.left), (None, 0));
    assert!(replayed.to_string().contains("the journal breaks off here"));
}

fn hubs_of_a_backplane_replay_each_by_itself(start: Start) {
    let (local, files) = (Local::new(), [Memory::default(), Memory::default()]);
    let server = |node: u64| {
        let journal = journal(&files[node as usize]);
        start(Wish { backplane: Some((Node(node), local.port(Node(node)))), ..wish(journal) })
    };
    let mut servers = [server(0), server(1)];
    let (mut a, mut b) = (Client::join(servers[0].addr, "x"), Client::join(servers[1].addr, "x"));
    a.send("ready");
    assert_eq!((a.text(), b.text()), ("ready".into(), "ready".into()));
    for n in 0..100 {
        a.send(&format!("a{n}"));
        b.send(&format!("b{n}"));
    }
    for _ in 0..200 {
        assert_eq!(a.text(), b.text());
    }
    drop((a, b));
    for (server, file) in servers.iter_mut().zip(&files) {
        server.stop();
        assert_eq!(assert_same(&file.bytes()).end, Some(End::Stopped));
    }
}

fn a_journal_that_is_full_says_so_and_the_server_goes_on(start: Start) {
    let file = Memory::default();
    let mut server = start(wish(journal(&file).at_most(4_000)));
    let mut client = Client::join(server.addr, "x");
    for n in 0..200 {
        client.send(&format!("message {n}"));
        assert_eq!(client.text(), format!("message {n}"));
    }
    drop(client);
    server.stop();
    let bytes = file.bytes();
    assert!(bytes.len() <= 4_000 && bytes.len() > 3_800, "{} bytes", bytes.len());
    assert_eq!(assert_same(&bytes).end, Some(End::Full));
}

fn an_event_that_cannot_be_written_ends_the_journal(start: Start) {
    let file = Memory::default();
    let mut server = start(wish(Journal::to(file.clone())));
    let mut client = Client::join(server.addr, "x");
    client.send("add 1 2 3");
    assert_eq!(client.text(), "sum 6");
    drop(client);
    server.stop();
    assert_eq!(assert_same(&file.bytes()).end, Some(End::Unwritable));
}

/// An event that was written has to be read.
#[test]
fn an_event_that_cannot_be_read_says_where() {
    let file = Memory::default();
    day(lab::std, journal(&file));
    let replay = lazuli_harness::replay_journal(&file.bytes(), lab::routes(), Lab);
    assert!(matches!(replay, Err(Unplayable::Event { at }) if at > 100));
}
