//! A client over a real socket, by tungstenite.

use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;
use tungstenite::{Message, WebSocket};

pub struct Client {
    socket: WebSocket<TcpStream>,
    /// The server's id of it.
    pub id: u64,
}

impl Client {
    /// Joins a room, and reads its id.
    pub fn join(addr: SocketAddr, room: &str) -> Client {
        let stream = TcpStream::connect(addr).expect("the server accepts");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
        stream.set_write_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
        let (socket, _) =
            tungstenite::client(format!("ws://{addr}/room/{room}"), stream).expect("the upgrade succeeds");
        let mut client = Client { socket, id: 0 };
        let first = client.text();
        client.id = first.strip_prefix("id ").and_then(|id| id.parse().ok()).expect("the first message is the id");
        client
    }

    pub fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).expect("the server reads");
    }

    /// Sends the same text many times, in as few writes as there may be.
    pub fn send_at_once(&mut self, text: &str, times: usize) {
        for _ in 0..times {
            self.socket.write(Message::text(text)).expect("the server reads");
        }
        self.socket.flush().expect("the server reads");
    }

    /// The next text; anything else fails the test.
    pub fn text(&mut self) -> String {
        match self.socket.read() {
            Ok(Message::Text(text)) => text.as_str().into(),
            other => panic!("expected a text, got {other:?}"),
        }
    }

    /// Reads a message and forgets it.
    pub fn skip(&mut self) {
        self.socket.read().expect("a message comes");
    }

    /// Reads on until the close frame; its code and reason.
    pub fn close_code(&mut self) -> (u16, String) {
        loop {
            match self.socket.read() {
                Ok(Message::Close(Some(frame))) => return (frame.code.into(), frame.reason.as_str().into()),
                Ok(_) => {}
                Err(error) => panic!("expected a close frame, got {error}"),
            }
        }
    }

    /// Each of them reads so many texts of this length, at the same time; one that is closed fails the test.
    pub fn all_read(clients: Vec<Client>, times: usize, length: usize) {
        let read = |mut client: Client| {
            thread::spawn(move || (0..times).for_each(|_| assert_eq!(client.text().len(), length)))
        };
        let reading: Vec<_> = clients.into_iter().map(read).collect();
        for reader in reading {
            reader.join().expect("it was not closed");
        }
    }

    pub fn close(mut self) {
        self.socket.close(None).expect("the close is written");
        while self.socket.read().is_ok() {}
    }
}
