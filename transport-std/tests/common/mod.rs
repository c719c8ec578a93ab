//! A server on a port of its own, and clients whose every wait is bounded.

#![allow(dead_code, reason = "each test file uses some of it")]

use lazuli::log::Record;
use lazuli::{App, Handle, Routes};
use lazuli_std::{Server, Stopper};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, SocketType, connect, socket};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use tungstenite::{Message, WebSocket};

/// Nothing that a test waits for takes longer, unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs on a thread.
pub(crate) struct Running<A: App> {
    pub(crate) addr: SocketAddr,
    pub(crate) handle: Handle<A>,
    pub(crate) stopper: Stopper,
    /// What it logs.
    pub(crate) log: Receiver<Record>,
    ended: Receiver<io::Result<()>>,
}

pub(crate) fn bind<A: App>(routes: Routes<A>, app: A) -> Server<A> {
    Server::bind("127.0.0.1:0", routes, app).expect("a port of the loopback")
}

pub(crate) fn start<A: App>(server: Server<A>) -> Running<A> {
    let (addr, handle, stopper) = (server.local_addr().unwrap(), server.handle(), server.stopper());
    let (sender, log) = channel();
    let server = server.log(move |record| drop(sender.send(record)));
    let (sender, ended) = channel();
    thread::spawn(move || sender.send(server.run()));
    Running { addr, handle, stopper, log, ended }
}

impl<A: App> Running<A> {
    pub(crate) fn connect(&self, path: &str) -> Client {
        self.upgrade(self.socket(), path)
    }

    /// Connects with so small a buffer that the server soon notices when the client does not read.
    pub(crate) fn connect_narrow(&self, path: &str) -> Client {
        let socket: TcpStream = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap().into();
        set_socket_recv_buffer_size(&socket, 4 << 10).unwrap();
        connect(&socket, &self.addr).expect("the server listens");
        patient(&socket);
        self.upgrade(socket, path)
    }

    fn upgrade(&self, socket: TcpStream, path: &str) -> Client {
        let (socket, _) = tungstenite::client(format!("ws://{}{path}", self.addr), socket).expect("the handshake");
        Client(socket)
    }

    pub(crate) fn socket(&self) -> TcpStream {
        let socket = TcpStream::connect(self.addr).expect("the server listens");
        patient(&socket);
        socket
    }

    /// Waits until the server has returned.
    pub(crate) fn ended(&self) {
        self.ended.recv_timeout(PATIENCE).expect("the server returns").expect("without an error");
    }

    /// Stops it, without much patience for clients that do not answer.
    pub(crate) fn stop(&self) {
        self.stopper.stop(Duration::from_millis(100));
        self.ended();
    }

    /// The next record of the log that says this.
    pub(crate) fn logged(&self, what: &str) -> Record {
        loop {
            let record = self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("nothing logged says {what:?}"));
            if record.what == what {
                return record;
            }
        }
    }
}

pub(crate) fn patient(socket: &TcpStream) {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
}

pub(crate) struct Client(pub(crate) WebSocket<TcpStream>);

impl Client {
    pub(crate) fn send(&mut self, text: &str) {
        self.0.send(text.into()).expect("sent");
    }

    /// The next text message.
    pub(crate) fn text(&mut self) -> String {
        match self.0.read().expect("a message") {
            Message::Text(text) => text.as_str().into(),
            other => panic!("not a text message: {other:?}"),
        }
    }

    /// Reads on until the server closes; its close frame, and how many messages came before.
    pub(crate) fn closed(&mut self) -> (u16, String, usize) {
        let mut count = 0;
        loop {
            match self.0.read().expect("a close frame") {
                Message::Close(frame) => {
                    let frame = frame.expect("a code");
                    // The answer goes out, and the server ends the stream.
                    assert!(matches!(self.0.read(), Err(tungstenite::Error::ConnectionClosed)));
                    return (frame.code.into(), frame.reason.as_str().into(), count);
                }
                _ => count += 1,
            }
        }
    }
}
