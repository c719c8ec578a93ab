//! What can be tried only with a hand inside of the server's process: sends from other threads, and
//! a shutdown.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::client::Client;
use super::expect::soon;
use super::wire::Frame;
use super::{CaseResult, Failure, Outcome, Report, Target, Verdict, serve_fresh};

/// Long enough for a server that has nothing to do to fall asleep.
const QUIET: Duration = Duration::from_millis(100);

/// Two more cases, after [`run`](super::run): `say` sends a text to a room from this thread, by the
/// transport's [`Handle`](lazuli::Handle), and `stop` shuts the server down. They are named
/// `inside/handle` and `inside/shutdown`, and need [`Target::watch`].
///
/// - What is said soon arrives, though nothing else happens in the server.
/// - Who is connected when it is stopped is sent a close frame with 1001; once that is answered, the
///   stream ends, and nobody is served any more.
///
/// ```no_run
/// use lazuli::Handle;
/// use lazuli_harness::conformance::{Target, routes, run_inside};
///
/// # // Whatever the transport's own way to be started and stopped is.
/// # struct Stopper;
/// # impl Stopper { fn stop(&self) {} }
/// # fn start(_: lazuli::Routes) -> (std::net::SocketAddr, Handle, Stopper) { unimplemented!() }
/// let (addr, handle, stopper) = start(routes());
/// let target = Target::new(addr, "/echo", "/limited");
/// let report = run_inside(&target, |room, text| handle.to_room(room).text(text), || stopper.stop());
/// assert_eq!(report.failed(), 0, "{report}");
/// ```
///
/// # Panics
///
/// Only if `say` or `stop` does.
pub fn run_inside(target: &Target, say: impl Fn(&str, &str), stop: impl FnOnce()) -> Report {
    let handle = heard(target, say);
    let start = Instant::now();
    let handle = handle.and_then(|()| serve_fresh(target));
    let fresh = start.elapsed();
    let shutdown = shut_down(target, stop);
    let case = |name: &str, must: &str, outcome: Outcome| CaseResult {
        name: name.into(),
        must: must.into(),
        verdict: outcome.map_or_else(Verdict::Failed, |()| Verdict::Passed),
        // After the second there is no fresh client.
        fresh,
    };
    Report {
        cases: vec![
            case("inside/handle", "what another thread sends to a room soon arrives", handle),
            case("inside/shutdown", "at a shutdown everyone is told, and nobody is served after it", shutdown),
        ],
    }
}

fn heard(target: &Target, say: impl Fn(&str, &str)) -> Outcome {
    soon(target, "text \"from outside\"", |number| {
        let room = format!("handle-{number}");
        let mut client = Client::watch(target, &room)?;
        sleep(QUIET);
        let start = Instant::now();
        say(&room, "from outside");
        client.told("from outside")?;
        Ok((client, start.elapsed()))
    })
}

fn shut_down(target: &Target, stop: impl FnOnce()) -> Outcome {
    let mut client = Client::echo(target)?;
    sleep(QUIET);
    stop();
    let expected = "close frame with 1001 and, once it is answered, the end of the stream";
    client.close_frame(&[1001], expected)?;
    client.send_frame(&Frame::close(1001, ""));
    client.ends(expected)?;
    let Ok(mut late) = Client::connect(target) else { return Ok(()) };
    late.send_head(&target.upgrade());
    late.gone("a refusal or none, and the end of the connection")
        .map_err(|failure| Failure { sent: format!("after the shutdown: {}", failure.sent), ..failure })
}
