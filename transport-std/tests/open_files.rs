//! More clients than descriptors. Alone in its file, because the limit is the process's.

mod common;

use common::{PATIENCE, bind, patient, start};
use lazuli::{Channel, Context, Result, Routes};
use rustix::net::{AddressFamily, SocketType, connect, socket};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tungstenite::client;

struct Echo;

impl Channel for Echo {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}

#[test]
fn without_descriptors_accepting_waits_and_recovers() {
    let mut routes: Routes = Routes::new();
    routes.channel("/echo", |_| Ok(Echo)).unwrap();
    let server = start(bind(routes, ()));
    let mut early = server.connect("/echo");

    // The clients have their descriptors already; the server gets no more, for all below the limit are taken.
    let sockets: Vec<TcpStream> =
        (0..10).map(|_| socket(AddressFamily::INET, SocketType::STREAM, None).unwrap().into()).collect();
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), maximum: before.maximum }).unwrap();
    for socket in &sockets {
        patient(socket);
        connect(socket, &server.addr).unwrap();
    }
    server.logged("cannot accept; next try in 100 ms");
    let start = Instant::now();
    let mut tries = 0;
    while start.elapsed() < Duration::from_secs(1) {
        // Not faster than a client may.
        std::thread::sleep(Duration::from_millis(1));
        early.send("served meanwhile");
        assert_eq!(early.text(), "served meanwhile");
        tries += server.log.try_iter().filter(|record| record.what.starts_with("cannot accept")).count() as u128;
    }
    let most = start.elapsed().as_millis() / 100 + 1;
    assert!(tries <= most, "{tries} tries where {most} would do: it spins");

    setrlimit(Resource::Nofile, before).unwrap();
    for socket in sockets {
        let (mut late, _) = client(format!("ws://{}/echo", server.addr), socket).unwrap();
        late.send("recovered".into()).unwrap();
        assert_eq!(late.read().unwrap(), "recovered".into());
    }
    server.stopper.stop(PATIENCE);
    assert_eq!(early.closed().0, 1001);
    server.ended();
}
