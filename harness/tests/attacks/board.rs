//! The page under attack, and its component.

use crate::app::{Lab, unhurried};
use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{Component, Context, Error, Event, Limits, Mount, Rate, Refused, Response, Result, Routes, Session, html};
use serde::{Deserialize, Serialize};

/// So many events of a meter are handled at once, and so many a second.
pub const EVENTS: Rate = Rate { per_second: 100, burst: 200 };

/// What a page says of its board. Who may rule is nothing that a peer could say.
#[derive(Clone, Deserialize, Serialize)]
pub struct Props {
    pub title: String,
    pub rules: bool,
}

/// Shows what its page and its events say, in text, attributes and URLs.
struct Board {
    props: Props,
    count: i64,
    note: String,
    link: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Add {
        by: i64,
    },
    Note {
        text: String,
    },
    Link {
        to: String,
    },
    /// Any JSON at all.
    Any(serde_json::Value),
    Redirect {
        to: String,
    },
    External {
        to: String,
    },
    Navigate {
        to: String,
    },
    /// For those alone who may.
    Rule,
}

impl Component<Lab> for Board {
    fn render(&self) -> impl Render {
        html! {
            section data-rules=(self.props.rules) {
                h2 title=(&self.props.title) { (&self.props.title) }
                p class=(&self.note) { (&self.note) }
                a href=(&self.link) { "there" }
                b { (self.count) }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_, Lab>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Add { by } => {
                self.count = self.count.checked_add(by).ok_or_else(|| Error::validation("too many"))?;
            }
            Said::Note { text } => self.note = text,
            Said::Link { to } => self.link = to,
            Said::Any(value) => self.note = format!("{} bytes of JSON", value.to_string().len()),
            Said::Redirect { to } => cx.redirect(&to),
            Said::External { to } => cx.redirect_external(&to),
            Said::Navigate { to } => cx.navigate(&to),
            Said::Rule if self.props.rules => self.note = "it rules".into(),
            Said::Rule => return Err(Error::denied("only who may rule")),
        }
        Ok(())
    }
}

/// `/board?title=…`, for the user that `user` names; `/ruled` is a board for those who may rule, and `/meter` one that takes
/// fewer events.
pub fn pages(routes: &mut Routes<Lab>) -> std::result::Result<(), PatternError> {
    let make = |_: &Mount<'_, Lab>, props: Props| -> std::result::Result<Board, Refused> {
        let (note, link) = (props.title.clone(), props.title.clone());
        Ok(Board { props, count: 0, note, link })
    };
    for (path, name, rate, rules) in [
        ("/board", "board", unhurried().rate, false),
        ("/ruled", "ruled", unhurried().rate, true),
        ("/meter", "meter", EVENTS, false),
    ] {
        let component = routes.component_with(name, Limits { rate, ..Limits::default() }, make)?;
        routes.get(path, move |cx, request| {
            let title = request.query("title").unwrap_or("a board").to_owned();
            let props = Props { title, rules };
            let shown = match request.query("user") {
                Some(user) => {
                    let session = Session { user: Some(user.into()), expires: None };
                    cx.show_to(&session, &component, request, &props)?
                }
                None => cx.show(&component, request, &props)?,
            };
            Ok(Response::page(&html! {
                html {
                    head { title { "Board" } }
                    body { main { @(&shown) } }
                }
            })?)
        })?;
    }
    Ok(())
}
