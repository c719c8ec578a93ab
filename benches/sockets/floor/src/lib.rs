//! The least that a server can do to bring a message to the members of a room. It waits for readiness, encodes each message
//! once, and writes it to each member with one call of the system; *joined*, it writes what a turn of the loop brought for
//! a room in one call for each member. There is nothing else in it: no limits, no checks, no timers, no heartbeats. It is a
//! measure and not a server; never open it to a network.

mod frame;
mod peer;
mod rooms;

pub use rooms::Wrong;

use peer::{Peer, Peers, Place};
use rooms::Rooms;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, EventFlags};
use std::io;
use std::net::TcpListener;

/// So much a peer leaves behind in a server with a leak.
const LEAKED: usize = 1 << 20;
/// The number of the listening socket among the peers.
const LISTENER: u64 = u64::MAX;

/// Serves until the process ends. What is wrong is so with the plain floor only.
///
/// # Errors
/// When the system refuses something.
pub fn serve(listener: &TcpListener, joined: bool, wrong: Option<Wrong>) -> io::Result<()> {
    rustix::net::listen(listener, 4_096)?;
    listener.set_nonblocking(true)?;
    let mut rooms = Rooms::new(joined, wrong);
    let mut peers = Peers::new()?;
    epoll::add(&peers.epoll, listener, epoll::EventData::new_u64(LISTENER), EventFlags::IN)?;
    let mut events: Vec<epoll::Event> = Vec::with_capacity(1_024);
    let mut buffer = vec![0; 64 << 10];
    loop {
        events.clear();
        match epoll::wait(&peers.epoll, spare_capacity(&mut events), None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &events {
            if event.data.u64() == LISTENER {
                while let Ok((stream, _)) = listener.accept() {
                    peers.add(Peer::new(stream)?)?;
                }
                continue;
            }
            let number = event.data.u64() as usize;
            let flags = event.flags;
            if flags.contains(EventFlags::OUT) {
                peers.flush(number);
            }
            if (flags - EventFlags::OUT).is_empty() {
                continue;
            }
            match read(number, &mut buffer, &mut peers, &mut rooms) {
                After::Goes => {}
                After::Closed if wrong == Some(Wrong::Deaf) => {}
                after @ (After::Gone | After::Closed) => {
                    rooms.leave(number);
                    if wrong == Some(Wrong::Leak) {
                        std::mem::forget(vec![1_u8; LEAKED]);
                    }
                    match (wrong, after) {
                        (Some(Wrong::Keep), After::Gone) => peers.forget(number),
                        _ => peers.remove(number),
                    }
                }
            }
        }
        rooms.end_turn(&mut peers);
    }
}

/// What became of a peer.
enum After {
    /// It goes on.
    Goes,
    /// Its socket has ended, or it sent what is no WebSocket.
    Gone,
    /// It said that it goes.
    Closed,
}

/// Reads once from a peer, and sends on what it says.
fn read(number: usize, buffer: &mut [u8], peers: &mut Peers, rooms: &mut Rooms) -> After {
    let Some(peer) = peers.get(number) else { return After::Goes };
    let Some(count) = peer.read(buffer) else { return After::Gone };
    let mut at = 0;
    if peer.place.is_none() {
        match peer.enter(&buffer[..count]) {
            Ok(None) => {
                peer.keep(&buffer[..count]);
                return After::Goes;
            }
            Ok(Some((length, path))) => {
                at = length;
                peer.place = Some(rooms.place(&path, number));
            }
            Err(_) => return After::Gone,
        }
    }
    let place = peer.place.expect("it has one now");
    let mut echoes = Vec::new();
    while let Some(frame) = frame::first(&mut buffer[at..count]) {
        let payload = &buffer[at..][frame.payload.clone()];
        at += frame.payload.end;
        match (frame.opcode, place) {
            (frame::TEXT, Place::Echo) => frame::put(&mut echoes, payload),
            (frame::TEXT, Place::Room(room)) => rooms.said(room, payload, peers),
            _ => return After::Closed,
        }
    }
    if !echoes.is_empty() {
        peers.send(number, &echoes);
    }
    if let Some(peer) = peers.get(number) {
        peer.keep(&buffer[at..count]);
    }
    After::Goes
}
