//! `/notifications/:user_id`, and the POST requests that notify: `/notify/:user_id` and `/notify`.

use crate::app::{Context, Scope, Showcase};
use lazuli::{Channel, Error, Request, Response, Result, json};
use serde::Deserialize;
use serde_json::json;

/// Where everybody is who can be notified.
const EVERYONE: &str = "notifications";

/// One socket of a user.
pub struct Notifications {
    user_id: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Said {
    Ping {},
}

/// A user whose name is in the path. Anybody may claim it, so it is never one that a token proves.
fn claimed(user_id: &str) -> String {
    format!("notifications/{user_id}")
}

impl Notifications {
    /// A socket of this user.
    pub fn new(user_id: &str) -> Notifications {
        Notifications { user_id: user_id.into() }
    }
}

impl Channel<Showcase> for Notifications {
    fn on_connect(&mut self, cx: &mut Context<'_>) -> Result {
        cx.identify(&claimed(&self.user_id));
        cx.join(EVERYONE);
        let message = format!("Connected to notifications for user {}", self.user_id);
        cx.send(&json!({ "type": "connected", "message": message, "timestamp": cx.timestamp() }));
        let kept: Vec<String> = cx.app().kept.of(&self.user_id).map(Into::into).collect();
        if !kept.is_empty() {
            let user_id = self.user_id.clone();
            cx.update(move |app| app.kept.take(&user_id));
        }
        for notification in kept {
            cx.text(&notification);
        }
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_>, text: &str) -> Result {
        let Said::Ping {} = json::parse(text)?;
        cx.reply(&json!({ "type": "pong", "timestamp": cx.timestamp() }));
        Ok(())
    }
}

/// Notifies a user on all their sockets, or keeps it until they come.
pub fn notify(cx: &mut Scope<'_>, request: &Request) -> Result<Response> {
    let notification = notification(request)?;
    let user_id = request.param("user_id").unwrap_or_default();
    super::check_id(user_id).map_err(|refused| Error::reply(refused.message))?;
    let user = claimed(user_id);
    let reached = cx.user_conns(&user).count();
    if reached > 0 {
        cx.to_user(&user).text(notification);
        return Ok(answer(reached, 0));
    }
    let (user_id, notification) = (user_id.to_owned(), notification.to_owned());
    cx.update(move |app| app.kept.keep(&user_id, notification));
    Ok(answer(0, 1).with_status(202))
}

/// Notifies everybody who is connected.
pub fn notify_all(cx: &mut Scope<'_>, request: &Request) -> Result<Response> {
    let notification = notification(request)?;
    let reached = cx.count(EVERYONE);
    cx.to_room(EVERYONE).text(notification);
    Ok(answer(reached, 0))
}

fn answer(reached: usize, kept: usize) -> Response {
    Response::json(json!({ "reached": reached, "kept": kept }).to_string().into_bytes())
}

/// The body, which goes on as it came.
fn notification(request: &Request) -> Result<&str> {
    // A page of somebody else's may send such a request, and its browser says so.
    if request.header("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return Err(Error::denied("this page is of another site"));
    }
    super::json_body(request)
}
