//! What the log says, as `tracing` has it.

use lazuli::log::Level;
use lazuli::{Channel, Config, Context, Error, Request, Response, Result, Routes};
use std::fmt::Debug;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Metadata, Subscriber};

struct Nothing;

impl Channel for Nothing {
    fn on_message(&mut self, _: &mut Context, _: &str) -> Result {
        Ok(())
    }
}

fn routes() -> Routes {
    let mut routes = Routes::new();
    let said = |request: &Request| {
        let agent = request.header("user-agent").unwrap_or_default();
        format!("{agent} said {}", request.query("said").unwrap_or_default())
    };
    routes.channel("/channel", |_| Ok(Nothing)).expect("the pattern is right");
    routes
        .get("/agent", move |_, request| -> Result<Response> { Err(Error::internal(said(request))) })
        .expect("the pattern is right");
    routes
}

/// Sends a request, and waits until the server has closed; where it came from.
fn ask(addr: SocketAddr, request: &str) -> SocketAddr {
    let mut stream = TcpStream::connect(addr).expect("the server accepts");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
    stream.write_all(request.as_bytes()).expect("the server reads");
    stream.read_to_end(&mut Vec::new()).expect("the server answers and closes");
    stream.local_addr().expect("an address")
}

/// Three requests that are each worth a record: refused, failed, malformed.
fn visit(addr: SocketAddr) -> [SocketAddr; 3] {
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let path = "/no%E2%80%A8%20peer=6.6.6.6:6%22";
    let said = "%0D%0A2026-11-21T00:00:00Z%20ERROR%20forged%1B[31m%00";
    [
        ask(addr, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n{upgrade}\r\n")),
        ask(addr, &format!("GET /agent?said={said} HTTP/1.1\r\nHost: a\r\nUser-Agent: evil\u{2028}\u{202e}\r\n\r\n")),
        ask(addr, "GET / HTTP/9\r\n\r\n"),
    ]
}

/// Runs a server whose log goes to `subscriber`; what `visit` returned, once the server has ended and all is written.
type Start = fn(Arc<dyn Subscriber + Send + Sync>) -> [SocketAddr; 3];

macro_rules! starter {
    ($name:ident, $transport:ident) => {
        fn $name(subscriber: Arc<dyn Subscriber + Send + Sync>) -> [SocketAddr; 3] {
            let (sender, receiver) = mpsc::channel();
            let server = std::thread::spawn(move || {
                let config = Config { log: Level::Debug, ..Config::default() };
                let server = $transport::Server::bind("127.0.0.1:0", routes(), ())?.config(config);
                sender.send((server.local_addr()?, server.stopper())).expect("the test waits");
                with_default(subscriber, || server.run())
            });
            let (addr, stopper) = receiver.recv().expect("the server starts");
            let peers = visit(addr);
            stopper.stop(Duration::from_secs(5));
            server.join().expect("no panic").expect("the server ran");
            peers
        }
    };
}

starter!(smol, lazuli_smol);
starter!(std, lazuli_std);

/// What was said of one event.
#[derive(Debug, Default)]
struct Said {
    level: String,
    fields: Vec<(&'static str, String)>,
}

impl Said {
    fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.push((field.name(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.push((field.name(), value.to_owned()));
    }
}

#[derive(Default)]
struct Collector(Mutex<Vec<Said>>);

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "lazuli"
    }

    fn event(&self, event: &Event<'_>) {
        let mut said = Said { level: event.metadata().level().to_string(), ..Said::default() };
        event.record(&mut said);
        self.0.lock().expect("no panic").push(said);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn records_are_events_with_level_and_fields(start: Start) {
    let collector = Arc::new(Collector::default());
    let peers = start(collector.clone());
    let events = collector.0.lock().expect("no panic");
    let find = |what: &str| {
        let found = events.iter().find(|said| said.get("message") == Some(what));
        found.unwrap_or_else(|| panic!("nothing says {what:?}: {events:#?}"))
    };
    let refused = find("refused");
    assert_eq!((refused.level.as_str(), refused.get("peer")), ("INFO", Some(&*peers[0].to_string())));
    let detail = refused.get("detail").expect("why, and what was asked for");
    assert!(detail.ends_with(r#" path=/no\u{2028} peer=6.6.6.6:6""#), "{detail}");
    let failed = find("a page failed");
    let detail = r"evil\u{2028}\u{202e} said \r\n2026-11-21T00:00:00Z ERROR forged\u{1b}[31m\u{0}";
    assert_eq!((failed.level.as_str(), failed.get("detail")), ("ERROR", Some(detail)));
    let bad = find("bad request");
    assert_eq!((bad.level.as_str(), bad.get("peer")), ("DEBUG", Some(&*peers[2].to_string())));
    assert!(bad.get("conn").is_none() && bad.get("detail").is_some());
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn an_entry_is_one_line_whatever_a_peer_sends(start: Start) {
    let lines = Lines::default();
    let writer = lines.clone();
    let level = tracing::Level::DEBUG;
    let subscriber =
        tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(move || writer.clone()).finish();
    start(Arc::new(subscriber));
    let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("the log is UTF-8");
    let harmless = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}');
    for line in text.split_terminator('\n') {
        assert!(line.chars().all(harmless), "{line:?}");
        // Time, level, target: no line begins elsewhere.
        assert_eq!(line.split_whitespace().nth(2), Some("lazuli:"), "{line:?}");
    }
    for what in ["refused", "a page failed", "bad request"] {
        assert_eq!(text.matches(&format!("lazuli: {what} ")).count(), 1, "{text}");
    }
    // What looks like a field stands inside of quotes that the peer cannot end.
    assert!(text.contains(r#" peer=6.6.6.6:6\"""#), "{text}");
}

macro_rules! on_both {
    ($($name:ident)*) => {
        mod on_smol { $( #[test] fn $name() { super::$name(super::smol); } )* }
        mod on_std { $( #[test] fn $name() { super::$name(super::std); } )* }
    };
}

on_both! {
    records_are_events_with_level_and_fields
    an_entry_is_one_line_whatever_a_peer_sends
}
