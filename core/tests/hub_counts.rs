//! What the hub counts is what has happened.

mod common;

use common::components::{answered, site};
use common::{World, quiet, seconds};
use lazuli::{Batching, Cause, Command, Config, ConnId, Error, Frame, Input, Kind, Limits, Receivers, RouteStats};
use serde_json::json;

impl World {
    fn route(&self, route: &str) -> &RouteStats {
        self.stats().routes.iter().find(|found| &*found.route == route).expect("a route")
    }

    fn subscribe(&mut self, socket: ConnId, channel: &str) {
        self.say(socket, json!({ "type": "subscribe", "channel": channel, "ref": 1 }));
    }
}

#[test]
fn a_route_counts_what_is_its_own() {
    let mut world = World::default();
    let (first, second) = (world.open(), world.open());
    let socket = world.open_at("/spark");
    world.subscribe(socket, "/probe");
    world.subscribe(socket, "/members");
    world.subscribe(socket, "/members");
    assert!(world.request("/members").is_err());
    world.message(first, "four");
    world.say(socket, json!({ "type": "message", "channel": "/probe", "data": "seven..", "ref": 2 }));
    for conn in [first, second] {
        world.script.next(|_| Err(Error::reply("no")));
        world.message(conn, "");
    }
    world.script.next(|_| panic!("a panic"));
    world.message(second, "");
    let probe = world.route("/probe");
    assert_eq!((probe.connections, probe.opened, probe.refused), (3, 3, 0));
    assert_eq!((probe.messages_in, probe.bytes_in, probe.errors), (5, 11, 3));
    assert_eq!((world.route("/members").refused, world.route("/members").opened), (3, 0));
    assert_eq!((world.stats().errors, world.stats().panics), (2, 1));
    world.closed(second, Cause::Done);
    assert_eq!(world.route("/probe").connections, 2);
    world.say(socket, json!({ "type": "unsubscribe", "channel": "/probe" }));
    world.closed(first, Cause::Lost);
    assert_eq!((world.route("/probe").connections, world.route("/probe").opened), (0, 3));
    assert_eq!(world.route("/spark").connections, 1);
    world.closed(socket, Cause::Lost);
    assert_eq!(world.route("/spark").connections, 0);
}

#[test]
fn a_frame_counts_once_for_each_receiver() {
    let mut world = World::default();
    let (a, b) = (world.member("1"), world.member("1"));
    world.join(b, "2");
    let socket = world.open_at("/spark");
    world.subscribe(socket, "/probe");
    let mut so_far = world.stats().frames_out;
    let mut sent = |world: &mut World| {
        let before = std::mem::replace(&mut so_far, world.stats().frames_out);
        so_far - before
    };
    world.job(move |cx| {
        cx.to_conn(a).text("one");
        Ok(())
    });
    assert_eq!(sent(&mut world), 1);
    world.job(|cx| {
        cx.to_room("1").text("two");
        Ok(())
    });
    assert_eq!(sent(&mut world), 2);
    world.job(|cx| {
        cx.to_rooms(["1", "2"]).text("two, though one is in both");
        Ok(())
    });
    assert_eq!(sent(&mut world), 2);
    world.job(|cx| {
        cx.to_all().text("the socket's channel too");
        Ok(())
    });
    assert_eq!(sent(&mut world), 3);
}

#[test]
fn a_batch_counts_when_it_is_handed_over_however_that_comes() {
    let batch = Some(Batching { most: 2, within: seconds(1) });
    let mut world = World::new(Config::default(), Limits { batch, ..quiet() });
    let conn = world.open();
    world.message(conn, "full");
    world.message(conn, "full");
    assert_eq!(world.stats().batches, 1);
    world.message(conn, "in time");
    world.pass(seconds(1));
    assert_eq!(world.stats().batches, 2);
    world.message(conn, "the last");
    world.closed(conn, Cause::Lost);
    assert_eq!(world.stats().batches, 3);
    let conn = world.open();
    world.message(conn, "before it is closed from outside");
    world.input(Input::Command(Command::Close { conn, code: 1000, reason: String::new() }));
    assert_eq!(world.stats().batches, 4);
}

#[test]
fn what_comes_too_late_counts_as_stale() {
    let mut world = World::default();
    let conn = world.open();
    world.closed(conn, Cause::Lost);
    let before = world.stats().stale;
    let to = Receivers::Conn(conn);
    let frame = Frame::new(Kind::Text, b"hello");
    world.input(Input::Command(Command::Send { to, except: Vec::new(), except_users: Vec::new(), frame }));
    world.input(Input::Command(Command::Close { conn, code: 1000, reason: String::new() }));
    world.closed(conn, Cause::Lost);
    world.message(conn, "hello");
    assert_eq!(world.stats().stale - before, 4);
}

#[test]
fn a_component_counts_for_the_route_of_its_name() {
    let mut world = site();
    let browser = world.mounted();
    let (messages, bytes) = (world.stats().messages_in, world.stats().bytes_in);
    for _ in 0..2 {
        world.ask(browser.socket, 1, "add", json!({ "by": 1 }));
        assert_eq!(world.heard(browser.socket)[0], answered());
    }
    let widget = world.route("widget");
    assert_eq!((widget.connections, widget.messages_in, widget.bytes_in, widget.refused), (1, 2, 16, 0));
    assert_eq!(world.stats().messages_in - messages, 2);
    assert_eq!(world.stats().bytes_in - bytes, 16);
}
