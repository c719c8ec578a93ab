//! What idle connections cost. Tests of their own process, one after the other: it is the process that is measured.

use lazuli::{Channel, Context, Result, Routes};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Duration;

struct Echo;

impl Channel for Echo {
    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        cx.text(text);
        Ok(())
    }
}

static ALONE: Mutex<()> = Mutex::new(());
const COUNT: usize = 400;
/// Far below the 128 KiB that a WebSocket's read buffer would take; the figures in detail are the benchmarks' matter.
const MOST: usize = 48 << 10;

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("the system tells");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4_096
}

/// A WebSocket that has sent a message and received one. The test's own end of it is a bare socket.
fn connect(addr: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(addr).expect("the server accepts");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
    let request = "GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    // A text "hi", masked with zeros, behind the request: both are answered.
    stream.write_all(&[request.as_bytes(), b"\x81\x82\0\0\0\0hi"].concat()).expect("the server reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n\x81\x02hi") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("the server answers");
        answer.push(byte[0]);
    }
    stream
}

fn measure(addr: SocketAddr) {
    drop(connect(addr));
    let before = resident();
    let connections: Vec<TcpStream> = (0..COUNT).map(|_| connect(addr)).collect();
    let each = resident().saturating_sub(before) / COUNT;
    println!("{each} bytes of resident memory for each of {COUNT} idle connections");
    assert!(each < MOST, "{each} bytes for each idle connection, and {MOST} at the most were expected");
    drop(connections);
}

macro_rules! idle_on {
    ($($name:ident $transport:ident)*) => {$(
        #[test]
        fn $name() {
            let _alone = ALONE.lock();
            let (sender, receiver) = mpsc::channel();
            let server = thread::spawn(move || {
                let mut routes = Routes::new();
                routes.channel("/echo", |_| Ok(Echo)).expect("the pattern is right");
                let server = $transport::Server::bind("127.0.0.1:0", routes, ()).expect("a port is free").log(|_| {});
                sender.send((server.local_addr().expect("an address"), server.stopper())).expect("the test waits");
                server.run()
            });
            let (addr, stopper) = receiver.recv().expect("the server starts");
            measure(addr);
            stopper.stop(Duration::from_secs(5));
            server.join().expect("no panic").expect("the server ran");
        }
    )*};
}

idle_on! {
    an_idle_connection_holds_no_buffer_on_smol lazuli_smol
    an_idle_connection_holds_no_buffer_on_std lazuli_std
}
