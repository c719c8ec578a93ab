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
use crate::spark::{self, About, Form, Request};
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
    /// Unless the reply that carries it says what it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component_id: Option<u32>,
    /// The HTTP status with which a request for the channel would have been refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    http: Option<u16>,
    /// The code with which a socket of the channel's own would have been closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    close: Option<u16>,
    timestamp: Timestamp,
}

impl<'a> SocketError<'a> {
    fn new(about: About<'a>, message: &'a str, code: &'a str, timestamp: Timestamp) -> Self {
        let (channel, component_id) = match about {
            About::Socket => (None, None),
            About::Channel(channel) => (Some(channel), None),
            About::Component(component) => (None, Some(component)),
        };
        SocketError { r#type: "error", message, code, channel, component_id, http: None, close: None, timestamp }
    }
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
                let about = read.as_ref().map_or_else(spark::Fault::about, spark::Envelope::about);
                self.socket_error(socket, about, reference, error.message(), error.code().unwrap_or_default());
            }
            return;
        }
        match read {
            Err(fault) => self.socket_error(socket, fault.about(), reference, &fault.message, fault.code),
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
                request => self.on_component_request(socket, request, reference),
            },
        }
    }

    /// Tells the peer of an error that concerns no subscription.
    pub(super) fn socket_error(
        &mut self,
        socket: ConnId,
        about: About<'_>,
        reference: Option<u32>,
        message: &str,
        code: &str,
    ) {
        // Whatever was refused with more to say of it is logged where that is known.
        self.log(Level::Debug, "not done", Some(socket), || format!("{message} code={code}"));
        let error = SocketError::new(about, message, code, self.state.timestamp());
        self.tell_socket(socket, reference, error);
    }

    fn tell_socket(&mut self, socket: ConnId, reference: Option<u32>, error: SocketError<'_>) {
        match reference {
            None => self.send_to_socket(socket, &error),
            Some(reference) => {
                let channel = error.channel;
                let error = SocketError { channel: None, component_id: None, ..error };
                self.reply(socket, channel, reference, "error", &error);
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
        self.socket_error(socket, About::Channel(channel), reference, &said, "NOT_SUBSCRIBED");
    }

    fn channel_of(&self, socket: ConnId, channel: &str) -> Option<ConnId> {
        self.state.conns.get(socket)?.spark()?.channels.get(channel).copied()
    }

    fn subscribe(&mut self, socket: ConnId, channel: &str, params: BTreeMap<String, Value>, reference: Option<u32>) {
        let refuse = |hub: &mut Self, message: &str, code: &str| {
            hub.socket_error(socket, About::Channel(channel), reference, message, code);
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
                let about = About::Channel(channel);
                return self.refuse_join(socket, about, reference, &refused.message, Some(refused.status), None);
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
        let answer = reference.map_or(Answer::None, Answer::Join);
        if let Err((reason, code)) = self.connect(conn, session.user.as_deref(), answer) {
            self.refuse_join(socket, About::Channel(channel), reference, &reason, None, Some(code));
            self.forget_channel(conn);
        }
    }

    /// Tells a channel or a component that it is connected. The answer to a join comes before all that the channel sends.
    ///
    /// # Errors
    /// When it does not want to be: why, and the code with which a socket of its own would be closed. What there is of it
    /// has still to be forgotten.
    pub(super) fn connect(
        &mut self,
        conn: ConnId,
        user: Option<&str>,
        answer: Answer,
    ) -> Result<(), (Cow<'static, str>, u16)> {
        let gone = || ("Internal server error".into(), 1011);
        let (instance, route, form) = match self.state.conns.get(conn) {
            Some(found) => (found.instance, found.route, found.form()),
            None => return Err(gone()),
        };
        if let (Some(user), Some((socket, _))) = (user, self.state.way(conn)) {
            self.state.users.join(user, instance, Seat { conn, socket, form });
        }
        let error = match self.run(instance, answer, |channel, cx| channel.on_connect(cx)) {
            Ok(()) => {
                if let Some(route) = self.state.stats.route_mut(route) {
                    route.opened += 1;
                }
                return Ok(());
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
        Err((reason.to_string().into(), code))
    }

    pub(super) fn refuse_join(
        &mut self,
        socket: ConnId,
        about: About<'_>,
        reference: Option<u32>,
        message: &str,
        http: Option<u16>,
        close: Option<u16>,
    ) {
        let error = SocketError { http, close, ..SocketError::new(about, message, "REFUSED", self.state.timestamp()) };
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

    /// Ends a channel or a component on a Spark socket, and tells the peer if it is to be told.
    pub(super) fn end_channel(&mut self, conn: ConnId, code: u16, reason: &str, tell: bool) {
        let Some((socket, form)) = self.state.way(conn) else { return };
        self.answer_all(conn);
        let reason: Arc<str> = crate::error::fit_reason(reason).into();
        self.log(Level::Debug, "closing", Some(conn), || format!("{code} {reason}"));
        let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { return };
        if tell && form == Form::COMPONENT {
            self.tell_gone(socket, conn, &reason);
        } else if tell {
            let path = self.state.forms.path(form).cloned().unwrap_or_default();
            let told = Unsubscribed { r#type: "unsubscribed", channel: &path, code, reason: &reason };
            self.send_to_socket(socket, &told);
        }
        if is_planted(Canary::AfterEnd) {
            self.send_one(conn, &Frame::new(Kind::Text, b"late"));
        }
        self.end_nest(conn, code, &reason);
        self.detach(instance);
        self.forget_conn(conn);
        self.work.push_back(Work::Close { instance, code, reason });
    }

    /// Forgets a channel or a component that was never connected.
    pub(super) fn forget_channel(&mut self, conn: ConnId) {
        let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { return };
        self.end_nest(conn, 1011, "");
        self.detach(instance);
        self.forget_conn(conn);
        self.state.forget_instance(instance);
    }

    /// Takes a channel's or a component's connection out of the tables.
    fn forget_conn(&mut self, conn: ConnId) {
        let Some(found) = self.state.conns.remove(conn) else { return };
        if let Some(route) = self.state.stats.route_mut(found.route) {
            route.connections -= 1;
        }
        let socket = found.socket().and_then(|socket| self.state.conns.get_mut(socket));
        let spark = socket.and_then(|socket| socket.more.as_mut()?.spark.as_mut());
        if let Some(mounted) = found.mounted() {
            self.state.components -= 1;
            if let Some(page) = spark.and_then(|spark| spark.page.as_mut()) {
                page.components.remove(&mounted.number);
            }
            // Where it is shown still, another one is made when that is rendered next.
            if let Some((outer, _)) = mounted.within
                && let Some(nest) = self
                    .state
                    .conns
                    .get_mut(outer)
                    .and_then(Conn::mounted_mut)
                    .and_then(|mounted| mounted.nest.as_mut())
            {
                let was_there = nest.instances.remove(&mounted.number).is_some();
                if was_there {
                    nest.places.retain(|_, placed| placed.conn != conn);
                    self.may_have_changed(outer);
                }
            }
            return;
        }
        if let (Some(spark), Some(path)) = (spark, self.state.forms.path(found.form())) {
            spark.channels.remove(path);
        }
        self.state.forms.release(found.form());
    }

    /// Ends all channels and components of a socket that ends.
    pub(super) fn end_channels(&mut self, socket: ConnId, code: u16, reason: &str) {
        if let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page) {
            page.commands.clear();
            if let Some(key) = page.timer.take() {
                self.state.timers.cancel(key);
            }
        }
        let left = usize::from(is_planted(Canary::LeftComponent));
        for conn in
            self.state.channels_on(socket).into_iter().chain(self.state.components_on(socket).into_iter().skip(left))
        {
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
                let path = self.named(conn);
                self.reply(socket, path.as_deref(), reference, "error", &raw(&frame));
            }
            // A component is told on its page; what is sent to it would come back to it.
            (None, Some((_, Form::COMPONENT))) => {}
            _ => self.send_one(conn, &frame),
        }
    }

    /// Answers a message that was handled. Without `payload`, with nothing but that.
    pub(super) fn reply_ok(&mut self, conn: ConnId, reference: u32, payload: Option<&Frame>) {
        let Some((socket, _)) = self.state.way(conn) else { return };
        let path = self.named(conn);
        match payload {
            Some(frame) => self.reply(socket, path.as_deref(), reference, "ok", &raw(frame)),
            None => self.reply(socket, path.as_deref(), reference, "ok", &()),
        }
    }

    /// The path that answers to a channel name; those to a component name none.
    fn named(&self, conn: ConnId) -> Option<Arc<str>> {
        (!self.state.is_component(conn)).then(|| self.path_of(conn))
    }

    /// The path of a channel on a Spark socket.
    pub(super) fn path_of(&self, conn: ConnId) -> Arc<str> {
        let form = self.state.conns.get(conn).map(Conn::form);
        form.and_then(|form| self.state.forms.path(form)).cloned().unwrap_or_default()
    }

    pub(super) fn reply(
        &mut self,
        socket: ConnId,
        channel: Option<&str>,
        reference: u32,
        status: &'static str,
        payload: &(impl Serialize + ?Sized),
    ) {
        self.send_to_socket(socket, &Reply { r#type: "reply", r#ref: reference, channel, status, payload });
    }

    pub(super) fn send_to_socket(&mut self, socket: ConnId, value: &impl Serialize) {
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
