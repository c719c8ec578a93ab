//! What concerns an instance's own connection.

use super::Context;
use crate::channel::App;
use crate::effects::{Effect, Target};
use crate::error::Error;
use crate::frame::Kind;
use crate::id::ConnId;
use crate::time::Timestamp;
use alloc::format;
use alloc::sync::Arc;
use serde::Serialize;

impl<A: App> Context<'_, A> {
    /// This connection.
    pub fn conn(&self) -> ConnId {
        self.conn
    }

    /// Sends a value to this connection as JSON.
    pub fn send(&mut self, value: &(impl Serialize + ?Sized)) {
        let conn = self.conn;
        self.to_conn(conn).json(value);
    }

    /// Sends text to this connection.
    pub fn text(&mut self, text: &str) {
        let conn = self.conn;
        self.to_conn(conn).text(text);
    }

    /// Sends bytes to this connection.
    pub fn binary(&mut self, bytes: &[u8]) {
        let conn = self.conn;
        self.to_conn(conn).binary(bytes);
    }

    /// Sends a ping of at most 125 bytes to this connection; the answer comes to
    /// [`Channel::on_pong`](crate::Channel::on_pong).
    pub fn ping(&mut self, bytes: &[u8]) {
        if bytes.len() > 125 {
            self.fx.fail(Error::internal(format!("a ping may carry 125 bytes, not {}", bytes.len())));
            return;
        }
        let frame = self.encode(Kind::Ping, bytes);
        let to = Target::conn(self.conn);
        self.send_frame(to, Some(frame));
    }

    /// Closes this connection; see [`Scope::close_conn`](crate::Scope::close_conn).
    pub fn close(&mut self, code: u16, reason: &str) {
        let conn = self.conn;
        self.close_conn(conn, code, reason);
    }

    /// Answers the message that is being handled: over Spark as the reply to its `ref`, once; otherwise, and on a path of
    /// its own, and in [`Channel::on_batch`](crate::Channel::on_batch), where there are many, as [`Context::send`] does. In [`Channel::on_connect`](crate::Channel::on_connect) it answers the join.
    pub fn reply(&mut self, value: &(impl Serialize + ?Sized)) {
        if self.fx.reference.is_none() {
            return self.send(value);
        }
        if let Some(frame) = self.encode_json(value) {
            self.fx.reference = None;
            self.fx.list.push(Effect::Reply(frame));
        }
    }

    /// Says until when this connection may send; again, to move it. Then what it sends is not handled any more, and gets the
    /// error "Not authenticated"; after [`Limits::grace`](crate::Limits::grace) it is closed with 1008.
    pub fn expire_at(&mut self, at: Timestamp) {
        let at = self.state.time_of(at);
        self.fx.list.push(Effect::Expire(at));
    }

    /// Notes something about this connection, for [`Scope::conn_info`](crate::Scope::conn_info). It replaces what was noted before.
    ///
    /// The callback fails when the value is no JSON.
    pub fn set_metadata(&mut self, metadata: &(impl Serialize + ?Sized)) {
        match serde_json::to_value(metadata) {
            Ok(value) => self.fx.list.push(Effect::Metadata(Arc::new(value))),
            Err(error) => self.fx.fail(Error::internal(format!("metadata could not be written as JSON: {error}"))),
        }
    }
}
