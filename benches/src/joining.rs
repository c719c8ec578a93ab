//! A browser joins a page that has not changed since it was rendered: what goes over its socket.

use crate::corpus::{Model, case};
use lazuli::html::Render;
use lazuli::{Component, Config, Hub, Input, Message, Output, Request, Response, Routes, Secret, Time};
use std::error::Error;

/// Shows the state before an update of the corpus.
struct Shown(Box<dyn Model + Send>);

impl Component for Shown {
    fn render(&self) -> impl Render {
        self.0.render()
    }
}

/// The bytes in both directions, without the signed token, when the page shows the state before an update.
///
/// # Errors
/// When the hub does not answer as it should.
pub fn bytes(update: &'static str) -> Result<usize, Box<dyn Error>> {
    let mut routes = Routes::<()>::new();
    routes.spark("/spark")?;
    let shown = routes.component("shown", move |_: &lazuli::Mount<'_, ()>, _: ()| {
        Ok(Shown(case(update).expect("an update of the corpus").old))
    })?;
    routes.get("/", move |cx: &mut lazuli::Scope<'_, ()>, request: &Request| {
        Ok(Response::html(cx.show(&shown, request, &())?.to_string()))
    })?;
    let config = Config { secret: Some(Secret::new([1; 32])), ..Config::default() };
    let (mut hub, now) = (Hub::new(config, routes, ()), Time::ZERO);
    let answer = hub.respond(now, Request::get("/")?);
    let cookie = answer.headers().find(|(name, _)| *name == "Set-Cookie").ok_or("no session")?.1;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let page = std::str::from_utf8(answer.body())?;
    let token = page.split(" data-spark=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("no component")?;
    let said = format!(r#"{{"type":"component_mount","token":"{token}","ref":1}}"#);
    let conn = hub.open(now, Request::get("/spark")?.with_header("Cookie", &cookie)?)?;
    hub.handle(now, Input::Opened { conn });
    hub.handle(now, Input::Message { conn, message: Message::Text(&said) });
    let mut heard = Vec::new();
    while let Some(output) = hub.poll_output() {
        if let Output::Send { frame, .. } = output {
            heard.push(String::from_utf8_lossy(frame.payload()).into_owned());
        }
    }
    match &heard[..] {
        // Its number, and no patch.
        [reply] if reply.ends_with(r#""status":"ok","payload":[1]}"#) => Ok(said.len() - token.len() + reply.len()),
        _ => Err(format!("the mount was answered {heard:?}").into()),
    }
}
