//! Sockets, and what they did not take at once.

use rustix::event::epoll::{self, EventData, EventFlags};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{Request, create_response, write_response};

/// Where a peer's messages go.
#[derive(Clone, Copy)]
pub enum Place {
    /// Back.
    Echo,
    /// To all in the room with this number.
    Room(usize),
}

/// One socket.
pub struct Peer {
    stream: TcpStream,
    /// Where its messages go; `None` before the handshake.
    pub place: Option<Place>,
    /// What came and is not complete.
    rest: Vec<u8>,
    /// What the socket did not take.
    out: Vec<u8>,
}

impl Peer {
    /// A socket that was accepted.
    pub fn new(stream: TcpStream) -> io::Result<Peer> {
        stream.set_nonblocking(true)?;
        stream.set_nodelay(true)?;
        Ok(Peer { stream, place: None, rest: Vec::new(), out: Vec::new() })
    }

    /// Reads once, behind what came before. How much there is in the buffer then; `None` when the peer has gone.
    pub fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let begun = self.rest.len();
        buffer.get_mut(..begun)?.copy_from_slice(&self.rest);
        match self.stream.read(&mut buffer[begun..]) {
            Ok(0) => None,
            Ok(count) => Some(begun + count),
            Err(error) => (error.kind() == ErrorKind::WouldBlock).then_some(begun),
        }
    }

    /// Answers the handshake: its length and its path, once it is complete.
    pub fn enter(&mut self, head: &[u8]) -> Result<Option<(usize, String)>, tungstenite::Error> {
        let Some((length, request)) = Request::try_parse(head)? else { return Ok(None) };
        let mut answer = Vec::new();
        write_response(&mut answer, &create_response(&request)?)?;
        self.stream.write_all(&answer)?;
        Ok(Some((length, request.uri().path().to_owned())))
    }

    /// Keeps what is not complete.
    pub fn keep(&mut self, rest: &[u8]) {
        self.rest.clear();
        self.rest.extend(rest);
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.stream.write(bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            other => other,
        }
    }
}

/// All sockets, by number.
pub struct Peers {
    pub epoll: OwnedFd,
    peers: Vec<Option<Peer>>,
    free: Vec<usize>,
}

impl Peers {
    pub fn new() -> io::Result<Peers> {
        Ok(Peers { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, peers: Vec::new(), free: Vec::new() })
    }

    pub fn add(&mut self, peer: Peer) -> io::Result<()> {
        let number = self.free.pop().unwrap_or_else(|| {
            self.peers.push(None);
            self.peers.len() - 1
        });
        epoll::add(&self.epoll, &peer.stream, EventData::new_u64(number as u64), EventFlags::IN)?;
        self.peers[number] = Some(peer);
        Ok(())
    }

    pub fn get(&mut self, number: usize) -> Option<&mut Peer> {
        self.peers[number].as_mut()
    }

    /// Closes a socket.
    pub fn remove(&mut self, number: usize) {
        if self.peers[number].take().is_some() {
            self.free.push(number);
        }
    }

    /// Forgets a socket, but leaves it open.
    pub fn forget(&mut self, number: usize) {
        if let Some(peer) = self.peers[number].take() {
            // It would be ready for ever.
            epoll::delete(&self.epoll, &peer.stream).expect("the socket is in the list");
            std::mem::forget(peer);
            self.free.push(number);
        }
    }

    /// Writes to a peer, or keeps what its socket does not take. One that has gone is noticed when it is read.
    pub fn send(&mut self, number: usize, bytes: &[u8]) {
        let Some(peer) = &mut self.peers[number] else { return };
        let written = if peer.out.is_empty() { peer.write(bytes).unwrap_or(bytes.len()) } else { 0 };
        if written < bytes.len() {
            peer.out.extend(&bytes[written..]);
            self.wait_for(number, EventFlags::IN | EventFlags::OUT);
        }
    }

    /// Writes what a socket did not take before.
    pub fn flush(&mut self, number: usize) {
        let Some(peer) = &mut self.peers[number] else { return };
        let out = std::mem::take(&mut peer.out);
        let written = peer.write(&out).unwrap_or(out.len());
        if written < out.len() {
            peer.out = out[written..].to_vec();
        } else {
            self.wait_for(number, EventFlags::IN);
        }
    }

    fn wait_for(&self, number: usize, flags: EventFlags) {
        if let Some(peer) = &self.peers[number] {
            let data = EventData::new_u64(number as u64);
            epoll::modify(&self.epoll, &peer.stream, data, flags).expect("the socket is in the list");
        }
    }
}
