//! What every transport shares: HTTP heads, WebSocket frames, routing of outputs, deadlines, the close.
//!
//! A transport owns sockets, threads and clocks; [`Driver`] owns everything else, for all of its connections (*links*)
//! at once. The loop of a transport is short:
//!
//! 1. A socket was accepted: [`Driver::accept`] gives it a [`LinkId`].
//! 2. Bytes came in: [`Driver::receive`]. The peer is gone: [`Driver::disconnected`]. A socket takes bytes again:
//!    [`Driver::writable`]. The time of [`Driver::next_timeout`] has come: [`Driver::timeout`].
//! 3. After any number of these: [`Driver::turn`], with the transport's [`Io`]. It writes straight to the sockets, and
//!    says which to close.
//!
//! Sockets are never waited for here: what one does not take at once stays in its link's queue until
//! [`Driver::writable`]. The queue is bounded, because the hub hands out no more than a window of bytes for each
//! connection ([`Config::window`](crate::Config::window)).

pub mod guard;
pub mod head;
pub mod response;
#[cfg(feature = "tls")]
pub mod tls;
pub(crate) mod utf8;

#[cfg(feature = "websocket")]
mod framer;
#[cfg(feature = "websocket")]
mod leave;
#[cfg(feature = "websocket")]
mod link;
#[cfg(feature = "websocket")]
mod queue;
#[cfg(feature = "websocket")]
mod receive;
#[cfg(feature = "websocket")]
mod run;
#[cfg(feature = "websocket")]
mod write;

#[cfg(feature = "websocket")]
pub use link::LinkId;
#[cfg(feature = "websocket")]
pub use run::{Driver, Io, Settings};
