//! The first paint of components, their tokens and sessions, and their templates over HTTP.

mod common;

use common::components::*;
use common::{TestApp, World};
use lazuli::{Config, Request, Response, Routes};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    response.headers().find(|(known, _)| *known == name).map(|(_, value)| value)
}

#[test]
fn a_page_comes_whole() {
    let mut world = site();
    let response = world.get("/show?start=5", None);
    let page = String::from_utf8(response.body().into()).unwrap();
    let (token, shape) = (&attributes(&page, "data-spark")[0], &attributes(&page, "data-shape")[0]);
    assert_eq!(serde_json::from_str::<Value>(shape).unwrap(), json!([WIDGET.name]));
    let shape = shape.replace('"', "&quot;");
    assert_eq!(page, format!(r#"<div data-spark="{token}" data-shape="{shape}"><p>5</p><b></b></div>"#));
    assert!(token.len() < 80 && !token.contains("widget"), "{token}");
    assert_eq!(world.told_components(), [""; 0], "no callback runs for a page that is only read");
    assert_eq!(header(&response, "Cache-Control"), Some("private, no-cache"));
}

#[test]
fn a_request_without_a_session_gets_one() {
    let mut world = site();
    let response = world.get("/show?n=3", None);
    let cookie = header(&response, "Set-Cookie").unwrap();
    let (pair, rest) = cookie.split_once(';').unwrap();
    assert_eq!(rest, " Path=/; HttpOnly; SameSite=Lax");
    let (name, id) = pair.split_once('=').unwrap();
    assert_eq!((name, id.len()), ("lazuli_session", 22));
    assert_eq!(response.headers().filter(|(name, _)| *name == "Set-Cookie").count(), 1, "one for the whole page");
    assert!(set_cookie(&world.get("/show", Some(pair))).is_none(), "who has one keeps it");
    assert!(header(&world.get("/show", Some(pair)), "Cache-Control").is_some());
    for bad in ["lazuli_session=", "lazuli_session=short", "lazuli_session=aaaaaaaaaaaaaaaaaaaaa!", "other=x"] {
        assert!(set_cookie(&world.get("/show", Some(bad))).is_some(), "{bad}");
    }
    assert_ne!(set_cookie(&world.get("/show", None)), set_cookie(&world.get("/show", None)));
    assert!(header(&world.get("/page", None), "Set-Cookie").is_none(), "only pages that show a component");
    let secure = Config { secure_cookies: true, ..Config::default() };
    let response = site_with(secure, common::quiet()).get("/show", None);
    assert!(header(&response, "Set-Cookie").unwrap().ends_with("; Secure"));
}

#[test]
fn a_maker_that_refuses_or_panics_fails_the_page() {
    let mut world = site();
    let refused = world.get("/show?start=-1", None);
    assert_eq!((refused.status_code(), refused.body()), (403, &b"At least 0\n"[..]));
    assert!(header(&refused, "Set-Cookie").is_none());
    assert_eq!(world.get("/show?start=99", None).status_code(), 500);
    assert_eq!(world.get("/show?start=1", None).status_code(), 200);
}

#[test]
fn without_a_secret_nothing_is_shown() {
    let script = Arc::new(common::Script::default());
    let routes = site_routes(&script, common::quiet());
    let mut world = World::with(Config::default(), routes, script);
    assert_eq!(world.get("/show", None).status_code(), 500);
    let log = world.logs.iter().filter_map(|record| record.detail.as_deref()).next_back().unwrap();
    assert!(log.contains("Config::secret"), "{log}");
}

fn refused(world: &mut World, socket: lazuli::ConnId, token: &str) -> String {
    let before = world.logs.len();
    let reply = world.try_mount(socket, token);
    assert_eq!((&reply["status"], &reply["payload"]["type"]), (&json!("error"), &json!("error")), "{reply}");
    let code = reply["payload"]["code"].as_str().unwrap().to_owned();
    if code == "REFUSED" {
        assert!(world.logs[before..].iter().any(|record| record.what == "refused"), "it is logged");
    }
    let logged = format!("{:?}", &world.logs[before..]);
    assert!(token.is_empty() || !logged.contains(token), "but not the token");
    world.say(socket, json!({ "type": "ping", "ref": 1 }));
    assert_eq!(world.heard(socket), [json!({ "type": "pong", "ref": 1 })], "the socket is unharmed");
    assert_eq!(world.stats().components, 0);
    code
}

#[test]
fn a_token_that_is_forged_or_of_another_session_is_refused() {
    let mut world = site();
    let (ada, bob) = (world.browse("/show"), world.browse("/show"));
    let token = &ada.tokens[0];
    assert_eq!(refused(&mut world, bob.socket, token), "REFUSED");
    let (middle, last) = (token.len() / 2, token.len() - 1);
    for place in [0, 1, middle, last] {
        let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
        let mut forged = token.clone();
        forged.replace_range(place..=place, other);
        assert_eq!(refused(&mut world, ada.socket, &forged), "REFUSED", "{place}");
    }
    for forged in ["", "x", "__proto__", "constructor", "é", &"A".repeat(100_000), &token[1..], &token[..last]] {
        assert_eq!(refused(&mut world, ada.socket, forged), "REFUSED", "{forged:.20}");
    }
    // A socket without the cookie is nobody's.
    let bare = world.open_at("/spark");
    assert_eq!(refused(&mut world, bare, token), "REFUSED");
    // Another server's key.
    let other = site_with(Config { secret: secret(2), ..Config::default() }, common::quiet()).browse("/show");
    let socket = world.spark_with("/spark", &other.cookie);
    assert_eq!(refused(&mut world, socket, &other.tokens[0]), "REFUSED");
    // The same key on another server: a page may outlive a server.
    let mut second = site();
    let socket = second.spark_with("/spark", &ada.cookie);
    assert_eq!(second.try_mount(socket, token)["status"], "ok");
    assert_eq!(world.mount(&ada, 0), 1);
}

#[test]
fn a_token_for_a_user_is_for_that_user_alone() {
    let mut world = site();
    for (shown, socket, expected) in [
        ("/show?to=ada", "/spark?user=ada", "ok"),
        ("/show?to=ada", "/spark?user=bob", "error"),
        ("/show?to=ada", "/spark", "error"),
        ("/show?to=", "/spark?user=ada", "error"),
        ("/show?to=", "/spark", "ok"),
        // Nobody was named: whoever has the session.
        ("/show", "/spark?user=ada", "ok"),
    ] {
        let browser = world.browse_as(shown, socket);
        let reply = world.try_mount(browser.socket, &browser.tokens[0]);
        assert_eq!(reply["status"], expected, "{shown} {socket}");
    }
    assert_eq!(world.stats().users, 1, "and its component is the user's");
}

#[test]
fn a_token_has_its_day() {
    let mut world = site();
    let browser = world.browse("/show");
    world.pass(DAY - Duration::from_secs(2));
    assert_eq!(world.mount(&browser, 0), 1);
    world.say(browser.socket, json!({ "type": "component_unmount", "component_id": 1 }));
    world.pass(Duration::from_secs(2));
    assert_eq!(refused(&mut world, browser.socket, &browser.tokens[0]), "EXPIRED");
    // Another session's is not told that.
    let bare = world.open_at("/spark");
    assert_eq!(refused(&mut world, bare, &browser.tokens[0]), "REFUSED");
}

#[test]
fn a_page_that_is_older_than_the_program_is_to_be_loaded_again() {
    let mut world = site();
    let browser = world.browse("/show");
    let spark = |routes: &mut Routes<TestApp>| routes.spark("/spark").unwrap();
    let script = Arc::new(common::Script::default());
    let config = || Config { secret: secret(1), ..Config::default() };
    let mut gone: Routes<TestApp> = Routes::new();
    spark(&mut gone);
    let mut changed: Routes<TestApp> = Routes::new();
    spark(&mut changed);
    let made = script.clone();
    let make = move |_: &lazuli::Mount<'_, TestApp>, (count, note): (i64, String)| {
        Ok(Widget { count, note, script: made.clone() })
    };
    changed.component("widget", make).unwrap();
    for routes in [gone, changed] {
        let mut world = World::with(config(), routes, script.clone());
        let socket = world.spark_with("/spark", &browser.cookie);
        assert_eq!(refused(&mut world, socket, &browser.tokens[0]), "EXPIRED");
    }
}

#[test]
fn templates_come_over_http_and_over_the_socket() {
    let mut world = site();
    let path = format!("/spark/t/{}", WIDGET.name);
    assert_eq!(world.get(&path, None).status_code(), 404, "nobody has seen it yet");
    let browser = world.mounted();
    let template = world.get(&path, None);
    assert_eq!((template.status_code(), template.content_type()), (200, "application/json"));
    assert_eq!(template.body(), WIDGET.source.as_bytes());
    assert_eq!(header(&template, "Cache-Control"), Some("public, max-age=31536000, immutable"));
    for path in ["/spark/t/AAAAAAAAAAA", "/spark/t/__proto__", "/spark/t/", "/probe/t/AAAAAAAAAAA", "/t/x"] {
        let status = world.get(path, None).status_code();
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    let post = world.hub.respond(world.now, Request::post(&path).unwrap());
    assert_eq!((post.status_code(), header(&post, "Allow")), (405, Some("GET, HEAD")));
    world.say(browser.socket, json!({ "type": "template", "name": WIDGET.name, "ref": 4 }));
    let source: Value = serde_json::from_str(WIDGET.source).unwrap();
    assert_eq!(world.heard(browser.socket), [json!({ "type": "reply", "ref": 4, "status": "ok", "payload": source })]);
    world.say(browser.socket, json!({ "type": "template", "name": "toString", "ref": 5 }));
    assert_eq!(world.heard(browser.socket)[0]["payload"]["code"], "UNKNOWN_TEMPLATE");
}

#[test]
fn a_component_has_a_name_of_its_own() {
    let mut routes: Routes<TestApp> = Routes::new();
    let script = Arc::new(common::Script::default());
    let mut add = |name: &str| {
        let script = script.clone();
        let make = move |_: &lazuli::Mount<'_, TestApp>, (): ()| {
            Ok(Widget { count: 0, note: String::new(), script: script.clone() })
        };
        routes.component(name, make).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(add("cart"), Ok(()));
    assert_eq!(add("cart"), Err(r#"component "cart": another component has this name; choose another one"#.into()));
    for name in ["", "a b", "é", "/cart", &"x".repeat(65)] {
        assert!(add(name).unwrap_err().contains("1 to 64 letters"), "{name}");
    }
}
