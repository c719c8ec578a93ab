//! `/private/:channel_id`: for those whose token names the channel, by a WebSocket or a POST; and `POST /revoke/:user_id`.

use crate::app::{Context, Scope, Showcase, claims};
use crate::auth::Claims;
use lazuli::{Channel, Error, Join, Limits, Request, Response, Result, json};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// One who was let in, or is about to be refused.
pub struct Private {
    channel_id: String,
    room: String,
    claims: Option<Claims>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Message { message: String },
    Ping {},
}

/// Who goes on after the end of a token is told so for 5 s, and then closed.
pub fn limits() -> Limits {
    Limits { grace: Duration::from_secs(5), ..Limits::default() }
}

/// A user whose name a token proves. Names that anybody may claim, in a path or a query, are never these.
pub fn proven(user_id: &str) -> String {
    format!("private/{user_id}")
}

/// Where what is sent to a private channel goes.
pub fn room(channel_id: &str) -> String {
    format!("private:{channel_id}")
}

impl Private {
    /// One with the token that the request shows.
    pub fn new(channel_id: &str, join: &Join<'_, Showcase>) -> Private {
        Private { channel_id: channel_id.into(), room: room(channel_id), claims: claims(join) }
    }
}

impl Channel<Showcase> for Private {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        let claims = self.claims.as_ref().ok_or_else(|| Error::close(1008, "Authentication required"))?;
        if !claims.allow(&self.channel_id) {
            return Err(Error::close(1008, "Access denied"));
        }
        cx.identify(&proven(&claims.user_id));
        cx.expire_at(claims.expires());
        cx.join(&self.room);
        cx.send(&json!({ "type": "authenticated", "user_id": claims.user_id }));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        let timestamp = cx.timestamp();
        match json::parse(text)? {
            Said::Message { message } => {
                let user_id = self.claims.as_ref().map(|claims| &claims.user_id);
                let heard =
                    json!({ "type": "message", "message": message, "user_id": user_id, "timestamp": timestamp });
                cx.broadcast(&self.room, &heard);
            }
            Said::Ping {} => cx.reply(&json!({ "type": "pong", "timestamp": timestamp })),
        }
        Ok(())
    }
}

/// Who sent a request: what the token in its header says. What a browser would add by itself, a cookie, is not looked at.
fn bearer(cx: &Scope<'_>, request: &Request) -> Result<Result<Claims, Response>> {
    let bearer = request.header("authorization").and_then(|value| value.split_once(' '));
    let token = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    if let Some(claims) = token.and_then(|token| cx.app().read(token, cx.timestamp())) {
        return Ok(Ok(claims));
    }
    let refused = Response::text("Authentication required: Authorization: Bearer TOKEN\n").with_status(401);
    Ok(Err(refused.with_header("WWW-Authenticate", "Bearer")?))
}

/// Sends JSON, as it comes, to all who are in a private channel.
pub fn push(cx: &mut Scope<'_>, request: &Request) -> Result<Response> {
    let claims = match bearer(cx, request)? {
        Ok(claims) => claims,
        Err(refused) => return Ok(refused),
    };
    let channel_id = request.param("channel_id").unwrap_or_default();
    if !claims.allow(channel_id) {
        return Err(Error::denied("this token is for other channels"));
    }
    let body = super::json_body(request)?;
    let reached = cx.count(&room(channel_id));
    cx.to_room(&room(channel_id)).text(body);
    Ok(Response::json(json!({ "reached": reached }).to_string().into_bytes()))
}

/// Takes back a user's tokens, and closes what they had opened. For operators.
pub fn revoke(cx: &mut Scope<'_>, request: &Request) -> Result<Response> {
    let operator = match bearer(cx, request)? {
        Ok(claims) => claims,
        Err(refused) => return Ok(refused),
    };
    if !operator.is_operator() {
        return Err(Error::denied("only a token for the channel \"admin\" may revoke others"));
    }
    let user_id = request.param("user_id").unwrap_or_default().to_owned();
    if !cx.app().revoked.has_room_for(&user_id) {
        let full = "Too many users are revoked; another --secret revokes all tokens at once\n";
        return Ok(Response::text(full).with_status(507));
    }
    let user = proven(&user_id);
    let closed = cx.user_conns(&user).count();
    cx.close_user(&user, 1008, "Your permission was withdrawn");
    let now = cx.timestamp();
    cx.update(move |app| app.revoked.revoke(user_id, now));
    Ok(Response::json(json!({ "closed": closed }).to_string().into_bytes()))
}
