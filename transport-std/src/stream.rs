//! One socket, in plaintext or with TLS. Reading waits; nothing else here does.
//!
//! With TLS, a connection's thread decrypts what it has read before it asks for the hub's lock, and takes the lock of the
//! TLS for that alone: never while it waits for the socket, or for the hub. Whoever has the hub's turn takes it to encrypt.

use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, send, sendmsg};
use std::io::{self, ErrorKind, IoSlice, Write};
use std::mem::MaybeUninit;
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

#[cfg(feature = "tls")]
use {
    lazuli::driver::tls::{Peer, Tls, rustls::ServerConfig},
    std::sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(crate) struct Stream {
    socket: TcpStream,
    #[cfg(feature = "tls")]
    tls: Option<Mutex<Tls>>,
}

/// Whether connections have TLS, and which.
#[derive(Clone, Default)]
pub(crate) struct Security(#[cfg(feature = "tls")] pub(crate) Option<Arc<ServerConfig>>);

impl Stream {
    #[cfg_attr(not(feature = "tls"), allow(unused_variables))]
    pub(crate) fn new(socket: TcpStream, security: &Security) -> io::Result<Stream> {
        // Some systems hand the listener's mode on. Neither can fail in a way that the first read would not tell.
        let _ = socket.set_nonblocking(false);
        let _ = socket.set_nodelay(true);
        #[cfg(feature = "tls")]
        let tls = match &security.0 {
            Some(config) => Some(Mutex::new(Tls::new(config).map_err(io::Error::other)?)),
            None => None,
        };
        Ok(Stream {
            socket,
            #[cfg(feature = "tls")]
            tls,
        })
    }

    /// Waits for bytes, unless `flags` say otherwise. Those that came, and the rest of the buffer.
    pub(crate) fn read<'b>(
        &self,
        buffer: &'b mut [MaybeUninit<u8>],
        flags: RecvFlags,
    ) -> rustix::io::Result<(&'b mut [u8], &'b mut [MaybeUninit<u8>])> {
        recv(&self.socket, buffer, flags).map(|(parts, _)| parts)
    }

    /// What bytes that were read are, and how the peer stands; `None` without TLS: just what they are.
    #[cfg(feature = "tls")]
    pub(crate) fn decrypt(&self, bytes: &[u8]) -> Option<(Vec<u8>, Peer)> {
        let mut tls = self.tls()?;
        let mut plain = Vec::new();
        let peer = tls.decrypt(bytes, &mut plain);
        Some((plain, peer))
    }

    /// Writes what the socket takes now, and says how much.
    pub(crate) fn write(&self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut socket = NoWait(&self.socket);
        #[cfg(feature = "tls")]
        if let Some(mut tls) = self.tls() {
            return tls.write(bytes, &mut socket);
        }
        let result = match bytes {
            [one] => socket.write(one),
            many => socket.write_vectored(many),
        };
        match result {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            result => result,
        }
    }

    /// Writes what waits here; whether the socket took it all, or is broken, which the next read or write tells.
    pub(crate) fn flush(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(mut tls) = self.tls() {
            let flushed = tls.flush(&mut NoWait(&self.socket)).unwrap_or(true);
            if flushed && tls.is_ended() {
                self.shutdown(Shutdown::Write);
            }
            return flushed;
        }
        true
    }

    /// Ends this direction of the stream; `false` if that has to wait for a [`Stream::flush`].
    pub(crate) fn end(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(mut tls) = self.tls() {
            tls.end();
            drop(tls);
            return self.flush();
        }
        self.shutdown(Shutdown::Write);
        true
    }

    /// Ends both directions, with a goodbye as far as that goes without waiting. The thread that reads returns.
    pub(crate) fn close(&self) {
        #[cfg(feature = "tls")]
        if let Some(mut tls) = self.tls() {
            tls.end();
            let _ = tls.flush(&mut NoWait(&self.socket));
        }
        self.shutdown(Shutdown::Both);
    }

    fn shutdown(&self, how: Shutdown) {
        // The peer may have gone already.
        let _ = self.socket.shutdown(how);
    }

    #[cfg(feature = "tls")]
    fn tls(&self) -> Option<MutexGuard<'_, Tls>> {
        Some(self.tls.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A socket whose reads block and whose writes do not. Not a mode of the socket, which would be both's. That a broken one
/// raises no signal, Rust's runtime sees to where there is no flag for it.
struct NoWait<'a>(&'a TcpStream);

#[cfg(not(target_vendor = "apple"))]
const FLAGS: SendFlags = SendFlags::DONTWAIT.union(SendFlags::NOSIGNAL);
#[cfg(target_vendor = "apple")]
const FLAGS: SendFlags = SendFlags::DONTWAIT;

impl Write for NoWait<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(send(self.0, bytes, FLAGS)?)
    }

    fn write_vectored(&mut self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(sendmsg(self.0, bytes, &mut SendAncillaryBuffer::default(), FLAGS)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
