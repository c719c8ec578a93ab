//! Users: whose a connection is, and what follows from it.

mod common;

use common::{World, backplane, quiet};
use lazuli::{Cause, Command, Config, ConnId, Frame, Input, Kind, Limits, Link, Receivers, Request};
use serde_json::json;

impl World {
    /// An open connection of this user.
    fn user(&mut self, user: &'static str) -> ConnId {
        let conn = self.open();
        self.run(conn, move |cx| {
            cx.identify(user);
            Ok(())
        });
        conn
    }
}

#[test]
fn what_is_sent_to_a_user_reaches_every_tab() {
    let mut world = World::default();
    let (a1, a2, b) = (world.user("ada"), world.user("ada"), world.user("bob"));
    let nobody = world.open();
    world.job(move |cx| {
        cx.to_user("ada").text("to ada");
        cx.to_users(["ada", "bob", "ada", "eve"]).except(a1).text("to both");
        cx.to_all().except_user("ada").text("to others");
        Ok(())
    });
    assert_eq!(world.got(a1), ["to ada"]);
    assert_eq!(world.got(a2), ["to ada", "to both"]);
    assert_eq!(world.got(b), ["to both", "to others"]);
    assert_eq!(world.got(nobody), ["to others"]);
    world.job(|cx| {
        assert_eq!(cx.users().collect::<Vec<_>>(), [("ada", 2), ("bob", 1)]);
        assert!(cx.is_online("ada") && !cx.is_online("eve"));
        Ok(())
    });
    assert_eq!((world.stats().users, world.stats().panics), (2, 0));
    world.closed(a1, Cause::Lost);
    world.closed(a2, Cause::Lost);
    assert_eq!(world.stats().users, 1);
}

#[test]
fn a_room_can_leave_out_a_user() {
    let mut world = World::default();
    let (a1, a2, b) = (world.user("ada"), world.user("ada"), world.user("bob"));
    for conn in [a1, a2, b] {
        world.join(conn, "room");
    }
    world.run(a1, |cx| {
        cx.to_room("room").except_user("ada").text("x");
        cx.to_room("room").except_user("eve").text("y");
        Ok(())
    });
    assert_eq!(
        (world.got(a1), world.got(a2), world.got(b)),
        (vec!["y".into()], vec!["y".into()], vec!["x".into(), "y".into()])
    );
}

#[test]
fn a_connection_is_one_user_s_for_good() {
    let mut world = World::default();
    let conn = world.user("ada");
    world.run(conn, |cx| {
        assert_eq!(cx.user(), Some("ada"));
        cx.identify("ada");
        Ok(())
    });
    world.run(conn, |cx| {
        cx.identify("bob");
        Ok(())
    });
    assert_eq!((world.stats().errors, world.stats().users), (1, 1));
    let other = world.open();
    for name in ["", "a\nb", &"x".repeat(256)] {
        let name = name.to_owned();
        world.run(other, move |cx| {
            cx.identify(&name);
            Ok(())
        });
        assert!(world.got(other)[0].contains("BAD_USER"));
    }
    world.run(other, |cx| {
        assert_eq!(cx.user(), None);
        cx.identify("bob");
        assert_eq!(cx.user(), Some("bob"));
        Err(lazuli::Error::reply("no"))
    });
    world.run(other, |cx| {
        assert_eq!(cx.user(), None, "what failed did not happen");
        Ok(())
    });
}

#[test]
fn closing_a_user_closes_every_tab_and_nobody_else() {
    let mut world = World::default();
    let (a1, a2, b) = (world.user("ada"), world.user("ada"), world.user("bob"));
    world.job(|cx| {
        cx.close_user("ada", 1008, "revoked");
        Ok(())
    });
    assert_eq!((world.got(a1), world.got(a2)), (vec!["close 1008 revoked".into()], vec!["close 1008 revoked".into()]));
    assert!(world.got(b).is_empty() && world.stats().users == 1);
    world.input(Input::Command(Command::CloseUser { user: "bob".into(), code: 7, reason: "odd code".into() }));
    assert_eq!(world.got(b), ["close 1000 odd code"]);
}

#[test]
fn commands_reach_users() {
    let mut world = World::default();
    let (a1, a2) = (world.user("ada"), world.user("ada"));
    let frame = Frame::new(Kind::Text, b"hi");
    world.input(Input::Command(Command::send_except(
        Receivers::Users(vec!["ada".into(), "eve".into()]),
        vec![a1],
        frame,
    )));
    assert_eq!((world.got(a1).len(), world.got(a2)), (0, vec!["hi".into()]));
}

#[test]
fn a_user_has_at_most_so_many_connections() {
    let mut world = World::new(Config { per_user: 2, ..Config::default() }, quiet());
    let first = world.user("ada");
    world.user("ada");
    let third = world.open();
    world.run(third, |cx| {
        cx.identify("ada");
        Ok(())
    });
    assert!(world.got(third)[0].contains("TOO_MANY_CONNECTIONS"));
    world.script.on("connect", |cx, _| {
        cx.identify("ada");
        Ok(())
    });
    let fourth = world.open();
    assert_eq!(world.got(fourth), ["close 1008 Too many connections of this user"]);
    world.closed(fourth, Cause::Done);
    world.closed(first, Cause::Lost);
    let fifth = world.open();
    assert!(world.got(fifth).is_empty());
    // Channels of one socket count once.
    world.script.on("connect", |cx, _| {
        cx.identify("bob");
        Ok(())
    });
    let sockets = [world.open_at("/spark"), world.open_at("/spark"), world.open_at("/spark")];
    let subscribe = |world: &mut World, socket: ConnId, channel: &str| {
        world.message(socket, &json!({ "type": "subscribe", "channel": channel, "ref": 1 }).to_string());
        world.got(socket).concat().contains(r#""ok""#)
    };
    assert!(["/chat/a/1", "/chat/a/2", "/chat/a/3"].iter().all(|channel| subscribe(&mut world, sockets[0], channel)));
    assert!(subscribe(&mut world, sockets[1], "/probe"));
    assert!(!subscribe(&mut world, sockets[2], "/probe"));
    assert!(subscribe(&mut world, sockets[1], "/chat/a/1"));
}

#[test]
fn users_are_reached_through_the_backplane() {
    let mut worlds = [World::new(backplane(1), Limits::default()), World::new(backplane(2), Limits::default())];
    let (here, there) = (worlds[0].user("ada"), worlds[1].user("ada"));
    let bob = worlds[1].user("bob");
    worlds[0].job(|cx| {
        cx.to_user("ada").text("hi");
        cx.to_all().except_user("ada").text("others");
        Ok(())
    });
    assert!(worlds[0].got(here).is_empty(), "it is delivered when it comes back");
    let mut offset = 0;
    pass_on(&mut worlds, &mut offset);
    assert_eq!((worlds[0].got(here), worlds[1].got(there)), (vec![String::from("hi")], vec!["hi".into()]));
    assert_eq!(worlds[1].got(bob), ["others"]);
    // A close is done here at once, also while the backplane is away, and reaches the others before all that waits.
    worlds[0].input(Input::Backplane(Link::Lost));
    worlds[0].job(|cx| {
        cx.close_user("ada", 1008, "out");
        Ok(())
    });
    assert_eq!(worlds[0].got(here), ["close 1008 out"]);
    for _ in 0..100 {
        worlds[0].job(|cx| {
            cx.to_all().binary(&[0; 60_000]);
            Ok(())
        });
    }
    worlds[0].input(Input::Backplane(Link::Up));
    pass_on(&mut worlds, &mut offset);
    assert_eq!(worlds[1].got(there), ["close 1008 out"]);
}

/// Hands what the first hub has published to all.
fn pass_on(worlds: &mut [World; 2], offset: &mut u64) {
    let published = std::mem::take(&mut worlds[0].bus);
    for published in published {
        let common::Bus::Publish(topic, message) = published else { continue };
        *offset += 1;
        let position = lazuli::Position { epoch: 1, offset: *offset };
        for world in &mut *worlds {
            world.input(Input::Published { topic: &topic, position, message: &message });
        }
    }
}

#[test]
fn what_is_noted_of_a_connection_can_be_looked_up() {
    let mut world = World::default();
    let conn = world.open_at("/chat/a/1");
    world.run(conn, |cx| {
        cx.identify("ada");
        cx.set_metadata(&json!({ "client": "phone" }));
        Ok(())
    });
    world.job(move |cx| {
        let info = cx.conn_info(conn).unwrap();
        assert_eq!((info.route, info.user), ("/chat/:room/:seat", Some("ada")));
        assert_eq!(info.metadata, Some(&json!({ "client": "phone" })));
        assert_eq!(cx.user_conns("ada").collect::<Vec<_>>(), [conn]);
        let stats = cx.route_stats("/chat/:room/:seat").unwrap();
        assert_eq!((stats.connections, stats.opened, stats.messages_in, stats.errors), (1, 1, 1, 0));
        Ok(())
    });
    assert_eq!(world.stats().panics, 0);
    world.closed(conn, Cause::Lost);
    assert_eq!(world.stats().routes.iter().map(|route| route.connections).sum::<u64>(), 0);
}

#[test]
fn what_is_noted_when_a_connection_opens_stays_when_its_address_is_forgotten() {
    let mut world = World::default();
    world.script.on("connect", |cx, _| {
        cx.set_metadata(&json!({ "client": "phone" }));
        Ok(())
    });
    let request = Request::get("/probe").unwrap().with_peer("10.0.0.1:1".parse().unwrap());
    let conn = world.hub.open(world.now, request).unwrap();
    world.input(Input::Opened { conn });
    world.job(move |cx| {
        assert_eq!(cx.conn_info(conn).unwrap().metadata, Some(&json!({ "client": "phone" })));
        Ok(())
    });
    assert_eq!(world.stats().panics, 0);
}

#[test]
fn a_user_who_has_too_many_sockets_is_refused_and_counted() {
    let mut world = World::new(Config { per_user: 1, ..Config::default() }, quiet());
    world.open_at("/spark?user=ada");
    for count in 1..3 {
        let refused = world.request("/spark?user=ada").unwrap_err();
        assert_eq!((refused.status, world.stats().crowded), (429, count));
    }
    world.open_at("/spark?user=bob");
}

#[test]
fn a_user_shows_in_a_room_with_at_most_so_many_connections() {
    let mut world = World::new(Config { per_user: 2, ..Config::default() }, quiet());
    world.script.on("message", |cx, _| {
        cx.track("room", &json!({}));
        Ok(())
    });
    let socket = world.open_at("/spark?user=ada");
    let mut track = |seat: u32, expected: &str| {
        let channel = format!("/chat/a/{seat}");
        world.message(socket, &json!({ "type": "subscribe", "channel": channel, "ref": 1 }).to_string());
        world.got(socket);
        world.message(socket, &json!({ "type": "message", "channel": channel, "data": "", "ref": 2 }).to_string());
        let got = world.got(socket).concat();
        assert!(got.contains(expected), "{seat}: {got}");
    };
    track(1, r#""status":"ok""#);
    track(2, r#""status":"ok""#);
    track(3, "Too many connections of this user in this room");
    // Who shows there already may say something else of themselves.
    track(2, r#""status":"ok""#);
}
