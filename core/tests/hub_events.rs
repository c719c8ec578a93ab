//! What reaches the application and comes from it: effects, events, sends from outside, and pages.

mod common;

use common::*;
use lazuli::handle::Remote;
use lazuli::{Cause, Command, Config, ConnId, Error, Frame, Handle, Kind, Limits, Receivers, Request, Response};
use std::sync::{Arc, mpsc};

#[test]
fn effects_come_out_in_order_between_the_other_outputs() {
    let mut world = World::default();
    let a = world.open();
    world.run(a, |cx| {
        cx.effect(Order("one".into()));
        cx.text("x");
        cx.effect(Order("two".into()));
        Ok(())
    });
    assert_eq!((world.effects.clone(), world.got(a)), (vec!["one".into(), "two".into()], vec!["x".into()]));
}

#[test]
fn an_event_comes_to_the_application_which_may_hand_it_on() {
    let mut world = World::default();
    let (a, b) = (world.member("room"), world.open());
    world.input(lazuli::Input::App(Event::Word("for the application")));
    assert_eq!(world.hub.app().words, ["for the application"]);
    world.forget();
    world.job(|cx| {
        cx.to_room("room").event(Event::Word("for the room"));
        cx.to_all().event(Event::Word("for all"));
        Ok(())
    });
    let told = world.script.told();
    assert_eq!(told, [(a, "event for the room".into()), (a, "event for all".into()), (b, "event for all".into())]);
}

#[test]
fn an_event_for_several_rooms_comes_once_to_each_instance() {
    let mut world = World::default();
    let (both, one) = (world.member("1"), world.member("1"));
    world.join(both, "2");
    world.forget();
    world.job(|cx| {
        cx.to_rooms(["1", "2", "2"]).event(Event::Word("x"));
        Ok(())
    });
    let told = world.script.told();
    assert_eq!(told, [(both, "event x".into()), (one, "event x".into())]);
}

#[test]
fn events_know_exceptions() {
    let mut world = World::default();
    let (a, b) = (world.member("room"), world.member("room"));
    world.forget();
    world.run(a, move |cx| {
        cx.to_room("room").except(a).event(Event::Word("not a"));
        cx.to_all().except(b).event(Event::Word("not b"));
        Ok(())
    });
    assert_eq!(world.script.told(), [(b, "event not a".into()), (a, "event not b".into())]);
}

#[test]
fn an_event_for_a_connection_that_ends_before_its_turn_is_not_told() {
    let mut world = World::default();
    let (a, b) = (world.member("room"), world.member("room"));
    world.forget();
    world.run(a, move |cx| {
        cx.to_conn(b).event(Event::Word("late"));
        cx.close_conn(b, 1000, "");
        Ok(())
    });
    assert_eq!(world.told(b), ["close 1000"]);
}

#[test]
fn an_event_that_answers_an_event_comes_after_those_that_were_on_their_way() {
    let mut world = World::default();
    let (a, b) = (world.member("room"), world.member("room"));
    world.script.on("event", move |cx, word| {
        if word == "first" && cx.conn() == a {
            cx.to_room("room").event(Event::Word("second"));
        }
        Ok(())
    });
    world.forget();
    world.job(|cx| {
        cx.to_room("room").event(Event::Word("first"));
        Ok(())
    });
    let words: Vec<String> = world.script.told().into_iter().map(|(_, what)| what).collect();
    assert_eq!(words, ["event first", "event first", "event second", "event second"]);
    assert_eq!(world.hub.count("room"), 2);
    world.closed(b, Cause::Lost);
}

/// A handle, and what it hands over.
fn handle() -> (Handle<TestApp>, mpsc::Receiver<Remote<Event>>) {
    let (submit, inbox) = mpsc::channel();
    let handle = Handle::new(move |remote| {
        let _ = submit.send(remote);
    });
    (handle, inbox)
}

fn deliver(world: &mut World, inbox: &mpsc::Receiver<Remote<Event>>) {
    while let Ok(remote) = inbox.try_recv() {
        world.input(remote.into_input());
    }
}

#[test]
fn a_handle_sends_like_a_callback() {
    let mut world = World::default();
    let (a, b, c) = (world.member("1"), world.member("1"), world.open());
    world.join(a, "2");
    let (handle, inbox) = handle();
    handle.to_conn(c).json("you").unwrap();
    handle.broadcast("1", "room").unwrap();
    handle.to_rooms(["1", "2"]).json("rooms").unwrap();
    handle.to_all().json("all").unwrap();
    handle.to_room("1").except(a).binary(&[7]);
    handle.to_all().except(a).except(b).text("only c");
    handle.event(Event::Word("event"));
    handle.clone().close(b, 4000, "bye");
    assert!(format!("{handle:?}").starts_with("Handle"));
    deliver(&mut world, &inbox);
    assert_eq!(world.got(a), ["\"room\"", "\"rooms\"", "\"all\""]);
    assert_eq!(world.got(b), ["\"room\"", "\"rooms\"", "\"all\"", "binary [7]", "close 4000 bye"]);
    assert_eq!(world.got(c), ["\"you\"", "\"all\"", "only c"]);
    assert_eq!(world.hub.app().words, ["event"]);
}

#[test]
fn a_handle_says_at_once_what_is_no_json() {
    let (handle, inbox) = handle();
    assert!(handle.broadcast("1", &Unwritable).is_err());
    assert!(handle.to_conn(ConnId::from_u64(1).unwrap()).json(&Unwritable).is_err());
    assert!(handle.to_all().json(&Unwritable).is_err());
    assert!(inbox.try_recv().is_err());
}

#[test]
fn a_close_from_outside_always_has_a_code_that_may_be_sent() {
    let mut world = World::default();
    for (code, expected) in
        [(1000, 1000), (4999, 4999), (1013, 1013), (1005, 1000), (0, 1000), (2000, 1000), (u16::MAX, 1000)]
    {
        let conn = world.open();
        world.input(lazuli::Input::Command(Command::Close { conn, code, reason: "x".into() }));
        assert_eq!(world.got(conn), [format!("close {expected} x")]);
    }
}

#[test]
fn a_user_can_be_closed_from_outside() {
    let mut world = World::default();
    let (ada, other) = (world.open(), world.open());
    world.run(ada, |cx| {
        cx.identify("ada");
        Ok(())
    });
    let (handle, inbox) = handle();
    handle.close_user("ada", 4000, "bye");
    deliver(&mut world, &inbox);
    assert_eq!((world.got(ada), world.got(other)), (vec!["close 4000 bye".into()], vec![]));
}

#[test]
fn a_frame_that_no_peer_would_take_is_not_sent() {
    let mut world = World::default();
    let conn = world.open();
    world.forget();
    let mut send = |kind, payload: &[u8]| {
        let (to, frame) = (Receivers::Conn(conn), Frame::new(kind, payload));
        world.input(lazuli::Input::Command(Command::Send { to, except: vec![], except_users: vec![], frame }));
        (world.got(conn).len(), std::mem::take(&mut world.logs).len())
    };
    assert_eq!(send(Kind::Text, b"fine"), (1, 0));
    assert_eq!(send(Kind::Text, &[0xff]), (0, 1));
    assert_eq!(send(Kind::Binary, &[0xff]), (1, 0));
    assert_eq!(send(Kind::Ping, &[0; 125]), (1, 0));
    assert_eq!(send(Kind::Ping, &[0; 126]), (0, 1));
    world.run(conn, |cx| {
        cx.ping(&[0; 125]);
        Ok(())
    });
    assert_eq!(world.got(conn), [format!("ping {:?}", [0; 125])]);
    world.run(conn, |cx| {
        cx.ping(&[0; 126]);
        Ok(())
    });
    assert_eq!(world.got(conn), [common::internal()]);
}

#[test]
fn a_send_from_outside_to_who_is_gone_goes_nowhere() {
    let mut world = World::default();
    let a = world.open();
    world.closed(a, Cause::Lost);
    let (handle, inbox) = handle();
    handle.to_conn(a).json("x").unwrap();
    handle.close(a, 1000, "");
    handle.broadcast("nobody", "x").unwrap();
    handle.to_rooms([""; 0]).json("x").unwrap();
    world.forget();
    deliver(&mut world, &inbox);
    assert_eq!((world.sends.len(), world.closes.len()), (0, 0));
}

fn with_pages() -> World {
    let mut routes = routes(&Arc::default(), Limits::default());
    routes
        .get("/hello/:name", |_, request| Ok(Response::text(format!("hello {}", request.param("name").unwrap()))))
        .unwrap();
    routes
        .post("/notify", |cx, request| {
            cx.to_all().text(std::str::from_utf8(request.body())?);
            cx.update(|app| app.value += 1);
            Ok(Response::json(&b"{}"[..]).with_status(202))
        })
        .unwrap();
    routes.get("/fails", |_, _| Err(Error::validation("no such page today"))).unwrap();
    routes.get("/breaks", |_, _| Err(Error::internal("secret"))).unwrap();
    routes.get("/panics", |_, _| panic!("secret")).unwrap();
    World::with(Config::default(), routes, Arc::default())
}

fn page(world: &mut World, request: Request) -> (u16, String) {
    let response = world.hub.respond(world.now, request);
    world.drain();
    (response.status_code(), String::from_utf8(response.body().into()).unwrap())
}

#[test]
fn a_page_answers_with_its_parameters_and_may_send_to_channels() {
    let mut world = with_pages();
    let conn = world.open_at("/minimal");
    assert_eq!(page(&mut world, Request::get("/hello/ad%20a").unwrap()), (200, "hello ad a".into()));
    let notify = Request::post("/notify").unwrap().with_body("news");
    assert_eq!(page(&mut world, notify), (202, "{}".into()));
    assert_eq!((world.got(conn), world.hub.app().value), (vec!["news".into()], 1));
}

#[test]
fn a_page_that_fails_says_what_the_peer_may_know() {
    let mut world = with_pages();
    let mut get = |target| page(&mut world, Request::get(target).unwrap());
    assert_eq!(get("/fails"), (400, "Validation failed: no such page today\n".into()));
    assert_eq!(get("/breaks"), (500, "Internal server error\n".into()));
    assert_eq!(get("/panics"), (500, "Internal server error\n".into()));
    let bad = Request::post("/notify").unwrap().with_body([0xff]);
    assert_eq!(page(&mut world, bad), (500, "Internal server error\n".into()));
    assert_eq!((world.stats().errors, world.stats().panics, world.hub.app().value), (3, 1, 0));
    for secret in ["secret", "invalid utf-8"] {
        assert!(world.logs.iter().any(|record| record.detail.as_ref().is_some_and(|detail| detail.contains(secret))));
    }
}

#[test]
fn what_is_no_page_gets_a_status_that_says_so() {
    let mut world = with_pages();
    let mut status = |request| page(&mut world, request).0;
    assert_eq!(status(Request::get("/nothing").unwrap()), 404);
    assert_eq!(status(Request::post("/nothing").unwrap()), 404);
    assert_eq!(status(Request::post("/hello/ada").unwrap()), 405);
    assert_eq!(status(Request::get("/notify").unwrap()), 405);
    assert_eq!(status(Request::get("/probe").unwrap()), 426);
    assert_eq!(status(Request::new(lazuli::request::Method::Head, "/hello/ada").unwrap()), 200);
}

#[test]
fn statuses_that_need_a_header_have_it() {
    let mut world = with_pages();
    let mut header = |request: Request, name: &str| {
        let response = world.hub.respond(world.now, request);
        response.headers().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    assert_eq!(header(Request::post("/hello/ada").unwrap(), "allow").as_deref(), Some("GET, HEAD"));
    assert_eq!(header(Request::get("/notify").unwrap(), "allow").as_deref(), Some("POST"));
    assert_eq!(header(Request::get("/probe").unwrap(), "upgrade").as_deref(), Some("websocket"));
    assert_eq!(header(Request::get("/probe").unwrap(), "connection").as_deref(), Some("Upgrade"));
    assert_eq!(header(Request::post("/probe").unwrap(), "allow").as_deref(), Some("GET"));
}

#[test]
fn random_numbers_come_from_the_seed() {
    let draw = |seed| {
        let mut world = World::new(Config { seed, ..Config::default() }, Limits::default());
        let a = world.open();
        world.run(a, |cx| {
            let numbers = [cx.random(), cx.random(), cx.random()];
            cx.send(&numbers);
            Ok(())
        });
        world.got(a)
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn random_numbers_are_those_of_splitmix64() {
    let mut world = World::new(Config { seed: 1_234_567, ..Config::default() }, quiet());
    world.job(|cx| {
        let words: Vec<String> = (0..5).map(|_| cx.random().to_string()).collect();
        cx.update(move |app| app.words = words);
        Ok(())
    });
    // As its reference gives them for this seed.
    let expected = [
        "6457827717110365317",
        "3203168211198807973",
        "9817491932198370423",
        "4593380528125082431",
        "16408922859458223821",
    ];
    assert_eq!(world.hub.app().words, expected);
}
