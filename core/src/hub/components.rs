//! Components on Spark sockets: mounted, told, unmounted, and made anew when they have panicked.

use super::callback::{self, Answer, Failure};
use super::state::{Conn, Mounted, Page};
use super::{Hub, Work};
use crate::canary::{Canary, is_planted};
use crate::channel::{App, Channel};
use crate::component::{Bound, ChannelMessage, Claim, Event, Invalid, Mount, NotMade, session_of};
use crate::context::Context;
use crate::error::{Error, Refused, Result};
use crate::frame::{Frame, Kind};
use crate::html::View;
use crate::id::ConnId;
use crate::input::Message;
use crate::life::Life;
use crate::log::Level;
use crate::rooms::Seat;
use crate::spark::{About, Form, Request};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use serde::Serialize;
use serde_json::value::RawValue;

/// At most so many messages are caused by components that are told messages, in one input: more go round in circles.
const CIRCLES: u32 = 100_000;

/// The payload of the answer to a mount, an array.
#[derive(Serialize)]
#[serde(untagged)]
enum Answered<'a> {
    /// The number of the component, and those of the components in its markup, in the order of its shape.
    Shown(Vec<u32>),
    /// Its number, and a patch, which names those in its markup itself.
    Changed(u32, &'a RawValue),
}

#[derive(Serialize)]
struct Gone<'a> {
    r#type: &'static str,
    component_id: u32,
    reason: &'a str,
}

#[derive(Serialize)]
struct Failed<'a> {
    r#type: &'static str,
    component_id: u32,
    message: &'a str,
    fresh: bool,
}

/// What a component that cannot be mounted is answered.
struct NotMounted {
    message: Cow<'static, str>,
    code: &'static str,
    http: Option<u16>,
    close: Option<u16>,
}

impl NotMounted {
    fn new(message: impl Into<Cow<'static, str>>, code: &'static str) -> Self {
        NotMounted { message: message.into(), code, http: None, close: None }
    }

    fn expired() -> Self {
        NotMounted::new("The page is too old; load it again", "EXPIRED")
    }

    fn failed() -> Self {
        NotMounted { close: Some(1011), ..NotMounted::new("Internal server error", "REFUSED") }
    }
}

impl<A: App> Hub<A> {
    /// A message of a Spark socket that concerns components.
    pub(super) fn on_component_request(&mut self, socket: ConnId, request: Request<'_>, reference: Option<u32>) {
        match request {
            Request::Mount { token, fresh } => self.mount(socket, &token, fresh, reference.unwrap_or_default()),
            Request::Event { component, event, data } => {
                self.component_event(socket, component, Event::new(&event, data), reference);
            }
            Request::Resync { component } => {
                let Some(conn) = self.component_of(socket, component, reference) else { return };
                if let Some(mounted) = self.state.conns.get_mut(conn).and_then(Conn::mounted_mut) {
                    mounted.whole = true;
                }
                self.may_have_changed(conn);
                self.say_done(socket, reference);
            }
            Request::Unmount { component } => {
                let Some(conn) = self.component_of(socket, component, reference) else { return };
                self.end_channel(conn, 1000, "", false);
                self.say_done(socket, reference);
            }
            Request::Template { name } => {
                let source = self.state.renderer.template(&name);
                match source.and_then(|source| serde_json::from_str::<&RawValue>(source).ok()) {
                    Some(source) => self.reply(socket, None, reference.unwrap_or_default(), "ok", source),
                    None => self.socket_error(
                        socket,
                        About::Socket,
                        reference,
                        "No template of this name was shown here",
                        "UNKNOWN_TEMPLATE",
                    ),
                }
            }
            _ => {}
        }
    }

    fn say_done(&mut self, socket: ConnId, reference: Option<u32>) {
        if let Some(reference) = reference {
            self.reply(socket, None, reference, "ok", &());
        }
    }

    /// The component with a number on a socket; if there is none, the peer is told.
    fn component_of(&mut self, socket: ConnId, number: u32, reference: Option<u32>) -> Option<ConnId> {
        let conn = self.state.component(socket, number);
        if conn.is_none() {
            let said = format!("No component {number} is mounted here");
            self.socket_error(socket, About::Component(number), reference, &said, "NOT_MOUNTED");
        }
        conn
    }

    fn mount(&mut self, socket: ConnId, token: &str, fresh: bool, reference: u32) {
        let mut patch = mem::take(&mut self.patch);
        patch.clear();
        match self.try_mount(socket, token, fresh, &mut patch) {
            Ok(number) => {
                let answered = match serde_json::from_slice::<&RawValue>(&patch) {
                    Ok(whole) => {
                        self.count_patch(patch.len());
                        Answered::Changed(number, whole)
                    }
                    Err(_) => {
                        let conn = self.state.component(socket, number);
                        let mounted = conn.and_then(|conn| self.state.conns.get(conn)).and_then(Conn::mounted);
                        let view = mounted.and_then(|mounted| mounted.view.as_ref());
                        let inner = view.map(View::components).unwrap_or_default();
                        Answered::Shown([number].into_iter().chain(inner).collect())
                    }
                };
                self.reply(socket, None, reference, "ok", &answered);
            }
            Err(NotMounted { message, code: "REFUSED", http, close }) => {
                self.refuse_join(socket, About::Socket, Some(reference), &message, http, close);
            }
            Err(refused) => {
                self.socket_error(socket, About::Socket, Some(reference), &refused.message, refused.code);
            }
        }
        self.keep_patch(patch);
    }

    /// Mounts a component and gives its number. `patch` gets what the page has to change, if anything.
    fn try_mount(&mut self, socket: ConnId, token: &str, fresh: bool, patch: &mut Vec<u8>) -> Result<u32, NotMounted> {
        let Some(found) = self.state.conns.get(socket) else { return Err(NotMounted::failed()) };
        let Some(spark) = found.spark() else { return Err(NotMounted::failed()) };
        let most = self.state.limits_of(found).components;
        if spark.page.as_ref().map_or(0, |page| page.components.len()) >= most {
            let said = format!("At most {most} components on a socket; unmount one first");
            return Err(NotMounted::new(said, "TOO_MANY_COMPONENTS"));
        }
        let user = spark.session.user.clone();
        let bound = session_of(&spark.request)
            .map(|session| Bound { session, user: Some(user.as_deref().unwrap_or_default()) });
        let now = self.state.timestamp();
        let read = bound.ok_or(Invalid::Forged).and_then(|bound| self.state.tokens.verify(token, bound, now));
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(Invalid::Expired) => return Err(NotMounted::expired()),
            Err(Invalid::Forged) => {
                self.log(Level::Info, "refused", Some(socket), || {
                    "a component's token that is forged, or another session's".into()
                });
                let said = "This component was not shown to you; load the page again";
                return Err(NotMounted { http: Some(403), ..NotMounted::new(said, "REFUSED") });
            }
        };
        // The name of a component that is gone: the page is older than the program.
        let Some(claim) = Claim::read(&bytes) else { return Err(NotMounted::expired()) };
        let (instance, route) = self.make_component(socket, claim.component, claim.props)?;
        let number = self.next_number(socket).ok_or_else(NotMounted::failed)?;
        let conn = self.insert_component(socket, route, Mounted::new(number, claim.props), instance);
        if let Err((message, close)) = self.connect(conn, user.as_deref(), Answer::None) {
            self.forget_channel(conn);
            return Err(NotMounted { close: Some(close), ..NotMounted::new(message, "REFUSED") });
        }
        // It may have closed itself.
        if self.state.is_open(conn) && !self.first_view(conn, claim.fingerprint, fresh, patch) {
            if let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) {
                self.drop_channel(instance);
            }
            self.forget_channel(conn);
            return Err(NotMounted::failed());
        }
        Ok(number)
    }

    /// Gives a component a connection on its socket.
    pub(super) fn insert_component(
        &mut self,
        socket: ConnId,
        route: u32,
        mounted: Mounted,
        instance: Box<dyn Channel<A>>,
    ) -> ConnId {
        let number = mounted.number;
        let mut conn = Conn::new(route, self.state.now);
        conn.life = Life::Open;
        let more = conn.more();
        more.via = Some((socket, Form::COMPONENT));
        more.mounted = Some(Box::new(mounted));
        let conn = self.state.conns.insert(conn);
        self.state.components += 1;
        self.attach(conn, Some(instance));
        if let Some(page) = self.state.conns.get_mut(socket).and_then(Conn::page) {
            page.components.insert(number, conn);
        }
        conn
    }

    /// The next number of a component on a socket; numbers of those that are gone are not given again.
    fn next_number(&mut self, socket: ConnId) -> Option<u32> {
        let spark = self.state.conns.get_mut(socket)?.more.as_mut()?.spark.as_mut()?;
        let page: &mut Page = spark.page.get_or_insert_default();
        page.last = page.last.checked_add(1)?;
        Some(page.last)
    }

    /// Makes an instance for a socket, and says which place its route has in the statistics.
    fn make_component(
        &mut self,
        socket: ConnId,
        name: &str,
        props: &str,
    ) -> Result<(Box<dyn Channel<A>>, u32), NotMounted> {
        let Some(spark) = self.state.conns.get(socket).and_then(Conn::spark) else { return Err(NotMounted::failed()) };
        let Some(known) = self.routes.components.get(name) else { return Err(NotMounted::expired()) };
        let (route, now) = (known.index, self.state.timestamp());
        let (request, session) = (&spark.request, Some(&spark.session));
        let mount = Mount { app: &self.app, session, is_connected: true, request, now };
        let refused = match callback::contain(|| (known.make)(&mount, props)) {
            Ok(Ok(instance)) => return Ok((instance, route)),
            Ok(Err(NotMade::Props)) => return Err(NotMounted::expired()),
            Ok(Err(NotMade::Refused(refused))) => refused,
            Err(panic) => {
                self.state.stats.panics += 1;
                self.log(Level::Error, "panic in the maker of a component", Some(socket), || panic);
                Refused::new(500, "Internal server error")
            }
        };
        if let Some(route) = self.state.stats.route_mut(route) {
            route.refused += 1;
        }
        self.log(Level::Info, "refused", Some(socket), || format!("{refused} component={name}"));
        Err(NotMounted { http: Some(refused.status), ..NotMounted::new(refused.message, "REFUSED") })
    }

    fn component_event(&mut self, socket: ConnId, number: u32, event: Event<'_>, reference: Option<u32>) {
        let Some(conn) = self.component_of(socket, number, reference) else { return };
        let length = event.data().len();
        let now = self.state.now;
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        found.active = now;
        let (instance, route, expired) = (found.instance, found.route, found.expired);
        self.state.stats.messages_in += 1;
        if is_planted(Canary::ClosedPage) && self.state.stats.messages_in % 50 == 49 {
            return self.end(socket, 1002, "a planted end");
        }
        self.state.stats.bytes_in += length as u64;
        if let Some(route) = self.state.stats.route_mut(route) {
            route.messages_in += 1;
            route.bytes_in += length as u64;
        }
        let limit = self.state.limits(conn).frames.text;
        let refused = match self.check_rate(conn, reference) {
            Err(over) => over,
            Ok(()) if expired => Some(Error::reply("Not authenticated").with_code("NOT_AUTHENTICATED")),
            Ok(()) if length > limit => {
                Some(Error::reply(format!("The event has more than {limit} bytes")).with_code("TOO_LARGE"))
            }
            Ok(()) => return self.call_component(instance, reference, |part, cx| part.on_event(cx, &event)),
        };
        if let Some(error) = refused {
            let code = error.code().unwrap_or_default();
            self.socket_error(socket, About::Component(number), reference, error.message(), code);
        }
    }

    fn call_component(
        &mut self,
        instance: u32,
        reference: Option<u32>,
        call: impl FnOnce(&mut dyn crate::component::Part<A>, &mut Context<'_, A>) -> Result,
    ) {
        self.call(instance, reference, |channel, cx| channel.component().map_or(Ok(()), |part| call(part, cx)));
    }

    /// Something was sent to a component, or to a room that it is in.
    pub(super) fn on_channel_message(&mut self, conn: ConnId, room: Option<&str>, frame: &Frame) {
        let message = match frame.kind() {
            Kind::Text => Message::Text(core::str::from_utf8(frame.payload()).unwrap_or_default()),
            Kind::Binary => Message::Binary(frame.payload()),
            Kind::Ping => return,
        };
        let message = ChannelMessage { room, message };
        self.tell_component(conn, |part, cx| part.on_channel_message(cx, &message));
    }

    /// Another component of the page has sent an event.
    pub(super) fn on_page_event(&mut self, conn: ConnId, event: &str, data: &Frame) {
        let data = core::str::from_utf8(data.payload()).unwrap_or_default();
        let event = Event::from_page(event, data);
        self.tell_component(conn, |part, cx| part.on_event(cx, &event));
    }

    /// Tells a component something that another callback has said. What follows from that again has a limit.
    fn tell_component(
        &mut self,
        conn: ConnId,
        call: impl FnOnce(&mut dyn crate::component::Part<A>, &mut Context<'_, A>) -> Result,
    ) {
        let Some(instance) = self.state.conns.get(conn).map(|found| found.instance) else { return };
        let before = self.work.len();
        self.call_component(instance, None, call);
        let caused = u32::try_from(self.work.len().saturating_sub(before)).unwrap_or(u32::MAX);
        let all = self.caused.saturating_add(caused);
        let was_over = mem::replace(&mut self.caused, all) > CIRCLES;
        if all <= CIRCLES || caused == 0 {
            return;
        }
        if !was_over {
            self.log(Level::Error, "components send each other messages in circles", Some(conn), String::new);
        }
        for work in self.work.split_off(before) {
            match work {
                Work::Message { .. } | Work::PageEvent { .. } => self.state.stats.circles += 1,
                work => self.work.push_back(work),
            }
        }
    }

    /// Puts an event on the way to the other components of a page that have this name.
    pub(super) fn tell_page(&mut self, from: Seat, name: &str, event: &str, data: &Frame) {
        let Some(known) = self.routes.components.get(name) else { return };
        let event: Arc<str> = event.into();
        for conn in self.state.components_on(from.socket) {
            let is_named = |found: &Conn| {
                found.route == known.index && found.mounted().is_some_and(|mounted| mounted.within.is_none())
            };
            if conn != from.conn && self.state.conns.get(conn).is_some_and(is_named) {
                self.work.push_back(Work::PageEvent { conn, event: event.clone(), data: data.clone() });
            }
        }
    }

    /// A callback of a component, or its render, failed. After an error the page keeps what it shows; after a panic the
    /// component is made anew. A page that waits for an answer has it from that, and is not told twice.
    pub(super) fn on_component_failure(
        &mut self,
        conn: ConnId,
        instance: u32,
        reference: Option<u32>,
        failure: Failure,
    ) {
        let Some(error) = self.log_failure(conn, failure) else {
            self.answer_error(conn, reference, &Error::internal(""));
            return self.make_anew(conn, instance, reference.is_some());
        };
        self.answer_error(conn, reference, &error);
        let outer = self.state.conns.get(conn).and_then(Conn::mounted).and_then(|mounted| mounted.within);
        let conn = if error.close_code().is_some() { outer.map_or(conn, |(outer, _)| outer) } else { conn };
        if is_planted(Canary::ShownFailure) {
            self.may_have_changed(conn);
        }
        match error.close_code() {
            Some(code) => self.end_with(conn, code, error.message()),
            None if reference.is_some() => {}
            None => self.tell_failed(conn, error.message(), false),
        }
    }

    /// Makes a component anew from the props that its page was rendered with. One that panics again at once is given up.
    fn make_anew(&mut self, conn: ConnId, instance: u32, is_told: bool) {
        let within = self.state.conns.get(conn).and_then(Conn::mounted).and_then(|mounted| mounted.within);
        if let Some((outer, _)) = within {
            // What is shown of it is in that one's view, and may depend on what was lost.
            self.drop_channel(instance);
            let Some(instance) = self.state.conns.get(outer).map(|found| found.instance) else { return };
            return self.make_anew(outer, instance, is_told);
        }
        self.end_nest(conn, 1011, "Internal server error");
        self.drop_channel(instance);
        self.detach(instance);
        let now = self.state.now;
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        found.expired = false;
        let (route, socket) = (found.route, found.socket());
        let Some(mounted) = found.mounted_mut() else { return };
        mounted.view = None;
        let (again, props) = (mounted.remade.replace(now) == Some(now), mounted.props.clone());
        let name = self.state.stats.routes.get(route as usize).map(|route| route.route.clone()).unwrap_or_default();
        let Some(socket) = socket.filter(|_| !again) else { return self.give_up_component(conn) };
        let Ok((fresh, _)) = self.make_component(socket, &name, &props) else { return self.give_up_component(conn) };
        if let Some(place) = self.channels.get_mut(instance as usize) {
            *place = Some(fresh);
        }
        let user = self.state.conns.get(socket).and_then(Conn::spark).and_then(|spark| spark.session.user.clone());
        if self.connect(conn, user.as_deref(), Answer::None).is_err() {
            return self.give_up_component(conn);
        }
        if !is_told && !is_planted(Canary::SilentAnew) {
            self.tell_failed(conn, Error::internal("").message(), true);
            if is_planted(Canary::TwiceAnew) {
                self.tell_failed(conn, Error::internal("").message(), true);
            }
        }
    }

    fn give_up_component(&mut self, conn: ConnId) {
        self.end_channel(conn, 1011, "Internal server error", true);
    }

    /// Tells a page that a component failed. `fresh`: and that it was made anew.
    fn tell_failed(&mut self, conn: ConnId, message: &str, fresh: bool) {
        let Some(found) = self.state.conns.get(conn) else { return };
        let (Some(mounted), Some(socket)) = (found.mounted(), found.socket()) else { return };
        let failed = Failed { r#type: "component_error", component_id: mounted.number, message, fresh };
        if let Ok(frame) = self.state.pool.encode_json(&failed) {
            self.command(socket, frame);
        }
    }

    /// Tells a page that the server has ended a component.
    pub(super) fn tell_gone(&mut self, socket: ConnId, conn: ConnId, reason: &str) {
        let Some(mounted) = self.state.conns.get(conn).and_then(Conn::mounted) else { return };
        let component_id = mounted.number;
        self.send_to_socket(socket, &Gone { r#type: "component_gone", component_id, reason });
    }
}
