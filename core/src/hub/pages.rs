//! Requests that are no WebSocket: pages.

use super::open::not_found;
use super::{Hub, callback};
use crate::channel::App;
use crate::component::{self, SessionId};
use crate::context::Scope;
use crate::driver::response::Response;
use crate::error::Refused;
use crate::log::Level;
use crate::request::{Method, Request};
use crate::route::RouteError;
use crate::routes::Handler;
use crate::time::Time;
use alloc::string::String;

/// A template never changes under its name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

impl<A: App> Hub<A> {
    /// Answers a request that is no WebSocket.
    pub fn respond(&mut self, now: Time, mut request: Request) -> Response {
        self.advance(now);
        let response = self.try_respond(&mut request).unwrap_or_else(|refused| Response::from(&refused));
        self.settle();
        response
    }

    fn try_respond(&mut self, request: &mut Request) -> Result<Response, Refused> {
        let (pages, other) = match request.method() {
            Method::Post => (&self.routes.post, &self.routes.get),
            _ => (&self.routes.get, &self.routes.post),
        };
        if let Some(template) = self.template_of(request) {
            return template;
        }
        let path = request.raw_path();
        let found = match pages.find(path) {
            Ok(found) => found,
            Err(RouteError::NotFound) if other.find(path).is_ok() => {
                let allow = if request.method() == Method::Post { "GET, HEAD" } else { "POST" };
                return Err(Refused { allow: Some(allow), ..Refused::new(405, "This path takes another method") });
            }
            Err(RouteError::NotFound) if self.routes.sockets.find(path).is_ok() => {
                return Err(match request.method() {
                    Method::Post => Refused { allow: Some("GET"), ..Refused::new(405, "This path is a WebSocket") },
                    _ => Refused::new(426, "This path is a WebSocket; open it with an upgrade"),
                });
            }
            Err(error) => return Err(not_found(error)),
        };
        request.set_params(found.params);
        let rng = self.state.rng.clone();
        let result = callback::contain(|| {
            let mut scope = Scope { app: &self.app, state: &mut self.state, fx: &mut self.fx };
            (found.value)(&mut scope, request)
        });
        let shown = self.fx.shown.take();
        match self.finish(None, rng, result) {
            Ok(response) => Ok(match shown {
                Some((session, is_new)) => self.with_session(response, session, is_new),
                None => response,
            }),
            Err(callback::Failure::Error(error)) => {
                self.log_error("a page failed", None, &error);
                Err(Refused::new(error.status(), String::from(error.message())))
            }
            Err(callback::Failure::Panic(panic)) => {
                self.log(Level::Error, "panic in a page", None, || panic);
                Err(Refused::new(500, "Internal server error"))
            }
        }
    }

    /// A page that shows a component: it belongs to one browser session, so nobody else may get it from a cache.
    fn with_session(&self, response: Response, session: SessionId, is_new: bool) -> Response {
        let is_said = response.headers().any(|(name, _)| name.eq_ignore_ascii_case("cache-control"));
        let response = if is_said { response } else { response.with_own_header("Cache-Control", "private, no-cache") };
        if !is_new {
            return response;
        }
        response.with_own_header("Set-Cookie", component::cookie(session, self.state.config.secure_cookies))
    }

    /// The answer to a request for a template, which is at `/t/NAME` under every Spark route; `None` for any other path.
    fn template_of(&self, request: &Request) -> Option<Result<Response, Refused>> {
        let (spark, name) = request.raw_path().rsplit_once('/')?;
        let spark = spark.strip_suffix("/t")?;
        let found = self.routes.sockets.find(spark).ok()?;
        if !matches!(found.value.handler, Handler::Spark(_)) {
            return None;
        }
        if request.method() == Method::Post {
            return Some(Err(Refused {
                allow: Some("GET, HEAD"),
                ..Refused::new(405, "This path takes another method")
            }));
        }
        Some(match self.state.renderer.template(name) {
            Some(source) => Ok(Response::json(source.as_bytes()).with_own_header("Cache-Control", FOR_EVER)),
            None => Err(Refused::new(404, "No template of this name was shown here")),
        })
    }
}
