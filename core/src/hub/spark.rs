//! Spark sockets: their channels come and go, and their messages are handed on.

use super::callback::{Answer, Failure};
use super::open::MadeHandler;
use super::state::Conn;
use super::watch::EXPIRED;
use super::{Hub, Work};
use crate::canary::{Canary, is_planted};
use crate::channel::App;
use crate::error::{Envelope, Error, Refused};
use crate::frame::{Frame, Kind};
use crate::id::ConnId;
use crate::input::Message;
use crate::life::Life;
use crate::log::Level;
use crate::rooms::Seat;
use crate::spark::{self, Request};
use crate::time::Timestamp;
use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The answer to a message with a `ref`.
#[derive(Serialize)]
struct Reply<'a, P: Serialize> {
    r#type: &'static str,
    r#ref: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    status: &'static str,
    payload: P,
}

/// An error that is not a channel's own.
#[derive(Serialize)]
struct SocketError<'a> {
    r#type: &'static str,
    message: &'a str,
    code: &'a str,
    /// Unless the reply that carries it names the channel already.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    /// The HTTP status with which a request for the channel would have been refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<u16>,
    /// The code with which a socket of the channel's own would have been closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    close: Option<u16>,
    timestamp: Timestamp,
}

#[derive(Serialize)]
struct Unsubscribed<'a> {
    r#type: &'static str,
    channel: &'a str,
    code: u16,
    reason: &'a str,
}

#[derive(Serialize)]
struct Pong {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#ref: Option<u32>,
}

impl<A: App> Hub<A> {
    pub(super) fn on_spark_opened(&mut self, conn: ConnId) {
        let Some(spark) = self.state.conns.get(conn).and_then(Conn::spark) else { return };
        if let Some(expires) = spark.session.expires {
            let at = self.state.time_of(expires);
            if at <= self.state.now {
                return self.end(conn, 1008, EXPIRED);
            }
            self.expire_at(conn, at);
        }
    }

    /// A frame of a Spark socket.
    pub(super) fn on_spark_message(&mut self, socket: ConnId, message: Message<'_>) {
        let read = match message {
            Message::Text(text) => spark::read_text(text),
            Message::Binary(bytes) => spark::read_binary(bytes),
        };
        let reference = match &read {
            Ok(envelope) => envelope.reference,
            Err(fault) => fault.reference,
        };
        if let Err(over) = self.check_rate(socket, None) {
            if let Some(error) = over {
                let channel =
                    read.as_ref().map_or_else(|fault| fault.channel.as_deref(), |envelope| envelope.channel());
                self.socket_error(socket, channel, reference, error.message(), error.code().unwrap_or_default());
            }
            return;
        }
        match read {
            Err(fault) => self.socket_error(socket, fault.channel.as_deref(), reference, &fault.message, fault.code),
            Ok(envelope) => match envelope.request {
                Request::Ping => self.send_to_socket(socket, &Pong { r#type: "pong", r#ref: reference }),
                Request::Subscribe { channel, params } => self.subscribe(socket, &channel, params, reference),
                Request::Unsubscribe { channel } => self.unsubscribe(socket, &channel, reference),
                Request::Text { channel, text } => {
                    self.channel_message(socket, &channel, reference, Message::Text(&text));
                }
                Request::Binary { channel, bytes } => {
                    self.channel_message(socket, channel, reference, Message::Binary(bytes));
                }
            },
        }
    }

    /// Tells the peer of an error that concerns no subscription.
    fn socket_error(
        &mut self,
        socket: ConnId,
        channel: Option<&str>,
        reference: Option<u32>,
        message: &str,
        code: &str,
    ) {
        let timestamp = self.state.timestamp();
        let error = SocketError { r#type: "error", message, code, channel, http: None, close: None, timestamp };
        self.tell_socket(socket, reference, error);
    }

    fn tell_socket(&mut self, socket: ConnId, reference: Option<u32>, error: SocketError<'_>) {
        match reference {
            None => self.send_to_socket(socket, &error),
            Some(reference) => {
                let channel = error.channel;
                self.reply(socket, channel, reference, "error", &SocketError { channel: None, ..error });
            }
        }
    }

    fn channel_message(&mut self, socket: ConnId, channel: &str, reference: Option<u32>, message: Message<'_>) {
        let Some(conn) = self.channel_of(socket, channel) else {
            return self.not_subscribed(socket, channel, reference);
        };
        let limits = &self.state.limits(conn).frames;
        let limit = if matches!(message, Message::Text(_)) { limits.text } else { limits.binary };
        if message.len() > limit {
            let error = Error::reply(format!("The message has more than {limit} bytes")).with_code("TOO_LARGE");
            if reference.is_some() {
                self.answer_error(conn, reference, &error);
            }
            return self.end(conn, 1009, error.message());
        }
        self.take_in(conn, reference, message);
    }

    pub(super) fn not_subscribed(&mut self, socket: ConnId, channel: &str, reference: Option<u32>) {
        let said = format!("Not subscribed to {channel}");
        self.socket_error(socket, Some(channel), reference, &said, "NOT_SUBSCRIBED");
    }

    fn channel_of(&self, socket: ConnId, channel: &str) -> Option<ConnId> {
        self.state.conns.get(socket)?.spark()?.channels.get(channel).copied()
    }

    fn subscribe(&mut self, socket: ConnId, channel: &str, params: BTreeMap<String, Value>, reference: Option<u32>) {
        let refuse = |hub: &mut Self, message: &str, code: &str| {
            hub.socket_error(socket, Some(channel), reference, message, code);
        };
        let Some(found) = self.state.conns.get(socket) else { return };
        let Some(spark) = found.spark() else { return };
        let most = self.state.limits_of(found).channels;
        if spark.channels.contains_key(channel) {
            return refuse(self, &format!("Already subscribed to {channel}"), "ALREADY_SUBSCRIBED");
        }
        if spark.channels.len() >= most {
            return refuse(self, &format!("At most {most} channels on a socket; leave one first"), "TOO_MANY_CHANNELS");
        }
        let address = found.more.as_ref().and_then(|more| more.address);
        let session = spark.session.clone();
        let query = params.into_iter().map(|(name, value)| (name, plain(value))).collect();
        let made = match spark.request.for_channel(channel, query) {
            Ok(mut request) => self.make(&mut request, Some(&session), address),
            Err(error) => Err(Refused::new(400, error.to_string())),
        };
        let made = match made {
            Ok(made) => made,
            Err(refused) => {
                self.log(Level::Info, "refused", Some(socket), || format!("{refused} channel={channel}"));
                return self.refuse_join(socket, channel, reference, &refused.message, Some(refused.status), None);
            }
        };
        let MadeHandler::Channel(handler) = made.handler else { return };
        let form = self.state.forms.acquire(channel);
        let mut conn = Conn::new(made.route, self.state.now);
        conn.life = Life::Open;
        conn.more().via = Some((socket, form));
        let conn = self.state.conns.insert(conn);
        self.attach(conn, Some(handler));
        let name = self.state.forms.path(form).cloned().unwrap_or_default();
        let found = self.state.conns.get_mut(socket).and_then(|found| found.more.as_mut()?.spark.as_mut());
        if let Some(spark) = found {
            spark.channels.insert(name, conn);
        }
        self.connect(socket, conn, channel, &session, reference);
    }

    /// Tells a channel that it is connected. The answer to the join comes before all that the channel sends.
    fn connect(
        &mut self,
        socket: ConnId,
        conn: ConnId,
        channel: &str,
        session: &spark::Session,
        reference: Option<u32>,
    ) {
        let Some(found) = self.state.conns.get(conn) else { return };
        let (instance, route) = (found.instance, found.route);
        if let Some(user) = &session.user {
            let seat = Seat { conn, socket, form: found.form() };
            self.state.users.join(user, instance, seat);
        }
        let answer = reference.map_or(Answer::None, Answer::Join);
        let result = self.run(instance, answer, |channel, cx| channel.on_connect(cx));
        let error = match result {
            Ok(()) => {
                if let Some(route) = self.state.stats.route_mut(route) {
                    route.opened += 1;
                }
                return;
            }
            Err(Failure::Error(error)) => error,
            Err(Failure::Panic(panic)) => {
                self.log(Level::Error, "panic in a callback", Some(conn), || panic);
                Error::internal("")
            }
        };
        self.log_error("refused", Some(conn), &error);
        let (code, reason) = self.refusal(conn, &error);
        let code = if crate::error::may_send(code) { code } else { 1011 };
        self.drop_channel(instance);
        self.refuse_join(socket, channel, reference, reason, None, Some(code));
        self.forget_channel(conn);
    }

    fn refuse_join(
        &mut self,
        socket: ConnId,
        channel: &str,
        reference: Option<u32>,
        message: &str,
        http: Option<u16>,
        close: Option<u16>,
    ) {
        let timestamp = self.state.timestamp();
        let channel = Some(channel);
        let error = SocketError { r#type: "error", message, code: "REFUSED", channel, http, close, timestamp };
        self.tell_socket(socket, reference, error);
    }

    fn unsubscribe(&mut self, socket: ConnId, channel: &str, reference: Option<u32>) {
        let Some(conn) = self.channel_of(socket, channel) else {
            return self.not_subscribed(socket, channel, reference);
        };
        self.hand_over(conn);
        self.end_channel(conn, 1000, "", false);
        if let Some(reference) = reference {
            self.reply(socket, Some(channel), reference, "ok", &());
        }
    }

    /// Ends a channel on a Spark socket, and tells the peer if it is to be told.
    pub(super) fn end_channel(&mut self, conn: ConnId, code: u16, reason: &str, tell: bool) {
        let Some((socket, form)) = self.state.way(conn) else { return };
        self.answer_all(conn);
        let reason: Arc<str> = crate::error::fit_reason(reason).into();
        self.log(Level::Debug, "closing", Some(conn), || format!("{code} {reason}"));
        let path = self.state.forms.path(form).cloned().unwrap_or_default();
        let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { return };
        if tell {
            let told = Unsubscribed { r#type: "unsubscribed", channel: &path, code, reason: &reason };
            self.send_to_socket(socket, &told);
        }
        if is_planted(Canary::AfterEnd) {
            self.send_one(conn, &Frame::new(Kind::Text, b"late"));
        }
        self.detach(instance);
        self.forget_conn(conn);
        self.work.push_back(Work::Close { instance, code, reason });
    }

    /// Forgets a channel that was never connected.
    fn forget_channel(&mut self, conn: ConnId) {
        let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { return };
        self.detach(instance);
        self.forget_conn(conn);
        self.state.forget_instance(instance);
    }

    /// Takes a channel's connection out of the tables.
    fn forget_conn(&mut self, conn: ConnId) {
        let Some(found) = self.state.conns.remove(conn) else { return };
        if let Some(route) = self.state.stats.route_mut(found.route) {
            route.connections -= 1;
        }
        let socket = found.socket().and_then(|socket| self.state.conns.get_mut(socket));
        if let (Some(spark), Some(path)) =
            (socket.and_then(|socket| socket.more.as_mut()?.spark.as_mut()), self.state.forms.path(found.form()))
        {
            spark.channels.remove(path);
        }
        self.state.forms.release(found.form());
    }

    /// Ends all channels of a socket that ends.
    pub(super) fn end_channels(&mut self, socket: ConnId, code: u16, reason: &str) {
        for conn in self.state.channels_on(socket) {
            self.put_off_batch(conn);
            self.end_channel(conn, code, reason, false);
        }
    }

    /// Answers a message with an error: over Spark as the reply to its `ref`.
    pub(super) fn answer_error(&mut self, conn: ConnId, reference: Option<u32>, error: &Error) {
        let envelope = Envelope::new(error.message(), error.code(), self.state.timestamp());
        let Ok(frame) = self.state.pool.encode_json(&envelope) else { return };
        match (reference, self.state.way(conn)) {
            (Some(reference), Some((socket, _))) => {
                let path = self.path_of(conn);
                self.reply(socket, Some(&path), reference, "error", &raw(&frame));
            }
            _ => self.send_one(conn, &frame),
        }
    }

    /// Answers a message that was handled. Without `payload`, with nothing but that.
    pub(super) fn reply_ok(&mut self, conn: ConnId, reference: u32, payload: Option<&Frame>) {
        let Some((socket, _)) = self.state.way(conn) else { return };
        let path = self.path_of(conn);
        match payload {
            Some(frame) => self.reply(socket, Some(&path), reference, "ok", &raw(frame)),
            None => self.reply(socket, Some(&path), reference, "ok", &()),
        }
    }

    /// The path of a channel on a Spark socket.
    pub(super) fn path_of(&self, conn: ConnId) -> Arc<str> {
        let form = self.state.conns.get(conn).map(Conn::form);
        form.and_then(|form| self.state.forms.path(form)).cloned().unwrap_or_default()
    }

    fn reply(
        &mut self,
        socket: ConnId,
        channel: Option<&str>,
        reference: u32,
        status: &'static str,
        payload: &(impl Serialize + ?Sized),
    ) {
        self.send_to_socket(socket, &Reply { r#type: "reply", r#ref: reference, channel, status, payload });
    }

    fn send_to_socket(&mut self, socket: ConnId, value: &impl Serialize) {
        if let Ok(frame) = self.state.pool.encode_json(value) {
            self.send_one(socket, &frame);
        }
    }
}

/// A frame's payload as a value, as it stands there.
fn raw(frame: &Frame) -> Option<Cow<'_, RawValue>> {
    if frame.kind() != Kind::Text {
        return None;
    }
    serde_json::from_slice::<&RawValue>(frame.payload()).ok().map(Cow::Borrowed)
}

/// A parameter as it would stand in a query.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
