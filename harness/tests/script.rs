//! One script in the simulator and over the sockets of both transports: every client sees the same.

use lazuli::{Channel, Context, Error, Result, Routes};
use lazuli_harness::script::{Heard, Script, Streams, run_in_simulator, run_over_sockets};
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// A room where one can talk, to all or to others, and be thrown out.
struct Room(String);

impl Channel for Room {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        if self.0 == "closed" {
            return Err(Error::close(4_003, "closed for today"));
        }
        cx.join(&self.0);
        let count = cx.count(&self.0);
        cx.to_room(&self.0).text(&format!("{count} in {}", self.0));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        match text.split_once(' ') {
            Some(("others", rest)) => {
                let me = cx.conn();
                cx.to_room(&self.0).except(me).text(rest);
            }
            Some(("out", reason)) => {
                cx.text("goodbye");
                cx.close(4_000, reason);
            }
            _ => cx.to_room(&self.0).text(text),
        }
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context, bytes: &[u8]) -> Result {
        cx.to_all().binary(bytes);
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context, code: u16, reason: &str) -> Result {
        cx.to_room(&self.0).text(&format!("one left: {code} {reason}"));
        Ok(())
    }
}

fn routes() -> Routes {
    let mut routes = Routes::new();
    routes.channel("/room/:name", |join| Ok(Room(join.param("name").to_owned()))).expect("a good pattern");
    routes
}

fn script() -> Script {
    let mut script = Script::new()
        .connect(0, "/room/a")
        .connect(1, "/room/a")
        .connect(2, "/room/b")
        .connect(3, "/nowhere")
        .connect(3, "/room/closed")
        .text(0, "hello")
        .text(1, "others only you")
        .binary(2, &[0, 159, 146, 150])
        .text(1, "out enough")
        .connect(1, "/room/b")
        .text(2, "ä, я, 語, 🦀");
    for number in 0..30 {
        script = script.text(number % 3, &format!("{number} {}", "x".repeat(number * 400)));
    }
    script.close(0, 3_333, "my turn").connect(0, "/room/b").close(2, 1000, "")
}

fn in_simulator() -> Streams {
    run_in_simulator(&script(), routes(), ()).expect("the script is played")
}

/// Serves on a transport while the script is played.
macro_rules! over_sockets {
    ($transport:ident) => {{
        let (sender, receiver) = mpsc::channel();
        let serving = thread::spawn(move || {
            let server = $transport::Server::bind("127.0.0.1:0", routes(), ())?.log(|_| {});
            sender.send((server.local_addr()?, server.stopper())).expect("the test waits");
            server.run()
        });
        let (addr, stopper): (SocketAddr, _) = receiver.recv().expect("a server starts");
        let streams = run_over_sockets(&script(), addr).expect("the script is played");
        stopper.stop(Duration::from_secs(5));
        serving.join().expect("the server does not panic").expect("the server runs");
        streams
    }};
}

#[test]
fn every_client_sees_what_it_should() {
    let streams = in_simulator();
    let text = |text: &str| Heard::Text(text.into());
    let closed = |code, reason: &str| Heard::Closed { code: Some(code), reason: reason.into() };
    let first = [Heard::Opened, text("1 in a"), text("2 in a"), text("hello"), text("only you")];
    assert_eq!(streams[0][..5], first);
    assert_eq!(streams[0][5..7], [Heard::Binary(vec![0, 159, 146, 150]), text("one left: 4000 enough")]);
    assert_eq!(streams[3], [Heard::Refused(404), Heard::Opened, closed(4_003, "closed for today")]);
    let out = streams[1].iter().position(|heard| *heard == closed(4_000, "enough")).expect("it is closed");
    assert_eq!(streams[1][out - 1..][..3], [text("goodbye"), closed(4_000, "enough"), Heard::Opened]);
    assert!(streams[0].contains(&closed(3_333, "my turn")), "its own close comes back");
    assert_eq!(streams[2].last(), Some(&closed(1000, "")));
}

#[test]
fn the_blocking_transport_gives_the_same_streams() {
    assert_eq!(over_sockets!(lazuli_std), in_simulator());
}

#[test]
fn the_async_transport_gives_the_same_streams() {
    assert_eq!(over_sockets!(lazuli_smol), in_simulator());
}

#[test]
fn a_script_that_makes_no_sense_says_where() {
    let script = Script::new().connect(0, "/room/a").text(1, "who?");
    let error = run_in_simulator(&script, routes(), ()).expect_err("client 1 is not there");
    assert_eq!(error.to_string(), "step 1 of the script: client 1 is not connected");
    let twice = Script::new().connect(0, "/room/a").connect(0, "/room/a");
    assert!(run_in_simulator(&twice, routes(), ()).is_err());
}
