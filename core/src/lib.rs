//! Lazuli: the real-time half of a web application, as a state machine that does no I/O.
//!
//! WebSocket channels with rooms, written as [`Channel`]s, live in a [`Hub`]. The hub has no socket, no clock, no thread
//! and no randomness of its own: a *transport* hands in what happened and does what the hub asks for. `lazuli-smol` and
//! `lazuli-std` are two, `lazuli-harness` is a third that simulates; the [`driver`] is what they share.
//!
//! Start with [`Channel`] to build an application, with [`Hub`] to embed the core, with [`driver`] to write a transport.

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

/// The examples of the guides.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../docs/guide.md")]
    mod channels {}
    #[doc = include_str!("../../docs/components.md")]
    mod components {}
}

mod address;
pub mod backplane;
mod beats;
#[cfg(not(feature = "canary"))]
mod canary;
#[cfg(feature = "canary")]
pub mod canary;
mod channel;
pub mod client;
mod component;
mod config;
mod context;
pub mod driver;
mod effects;
mod error;
pub mod flow;
mod frame;
mod grow;
pub mod handle;
pub mod html;
mod hub;
pub mod id;
mod input;
#[cfg(feature = "websocket")]
pub mod journal;
pub mod json;
pub mod life;
pub mod log;
pub mod metrics;
mod origin;
mod output;
mod presence;
mod rate;
pub mod request;
mod rng;
mod rooms;
pub mod route;
mod routes;
mod spark;
mod stats;
pub mod time;
pub mod timer;

pub use lazuli_macros::html;

pub use channel::{App, Batch, Channel, Join, Timer};
#[doc(hidden)]
pub use component::nested;
pub use component::{ChannelMessage, Component, Event, Mount, Registered, Secret};
pub use config::{Batching, Config, Heartbeat, Limits, Node};
pub use context::{ConnInfo, Context, Flash, Present, Scope, Scroll, Shown, To};
pub use driver::response::Response;
pub use error::{Error, Refused, Result};
pub use flow::SlowPolicy;
pub use frame::{Frame, Kind};
pub use handle::Handle;
pub use hub::{Hub, Preview};
pub use id::ConnId;
pub use input::{Cause, Command, Input, Link, Message, Receivers};
pub use origin::Origins;
pub use output::Output;
pub use rate::Rate;
pub use request::Request;
pub use rooms::{MAX_ROOM_NAME, Position};
pub use routes::Routes;
pub use spark::Session;
pub use stats::{RouteStats, Stats};
pub use time::{Time, Timestamp};
