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
//!
//! What else a transport has to know:
//!
//! - **Before it starts**, it fills in what the hub cannot know: [`Config::seed`](crate::Config::seed) and, for live components,
//!   [`Config::secret`](crate::Config::secret) from the system's randomness, [`Config::wall`](crate::Config::wall) from its clock.
//! - **Time** is counted from a moment of its choice, by a clock that never goes back; one that does is taken to stand still.
//! - **Ids**: [`LinkId::index`] is dense and used again after [`Io::close`], so sockets fit in a table. What is told about a link that
//!   is gone is ignored: a reader that was faster than a close does no harm.
//! - **Reading** goes on until the peer's end of the stream or [`Io::close`], after [`Io::end`] too. Up to 16 KiB at a time are enough; others
//!   should have their turn before more is read from the same socket.
//! - **Turns** come after what was ready has been handed in: one for each input is right, one for some saves writes, one for very many (more than 16 KiB
//!   of them) makes members of rooms look slow who are not. Every input may move [`Driver::next_timeout`], and so may a turn.
//! - **Other threads** reach the hub by a [`Handle`](crate::Handle), which the transport makes, and [`Driver::remote`].
//! - **The end**: [`Driver::shutdown`], and then turns and timeouts as ever, until [`Driver::is_drained`] and [`Driver::links`] is 0.
//!
//! `harness/examples/tokio/transport.rs` is a whole one in under 150 lines, and `lazuli_harness::conformance` says whether one is right, as far
//! as its peers can tell: serve its `routes()`; `run_inside` adds a handle and a shutdown. Effects, the log and a backplane it does not see.

pub mod guard;
pub mod head;
pub mod response;
#[cfg(feature = "tls")]
pub mod tls;
pub(crate) mod utf8;

#[cfg(feature = "websocket")]
mod framer;
#[cfg(feature = "websocket")]
mod joined;
#[cfg(feature = "websocket")]
mod leave;
#[cfg(feature = "websocket")]
mod link;
#[cfg(feature = "websocket")]
mod notes;
#[cfg(feature = "websocket")]
mod queue;
#[cfg(feature = "websocket")]
mod receive;
#[cfg(feature = "websocket")]
mod run;
#[cfg(feature = "websocket")]
mod whole;
#[cfg(feature = "websocket")]
mod write;

#[cfg(feature = "websocket")]
pub use link::LinkId;
#[cfg(feature = "websocket")]
pub use run::{Driver, Io, Settings};
