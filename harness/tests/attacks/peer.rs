//! The other end: clients that behave, and bytes that do not.

use crate::Trouble;
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::{HeaderName, HeaderValue};
use tungstenite::{HandshakeError, Message, WebSocket};

/// For so long anything that the server does at once may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Where attackers come from, and where everybody else does.
pub const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A connected socket with patience.
pub fn connect(addr: SocketAddr) -> Result<TcpStream, Trouble> {
    connect_from(HERE, addr)
}

/// A socket that comes from this address.
pub fn connect_from(from: IpAddr, addr: SocketAddr) -> Result<TcpStream, Trouble> {
    over(Socket::new(Domain::IPV4, Type::STREAM, None)?, from, addr)
}

/// A socket into which next to nothing goes ahead of what is read. The short segments keep the other end's buffer small,
/// too: otherwise a thousand of them would fill what the system has for all sockets.
pub fn connect_narrow(addr: SocketAddr) -> Result<TcpStream, Trouble> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_recv_buffer_size(4 << 10)?;
    socket.set_tcp_mss(536)?;
    over(socket, HERE, addr)
}

fn over(socket: Socket, from: IpAddr, addr: SocketAddr) -> Result<TcpStream, Trouble> {
    // Bound, a socket needs a port that no other has, and there are fewer of those than connections here.
    if from != HERE {
        socket.bind(&SocketAddr::new(from, 0).into())?;
    }
    socket.connect_timeout(&addr.into(), PATIENCE)?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The head of a right upgrade, without the empty line behind it.
pub fn upgrade(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )
}

/// What a server answered to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// Sends bytes and reads to the end of the stream.
pub fn exchange(addr: SocketAddr, request: &[u8]) -> Result<Answer, Trouble> {
    let mut stream = connect(addr)?;
    stream.write_all(request)?;
    answer(stream)
}

/// Reads an answer to the end of the stream.
pub fn answer(mut stream: TcpStream) -> Result<Answer, Trouble> {
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Err(format!("no answer but {text:?}, {read:?}").into());
    };
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or("an answer without a status")?;
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// A frame under a mask of zeros. `first` is its first byte: 0x81 is a whole text, 0x01 the beginning of one.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// Opens a WebSocket and leaves the rest to whoever has the stream. What follows the head is not read.
pub fn raw(addr: SocketAddr, path: &str) -> Result<TcpStream, Trouble> {
    raw_over(connect(addr)?, path)
}

/// The same over a socket that is connected.
pub fn raw_over(mut stream: TcpStream, path: &str) -> Result<TcpStream, Trouble> {
    stream.write_all((upgrade(path) + "\r\n").as_bytes())?;
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    if head.starts_with(b"HTTP/1.1 101 ") {
        Ok(stream)
    } else {
        Err(format!("no upgrade but {:?}", String::from_utf8_lossy(&head)).into())
    }
}

/// A client that keeps to the protocol.
pub struct Peer(pub WebSocket<TcpStream>);

/// Whether an upgrade was granted.
pub enum Opened {
    Yes(Box<Peer>),
    /// The status, and after how many seconds it is worth trying again.
    No(u16, Option<u64>),
}

impl Peer {
    pub fn open(addr: SocketAddr, path: &str) -> Result<Peer, Trouble> {
        Peer::over(connect(addr)?, addr, path)
    }

    /// Over a socket that is connected.
    pub fn over(stream: TcpStream, addr: SocketAddr, path: &str) -> Result<Peer, Trouble> {
        match Peer::ask(stream, addr, path, &[])? {
            Opened::Yes(peer) => Ok(*peer),
            Opened::No(status, _) => Err(format!("{path} was refused with {status}").into()),
        }
    }

    /// Asks for an upgrade, with these headers besides.
    pub fn ask(stream: TcpStream, addr: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Result<Opened, Trouble> {
        let mut request = format!("ws://{addr}{path}").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().append(HeaderName::try_from(*name)?, HeaderValue::try_from(*value)?);
        }
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Opened::Yes(Box::new(Peer(socket)))),
            Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                let again = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok());
                Ok(Opened::No(response.status().as_u16(), again))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub fn send(&mut self, text: impl Into<String>) -> Result<(), Trouble> {
        Ok(self.0.send(Message::text(text.into()))?)
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.0.flush()?;
        Ok(self.0.get_mut().write_all(bytes)?)
    }

    /// The next text.
    pub fn text(&mut self) -> Result<String, Trouble> {
        loop {
            match self.0.read()? {
                Message::Text(text) => return Ok(text.as_str().to_owned()),
                Message::Ping(_) | Message::Pong(_) => {}
                other => return Err(format!("a text was expected, and {other:?} came").into()),
            }
        }
    }

    /// Opens a Spark socket.
    pub fn spark(addr: SocketAddr) -> Result<Peer, Trouble> {
        Peer::open(addr, "/spark")
    }

    /// Subscribes on a Spark socket, and reads the reply.
    pub fn subscribe(&mut self, channel: &str) -> Result<Value, Trouble> {
        self.asks(json!({ "type": "subscribe", "channel": channel, "ref": 1 }).to_string())
    }

    /// Sends to a channel of a Spark socket, and reads the reply.
    pub fn tell(&mut self, channel: &str, data: &Value) -> Result<Value, Trouble> {
        self.asks(json!({ "type": "message", "channel": channel, "data": data, "ref": 2 }).to_string())
    }

    /// The next text, as JSON.
    pub fn json(&mut self) -> Result<Value, Trouble> {
        Ok(serde_json::from_str(&self.text()?)?)
    }

    /// Sends a text; the answer, as JSON.
    pub fn asks(&mut self, text: impl Into<String>) -> Result<Value, Trouble> {
        self.send(text)?;
        self.json()
    }

    /// Reads on to the close frame: its code.
    pub fn close_code(&mut self) -> Result<u16, Trouble> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if let Message::Close(frame) = self.0.read()? {
                return Ok(frame.map_or(1005, |frame| frame.code.into()));
            }
        }
        Err("no close frame came".into())
    }

    /// Nothing more has come by the time that a ping is answered.
    pub fn hears_nothing(&mut self) -> Result<(), Trouble> {
        self.0.send(Message::Ping(Vec::new().into()))?;
        match self.0.read()? {
            Message::Pong(_) => Ok(()),
            other => Err(format!("nothing was expected, and {other:?} came").into()),
        }
    }

    /// Closes in order.
    pub fn close(mut self) -> Result<(), Trouble> {
        self.0.close(None)?;
        while self.0.read().is_ok() {}
        Ok(())
    }
}

/// Comes, is served, and goes, as anybody would who knows nothing of an attack; how long that took.
pub fn visit(addr: SocketAddr) -> Result<Duration, Trouble> {
    let begin = Instant::now();
    loop {
        let origin = format!("http://{addr}");
        match Peer::ask(connect_from(ELSEWHERE, addr)?, addr, "/echo", &[("Origin", &origin)])? {
            Opened::Yes(mut peer) => {
                peer.send("still there?")?;
                if peer.text()? != "still there?" {
                    return Err("a fresh client got a wrong answer".into());
                }
                peer.close()?;
                return Ok(begin.elapsed());
            }
            // Too many at once: it comes back when it was told to.
            Opened::No(503, Some(seconds)) if begin.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_secs(seconds));
            }
            Opened::No(status, _) => return Err(format!("a fresh client was refused with {status}").into()),
        }
    }
}
