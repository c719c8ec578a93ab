//! What is said to components: names, types, JSON, and too much of it.

use super::ensure;
use super::spark::code;
use crate::Trouble;
use crate::board::EVENTS;
use crate::browser::{Browser, load};
use crate::peer::{Peer, exchange};
use crate::runner::{Outcome, Row, Stage};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("14-json-bombs-in-events", bombs),
        Row::new("15-names-of-prototypes-in-components", prototypes),
        Row::new("16-wrong-types-in-components", wrong_types),
        Row::new("17-components-without-end", mounts).heavy(),
        Row::new("17-events-without-end", events),
    ]
}

/// Fails unless the answer is an error with this code.
pub fn refused(answer: &Value, expected: &str, shown: &dyn std::fmt::Debug) -> Result<(), Trouble> {
    let shown = || short(&format!("{shown:?}"));
    ensure!(code(answer) == Some(expected), "{} was answered with {answer}, and not with {expected}", shown());
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

/// Data that is deep, long, or no JSON, as far as 256 KiB reach.
fn bombs(stage: &Stage) -> Outcome {
    let (mut browser, _, number) = Browser::with_board(stage.server.addr)?;
    let event = |name: &str, data: &str| {
        format!("{{\"type\":\"component_event\",\"component_id\":{number},\"event\":\"{name}\",\"data\":{data}}}")
    };
    let deep = |open: &str, close: &str, times: usize| open.repeat(times) + "1" + &close.repeat(times);
    for (name, data) in [
        ("any", deep("[", "]", 100_000)),
        ("any", deep("[", "]", 30_000) + "]"),
        ("any", "[".repeat(100_000)),
        ("any", deep("{\"a\":", "}", 20_000)),
        ("add", deep("[", "]", 100_000)),
        ("none", deep("[", "]", 100_000)),
        ("any", "\\".repeat(1_000)),
        ("any", "\"\\".into()),
        ("any", "nul".into()),
        ("any", "1 2".into()),
        ("any", "1}{".into()),
        ("any", "\u{feff}1".into()),
        ("any", String::new()),
    ] {
        let answer = browser.says(&event(name, &data))?;
        ensure!(
            matches!(code(&answer), Some("INVALID_JSON" | "INVALID_MESSAGE" | "TOO_LARGE")),
            "{} was answered with {answer}",
            short(&data)
        );
    }
    // What is JSON, and nothing that the component can use.
    let keys: String = (0..4_000).map(|n| format!(",\"k{n}\":0")).collect();
    let many = format!("{{\"by\":\"x\"{keys}}}");
    for (name, data) in [
        ("add", "{\"by\":1e400}"),
        ("add", "{\"by\":99999999999999999999}"),
        ("add", "{\"by\":1.5}"),
        ("add", "{\"by\":1,\"by\":2}"),
        ("add", &*many),
        ("note", "{\"text\":\"\\ud800\"}"),
        ("note", "{\"text\":\"\\udc00\\ud800\"}"),
        ("any", "1e400"),
        ("any", "\"\\ud800\""),
        ("any", &*deep("[", "]", 200)),
        ("any", &*deep("[", "]", 30_000)),
        ("any", &*deep("{\"a\":", "}", 10_000)),
    ] {
        let text = event(name, data).replacen('{', "{\"ref\":0,", 1);
        let error = browser.says(&text)?;
        let said = error["message"].as_str().unwrap_or_default();
        ensure!(said.starts_with("Invalid message format: "), "{} was answered with {error}", short(data));
    }
    let long = browser.says(&event("note", &format!("{{\"text\":\"{}\"}}", "x".repeat(66_000))))?;
    refused(&long, "TOO_LARGE", &"66,000 bytes")?;
    // Fields that nobody knows are ignored, and so is all that is said to an event without content.
    let unknown = browser.event(number, "add", serde_json::from_str(&many.replace("\"x\"", "7"))?)?;
    ensure!(unknown["status"] == "ok", "fields that nobody knows were answered with {unknown}");
    browser.counts(number, 7)?;
    Ok(String::new())
}

/// Names that mean something in a browser mean nothing here.
fn prototypes(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let (mut browser, page, number) = Browser::with_board(addr)?;
    let names = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "__defineGetter__", "valueOf"];
    for name in names {
        let polluted = json!({ "polluted": true });
        refused(&browser.event(number, name, json!({}))?, "UNKNOWN_EVENT", &name)?;
        refused(
            &browser.says(&json!({ "type": name, "component_id": number }).to_string())?,
            "INVALID_MESSAGE",
            &name,
        )?;
        let by_name = json!({ "type": "component_event", "component_id": name, "event": "add", "data": { "by": 1 } });
        refused(&browser.says(&by_name.to_string())?, "INVALID_MESSAGE", &by_name)?;
        refused(&browser.mount(name)?, "REFUSED", &name)?;
        refused(&browser.asks(json!({ "type": "template", "name": name }))?, "UNKNOWN_TEMPLATE", &name)?;
        let answer = exchange(addr, format!("GET /spark/t/{name} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes())?;
        ensure!(answer.status == 404, "the template {name} was answered with {answer:?}");
        // As fields, in the data and beside them, they are ones that nobody knows.
        let reply = browser.event(number, "note", json!({ "text": name, name: polluted }))?;
        ensure!(reply["status"] == "ok", "{name} as a field was answered with {reply}");
        let reply = browser.asks(json!({ "type": "component_mount", "token": page.token, name: polluted }))?;
        let other = reply["payload"][0].as_u64().ok_or_else(|| format!("{name} beside a token: {reply}"))?;
        browser.counts(other, 0)?;
        browser.asks(json!({ "type": "component_unmount", "component_id": other, name: polluted }))?;
        let shown = browser.shows(number)?;
        ensure!(shown[4] == name, "the note is {shown}");
    }
    browser.counts(number, 0)?;
    Ok(format!("{} names", names.len()))
}

/// Every field of every message with every type that is not its own.
fn wrong_types(stage: &Stage) -> Outcome {
    let (mut browser, page, number) = Browser::with_board(stage.server.addr)?;
    let token = &page.token;
    let mut count = 0;
    let mut refuse = |browser: &mut Browser, message: Value| {
        count += 1;
        refused(&browser.says(&message.to_string())?, "INVALID_MESSAGE", &message)
    };
    let others = [json!(null), json!(true), json!([]), json!([1]), json!({}), json!({ "x": 1 }), json!(1.5), json!(-1)];
    for value in &others {
        for message in [
            json!({ "type": "component_event", "component_id": value, "event": "add", "data": { "by": 1 } }),
            json!({ "type": "component_event", "component_id": number, "event": value, "data": { "by": 1 } }),
            json!({ "type": "component_mount", "token": value, "ref": 1 }),
            json!({ "type": "component_unmount", "component_id": value }),
            json!({ "type": "component_resync", "component_id": value }),
            json!({ "type": "template", "name": value, "ref": 1 }),
        ] {
            refuse(&mut browser, message)?;
        }
    }
    for value in [json!("true"), json!(1), json!([]), json!({})] {
        refuse(&mut browser, json!({ "type": "component_mount", "token": token, "fresh": value, "ref": 1 }))?;
    }
    for value in [json!("1"), json!(-1), json!(1.5), json!(4_294_967_296u64), json!([]), json!({}), json!(true)] {
        refuse(&mut browser, json!({ "type": "component_mount", "token": token, "ref": value }))?;
        let event = json!({ "type": "component_event", "component_id": number, "event": "add", "data": { "by": 1 } });
        let mut with_ref = event.clone();
        with_ref["ref"] = value;
        refuse(&mut browser, with_ref)?;
    }
    for message in [
        json!({ "type": "component_event", "component_id": "1", "event": "add" }),
        json!({ "type": "component_event", "component_id": 4_294_967_296u64, "event": "add" }),
        json!({ "type": "component_event", "component_id": number }),
        json!({ "type": "component_event", "event": "add" }),
        json!({ "type": "component_mount", "token": token }),
        json!({ "type": "component_mount", "ref": 1 }),
        json!({ "type": "component_unmount" }),
        json!({ "type": "template", "name": "x" }),
    ] {
        refuse(&mut browser, message)?;
    }
    // What only a server sends.
    for kind in [
        "component_update",
        "component_patch",
        "component_flash",
        "component_redirect",
        "component_navigate",
        "component_command",
        "component_error",
        "component_gone",
        "Component_event",
        "component_",
        "component",
    ] {
        let url = "//evil.example";
        refuse(
            &mut browser,
            json!({ "type": kind, "component_id": number, "url": url, "html": "x", "command": "call", "name": "x", "event": "add" }),
        )?;
    }
    for bytes in ["[1,[1,1]]", "[]", "[[]]", "1", "null", "\"component_event\""] {
        let answer = browser.says(bytes)?;
        ensure!(code(&answer).is_some_and(|code| code.starts_with("INVALID_")), "{bytes} was answered with {answer}");
    }
    // Data may be anything; what the component cannot use, it refuses.
    let unusable = others.iter().filter(|value| **value != json!([1]));
    for value in unusable.chain(&[
        json!("x"),
        json!(["one"]),
        json!({ "by": "one" }),
        json!({ "by": "1.5" }),
        json!({ "by": "" }),
        json!({ "by": null }),
        json!({ "by": [1] }),
    ]) {
        let reply = browser.event(number, "add", value.clone())?;
        ensure!(reply["status"] == "error", "{value} was answered with {reply}");
    }
    browser.counts(number, 0)?;
    Ok(format!("{count} messages and more"))
}

/// Far more mounts than a socket may have, and mounts that come and go.
fn mounts(stage: &Stage) -> Outcome {
    const MANY: usize = 20_000;
    const BATCH: usize = 500;
    let addr = stage.server.addr;
    let page = load(addr, "/board", None)?;
    let mut browser = Browser::open(addr, "/spark", Some(&page.cookie))?;
    let (mut granted, mut refused) = (0, 0);
    let text = json!({ "type": "component_mount", "token": page.token, "ref": 1 }).to_string();
    for _ in 0..MANY / BATCH {
        for _ in 0..BATCH {
            browser.peer.0.write(text.clone().into())?;
        }
        browser.peer.0.flush()?;
        for _ in 0..BATCH {
            let reply = browser.peer.json()?;
            granted += usize::from(reply["status"] == "ok");
            refused += usize::from(code(&reply) == Some("TOO_MANY_COMPONENTS"));
        }
    }
    ensure!(granted == 128 && granted + refused == MANY, "{granted} granted, {refused} refused");
    for number in 1..=MANY as u64 {
        // Come and gone: nothing of it stays. Numbers are not given again.
        let unmount = json!({ "type": "component_unmount", "component_id": number, "ref": 2 });
        browser.peer.0.write(unmount.to_string().into())?;
        browser.peer.0.write(text.clone().into())?;
        browser.peer.0.flush()?;
        ensure!(browser.peer.json()?["status"] == "ok", "the component {number} is not there");
        let reply = browser.peer.json()?;
        ensure!(reply["payload"][0] == number + 128, "the component {number} was followed by {reply}");
    }
    let held = stage.server.holds()?.resident.saturating_sub(stage.before.resident);
    ensure!(held < 16 << 20, "128 components take {held} bytes");
    browser.counts(MANY as u64 + 128, 0)?;
    // Another socket of the same page has its own.
    Browser::open(addr, "/spark", Some(&page.cookie))?.mounts(&page.token)?;
    Ok(format!("{granted} of {MANY} mounts, {held} bytes held"))
}

/// Far more events than a component takes. It is gone then; the socket is not.
fn events(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let page = load(addr, "/meter", None)?;
    let mut browser = Browser::open(addr, "/spark", Some(&page.cookie))?;
    let (mut witness, _, other) = Browser::with_board(addr)?;
    let number = browser.mounts(&page.token)?;
    let calm = load(addr, "/board", Some(&page.cookie))?;
    let calm = browser.mounts(&calm.token)?;
    let event =
        json!({ "type": "component_event", "component_id": number, "event": "add", "data": { "by": 1 }, "ref": 7 });
    let (begin, mut handled, mut limited, mut gone, mut sent) = (Instant::now(), 0, 0, false, 0);
    while !gone {
        ensure!(begin.elapsed() < Duration::from_secs(30), "after {sent} events the component is still there");
        for _ in 0..100 {
            browser.peer.0.write(event.to_string().into())?;
        }
        browser.peer.0.flush()?;
        sent += 100;
        let mut answered = 0;
        while answered < 100 {
            let answer = browser.peer.json()?;
            answered += usize::from(answer["type"] == "reply");
            handled += usize::from(answer["status"] == "ok");
            limited += usize::from(code(&answer) == Some("RATE_LIMITED"));
            gone |= answer["type"] == "component_gone";
        }
    }
    let most = EVENTS.burst as usize + (begin.elapsed().as_secs() as usize + 1) * EVENTS.per_second as usize;
    ensure!(handled <= most, "{handled} events were handled in {:?}", begin.elapsed());
    ensure!(limited > EVENTS.burst as usize, "after {limited} in a row the component is gone");
    refused(&browser.event(number, "add", json!({ "by": 1 }))?, "NOT_MOUNTED", &"an event")?;
    // The page's other component, and other pages, heard nothing of it; and it can be mounted again.
    browser.counts(calm, 0)?;
    witness.counts(other, 0)?;
    let again = browser.mounts(&page.token)?;
    browser.counts(again, 0)?;
    let mut fresh = Peer::spark(addr)?;
    ensure!(fresh.asks("{\"type\":\"ping\"}")?["type"] == "pong", "a new socket is not served");
    Ok(format!("of {sent} events {handled} were handled, {limited} refused"))
}
