//! Two browsers and a WebSocket client in one room; the same again.

use crate::{routes, show};
use lazuli::html::Render;
use lazuli::{Channel, ChannelMessage, Component, Context, Event, Result, html};
use lazuli_harness::page::Site;
use serde_json::Value;
use std::time::Duration;

/// A room where channels and pages meet.
struct Room {
    name: String,
    lines: Vec<String>,
}

impl Component for Room {
    fn render(&self) -> impl Render {
        html! {
            ol { @for (at, line) in self.lines.iter().enumerate() key=(at) { li { (line) } } }
            form on:submit="say" { input name="line"; button { "Say" } }
        }
    }

    fn on_mount(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.name);
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event<'_>) -> Result {
        let data: Value = event.read()?;
        cx.to_room(&self.name).text(data["fields"]["line"].as_str().unwrap_or_default());
        cx.set_value("input", "");
        Ok(())
    }

    fn on_channel_message(&mut self, _: &mut Context, message: &ChannelMessage<'_>) -> Result {
        self.lines.extend(message.text().map(str::to_owned));
        Ok(())
    }
}

struct RoomChannel(String);

impl Channel for RoomChannel {
    fn on_connect(&mut self, cx: &mut Context) -> Result {
        cx.join(&self.0);
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        cx.to_room(&self.0).text(text);
        Ok(())
    }
}

fn rooms() -> Site {
    let mut routes = routes();
    routes.channel("/rooms/:name", |join| Ok(RoomChannel(join.param("name").into()))).unwrap();
    let room = routes.component("room", |_, name: String| Ok(Room { name, lines: Vec::new() })).unwrap();
    show(&mut routes, "/room", room, "lobby".to_owned());
    Site::new(routes, ())
}

/// Two browsers and a WebSocket client talk.
fn talk(site: &Site) {
    let (ada, bob) = (site.session(), site.session());
    let first = ada.visit("/room").unwrap();
    let second = bob.visit("/room").unwrap();
    assert_ne!(ada.cookie("lazuli_session"), bob.cookie("lazuli_session"));
    let raw = site.connect("/rooms/lobby").unwrap();
    first.type_into("input", "hi");
    first.click_text("Say");
    raw.send("hello <b>");
    second.type_into("input", "hey");
    second.key("input", "Enter");
    assert_eq!(first.texts("li"), ["hi", "hello <b>", "hey"]);
    assert_eq!(second.texts("li"), first.texts("li"));
    assert_eq!(raw.sent_messages(), ["hi", "hello <b>", "hey"]);
    first.disconnect();
    raw.send("who is there?");
    first.reconnect();
    assert_eq!((first.count("li"), second.count("li")), (0, 4), "a page that comes back is mounted anew");
    raw.close();
    drop(second);
    site.wait(Duration::from_secs(100));
    assert_eq!(site.stats().connections, 1, "a page answers pings");
}

#[test]
fn two_browsers_and_a_client_in_a_room() {
    talk(&rooms());
}

#[test]
fn a_test_that_runs_again_sees_the_same() {
    let traces: Vec<String> = (0..2)
        .map(|_| {
            let site = rooms();
            talk(&site);
            site.trace()
        })
        .collect();
    assert!(traces[0].lines().count() > 30 && traces[0].contains("who is there?"), "{}", traces[0]);
    assert_eq!(traces[0], traces[1]);
}
