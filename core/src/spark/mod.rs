//! Spark: many channels over one WebSocket. `docs/protocol.md` specifies it.
//!
//! - [`envelope`](self): what a client's frames say.
//! - [`forms`](self): how a channel's messages are put into frames of a Spark socket.
//!
//! What the hub does with them is in `hub/spark.rs`.

mod envelope;
mod forms;

pub(crate) use envelope::{About, Envelope, Fault, Request, read_binary, read_text};
pub(crate) use forms::{Form, Forms};

use crate::time::Timestamp;
use alloc::string::String;

/// What a Spark socket as a whole is allowed, decided when it is opened; see
/// [`Routes::spark_with`](crate::Routes::spark_with).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Whom the socket belongs to. Each of its channels begins as this user's. A name as
    /// [`Context::identify`](crate::Context::identify) takes it; with another one the request is answered with 500.
    pub user: Option<String>,
    /// When that ends. The socket is closed with 1008 then.
    pub expires: Option<Timestamp>,
}
