//! More clients than descriptors. Alone in its file, because the limit is the process's.

use lazuli::{Channel, Context, Result, Routes};
use lazuli_smol::Server;
use rustix::net::{AddressFamily, SocketType, connect, socket};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use tungstenite::client;

/// Nothing here takes longer, unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

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
    let server = Server::bind("127.0.0.1:0", routes, ()).unwrap();
    let (addr, stopper) = (server.local_addr().unwrap(), server.stopper());
    let (sender, log) = channel();
    let server = server.log(move |record| drop(sender.send(record)));
    let serving = thread::spawn(move || server.run());
    let url = format!("ws://{addr}/echo");
    let (mut early, _) = client(&url, TcpStream::connect(addr).unwrap()).unwrap();

    // The clients have their descriptors already; the server gets no more, for all below the limit are taken.
    let sockets: Vec<TcpStream> =
        (0..10).map(|_| socket(AddressFamily::INET, SocketType::STREAM, None).unwrap().into()).collect();
    let before = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(3), maximum: before.maximum }).unwrap();
    for socket in &sockets {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        connect(socket, &addr).unwrap();
    }
    let failed = || loop {
        let record = log.recv_timeout(PATIENCE).expect("it is logged that there are none");
        if record.what == "accepting failed" {
            return;
        }
    };
    failed();
    let start = Instant::now();
    let mut tries = 0;
    while start.elapsed() < Duration::from_secs(1) {
        // Not faster than a client may.
        thread::sleep(Duration::from_millis(1));
        early.send("served meanwhile".into()).unwrap();
        assert_eq!(early.read().unwrap(), "served meanwhile".into());
        tries += log.try_iter().filter(|record| record.what == "accepting failed").count();
    }
    // After 10 ms, 20, 40 and so on, up to a second.
    let most = 8 + start.elapsed().as_secs();
    assert!(tries as u64 <= most, "{tries} tries where {most} would do: it spins");

    setrlimit(Resource::Nofile, before).unwrap();
    for socket in sockets {
        let (mut late, _) = client(&url, socket).unwrap();
        late.send("recovered".into()).unwrap();
        assert_eq!(late.read().unwrap(), "recovered".into());
    }
    stopper.stop(Duration::from_millis(100));
    serving.join().unwrap().unwrap();
}
