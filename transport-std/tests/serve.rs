//! What clients see of a server that is up.

mod common;

use common::{PATIENCE, bind, start};
use lazuli::driver::Settings;
use lazuli::{App, Channel, ConnId, Context, Handle, Limits, Response, Result, Routes, Scope, SlowPolicy, Timer};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};
use tungstenite::Message;

struct Chat(String);

impl Channel for Chat {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.0);
        cx.text("welcome");
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.to_room(&self.0).text(text);
        Ok(())
    }
}

struct Echo;

impl Channel for Echo {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        assert_ne!(text, "panic", "a panic of the test");
        cx.text(text);
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context, bytes: &[u8]) -> Result {
        cx.binary(bytes);
        Ok(())
    }
}

fn routes() -> Routes {
    let mut routes = Routes::new();
    routes.channel("/chat/:room", |join| Ok(Chat(join.param("room").into()))).unwrap();
    routes.channel("/echo", |_| Ok(Echo)).unwrap();
    routes.get("/healthz", |_, _| Ok(Response::text("fine"))).unwrap();
    routes
}

#[test]
fn a_room_hears_what_its_members_say() {
    let server = start(bind(routes(), ()));
    let (mut ann, mut ben) = (server.connect("/chat/a"), server.connect("/chat/a"));
    let mut eve = server.connect("/chat/b");
    for client in [&mut ann, &mut ben, &mut eve] {
        assert_eq!(client.text(), "welcome");
    }
    ann.send("hello");
    ben.send("hi");
    let mut heard = [ann.text(), ann.text()];
    assert_eq!([ben.text(), ben.text()], heard);
    heard.sort();
    assert_eq!(heard, ["hello", "hi"]);
    eve.send("alone");
    assert_eq!(eve.text(), "alone");
    server.stop();
}

#[test]
fn large_messages_come_back_whole() {
    let server = start(bind(routes(), ()));
    let mut client = server.connect("/echo");
    for size in [0, 1, 125, 126, 4_095, 4_096, 65_535, 65_536, 1 << 20] {
        let bytes: Vec<u8> = (0..size).map(|n: u32| (n ^ n >> 8 ^ n >> 16) as u8).collect();
        client.0.send(bytes.clone().into()).unwrap();
        assert!(client.0.read().unwrap() == Message::Binary(bytes.into()), "{size} bytes came back changed");
    }
    // Many in one read, and one in many.
    for n in 0..2_000 {
        client.0.write(format!("message {n}").into()).unwrap();
    }
    client.0.flush().unwrap();
    for n in 0..2_000 {
        assert_eq!(client.text(), format!("message {n}"));
    }
    server.stop();
}

#[test]
fn pages_are_served_and_bad_requests_answered() {
    let server = start(bind(routes(), ()));
    let ask = |request: &str| {
        let mut socket = server.socket();
        socket.write_all(request.as_bytes()).unwrap();
        // A client that has nothing more to say gets its answer too.
        socket.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        answer
    };
    let page = ask("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200 ") && page.ends_with("\r\n\r\nfine"), "{page}");
    assert!(ask("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(ask("\x16\x03\x01").starts_with("HTTP/1.1 400 "));
    server.stop();
}

#[test]
fn an_answer_ends_with_the_stream() {
    // So the client need not wait until the server has heard enough.
    let settings = Settings { discard_time: Duration::from_secs(3_600), ..Settings::default() };
    let server = start(bind(routes(), ()).settings(settings));
    let mut socket = server.socket();
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\r\n\r\nfine"), "{answer}");
    server.stop();
}

#[test]
fn a_callback_that_panics_takes_only_its_own_connection_along() {
    let server = start(bind(routes(), ()));
    let (mut bad, mut good) = (server.connect("/echo"), server.connect("/echo"));
    bad.send("panic");
    assert!(bad.text().contains("Internal server error"));
    assert_eq!(bad.closed().0, 1011);
    assert!(server.logged("panic in a callback").detail.is_some());
    good.send("still here");
    assert_eq!(good.text(), "still here");
    server.stop();
}

/// Tells the test when it has ended.
struct Listener(Sender<u16>);

impl Channel for Listener {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join("all");
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.to_room("all").text(text);
        Ok(())
    }

    fn on_close(&mut self, _: &mut Context, code: u16, _: &str) -> Result {
        let _ = self.0.send(code);
        Ok(())
    }
}

#[test]
fn who_does_not_read_is_closed_and_nobody_else_notices() {
    let (sender, ended) = channel();
    let limits = Limits { waiting: 256 << 10, slow: SlowPolicy::Disconnect, ..Limits::default() };
    let mut routes = Routes::new();
    routes.channel_with("/all", limits, move |_| Ok(Listener(sender.clone()))).unwrap();
    let server = start(bind(routes, ()));
    let mut slow = server.connect_narrow("/all");
    let mut quick = server.connect("/all");
    let mut last = 0;
    let filler = "x".repeat(16 << 10);
    while ended.try_recv().is_err() {
        last += 1;
        assert!(last < 10_000, "the slow one is never closed");
        let text = format!("{last} {filler}");
        quick.send(&text);
        assert_eq!(quick.text(), text);
    }
    // Once it reads, it gets what was on its way, in order, and then the reason.
    let (code, reason, count) = slow.closed();
    assert_eq!(code, 1013, "{reason}");
    assert!(count > 0 && count < last, "{count} of {last}");
    quick.send("still here");
    assert_eq!(quick.text(), "still here");
    server.stop();
}

#[test]
fn who_reads_late_gets_everything_in_order() {
    let limits = Limits { waiting: 64 << 20, ..Limits::default() };
    let mut routes = Routes::new();
    let (sender, _ended) = channel();
    routes.channel_with("/all", limits, move |_| Ok(Listener(sender.clone()))).unwrap();
    // Nothing but the full socket wakes the main thread.
    let settings = Settings { request_time: Duration::from_secs(3_600), ..Settings::default() };
    let server = start(bind(routes, ()).settings(settings));
    let (mut late, mut quick) = (server.connect_narrow("/all"), server.connect("/all"));
    // More than the buffers of the system between the two hold.
    let filler = "x".repeat(16 << 10);
    let texts: Vec<String> = (0..300).map(|n| format!("{n} {filler}")).collect();
    for text in &texts {
        quick.send(text);
        assert_eq!(quick.text(), *text);
    }
    for text in &texts {
        assert_eq!(late.text(), *text);
    }
    server.stop();
}

/// An application whose callbacks use the handle, and whose effects are answered by a thread.
#[derive(Default)]
struct Oracle {
    handle: Arc<OnceLock<Handle<Oracle>>>,
}

enum Effect {
    Ask(ConnId, String),
    Panic,
}

struct Answer(ConnId, String);

impl App for Oracle {
    type Event = Answer;
    type Effect = Effect;

    fn on_event(&self, cx: &mut Scope<'_, Self>, Answer(conn, text): Answer) -> Result {
        cx.to_conn(conn).text(&text);
        Ok(())
    }
}

struct Asker;

impl Channel<Oracle> for Asker {
    fn on_connect(&mut self, cx: &mut Context<'_, Oracle>) -> Result {
        cx.join("askers");
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_, Oracle>, text: &str) -> Result {
        let conn = cx.conn();
        match text {
            "panic" => cx.effect(Effect::Panic),
            "handle" => {
                let handle = cx.app().handle.get().expect("set before the first client");
                handle.event(Answer(conn, "by the handle".into()));
                handle.broadcast("askers", "to all")?;
            }
            question => cx.effect(Effect::Ask(conn, question.into())),
        }
        Ok(())
    }
}

fn oracle() -> common::Running<Oracle> {
    let mut routes = Routes::new();
    routes.channel("/ask", |_| Ok(Asker)).unwrap();
    let app = Oracle::default();
    let cell = app.handle.clone();
    let server = bind(routes, app).effects(|effect, handle| match effect {
        Effect::Panic => panic!("a panic of the test"),
        Effect::Ask(conn, question) => {
            let handle = handle.clone();
            thread::spawn(move || handle.event(Answer(conn, question.to_uppercase())));
        }
    });
    assert!(cell.set(server.handle()).is_ok());
    start(server)
}

#[test]
fn an_effect_is_answered_by_an_event() {
    let server = oracle();
    let (mut ann, mut ben) = (server.connect("/ask"), server.connect("/ask"));
    ann.send("why");
    ben.send("how");
    assert_eq!((ann.text(), ben.text()), ("WHY".into(), "HOW".into()));
    ann.send("panic");
    server.logged("panic in the server's effects");
    ann.send("again");
    assert_eq!(ann.text(), "AGAIN");
    server.stop();
}

#[test]
fn a_handle_works_in_a_callback_and_on_other_threads() {
    let server = oracle();
    let mut client = server.connect("/ask");
    client.send("handle");
    assert_eq!([client.text(), client.text()], ["by the handle", "\"to all\""]);
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let handle = server.handle.clone();
            thread::spawn(move || (0..500).for_each(|n| handle.broadcast("askers", &n).unwrap()))
        })
        .collect();
    let mut sum = 0;
    for _ in 0..2_000 {
        sum += client.text().parse::<u64>().unwrap();
    }
    assert_eq!(sum, 4 * (0..500).sum::<u64>());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    server.stop();
    // What comes too late goes nowhere.
    server.handle.broadcast("askers", &1).unwrap();
}

#[test]
fn an_effect_that_nobody_does_is_logged() {
    let mut routes = Routes::new();
    routes.channel("/ask", |_| Ok(Asker)).unwrap();
    let server = start(bind(routes, Oracle::default()));
    server.connect("/ask").send("why");
    assert!(server.logged("an effect was dropped").detail.is_some());
    server.stop();
}

struct Late;

impl Channel for Late {
    fn on_message(&mut self, cx: &mut Context, _: &str) -> Result {
        cx.set_timer("late", Duration::from_millis(20));
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context, _: Timer) -> Result {
        cx.text("now");
        Ok(())
    }
}

#[test]
fn a_timer_wakes_a_server_that_had_nothing_to_wait_for() {
    let mut routes = Routes::new();
    routes.channel("/late", |_| Ok(Late)).unwrap();
    // The last deadline that the main thread knows of by itself is the request's.
    let settings = Settings { request_time: Duration::from_secs(2), ..Settings::default() };
    let server = start(bind(routes, ()).settings(settings));
    let mut client = server.connect("/late");
    for _ in 0..3 {
        client.send("go");
        assert_eq!(client.text(), "now");
    }
    server.stop();
}

#[test]
fn who_says_nothing_is_sent_away() {
    let settings = Settings { request_time: Duration::from_millis(20), ..Settings::default() };
    let server = start(bind(routes(), ()).settings(settings));
    for _ in 0..3 {
        let mut answer = String::new();
        server.socket().read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    server.stop();
}

#[test]
fn one_client_too_many_is_closed_at_once() {
    let server = start(bind(routes(), ()).settings(Settings { links: 2, ..Settings::default() }));
    let (mut ann, ben) = (server.connect("/echo"), server.connect("/echo"));
    assert!(matches!(server.socket().read(&mut [0]), Ok(0)));
    ann.send("hello");
    assert_eq!(ann.text(), "hello");
    // A place that is left is given to another, once the server has noticed.
    drop(ben);
    let left = Instant::now();
    while tungstenite::client("ws://localhost/echo", server.socket()).is_err() {
        assert!(left.elapsed() < PATIENCE, "the place stays taken");
    }
    server.stop();
}

struct Sink;

impl Channel for Sink {
    fn on_message(&mut self, _: &mut Context, _: &str) -> Result {
        Ok(())
    }
}

#[test]
fn a_flood_does_not_lock_others_out() {
    let mut routes = routes();
    routes.channel("/sink", |_| Ok(Sink)).unwrap();
    let server = start(bind(routes, ()));
    let client = server.connect("/sink");
    let mut socket = client.0.get_ref();
    thread::scope(|scope| {
        // Empty messages that are not answered: the flood never has to wait.
        let flooding = scope.spawn(move || while socket.write_all(&[0x81, 0x80, 0, 0, 0, 0].repeat(10_000)).is_ok() {});
        let mut client = server.connect("/echo");
        for n in 0..5 {
            client.send(&n.to_string());
            assert_eq!(client.text(), n.to_string());
        }
        assert!(!flooding.is_finished());
        server.stop();
    });
}
