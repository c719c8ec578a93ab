//! Serves a [`lazuli`] hub on one thread, which waits with [`polling`], the poller of smol.
//!
//! One thread owns the hub: no lock, and no task is woken for a member of a room. Sockets that are ready are read one after
//! the other; what is sent is written straight from the hub's turn, which comes after them, so that what they brought is
//! answered in one write each. [`Server::shard`] adds more hubs behind the same address, each with a thread of its own.
//!
//! ```no_run
//! use lazuli::{Channel, Context, Result, Routes};
//!
//! struct Echo;
//! impl Channel for Echo {
//!     fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
//!         cx.text(text);
//!         Ok(())
//!     }
//! }
//!
//! let mut routes: Routes = Routes::new();
//! routes.channel("/echo", |_| Ok(Echo))?;
//! lazuli_smol::serve("127.0.0.1:4000", routes, ())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![deny(unsafe_code)]

mod clients;
mod log;
mod main_loop;
mod server;
mod shards;
mod sockets;
mod stream;
mod watched;

#[cfg(feature = "tls")]
pub use lazuli::driver::tls::rustls;
pub use server::{Server, Stopper};

use lazuli::{App, Routes};
use std::io;
use std::net::ToSocketAddrs;

/// Serves these routes at `addr` until the process ends; [`Server`] has settings, a handle and a way to stop.
///
/// # Errors
/// When the address cannot be listened on.
pub fn serve<A: App>(addr: impl ToSocketAddrs, routes: Routes<A>, app: A) -> io::Result<()> {
    Server::bind(addr, routes, app)?.run()
}
