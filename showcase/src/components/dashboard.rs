//! `/dashboard`: four components on one page, each of which changes on its own.
//!
//! Whose token names the channel `user_ID` sees what comes to `/private/user_ID`: by somebody's message there, or by a POST.
//! `?token=` or the cookie `token` shows it. Without one it is everybody's board, and its channel is `/private/user_guest`.

mod activity;
mod metrics;
mod notifications;

use super::chat_room::ChatRoom;
use crate::app::{Context, Showcase};
use crate::auth::Claims;
use crate::channels::private;
use activity::Activity;
use lazuli::route::PatternError;
use lazuli::{Error, Response, Result, Routes, html};
use metrics::{Counts, Metrics};
use notifications::Notifications;
use serde::{Deserialize, Serialize};

/// Who looks at the board: what its components are made from. Nobody can change it, as it is signed.
#[derive(Clone, Default, Deserialize, Serialize)]
pub struct Viewer {
    claims: Option<Claims>,
}

/// What is pushed to a board.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Push {
    Metric {
        name: String,
        value: f64,
    },
    Activity {
        message: String,
    },
    Notification {
        message: String,
    },
    /// What somebody said in the channel.
    Message {
        message: String,
        user_id: String,
    },
}

pub fn add(routes: &mut Routes<Showcase>) -> Result<(), PatternError> {
    let metrics = routes.component("metrics", |_, (viewer, counts)| Ok(Metrics::new(viewer, counts)))?;
    let activity = routes.component("activity", |_, viewer| Ok(Activity::new(viewer)))?;
    let notifications = routes.component("notifications", |_, viewer| Ok(Notifications::new(viewer)))?;
    let chat = routes.component("dashboard-chat", |mount, ()| Ok(ChatRoom::new(mount, "dashboard")))?;
    routes.get("/dashboard", move |cx, request| {
        let mut viewer = Viewer::default();
        if let Some(token) = request.query("token").or_else(|| request.cookie("token")) {
            let claims = cx.app().read(token, cx.timestamp());
            viewer.claims = claims.filter(|claims| claims.allow(&board_of(&claims.user_id)));
            if viewer.claims.is_none() {
                return Ok(Response::text("This token is for no dashboard\n").with_status(403));
            }
        }
        let counts = Counts::from(cx.stats());
        let metrics = cx.show(&metrics, request, &(viewer.clone(), counts))?;
        let activity = cx.show(&activity, request, &viewer)?;
        let notifications = cx.show(&notifications, request, &viewer)?;
        let chat = cx.show(&chat, request, &())?;
        let board = html! {
            div class="board" {
                div class="wide" { @(metrics) }
                div { @(notifications) }
                div { @(activity) }
                div class="wide" { @(chat) }
            }
        };
        super::page_with(&["/assets/live.css", "/assets/live.js"], "dashboard", "Dashboard", &board)
    })
}

/// The private channel whose messages come to a user's board.
fn board_of(user_id: &str) -> String {
    format!("user_{user_id}")
}

impl Viewer {
    fn user_id(&self) -> &str {
        self.claims.as_ref().map_or("guest", |claims| &claims.user_id)
    }

    /// Has what is pushed come to this component, for as long as the token holds.
    fn listen(&self, cx: &mut Context<'_>) -> Result {
        if let Some(claims) = &self.claims {
            if cx.app().revoked.includes(claims) {
                return Err(Error::denied("your permission was withdrawn"));
            }
            cx.identify(&private::proven(&claims.user_id));
            cx.expire_at(claims.expires());
        }
        cx.join(&private::room(&board_of(self.user_id())));
        Ok(())
    }
}
