//! One socket, in plaintext or with TLS. Nothing here waits.

use crate::watched::Watched;
use lazuli::driver::{Driver, LinkId};
use lazuli::{App, Time};
use polling::{Event, Poller};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use std::io::{self, ErrorKind, IoSlice, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

#[cfg(feature = "tls")]
use {
    lazuli::driver::tls::{Tls, rustls::ServerConfig},
    std::cell::RefCell,
};

/// A broken pipe is an error, and not a signal.
#[cfg(not(any(target_vendor = "apple", windows)))]
const FLAGS: SendFlags = SendFlags::NOSIGNAL;
#[cfg(any(target_vendor = "apple", windows))]
const FLAGS: SendFlags = SendFlags::empty();

pub(crate) struct Stream {
    socket: Watched<TcpStream>,
    #[cfg(feature = "tls")]
    tls: Option<RefCell<Tls>>,
}

impl Stream {
    /// A socket that was accepted: its readiness is told with the link's index as the key.
    #[cfg_attr(not(feature = "tls"), allow(unused_variables))]
    pub(crate) fn new(
        socket: TcpStream,
        poller: &Arc<Poller>,
        link: LinkId,
        security: &Security,
    ) -> io::Result<Stream> {
        socket.set_nonblocking(true)?;
        // Messages are small and have been joined already; waiting for more would only delay them.
        let _ = socket.set_nodelay(true);
        #[cfg(feature = "tls")]
        let tls = match &security.0 {
            Some(config) => Some(RefCell::new(Tls::new(config).map_err(io::Error::other)?)),
            None => None,
        };
        Ok(Stream {
            socket: Watched::new(socket, poller, Event::readable(link.index()))?,
            #[cfg(feature = "tls")]
            tls,
        })
    }

    /// Says of what readiness it is told from now on.
    pub(crate) fn watch(&self, interest: Event) -> io::Result<()> {
        self.socket.watch(interest)
    }

    /// Reads what came, to be handed to [`Stream::receive`].
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(recv(&*self.socket, buffer, RecvFlags::empty())?.0)
    }

    /// Takes bytes that were read to the driver, by way of `plain` if they have to be decrypted; whether nothing waits
    /// for the socket afterwards.
    #[cfg_attr(not(feature = "tls"), allow(unused_variables, clippy::ptr_arg))]
    pub(crate) fn receive<A: App>(
        &self,
        driver: &mut Driver<A>,
        now: Time,
        link: LinkId,
        bytes: &[u8],
        plain: &mut Vec<u8>,
    ) -> bool {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            plain.clear();
            let peer = tls.borrow_mut().decrypt(bytes, plain);
            driver.receive_decrypted(now, link, plain, peer);
            return self.flush();
        }
        driver.receive(now, link, bytes);
        true
    }

    /// Writes what the socket takes now, and says how much.
    pub(crate) fn write(&self, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut socket: &TcpStream = &self.socket;
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return tls.borrow_mut().write(bytes, &mut socket);
        }
        let result = match bytes {
            // A plain send is cheaper than a vectored one of one; by way of the C library it would cost more.
            [slice] => send(socket, slice, FLAGS).map_err(io::Error::from),
            slices => socket.write_vectored(slices),
        };
        match result {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            result => result,
        }
    }

    /// Writes what waits here; whether the socket took it all, or is broken, which the next read or write tells.
    pub(crate) fn flush(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            let mut tls = tls.borrow_mut();
            let flushed = tls.flush(&mut &*self.socket).unwrap_or(true);
            if flushed && tls.is_ended() {
                self.shutdown();
            }
            return flushed;
        }
        true
    }

    /// Ends this direction of the stream; `false` if that has to wait for a [`Stream::flush`].
    pub(crate) fn end(&self) -> bool {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            tls.borrow_mut().end();
            return self.flush();
        }
        self.shutdown();
        true
    }

    /// Says goodbye as far as that goes without waiting, before the socket is closed.
    pub(crate) fn close(&self) {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            tls.borrow_mut().end();
            self.flush();
        }
    }

    fn shutdown(&self) {
        // The peer may have gone already.
        let _ = self.socket.shutdown(Shutdown::Write);
    }
}

/// Whether connections have TLS, and which.
#[derive(Clone, Default)]
pub(crate) struct Security(#[cfg(feature = "tls")] pub(crate) Option<Arc<ServerConfig>>);
