//! The transport conformance suite: does a server at an address speak HTTP's upgrade and WebSocket
//! as it must, and does it survive peers that don't?
//!
//! It is for whoever writes a transport. Serve three channels with it, run the suite against its
//! address, and it passes or says what it got wrong. A transport of lazuli serves [`routes`]; any
//! other server needs:
//!
//! - an **echo** channel that sends every text and binary message back as it came, up to 16 MiB
//!   each, and lets 16 MiB of them wait for a peer that doesn't read;
//! - a **limited** channel with limits of 64 KiB for a text and 2 MiB for a binary message that
//!   answers every text with some text. It may say other things too;
//! - a **watch** channel, on which clients whose query has the same `room` are in a room: when one
//!   has ended, the others are sent `closed` and its code, 1006 if it ended without a close frame;
//!   who sends `wait 200` is sent `waited` 200 ms later; any other text comes back. Where there is
//!   none, [`Target::watch`] is `None`, and the cases that are named `watch/…` are left out.
//!
//! The suite knows nothing of the server but its address, uses blocking sockets of the standard
//! library and has a client of its own, which sends the same bytes at every run. It opens about a
//! thousand connections within some seconds, at most [`CONNECTIONS`] at once: caps and rates for an
//! address must allow that. Some cases send a hundred messages, pings or fragments at once: limits
//! on their rate must allow that too.
//!
//! Where the standard leaves a choice, most choices pass. Beyond it, a server is held to what
//! protects it and its users:
//!
//! - what is wrong is refused as soon as it can be seen: a length at the header, UTF-8 at the
//!   offending byte; a malformed head with 400, one over 16 KiB with 431;
//! - what came before a violation or a close is answered first;
//! - a close is answered with its own code, and a close frame really arrives: no reset overtakes
//!   it, even if the peer had sent more;
//! - a peer is cut off that takes longer than 10 s for its head, sends fragments without end, or
//!   goes on after its close; one that pings without reading harms nobody;
//! - what has to come soon does: the end of the stream once all is said, what a timer says, and to
//!   others the news that somebody was reset, has hung up or has closed. Soon is within a tenth of
//!   [`Target::patience`], once in three times: a busy machine is forgiven, and a server that is
//!   late every time is not;
//! - after each case a fresh client is served.
//!
//! It has nothing of the server but an address. What a [`Handle`](lazuli::Handle) sends from another
//! thread and a shutdown need more: [`run_inside`] tries both. There is what neither sees, and a
//! transport needs tests of its own for: effects, the log, a backplane, whether sockets and memory
//! are given back, a shutdown whose time runs out. `harness/tests/transports` has such tests.
//!
//! ```no_run
//! use lazuli_harness::conformance::{Target, run};
//!
//! let target = Target::new("127.0.0.1:4000".parse()?, "/echo", "/chat/conformance");
//! let report = run(&target);
//! assert_eq!(report.failed(), 0, "{report}");
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
//! `harness/tests/conformance.rs` does it for three transports, and `harness/tests/suite` shows that
//! the suite finds what is wrong with a server that has bugs.

use lazuli::driver::guard::FrameLimits;
use lazuli::{Channel, Context, Limits, Routes, Timer};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

mod cases;
mod client;
mod expect;
mod inbound;
mod inside;
mod reply;
mod report;
mod wire;

pub use inside::run_inside;
pub use report::{CaseResult, Failure, Report, Verdict};

use cases::Case;
use client::Client;
use inbound::Kind;
use wire::{Frame, Head};

/// The cases that take 3 to 15 seconds: they wait for the server to lose patience, or let answers
/// pile up in it. [`run`] starts them first, each in a thread of its own.
pub const SLOW: [&str; 7] = [
    "handshake/unhurried-head",
    "handshake/slow-head",
    "handshake/no-head",
    "handshake/many-slow-heads",
    "close/peer-stays",
    "robustness/pings-unread",
    "robustness/slow-reader",
];

/// The most connections that the suite has open at once.
pub const CONNECTIONS: usize = 64;

/// How many cases run at once, the slow ones apart.
const WORKERS: usize = 8;

/// The channels that the suite needs, at `/echo`, `/limited` and `/watch`.
///
/// ```no_run
/// use lazuli_harness::conformance::{Target, routes, run};
///
/// # // Whatever the transport's own way to be started is.
/// # fn start(_: lazuli::Routes) -> std::net::SocketAddr { unimplemented!() }
/// let addr = start(routes());
/// let report = run(&Target::new(addr, "/echo", "/limited"));
/// assert_eq!(report.failed(), 0, "{report}");
/// ```
pub fn routes() -> Routes {
    let frames = FrameLimits { text: 16 << 20, binary: 16 << 20, fragments: 1 << 18, ..FrameLimits::default() };
    let large = Limits { frames, waiting: 32 << 20, ..Limits::default() };
    let mut routes = Routes::new();
    routes.channel_with("/echo", large, |_| Ok(Echo)).expect("the pattern is right");
    routes.channel("/limited", |_| Ok(Echo)).expect("the pattern is right");
    let watch = |join: &lazuli::Join<'_>| Ok(Watch(join.query("room").unwrap_or_default().into()));
    routes.channel("/watch", watch).expect("the pattern is right");
    routes
}

/// Says everything that it hears.
struct Echo;

impl Channel for Echo {
    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> lazuli::Result {
        cx.text(text);
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> lazuli::Result {
        cx.binary(bytes);
        Ok(())
    }
}

/// Says what the hub was told: how others in its room ended, and that a time has come.
struct Watch(String);

impl Channel for Watch {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> lazuli::Result {
        cx.join(&self.0);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> lazuli::Result {
        match text.strip_prefix("wait ") {
            Some(millis) => cx.set_timer("wait", Duration::from_millis(millis.parse()?)),
            None => cx.text(text),
        }
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, _timer: Timer) -> lazuli::Result {
        cx.text("waited");
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_>, code: u16, _reason: &str) -> lazuli::Result {
        cx.to_room(&self.0).text(&format!("closed {code}"));
        Ok(())
    }
}

/// What a case comes to.
type Outcome = Result<(), Failure>;

/// The server under test.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The path of an echo channel with messages up to 16 MiB.
    pub echo: String,
    /// The path of a channel with limits of 64 KiB for a text and 2 MiB for a binary message, that
    /// answers a text with a text.
    pub limited: String,
    /// The path of a channel that tells clients of one another and of the time, see the
    /// [module](self). `None` leaves out the cases that need it.
    pub watch: Option<String>,
    /// How long the server may take for anything that it should do at once: 10 s, unless the
    /// machine is very slow. What must come soon has a tenth of it.
    pub patience: Duration,
}

impl Target {
    /// A server at `addr` with these two channels, and the third at `/watch`.
    pub fn new(addr: SocketAddr, echo: impl Into<String>, limited: impl Into<String>) -> Target {
        let (echo, limited, watch) = (echo.into(), limited.into(), Some("/watch".into()));
        Target { addr, echo, limited, watch, patience: Duration::from_secs(10) }
    }

    fn authority(&self) -> String {
        self.addr.to_string()
    }

    fn upgrade(&self) -> Head {
        Head::upgrade(&self.authority(), &self.echo)
    }
}

/// The names of all cases, in the order of the suite.
pub fn names() -> Vec<String> {
    cases::all().into_iter().map(|case| case.name).collect()
}

/// Runs the whole suite, as far as the target has the channels. It takes less than 25 s if all is well; a case that fails may wait for
/// `target.patience`.
///
/// # Panics
///
/// Never for anything that the server does.
pub fn run(target: &Target) -> Report {
    run_only(target, |_| true)
}

/// Runs the cases whose name `wanted` accepts.
///
/// ```
/// use lazuli_harness::conformance::{Target, run_only};
/// use std::{net::TcpListener, thread};
///
/// // A server that hangs up on everybody.
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let target = Target::new(listener.local_addr()?, "/echo", "/limited");
/// thread::spawn(move || listener.incoming().for_each(drop));
///
/// let report = run_only(&target, |name| name.starts_with("control/"));
/// assert_eq!(report.passed(), 0);
/// println!("{report}");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn run_only(target: &Target, wanted: impl Fn(&str) -> bool) -> Report {
    let can = |name: &str| target.watch.is_some() || !name.starts_with("watch/");
    let cases: Vec<Case> = cases::all().into_iter().filter(|case| can(&case.name) && wanted(&case.name)).collect();
    let results: Vec<Mutex<Option<CaseResult>>> = cases.iter().map(|_| Mutex::new(None)).collect();
    let (slow, quick): (Vec<usize>, Vec<usize>) =
        (0..cases.len()).partition(|&n| SLOW.contains(&cases[n].name.as_str()));
    let next = AtomicUsize::new(0);
    let finish = |n: usize| {
        *results[n].lock().expect("only this thread has the result of this case") = Some(judge(target, &cases[n]));
    };
    thread::scope(|scope| {
        for n in slow {
            scope.spawn(move || finish(n));
        }
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(&n) = quick.get(next.fetch_add(1, Ordering::Relaxed)) {
                    finish(n);
                }
            });
        }
    });
    let results = results.into_iter().filter_map(|result| result.into_inner().expect("no case panics"));
    Report { cases: results.collect() }
}

/// Runs one case, and then sees whether a fresh client is served.
fn judge(target: &Target, case: &Case) -> CaseResult {
    let outcome = (case.run)(target);
    let start = Instant::now();
    let fresh = serve_fresh(target)
        .map_err(|failure| Failure { sent: format!("by a fresh client after the case: {}", failure.sent), ..failure });
    CaseResult {
        name: case.name.clone(),
        must: case.must.clone(),
        verdict: outcome.and(fresh).map_or_else(Verdict::Failed, |()| Verdict::Passed),
        fresh: start.elapsed(),
    }
}

/// A client as it should be: opens, gets an echo, closes.
fn serve_fresh(target: &Target) -> Outcome {
    let mut client = Client::echo(target)?;
    client.send_frame(&Frame::text("fresh"));
    client.echoed(Kind::Text, b"fresh")?;
    client.send_frame(&Frame::close(1000, ""));
    client.close_answered(1000, "")
}
