//! TLS between sockets and the driver, by rustls, which does no I/O either.
//!
//! A transport keeps a [`Tls`] for each socket. What it reads goes through [`Tls::decrypt`] and on to
//! [`Driver::receive_decrypted`]; what [`Io::write`](super::Io::write) offers goes out by [`Tls::write`]. Besides, rustls
//! itself has things to say (its part of the handshake, alerts), so there is a [`Tls::flush`] after each `decrypt`, and
//! whenever a socket that was full takes bytes again.
//!
//! Nothing here waits, so a lock around it is held for no longer than it takes to encrypt and to offer the result to the
//! socket; the bytes to decrypt are read before it is taken.

use super::link::LinkId;
use super::run::Driver;
use crate::channel::App;
use crate::time::Time;
use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, BufRead, ErrorKind, IoSlice, Read, Write};

pub use rustls;

/// So many bytes are encrypted before the socket has to take them.
const WAITING: usize = 64 << 10;

/// The TLS of one socket.
pub struct Tls {
    conn: Box<ServerConnection>,
    /// Whether the first byte that is offered next was encrypted already; see [`Tls::write`].
    owed: bool,
    ended: bool,
    failed: bool,
}

/// How the peer's side stands.
#[derive(Clone, Debug)]
pub enum Peer {
    /// It may say more.
    Talks,
    /// It has said its last by `close_notify`.
    Closed,
    /// It broke TLS. The alert that tells it so waits for [`Tls::flush`].
    Failed(rustls::Error),
}

impl Tls {
    /// The TLS of a socket that was just accepted.
    ///
    /// # Errors
    /// When the configuration is wrong in itself.
    pub fn new(config: &Arc<ServerConfig>) -> Result<Tls, rustls::Error> {
        let mut conn = Box::new(ServerConnection::new(config.clone())?);
        conn.set_buffer_limit(Some(WAITING));
        Ok(Tls { conn, owed: false, ended: false, failed: false })
    }

    /// Decrypts bytes that came in, split anywhere, and appends what they were to `plain`.
    ///
    /// After a failure they are appended as they came: then the driver only counts what it throws away.
    pub fn decrypt(&mut self, ciphertext: &[u8], plain: &mut Vec<u8>) -> Peer {
        if self.failed {
            plain.extend_from_slice(ciphertext);
            return Peer::Talks;
        }
        let mut rest = ciphertext;
        while !rest.is_empty() {
            let result = match self.conn.read_tls(&mut rest) {
                // It reads nothing after a `close_notify`.
                Ok(0) => return Peer::Closed,
                Ok(_) => self.conn.process_new_packets(),
                Err(error) => Err(rustls::Error::General(error.to_string())),
            };
            self.take_plain(plain);
            match result {
                Ok(state) if state.peer_has_closed() => return Peer::Closed,
                Ok(_) => {}
                Err(error) => {
                    self.failed = true;
                    return Peer::Failed(error);
                }
            }
        }
        // rustls makes its buffer small again only when it is to read, so it is given nothing to read.
        let _ = self.conn.read_tls(&mut Nothing);
        Peer::Talks
    }

    fn take_plain(&mut self, plain: &mut Vec<u8>) {
        let mut reader = self.conn.reader();
        while let Ok(chunk) = reader.fill_buf()
            && !chunk.is_empty()
        {
            plain.extend_from_slice(chunk);
            let length = chunk.len();
            reader.consume(length);
        }
    }

    /// Encrypts `bytes` and writes the result; for how many of them the socket has taken everything. After less than all,
    /// the transport waits until the socket takes bytes again, then calls [`Tls::flush`] until all is out, and then
    /// [`Driver::writable`].
    ///
    /// The last byte that was encrypted counts only once the socket has taken all, and is offered again until then: so
    /// the driver never takes a link for flushed whose bytes wait here. At most about 64 KiB do.
    ///
    /// # Errors
    /// When the socket is broken. `WouldBlock` and `Interrupted` of `socket` are none.
    pub fn write(&mut self, bytes: &[IoSlice<'_>], socket: &mut dyn Write) -> io::Result<usize> {
        let offered = bytes.iter().map(|slice| slice.len()).sum();
        if self.conn.is_handshaking() {
            // The driver gives up the peer, which could not read why.
            return Ok(offered);
        }
        let mut encrypted = usize::from(self.owed);
        loop {
            let flushed = self.flush(socket)?;
            self.owed = !flushed && encrypted > 0;
            if !flushed {
                return Ok(encrypted.saturating_sub(1));
            }
            if encrypted >= offered {
                return Ok(offered);
            }
            encrypted += match encrypted {
                0 => self.conn.writer().write_vectored(bytes)?,
                _ => {
                    let mut rest = bytes.to_vec();
                    let mut rest = &mut rest[..];
                    IoSlice::advance_slices(&mut rest, encrypted);
                    self.conn.writer().write_vectored(rest)?
                }
            };
            if !self.conn.wants_write() {
                return Err(ErrorKind::WriteZero.into());
            }
        }
    }

    /// Writes what waits; whether the socket took it all.
    ///
    /// # Errors
    /// As for [`Tls::write`].
    pub fn flush(&mut self, socket: &mut dyn Write) -> io::Result<bool> {
        while self.conn.wants_write() {
            match self.conn.write_tls(socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Says `close_notify`. Once it is flushed, the socket's direction can be ended too.
    pub fn end(&mut self) {
        self.conn.send_close_notify();
        self.ended = true;
    }

    /// Whether [`Tls::end`] was called.
    pub fn is_ended(&self) -> bool {
        self.ended
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("ended", &self.ended).field("failed", &self.failed).finish_non_exhaustive()
    }
}

/// The same configuration without early data. That could be replayed, which no request here is made for.
pub fn without_early_data(config: Arc<ServerConfig>) -> Arc<ServerConfig> {
    if config.max_early_data_size == 0 {
        return config;
    }
    let mut config = (*config).clone();
    config.max_early_data_size = 0;
    Arc::new(config)
}

/// A source that has nothing yet.
struct Nothing;

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
}

impl<A: App> Driver<A> {
    /// What [`Tls::decrypt`] made of bytes that came in.
    pub fn receive_decrypted(&mut self, now: Time, link: LinkId, plain: &[u8], peer: Peer) {
        if !plain.is_empty() {
            self.receive(now, link, plain);
        }
        match peer {
            Peer::Talks => {}
            Peer::Closed => self.disconnected(now, link, false),
            Peer::Failed(error) => self.fail(now, link, &error.to_string()),
        }
    }
}
