//! Requests that are no WebSocket: pages.

use super::open::not_found;
use super::{Hub, callback};
use crate::channel::App;
use crate::context::Scope;
use crate::driver::response::Response;
use crate::error::Refused;
use crate::log::Level;
use crate::request::{Method, Request};
use crate::route::RouteError;
use crate::time::Time;
use alloc::string::String;

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
        match self.finish(None, rng, result) {
            Ok(response) => Ok(response),
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
}
