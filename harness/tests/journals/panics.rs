//! Journals of runs that went wrong, kept as tests.

use super::file::{assert_same, journal, read_event};
use super::lab::{self, Lab, Wish};
use lazuli::driver::{Driver, Io, LinkId, Settings};
use lazuli::journal::{Entry, Journal, Reader};
use lazuli::{App, Channel, Config, Context, Hub, Result, Routes, Secret, Time};
use lazuli_harness::journal::{Memory, Replay};
use lazuli_harness::replay_journal;
use std::convert::Infallible;
use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a server wrote down when a callback of it panicked.
const PANIC: &[u8] = include_bytes!("panic.journal");

/// Writes it anew, for when what a driver does has changed on purpose, or the form of journals:
/// `cargo test -p lazuli-harness --test journals -- --ignored`.
#[test]
#[ignore = "it writes a file of the sources"]
fn write_the_panic() {
    let memory = Memory::default();
    let config = Config { seed: 1, secret: Some(Secret::new([7; 32])), ..Config::default() };
    let mut server = lab::smol(Wish { journal: Some(journal(&memory)), config, ..Wish::default() });
    let mut a = super::Client::join(server.addr, "x");
    let mut b = super::Client::join(server.addr, "x");
    a.send("hello");
    assert_eq!((a.text(), b.text()), ("hello".into(), "hello".into()));
    b.send("panic");
    assert_eq!(b.close_code().0, 1011);
    a.send("still here");
    assert_eq!(a.text(), "still here");
    a.close();
    b.close();
    server.stop();
    assert_same(&memory.bytes());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journals/panic.journal");
    std::fs::write(path, memory.bytes()).expect("the sources can be written");
}

#[test]
fn a_journal_of_a_panic_is_a_test() {
    let replayed = assert_same(PANIC);
    let [record] = &replayed.records[..] else { panic!("{:?}", replayed.records) };
    assert_eq!((record.what, record.detail.as_deref()), ("panic in a callback", Some("as asked")));
}

/// Once the fault is mended, the journal goes another way from there on: what counts then is that the log is silent.
#[test]
fn once_it_is_mended_the_log_is_silent() {
    struct Mended(String);
    impl Channel<Lab> for Mended {
        fn on_connect(&mut self, cx: &mut Context<'_, Lab>) -> Result {
            cx.join(&self.0);
            cx.text(&format!("id {}", cx.conn().as_u64()));
            Ok(())
        }
        fn on_message(&mut self, cx: &mut Context<'_, Lab>, text: &str) -> Result {
            cx.to_room(&self.0).text(text);
            Ok(())
        }
    }
    let mut routes = Routes::new();
    routes.channel("/room/:name", |join| Ok(Mended(join.param("name").into()))).expect("the pattern is right");
    let replayed = Replay::new(PANIC).expect("a journal").events(read_event).run(routes, Lab).expect("it plays");
    assert!(replayed.records.is_empty(), "{:?}", replayed.records);
    let difference = replayed.difference.expect("nobody is closed with 1011");
    assert!(difference.did.iter().any(|line| line.ends_with("7 bytes: \\x81\\x05panic")), "{difference}");
}

/// An application that brings the driver down, in the middle of a turn: what it asks for cannot even be thrown away.
struct Bombs;

struct Bomb;

impl App for Bombs {
    type Event = Infallible;
    type Effect = Bomb;
}

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("it went off");
    }
}

struct Thrower;

impl Channel<Bombs> for Thrower {
    fn on_message(&mut self, cx: &mut Context<'_, Bombs>, _: &str) -> Result {
        cx.effect(Bomb);
        Ok(())
    }
}

struct Nowhere;

impl Io<Bombs> for Nowhere {
    fn write(&mut self, _: LinkId, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(bytes.iter().map(|slice| slice.len()).sum())
    }
    fn end(&mut self, _: LinkId) {}
    fn close(&mut self, _: LinkId) {}
}

fn bombs() -> Routes<Bombs> {
    let mut routes = Routes::new();
    routes.channel("/bomb", |_| Ok(Thrower)).expect("the pattern is right");
    routes
}

#[test]
fn what_brings_the_driver_down_is_the_last_thing_in_the_journal() {
    let memory = Memory::default();
    let hub = Hub::new(Config::default(), bombs(), Bombs);
    let mut driver = Driver::recorded(hub, Settings::default(), Journal::to(memory.clone()));
    let link = driver.accept(Time::ZERO, None).expect("room for a link");
    let upgrade = b"GET /bomb HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    driver.receive(Time::ZERO, link, upgrade);
    driver.turn(&mut Nowhere);
    let late = Time::from_micros(7);
    driver.receive(late, link, &[0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
    catch_unwind(AssertUnwindSafe(|| driver.turn(&mut Nowhere))).expect_err("the effect goes off");
    // The driver is as the panic left it; a process would have died. What came in is there.
    let bytes = memory.bytes();
    let last = Reader::new(&bytes).expect("a journal").entries().last().expect("entries").expect("whole");
    assert!(last.time == late && matches!(last.entry, Entry::Received { bytes: [0x81, ..], .. }));
    let replayed = replay_journal(&bytes, bombs(), Bombs).expect("a journal");
    assert!(replayed.difference.is_none() && replayed.end.is_none(), "{replayed}");
    assert_eq!(replayed.panics, ["after entry 4: it went off"]);
}
