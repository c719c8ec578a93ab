//! One connection: its handshake, what it reads and what it writes.

use crate::Settings;
use crate::check::{Check, Fault};
use crate::dialect::{Dialect, Packet};
use crate::wire::{self, CLOSE, PING, PONG, TEXT};
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

/// The example of RFC 6455: the key that clients send there, and what it has to be answered with.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// So long a server may take to answer a handshake.
const PATIENCE: Duration = Duration::from_secs(20);

/// A member of a room.
pub struct Member {
    stream: TcpStream,
    /// The beginning of a frame whose end has not come yet.
    rest: Vec<u8>,
    /// What the socket did not take.
    out: Vec<u8>,
    mask: u32,
    dialect: Dialect,
    /// Whether the server has let it in, where the dialect asks for that.
    connected: bool,
    payload: Vec<u8>,
    /// Whether it has got a probe, and so is in its room.
    pub ready: bool,
    /// What it got.
    pub check: Check,
}

/// A handshake that is sent and not answered yet: several at once do not wait for each other.
pub struct Opening {
    stream: TcpStream,
    path: String,
    room: u32,
    dialect: Dialect,
}

impl Opening {
    /// Connects and asks for a WebSocket; from this address of the machine, where one is given.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn begin(settings: &Settings, room: u32, source: Option<IpAddr>) -> io::Result<Opening> {
        let (addr, path) = (settings.addr, settings.path_of(room));
        let mut stream = match source {
            Some(source) => connect_from(source, addr)?,
            None => TcpStream::connect(addr)?,
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes())?;
        Ok(Opening { stream, path, room, dialect: settings.dialect })
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// When the server does not accept it.
    pub fn finish(self) -> io::Result<Member> {
        let Opening { mut stream, path, room, dialect } = self;
        let mut head = Vec::with_capacity(512);
        let end = loop {
            let mut bytes = [0; 512];
            match stream.read(&mut bytes)? {
                0 => return Err(io::Error::other(format!("the server closed the handshake for {path}"))),
                count => head.extend(&bytes[..count]),
            }
            if let Some(at) = head.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let rest = head.split_off(end);
        accepted(&String::from_utf8_lossy(&head))
            .map_err(|what| io::Error::other(format!("the handshake for {path} failed: {what}")))?;
        let mut member = Member {
            stream,
            rest,
            out: Vec::new(),
            mask: room ^ 0x9e37_79b9,
            dialect,
            connected: false,
            payload: Vec::new(),
            ready: false,
            check: Check::new(room),
        };
        if let Some(hello) = dialect.hello() {
            let failed = |fault: Fault| io::Error::other(format!("after the handshake for {path} it {fault}"));
            member.queue(TEXT, hello);
            member.write().map_err(failed)?;
            let mut buffer = vec![0; 16 << 10];
            while !member.connected {
                member.read(&mut buffer, |_, _, _| {}).map_err(failed)?;
            }
        }
        member.stream.set_nonblocking(true)?;
        Ok(member)
    }
}

impl Member {
    /// Opens a WebSocket.
    ///
    /// # Errors
    /// When the server does not accept it.
    pub fn open(settings: &Settings, room: u32) -> io::Result<Member> {
        Opening::begin(settings, room, None)?.finish()
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Reads once, and hands over each text that is complete. `buffer` is for this call only.
    ///
    /// # Errors
    /// When the connection has ended, or something comes that is not text.
    pub fn read(&mut self, buffer: &mut [u8], mut text: impl FnMut(&mut Check, &mut bool, &[u8])) -> Result<(), Fault> {
        let begun = self.rest.len();
        buffer[..begun].copy_from_slice(&self.rest);
        let count = match self.stream.read(&mut buffer[begun..]) {
            Ok(0) => return Err(Fault::Other("was closed by the server".into())),
            Ok(count) => begun + count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => begun,
            Err(error) => return Err(Fault::Other(format!("cannot be read: {error}"))),
        };
        let mut at = 0;
        while let Some(frame) = wire::first(&buffer[at..count]).map_err(Fault::Other)? {
            let payload = &buffer[at..][frame.payload.clone()];
            match frame.opcode {
                TEXT => match self.dialect.read(payload) {
                    Some(Packet::Text(payload)) => text(&mut self.check, &mut self.ready, payload),
                    Some(Packet::Session) => {}
                    Some(Packet::Connected) => self.connected = true,
                    Some(Packet::Ping) => self.queue(TEXT, self.dialect.pong()),
                    None => return Err(Fault::Other(format!("got {:?}", String::from_utf8_lossy(payload)))),
                },
                PING => {
                    let payload = payload.to_vec();
                    self.queue(PONG, &payload);
                }
                PONG => {}
                CLOSE => return Err(Fault::Other(format!("was closed by the server: {}", reason(payload)))),
                other => return Err(Fault::Other(format!("got a frame with opcode {other}"))),
            }
            at += frame.payload.end;
        }
        self.rest.clear();
        self.rest.extend(&buffer[at..count]);
        if self.rest.len() == buffer.len() {
            return Err(Fault::Other("got a frame that is longer than all that is sent".into()));
        }
        Ok(())
    }

    /// Queues a message; it goes out with the next [`Member::write`].
    pub fn say(&mut self, text: &[u8]) {
        let mut payload = std::mem::take(&mut self.payload);
        self.dialect.put(&mut payload, text);
        self.queue(TEXT, &payload);
        self.payload = payload;
    }

    /// Queues a frame; it goes out with the next [`Member::write`].
    pub fn queue(&mut self, opcode: u8, payload: &[u8]) {
        // A new mask for each frame, as the protocol wants; that it can be foretold harms nobody here.
        self.mask = self.mask.wrapping_mul(0x915f_77f5).wrapping_add(1);
        wire::put(&mut self.out, opcode, self.mask.to_be_bytes(), payload);
    }

    /// Whether the server has closed the socket. What came before that is not looked at.
    pub fn is_closed(&mut self, buffer: &mut [u8]) -> bool {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != ErrorKind::WouldBlock,
            }
        }
    }

    /// Ends the connection at once, as a crash or a lost network does: the server gets a reset and no more.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn reset(self) -> io::Result<()> {
        Ok(sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO))?)
    }

    /// Whether something is queued: a message, or the answer to a ping.
    pub fn is_behind(&self) -> bool {
        !self.out.is_empty()
    }

    /// Writes what is queued, in one write. Says whether all of it is gone.
    ///
    /// # Errors
    /// When the connection has ended.
    pub fn write(&mut self) -> Result<bool, Fault> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(count) => drop(self.out.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(Fault::Other(format!("cannot be written: {error}"))),
            }
        }
        Ok(true)
    }
}

/// Connects from an address: each has ports of its own.
fn connect_from(source: IpAddr, addr: SocketAddr) -> io::Result<TcpStream> {
    let family = if addr.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    net::bind(&socket, &SocketAddr::new(source, 0))?;
    net::connect(&socket, &addr)?;
    Ok(socket.into())
}

/// Whether a response accepts the handshake.
fn accepted(head: &str) -> Result<(), String> {
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("101") {
        return Err(format!("the server says {status}"));
    }
    let accept = lines.filter_map(|line| line.split_once(':'));
    let accept = accept.filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-accept"));
    match accept.map(|(_, value)| value.trim()).next() {
        Some(ACCEPT) => Ok(()),
        other => Err(format!("the key was answered with {other:?}")),
    }
}

/// A close frame's payload, in words.
fn reason(payload: &[u8]) -> String {
    match payload {
        [high, low, reason @ ..] => {
            format!("{} {}", u16::from_be_bytes([*high, *low]), String::from_utf8_lossy(reason))
        }
        _ => "without a code".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_counts_only_with_the_right_answer() {
        let head = |status, accept| format!("HTTP/1.1 {status}\r\nSEC-WebSocket-Accept: {accept}\r\n\r\n");
        assert_eq!(accepted(&head("101 Switching Protocols", ACCEPT)), Ok(()));
        assert!(accepted(&head("503 Service Unavailable", ACCEPT)).unwrap_err().contains("503"));
        assert!(accepted(&head("101 Switching Protocols", KEY)).unwrap_err().contains(KEY));
        assert!(accepted("HTTP/1.1 101 Switching Protocols\r\n\r\n").is_err());
    }
}
