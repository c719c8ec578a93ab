//! How a server ends.

mod common;

use common::{bind, start};
use lazuli::driver::Settings;
use lazuli::{Channel, Context, Response, Result, Routes};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

struct Quiet {
    _alive: Arc<()>,
}

impl Channel for Quiet {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}

fn routes(alive: &Arc<()>) -> Routes {
    let alive = alive.clone();
    let mut routes = Routes::new();
    routes.channel("/quiet", move |_| Ok(Quiet { _alive: alive.clone() })).unwrap();
    routes
}

#[test]
fn every_client_is_told_to_come_back() {
    let alive = Arc::new(());
    // Nothing but the last one's end makes the server return.
    let long = Duration::from_secs(3_600);
    let settings = Settings { request_time: long, close_time: long, discard_time: long, ..Settings::default() };
    let server = start(bind(routes(&alive), ()).settings(settings));
    let mut clients: Vec<_> = (0..20).map(|_| server.connect("/quiet")).collect();
    assert_eq!(Arc::strong_count(&alive), 22);
    server.stopper.stop(long);
    // The first one is told, and has not answered yet: nobody new comes in meanwhile.
    let mut first = clients.remove(0);
    assert!(first.0.read().unwrap().is_close());
    assert_eq!(TcpStream::connect(server.addr).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert!(matches!(first.0.read(), Err(tungstenite::Error::ConnectionClosed)));
    let threads: Vec<_> = clients.drain(..).map(|mut client| thread::spawn(move || client.closed())).collect();
    for thread in threads {
        let (code, reason, _) = thread.join().unwrap();
        assert_eq!(code, 1001);
        assert!(reason.contains("come back in"), "{reason}");
    }
    server.ended();
    // The hub is gone, and with it whatever the threads held.
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn a_client_that_does_not_answer_does_not_hold_it_up() {
    let alive = Arc::new(());
    let server = start(bind(routes(&alive), ()));
    // One never reads, one has not said a word, one has said half a request.
    let client = server.connect("/quiet");
    let mut silent = server.socket();
    let mut half = server.socket();
    half.write_all(b"GET /quiet HTT").unwrap();
    server.stopper.stop(Duration::from_millis(300));
    server.ended();
    assert_eq!(Arc::strong_count(&alive), 1);
    for socket in [&mut silent, &mut half] {
        assert!(matches!(socket.read(&mut [0]), Ok(0) | Err(_)));
    }
    drop(client);
}

#[test]
fn a_request_in_progress_is_answered() {
    // The server gives it a second, which may be too short on a machine that is busy with something else.
    let answered = || {
        let mut routes: Routes = Routes::new();
        routes.post("/form", |_, request| Ok(Response::text(format!("{} bytes", request.body().len())))).unwrap();
        let server = start(bind(routes, ()));
        let mut socket = server.socket();
        socket.write_all(b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab").unwrap();
        // Once another is served, this one has been accepted.
        ask(server.socket());
        server.stopper.stop(Duration::from_secs(5));
        while TcpStream::connect(server.addr).is_ok() {
            thread::yield_now();
        }
        let mut answer = String::new();
        let sent = socket.write_all(b"cd").and_then(|()| socket.read_to_string(&mut answer));
        server.ended();
        sent.is_ok() && answer.ends_with("\r\n\r\n4 bytes")
    };
    assert!((0..5).any(|_| answered()));
}

/// Asks for a page that does not exist, and waits for the answer.
fn ask(mut socket: TcpStream) {
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert!(socket.read_to_string(&mut String::new()).unwrap() > 0);
}

#[test]
fn a_stop_before_the_start_counts() {
    let alive = Arc::new(());
    let server = bind(routes(&alive), ());
    server.stopper().stop(Duration::from_secs(5));
    start(server).ended();
}

#[test]
fn a_later_stop_changes_nothing() {
    let alive = Arc::new(());
    let server = start(bind(routes(&alive), ()));
    let _client = server.connect("/quiet");
    server.stopper.stop(Duration::from_millis(100));
    server.stopper.stop(Duration::from_secs(3_600));
    server.ended();
}
