//! Limits: what is too much is refused, said why, and counted.

mod common;

use common::{World, quiet};
use lazuli::{
    Config, ConnId, Error, Heartbeat, Input, Limits, Message, Origins, Rate, Refused, Request, Time, Timestamp,
};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

impl World {
    fn request_from(&mut self, target: &str, peer: &str) -> Result<ConnId, Refused> {
        let request = Request::get(target).unwrap().with_peer(peer.parse().unwrap());
        let result = self.hub.open(self.now, request);
        self.drain();
        result
    }

    fn open_from(&mut self, target: &str, peer: &str) -> ConnId {
        let conn = self.request_from(target, peer).unwrap();
        self.input(Input::Opened { conn });
        conn
    }
}

fn heartbeat(every: u64, timeout: u64) -> Limits {
    let heartbeat = Heartbeat { every: Duration::from_secs(every), timeout: Duration::from_secs(timeout) };
    Limits { heartbeat: Some(heartbeat), ..Limits::default() }
}

#[test]
fn messages_over_the_rate_get_an_error_and_then_a_close() {
    let rate = Rate { per_second: 2, burst: 3 };
    let mut world = World::new(Config::default(), Limits { rate, ..quiet() });
    let conn = world.open();
    world.script.told();
    for _ in 0..3 {
        world.message(conn, "m");
    }
    assert_eq!((world.told(conn).len(), world.got(conn).len()), (3, 0));
    world.input(Input::Message { conn, message: Message::Binary(b"m") });
    let got = world.got(conn);
    assert!(got[0].contains(r#""message":"Too many messages; at most 2 a second","code":"RATE_LIMITED""#), "{got:?}");
    world.pass(SECOND / 2);
    world.message(conn, "m");
    assert_eq!((world.told(conn).len(), world.got(conn).len()), (1, 0), "one has come back");
    for _ in 0..3 {
        world.message(conn, "m");
    }
    assert_eq!(world.got(conn).len(), 3);
    world.message(conn, "m");
    assert_eq!(world.got(conn), ["close 1008 Too many messages; at most 2 a second"]);
    assert_eq!(
        (world.told(conn), world.stats().rate_limited),
        (vec![String::from("close 1008 Too many messages; at most 2 a second")], 5)
    );
}

#[test]
fn one_address_has_at_most_so_many_connections() {
    let mut world = World::new(Config { per_address: 2, ..Config::default() }, quiet());
    let first = world.open_from("/probe", "10.0.0.1:1");
    world.open_from("/probe", "10.0.0.1:2");
    let refused = world.request_from("/probe", "10.0.0.1:3").unwrap_err();
    assert_eq!((refused.status, refused.retry_after.is_some(), world.stats().crowded), (429, true, 1));
    world.open_from("/probe", "10.0.0.2:1");
    world.open_from("/probe", "[2001:db8::1]:1");
    world.open_from("/probe", "[2001:db8::2]:1");
    assert_eq!(world.request_from("/probe", "[2001:db8::3]:1").unwrap_err().status, 429, "one network of IPv6");
    world.closed(first, lazuli::Cause::Lost);
    world.open_from("/probe", "10.0.0.1:4");
}

#[test]
fn requests_over_the_rate_are_asked_to_come_back() {
    let accepted = Rate { per_second: 1, burst: 2 };
    let mut world = World::new(Config { accepted, ..Config::default() }, quiet());
    world.open();
    world.open();
    let refused = world.request("/probe").unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (503, Some(1)));
    world.pass(SECOND);
    world.open();
}

#[test]
fn an_address_that_fails_too_often_is_locked_out_for_a_while() {
    let failures = Rate { per_second: 1, burst: 3 };
    let mut world = World::new(Config { failures, ..Config::default() }, quiet());
    world.script.on("connect", |cx, _| match cx.random() {
        _ if cx.now() < lazuli::Time::from_micros(1_000) => Err(Error::close(1008, "Authentication required")),
        _ => Ok(()),
    });
    let status = |world: &mut World, target: &str, peer: &str| {
        world.request_from(target, peer).map_err(|refused| refused.status)
    };
    assert_eq!(status(&mut world, "/members", "10.0.0.1:1"), Err(403));
    assert_eq!(status(&mut world, "/chat/a/taken", "10.0.0.1:1"), Err(409), "which is no failure to show who it is");
    assert_eq!(status(&mut world, "/nowhere", "10.0.0.1:1"), Err(404));
    world.open_from("/probe", "10.0.0.1:1");
    assert_eq!(status(&mut world, "/members", "10.0.0.1:1"), Err(403));
    let refused = world.request_from("/probe", "10.0.0.1:1").unwrap_err();
    assert_eq!((refused.status, refused.retry_after), (429, Some(2)));
    assert_eq!(world.stats().locked_out, 1);
    assert!(status(&mut world, "/probe", "10.0.0.2:1").is_ok(), "others are not concerned");
    world.pass(SECOND);
    assert!(status(&mut world, "/probe", "10.0.0.1:1").is_ok());
}

#[test]
fn only_who_may_not_come_in_counts_as_a_failure() {
    let failures = Rate { per_second: 1, burst: 1 };
    let mut world = World::new(Config { failures, ..Config::default() }, quiet());
    world.script.on("connect", |cx, _| Err(Error::close(if cx.now() == Time::ZERO { 4000 } else { 1008 }, "Not now")));
    world.open_from("/probe", "10.0.0.1:1");
    world.open_from("/probe", "10.0.0.1:1");
    world.now = Time::from_micros(1);
    world.open_from("/probe", "10.0.0.1:1");
    assert_eq!(world.request_from("/probe", "10.0.0.1:1").unwrap_err().status, 429);
}

#[test]
fn an_ipv6_network_is_no_ipv4_address() {
    let mut world = World::new(Config { per_address: 1, ..Config::default() }, quiet());
    world.open_from("/probe", "10.0.0.1:1");
    assert!(world.request_from("/probe", "10.0.0.1:2").is_err());
    // The first 64 bits of this one are the number of that one.
    world.open_from("/probe", "[0:0:a00:1::1]:1");
    assert!(world.request_from("/probe", "[0:0:a00:1::2]:1").is_err());
}

#[test]
fn a_spark_socket_s_limits_are_those_that_its_documentation_names() {
    let limits = Limits::spark();
    assert_eq!((limits.frames.text, limits.frames.binary, limits.waiting), (262_144, 4_194_304, 4_194_304));
}

#[test]
fn joins_over_spark_that_fail_count_as_well() {
    let failures = Rate { per_second: 1, burst: 2 };
    let mut world = World::new(Config { failures, ..Config::default() }, quiet());
    let socket = world.open_from("/spark", "10.0.0.1:1");
    for expected in [r#""http":403"#, r#""http":403"#, r#""http":429"#] {
        world.message(socket, r#"{"type":"subscribe","channel":"/members","ref":1}"#);
        assert!(world.got(socket)[0].contains(expected));
    }
}

#[test]
fn pages_of_another_origin_are_refused_before_the_upgrade() {
    let mut world =
        World::new(Config { origins: Origins::list(["https://app.example.com"]), ..Config::default() }, quiet());
    let mut status = |origin: &str| {
        let request = Request::get("/probe").unwrap().with_header("Host", "ws.example.com").unwrap();
        world
            .hub
            .open(world.now, request.with_header("Origin", origin).unwrap())
            .map_or_else(|refused| refused.status, |_| 101)
    };
    assert_eq!((status("https://app.example.com"), status("https://ws.example.com")), (101, 101));
    assert_eq!((status("https://app.example.com.evil.tld"), status("null")), (403, 403));
}

#[test]
fn a_silent_peer_is_pinged_and_then_closed() {
    let mut world = World::new(Config::default(), heartbeat(30, 10));
    let conn = world.open();
    world.pass(SECOND * 29);
    assert!(world.got(conn).is_empty());
    world.pass(SECOND);
    assert_eq!(world.got(conn), [format!("ping {:?}", b"heartbeat")]);
    world.pass(SECOND * 9);
    assert!(world.got(conn).is_empty());
    world.pass(SECOND);
    assert_eq!(world.got(conn), ["close 1011 Nothing was heard for too long, not even the answer to a ping"]);
    assert_eq!((world.stats().silent, world.hub.poll_timeout()), (1, None));
}

#[test]
fn a_peer_that_gives_a_sign_of_life_is_never_closed() {
    type Sign = fn(ConnId) -> Input<'static, common::Event>;
    let signs: [Sign; 4] = [
        |conn| Input::Pong { conn, bytes: b"heartbeat" },
        |conn| Input::Ping { conn, bytes: b"" },
        |conn| Input::Message { conn, message: Message::Text("m") },
        |conn| Input::Alive { conn },
    ];
    for sign in signs {
        let mut world = World::new(Config::default(), heartbeat(30, 10));
        let conn = world.open();
        for _ in 0..20 {
            world.pass(SECOND * 29);
            world.input(sign(conn));
        }
        assert!(world.closes.is_empty());
    }
}

#[test]
fn an_answered_ping_comes_again_after_the_whole_period() {
    let mut world = World::new(Config::default(), heartbeat(30, 10));
    let conn = world.open();
    let mut pings = Vec::new();
    for second in 1..=150 {
        world.pass(SECOND);
        if !world.got(conn).is_empty() {
            pings.push(second);
            world.input(Input::Pong { conn, bytes: b"heartbeat" });
        }
    }
    assert_eq!(pings, [30, 60, 90, 120, 150]);
}

#[test]
fn a_permission_that_has_expired_ends_the_right_to_send_and_then_the_connection() {
    let mut world = World::new(Config::default(), Limits { grace: SECOND * 5, ..quiet() });
    let conn = world.open();
    let at = |world: &World, seconds: u64| {
        Timestamp::from_unix_micros(1_000_000_000_000_000 + (world.now.as_micros() + seconds * 1_000_000))
    };
    let soon = at(&world, 10);
    world.run(conn, move |cx| {
        cx.expire_at(soon);
        Ok(())
    });
    world.pass(SECOND * 9);
    world.message(conn, "before");
    assert_eq!(world.told(conn), ["connect", "message before"]);
    let later = at(&world, 10);
    world.run(conn, move |cx| {
        cx.expire_at(later);
        Ok(())
    });
    world.pass(SECOND * 9);
    world.message(conn, "renewed");
    assert_eq!(world.told(conn), ["message renewed"]);
    world.pass(SECOND);
    world.message(conn, "after");
    assert_eq!(world.told(conn), Vec::<String>::new());
    assert!(world.got(conn)[0].contains(r#""message":"Not authenticated""#));
    world.pass(SECOND * 4);
    assert!(world.closes.is_empty());
    world.pass(SECOND);
    assert_eq!(world.got(conn), ["close 1008 Your permission has expired; come back with a new one"]);
    assert_eq!((world.stats().expired, world.stats().timers), (1, 0));
    let gone = world.open();
    world.run(gone, |cx| {
        cx.expire_at(Timestamp::from_unix_micros(1));
        Ok(())
    });
    world.message(gone, "late");
    assert!(world.got(gone)[0].contains("Not authenticated"));
}

#[test]
fn a_period_begins_with_what_was_heard_last() {
    let mut world = World::new(Config::default(), heartbeat(30, 10));
    let conn = world.open();
    world.pass(SECOND * 20);
    world.input(Input::Alive { conn });
    world.pass(SECOND * 29);
    assert!(world.got(conn).is_empty(), "29 s of silence are no 30");
    world.pass(SECOND);
    assert_eq!(world.got(conn), [format!("ping {:?}", b"heartbeat")]);
    // An answer in the last moment begins a period like any other.
    world.pass(SECOND * 9);
    world.input(Input::Pong { conn, bytes: b"heartbeat" });
    world.pass(SECOND * 29);
    assert!(world.got(conn).is_empty());
    world.pass(SECOND * 12);
    assert_eq!(world.closes.len(), 1, "and a silence ends in the same time");
}

#[test]
fn nobody_is_closed_for_a_ping_that_was_not_sent() {
    let mut world = World::new(Config { window: 110, ..Config::default() }, heartbeat(30, 10));
    let conn = world.open();
    world.fast = false;
    world.job(move |cx| {
        cx.to_conn(conn).binary(&[1; 90]);
        cx.to_conn(conn).binary(&[2; 90]);
        Ok(())
    });
    world.pass(SECOND * 30);
    assert!(!world.got(conn).iter().any(|got| got.starts_with("ping")), "behind what waits it would say nothing");
    // The socket took everything at once: that alone is no sign of life, but the ping can go out now.
    world.input(Input::Sent(&[(conn, 92)]));
    assert!(world.got(conn).iter().any(|got| got.starts_with("ping")));
    world.pass(SECOND * 9);
    assert!(world.closes.is_empty());
    world.pass(SECOND);
    assert_eq!(world.closes.len(), 1);
}
