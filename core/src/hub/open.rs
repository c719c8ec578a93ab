//! Requests for a WebSocket: who is let in.

use super::state::{Conn, Due, Instance, Spark};
use super::{Hub, callback};
use crate::address::Address;
use crate::channel::{App, Channel, Join};
use crate::context::is_name;
use crate::error::Refused;
use crate::grow;
use crate::id::ConnId;
use crate::log::Level;
use crate::request::Request;
use crate::rooms::Seat;
use crate::route::RouteError;
use crate::routes::Handler;
use crate::spark::{Form, Session};
use crate::time::Time;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::sync::Arc;
use core::time::Duration;

/// What a route made of a request.
pub(super) struct Made<A: App> {
    pub(super) handler: MadeHandler<A>,
    pub(super) route: u32,
}

pub(super) enum MadeHandler<A: App> {
    Channel(Box<dyn Channel<A>>),
    Spark(Session),
}

impl<A: App> Hub<A> {
    /// Decides on a request for a WebSocket, before the upgrade.
    ///
    /// Accepted, the connection counts, and exactly one [`Input::Closed`](crate::Input::Closed) has to follow some day;
    /// [`Input::Opened`](crate::Input::Opened) comes before it when the upgrade went out.
    ///
    /// # Errors
    /// The HTTP answer instead of the upgrade: 403 for a page of another origin, 404 where no route matches, 400 for a
    /// path that is none, 429 for an address with too many connections or failures, 503 when there are too many
    /// connections or requests or the hub is shutting down, 500 when the application panicked, or what it answered.
    pub fn open(&mut self, now: Time, mut request: Request) -> Result<ConnId, Refused> {
        self.advance(now);
        let peer = request.peer();
        let path = Arc::<str>::from(request.path());
        let result = self.try_open(&mut request);
        match &result {
            Ok(conn) => {
                self.state.stats.accepted += 1;
                let conn = *conn;
                self.log_peer(Level::Debug, "accepted", Some(conn), peer, || (&*path).into());
            }
            Err(refused) => {
                self.state.stats.refused += 1;
                self.log_peer(Level::Info, "refused", None, peer, || format!("{refused} path={path}"));
            }
        }
        self.settle();
        result
    }

    fn try_open(&mut self, request: &mut Request) -> Result<ConnId, Refused> {
        if self.shutdown.is_some() {
            return Err(Refused::new(503, "Shutting down; try again soon").with_retry_after(5));
        }
        self.state.config.origins.check(request)?;
        let address = request.peer().map(Address::from);
        self.check_crowd(address)?;
        let made = self.make(request, None, address)?;
        Ok(match made.handler {
            MadeHandler::Channel(channel) => self.insert(Some(channel), None, made.route, address),
            MadeHandler::Spark(session) => {
                let user = session.user.clone();
                if let Some(user) = &user {
                    self.check_user(user)?;
                }
                let spark = Spark { request: request.clone(), session, channels: BTreeMap::new(), page: None };
                let conn = self.insert(None, Some(spark), made.route, address);
                // Already now: who is shut out while the upgrade is under way is not to come in by it.
                if let (Some(user), Some(found)) = (user, self.state.conns.get(conn)) {
                    let seat = Seat { conn, socket: conn, form: Form::RAW };
                    self.state.sessions.join(&user, found.instance, seat);
                }
                conn
            }
        })
    }

    /// Whether a Spark socket may be this user's.
    fn check_user(&mut self, user: &str) -> Result<(), Refused> {
        if !is_name(user) {
            self.log(Level::Error, "a session's user has no name that a user can have", None, || user.into());
            return Err(Refused::new(500, "Internal server error"));
        }
        if self.state.conns_of_user(user, None) >= self.state.config.per_user {
            self.state.stats.crowded += 1;
            return Err(Refused::new(429, "Too many connections of this user; close one first").with_retry_after(5));
        }
        Ok(())
    }

    /// Whether there is room for one more.
    fn check_crowd(&mut self, address: Option<Address>) -> Result<(), Refused> {
        let (now, config) = (self.state.now, &self.state.config);
        let refused = if self.state.sockets >= config.connections {
            Refused::new(503, "Too many connections; try again soon").with_retry_after(5)
        } else if address.is_some_and(|address| self.state.addresses.conns(address) >= config.per_address) {
            Refused::new(429, "Too many connections from your address; close one first").with_retry_after(5)
        } else if !self.state.accepted.take(config.accepted, now) {
            Refused::new(503, "Too many requests at once; try again soon").with_retry_after(1)
        } else {
            return Ok(());
        };
        self.state.stats.crowded += 1;
        Err(refused)
    }

    /// Asks the route of a request what is behind it. `session`: that of the Spark socket on which it came.
    pub(super) fn make(
        &mut self,
        request: &mut Request,
        session: Option<&Session>,
        address: Option<Address>,
    ) -> Result<Made<A>, Refused> {
        let found = self.routes.sockets.find(request.raw_path()).map_err(not_found)?;
        let route = found.value.index;
        if matches!(found.value.handler, Handler::Spark(_)) && session.is_some() {
            return Err(not_found(RouteError::NotFound));
        }
        request.set_params(found.params);
        let wait = address.map_or(Duration::ZERO, |address| {
            self.state.addresses.wait(address, self.state.config.failures, self.state.now)
        });
        if !wait.is_zero() {
            self.state.stats.locked_out += 1;
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            let refused = Refused::new(429, "Too many failed attempts from your address; try again later");
            return Err(self.count_refused(route, refused.with_retry_after(seconds)));
        }
        let join = Join { request, app: &self.app, session, now: self.state.timestamp() };
        let made = callback::contain(|| match &found.value.handler {
            Handler::Channel(make) => make(&join).map(MadeHandler::Channel),
            Handler::Spark(open) => open(&join).map(MadeHandler::Spark),
        });
        match made {
            Ok(Ok(handler)) => Ok(Made { handler, route }),
            Ok(Err(refused)) => {
                if matches!(refused.status, 401 | 403) {
                    self.note_failure(address);
                }
                Err(self.count_refused(route, refused))
            }
            Err(panic) => {
                self.state.stats.panics += 1;
                self.log(Level::Error, "panic in the maker of a channel", None, || panic);
                Err(self.count_refused(route, Refused::new(500, "Internal server error")))
            }
        }
    }

    fn count_refused(&mut self, route: u32, refused: Refused) -> Refused {
        if let Some(route) = self.state.stats.route_mut(route) {
            route.refused += 1;
        }
        refused
    }

    /// Notes that an address has failed to show who it is.
    pub(super) fn note_failure(&mut self, address: Option<Address>) {
        if let Some(address) = address {
            let (rate, now) = (self.state.config.failures, self.state.now);
            self.state.addresses.failed(address, rate, now);
        }
    }

    fn insert(
        &mut self,
        channel: Option<Box<dyn Channel<A>>>,
        spark: Option<Spark>,
        route: u32,
        address: Option<Address>,
    ) -> ConnId {
        let now = self.state.now;
        let mut conn = Conn::new(route, now);
        if let Some(spark) = spark {
            conn.more().spark = Some(Box::new(spark));
        }
        if let Some(address) = address {
            // Where nobody counts them, most connections need to remember nothing.
            if self.state.config.per_address != usize::MAX {
                self.state.addresses.connected(address, now);
            }
            conn.more().address = Some(address);
        }
        let conn = self.state.conns.insert(conn);
        self.state.sockets += 1;
        self.attach(conn, channel);
        conn
    }

    /// Gives a connection its instance.
    pub(super) fn attach(&mut self, conn: ConnId, channel: Option<Box<dyn Channel<A>>>) {
        let instance = grow::insert(&mut self.state.instances, Instance { conn, timers: None });
        *grow::place(&mut self.channels, instance, || None) = channel;
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        found.instance = instance as u32;
        if let Some(route) = self.state.stats.route_mut(found.route) {
            route.connections += 1;
        }
    }

    /// The subprotocol to choose for a request: the first that it offers and that is known here.
    pub fn subprotocol<'r>(&self, request: &'r Request) -> Option<&'r str> {
        request.subprotocols().find(|offered| self.routes.protocols.iter().any(|known| known == offered))
    }

    /// Sets the timer for the end of a connection's permission.
    pub(super) fn expire_at(&mut self, conn: ConnId, at: Time) {
        let grace = self.state.limits(conn).grace;
        let Some(found) = self.state.conns.get_mut(conn) else { return };
        found.expired = at <= self.state.now;
        let by = if found.expired { self.state.now + grace } else { at };
        let more = found.more.get_or_insert_default();
        if let Some(key) = more.expires.take() {
            self.state.timers.cancel(key);
        }
        // Never now: a timeout that is handled leaves none that is due.
        let by = by.max(self.state.now + Duration::from_micros(1));
        more.expires = Some(self.state.timers.insert(by, Due::Expired(conn)));
    }
}

pub(super) fn not_found(error: RouteError) -> Refused {
    Refused::new(error.status(), format!("{error}"))
}
