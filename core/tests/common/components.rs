//! A component that does what a test says, and browsers whose pages show it.

use super::{Cx, Script, TestApp, World, quiet, routes};
use lazuli::html::value::Datum;
use lazuli::html::{Piece, Render, Root, Slot, Template, from_fn};
use lazuli::{ChannelMessage, Component, Config, ConnId, Event, Input, Limits, Refused, Request, Response, Result};
use lazuli::{Routes, Secret, Session, Timer};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// What `html! { p { (count) } b { (note) } }` would make.
pub static WIDGET: Template = Template {
    name: "TH61-IVbO70",
    source: r#"["<p> </p><b> </b>",[[[[[],[0]]]],[[[[],[1]]]]]]"#,
    slots: &[Slot::Value, Slot::Value],
    hidden_key: false,
    pieces: &[Piece::Html("<p>"), Piece::Text(0), Piece::Html("</p><b>"), Piece::Text(1), Piece::Html("</b>")],
    roots: &[Root::Element("p", &[Root::Text]), Root::Element("b", &[Root::Text])],
};

/// Shows a number and a note. What its callbacks do besides is the script's to say, under the names `mount`, `event`,
/// `heard`, `timer`, `word`, `update` and `unmount`.
pub struct Widget {
    pub count: i64,
    pub note: String,
    pub script: Arc<Script>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    /// Does what the script says.
    Poke,
    Add {
        by: i64,
    },
    Note {
        text: String,
    },
}

/// A note that the render cannot bear.
pub const BAD: &str = "bad";

impl Component<TestApp> for Widget {
    fn render(&self) -> impl Render {
        from_fn(move |sink| {
            assert_ne!(self.note, BAD, "a bad note");
            if sink.open(&WIDGET) {
                sink.value(Datum::Int(self.count));
                sink.value(Datum::Str(&self.note));
                sink.close();
            }
        })
    }

    fn on_mount(&mut self, cx: &mut Cx<'_>) -> Result {
        self.script.tell(cx, "mount", "")
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Poke => {}
            Said::Add { by } => self.count += by,
            Said::Note { text } => self.note = text,
        }
        let from = if event.is_from_component() { " from a component" } else { "" };
        self.script.tell(cx, "event", &format!("{}{from}", event.name()))
    }

    fn on_channel_message(&mut self, cx: &mut Cx<'_>, message: &ChannelMessage<'_>) -> Result {
        let room = message.room.unwrap_or("-");
        self.note = format!("{room}: {}", message.text().unwrap_or("binary"));
        self.script.tell(cx, "heard", &self.note)
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: Timer) -> Result {
        self.count += 1;
        self.script.tell(cx, "timer", timer.name)
    }

    fn on_app_event(&mut self, cx: &mut Cx<'_>, event: &super::Event) -> Result {
        if let super::Event::Word(word) = event {
            self.note = (*word).into();
            return self.script.tell(cx, "word", word);
        }
        Ok(())
    }

    fn on_update(&mut self, cx: &mut Cx<'_>) -> Result {
        self.script.tell(cx, "update", "")
    }

    fn on_unmount(&mut self, cx: &mut Cx<'_>) -> Result {
        self.script.tell(cx, "unmount", "")
    }
}

impl Drop for Widget {
    fn drop(&mut self) {
        *self.script.dropped.lock().unwrap() += 1;
    }
}

pub fn secret(byte: u8) -> Option<Secret> {
    Some(Secret::new([byte; 32]))
}

/// The routes of every world, and `/show`: so many widgets as `n` says, from `start` on, for the user `to`. Its last is of the
/// kind "other". A negative start is refused, and one of 99 panics.
pub fn site_routes(script: &Arc<Script>, limits: Limits) -> Routes<TestApp> {
    let mut routes = routes(script, quiet());
    let [widget, other] = ["widget", "other"].map(|name| {
        let script = script.clone();
        let make = move |_: &lazuli::Mount<'_, TestApp>, count: i64| match count {
            99 => panic!("no widget today"),
            ..0 => Err(Refused::new(403, "At least 0")),
            _ => Ok(Widget { count, note: String::new(), script: script.clone() }),
        };
        routes.component_with(name, limits.clone(), make).unwrap()
    });
    let answer = move |cx: &mut lazuli::Scope<'_, TestApp>, request: &Request| {
        let number = |name: &str| request.query(name).and_then(|value| value.parse::<i64>().ok()).unwrap_or_default();
        let (n, start) = (number("n").max(1), number("start"));
        let mut body = String::new();
        for place in 0..n {
            let kind = if n > 1 && place == n - 1 { &other } else { &widget };
            let props = start + place;
            let shown = match request.query("to") {
                None => cx.show(kind, request, &props)?,
                Some(user) => {
                    let user = Some(user.into()).filter(|user: &String| !user.is_empty());
                    cx.show_to(&Session { user, expires: None }, kind, request, &props)?
                }
            };
            body += &shown.to_string();
        }
        Ok(Response::html(body))
    };
    routes.get("/show", answer).unwrap();
    routes
}

/// A world with a site: components get these limits.
pub fn site_with(config: Config, limits: Limits) -> World {
    let script = Arc::new(Script::default());
    let routes = site_routes(&script, limits);
    World::with(Config { secret: config.secret.clone().or(secret(1)), ..config }, routes, script)
}

pub fn site() -> World {
    site_with(Config::default(), quiet())
}

/// A page in a browser: its Spark socket, and the tokens of what it shows.
pub struct Browser {
    pub socket: ConnId,
    pub cookie: String,
    pub tokens: Vec<String>,
}

/// The values of an attribute in a page.
pub fn attributes(page: &str, name: &str) -> Vec<String> {
    let start = format!(" {name}=\"");
    let parts = page.split(&start).skip(1);
    parts.map(|part| part.split('"').next().unwrap().replace("&quot;", "\"")).collect()
}

/// The cookie that an answer sets, without its attributes.
pub fn set_cookie(response: &Response) -> Option<String> {
    let (_, value) = response.headers().find(|(name, _)| *name == "Set-Cookie")?;
    Some(value.split(';').next().unwrap().into())
}

impl World {
    pub fn get(&mut self, target: &str, cookie: Option<&str>) -> Response {
        let mut request = Request::get(target).unwrap();
        if let Some(cookie) = cookie {
            request = request.with_header("Cookie", cookie).unwrap();
        }
        let response = self.hub.respond(self.now, request);
        self.drain();
        response
    }

    /// A browser that has loaded a page, and opened its socket.
    pub fn browse(&mut self, target: &str) -> Browser {
        self.browse_as(target, "/spark")
    }

    pub fn browse_as(&mut self, target: &str, spark: &str) -> Browser {
        let response = self.get(target, None);
        let page = String::from_utf8(response.body().into()).unwrap();
        assert_eq!(response.status_code(), 200, "{page}");
        let cookie = set_cookie(&response).unwrap();
        let socket = self.spark_with(spark, &cookie);
        Browser { socket, cookie, tokens: attributes(&page, "data-spark") }
    }

    pub fn spark_with(&mut self, target: &str, cookie: &str) -> ConnId {
        let request = Request::get(target).unwrap().with_header("Cookie", cookie).unwrap();
        let conn = self.hub.open(self.now, request).unwrap();
        self.input(Input::Opened { conn });
        conn
    }

    /// What a mount is answered: the reply without its type and ref.
    pub fn try_mount(&mut self, socket: ConnId, token: &str) -> Value {
        self.say(socket, json!({ "type": "component_mount", "token": token, "ref": 7 }));
        let heard = self.heard(socket);
        let [reply] = &heard[..] else { panic!("one answer: {heard:?}") };
        assert_eq!((&reply["type"], &reply["ref"]), (&json!("reply"), &json!(7)));
        reply.clone()
    }

    /// Mounts what a page shows at a place, whose page need not change; its number.
    pub fn mount(&mut self, browser: &Browser, place: usize) -> u64 {
        let reply = self.try_mount(browser.socket, &browser.tokens[place]);
        assert_eq!(reply["status"], "ok", "{reply}");
        let [number] = &reply["payload"].as_array().unwrap()[..] else { panic!("a patch: {reply}") };
        number.as_u64().unwrap()
    }

    /// A browser whose page shows one widget, which is mounted.
    pub fn mounted(&mut self) -> Browser {
        let browser = self.browse("/show");
        assert_eq!(self.mount(&browser, 0), 1);
        self.script.told();
        browser
    }

    pub fn event(&mut self, socket: ConnId, component: u64, event: &str, data: Value) {
        let said = json!({ "type": "component_event", "component_id": component, "event": event, "data": data });
        self.say(socket, said);
    }

    /// The same with a ref, which is 9.
    pub fn ask(&mut self, socket: ConnId, component: u64, event: &str, data: Value) {
        self.say(
            socket,
            json!({ "type": "component_event", "component_id": component, "event": event, "data": data, "ref": 9 }),
        );
    }

    /// What components were told since the last time.
    pub fn told_components(&mut self) -> Vec<String> {
        self.script.told().into_iter().map(|(_, what)| what).collect()
    }
}

pub fn answered() -> Value {
    json!({ "type": "reply", "ref": 9, "status": "ok", "payload": null })
}
