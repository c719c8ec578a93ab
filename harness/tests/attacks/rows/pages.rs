//! Components of others, states that nobody may say, markup and addresses that a page must not follow.

use super::components::refused;
use super::ensure;
use crate::Trouble;
use crate::browser::{Browser, load};
use crate::process::Server;
use crate::runner::{Outcome, Row, Stage};
use lazuli_harness::dom::{Dom, NodeId, Selector};
use serde_json::json;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("20-components-of-others", others).on("all-logs"),
        Row::new("21-tokens-that-are-not-good", tokens).on("short-lived").waits(),
        Row::new("21-states-in-events", states),
        Row::new("22-markup-in-values", markup),
        Row::new("23-redirects-that-lead-away", redirects).on("all-logs"),
    ]
}

/// The log's lines that have this in them, once there are as many as there have to be.
fn logged(stage: &Stage, what: &str, times: usize) -> Result<(), Trouble> {
    let begin = Instant::now();
    loop {
        let lines = stage.server.stderr();
        let found = lines.iter().filter(|line| line.contains(what)).count();
        if found == times {
            return Ok(());
        }
        ensure!(
            found < times && begin.elapsed() < Duration::from_secs(10),
            "{what:?} is {found} times in the log, and not {times} times: {lines:?}"
        );
        sleep(Duration::from_millis(20));
    }
}

fn others(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let (mut ada, page, number) = Browser::with_board(addr)?;
    ada.event(number, "add", json!({ "by": 5 }))?;
    let own = load(addr, "/board", None)?;
    // The very token of another's page: with one's own cookie, with none, with cookies that are none.
    let mut forged = 0;
    let cookies = [
        Some(&*own.cookie),
        None,
        Some("lazuli_session="),
        Some("lazuli_session=AAAAAAAAAAAAAAAAAAAAAA"),
        Some("lazuli_session=x; lazuli_session=y"),
    ];
    for cookie in cookies {
        let mut eve = Browser::open(addr, "/spark", cookie)?;
        for token in [&*page.token, "", "forged", "AAAA", &"A".repeat(100_000), "\u{2028}\r\nforged", "1", "null"] {
            refused(&eve.mount(token)?, "REFUSED", &token)?;
            forged += 1;
        }
        // Numbers are a socket's own: there is none here by any of them.
        for id in [0, number, 2, u64::from(u32::MAX)] {
            for kind in ["component_event", "component_resync", "component_unmount"] {
                let message = json!({ "type": kind, "component_id": id, "event": "add", "data": { "by": 1 } });
                refused(&eve.asks(message.clone())?, "NOT_MOUNTED", &message)?;
            }
        }
        ensure!(eve.heard.is_empty(), "something of it was heard: {:?}", eve.heard);
    }
    logged(stage, "forged, or another session's", forged)?;
    logged(stage, "No component", cookies.len() * 12)?;
    // Events that do not exist.
    let names = [
        "sing-17",
        "Add",
        "add ",
        " add",
        "on_event",
        "on_mount",
        "render",
        "drop",
        "board.add",
        "add\u{0}x",
        "\u{2028}sing-18",
    ];
    for name in names {
        refused(&ada.event(number, name, json!({ "by": 1 }))?, "UNKNOWN_EVENT", &name)?;
    }
    refused(&ada.event(number, &"x".repeat(60_000), json!({}))?, "UNKNOWN_EVENT", &"a long name")?;
    logged(stage, "sing-17", 1)?;
    logged(stage, "sing-18", 1)?;
    logged(stage, "Unknown event", names.len() + 1)?;
    // Gone: unmounted, and with its socket.
    let again = ada.mounts(&page.token)?;
    ada.asks(json!({ "type": "component_unmount", "component_id": again }))?;
    refused(&ada.event(again, "add", json!({ "by": 1 }))?, "NOT_MOUNTED", &"a component that is gone")?;
    ada.counts(number, 5)?;
    drop(ada);
    let mut late = Browser::open(addr, "/spark", Some(&page.cookie))?;
    refused(&late.event(number, "add", json!({ "by": 1 }))?, "NOT_MOUNTED", &"a component of a socket that is gone")?;
    let number = late.mounts(&page.token)?;
    late.counts(number, 0)?;
    Ok(format!("{forged} tokens, {} events", names.len() + 1))
}

fn tokens(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let (mut ada, page, number) = Browser::with_board(addr)?;
    let token = &page.token;
    // Changed in any place, cut off at any, or lengthened.
    let mut tampered: Vec<String> = (0..token.len()).map(|at| token[..at].into()).collect();
    for (at, letter) in token.char_indices() {
        let other = if letter == 'A' { "B" } else { "A" };
        tampered.push(format!("{}{other}{}", &token[..at], &token[at + 1..]));
    }
    for more in ["=", "==", "A", "AAAA", " ", "\n", "\0", "."] {
        tampered.extend([format!("{token}{more}"), format!("{more}{token}")]);
    }
    // What another component's token says under this one's signature, and the other way round.
    let ruled = load(addr, "/ruled", Some(&page.cookie))?;
    let signature = 22;
    tampered.push(format!("{}{}", &token[..signature], &ruled.token[signature..]));
    tampered.push(format!("{}{}", &ruled.token[..signature], &token[signature..]));
    for token in &tampered {
        refused(&ada.mount(token)?, "REFUSED", token)?;
    }
    // Signed by another server.
    let foreign = Server::start(stage.transport, "default")?;
    let other = load(foreign.addr, "/board", Some(&page.cookie))?;
    refused(&ada.mount(&other.token)?, "REFUSED", &"a token of another server")?;
    foreign.stop()?;
    // Rendered for a user: nobody else can use it, with the same cookie neither.
    let owned = load(addr, "/board?user=ada", Some(&page.cookie))?;
    for path in
        ["/spark", "/spark?user=", "/spark?user=bob", "/spark?user=ADA", "/spark?user=ada%00", "/spark?user=ada%20"]
    {
        if let Ok(mut bob) = Browser::open(addr, path, Some(&page.cookie)) {
            refused(&bob.mount(&owned.token)?, "REFUSED", &path)?;
        }
    }
    Browser::open(addr, "/spark?user=ada", Some(&page.cookie))?.mounts(&owned.token)?;
    // Used twice, it makes a second component, which knows nothing of the first.
    ada.event(number, "add", json!({ "by": 3 }))?;
    let second = ada.mounts(token)?;
    ada.counts(second, 0)?;
    ada.counts(number, 3)?;
    // Too old: what is mounted goes on, and nothing more is mounted.
    let begin = Instant::now();
    let expired = loop {
        let mut late = Browser::open(addr, "/spark", Some(&page.cookie))?;
        let reply = late.mount(token)?;
        if reply["status"] == "error" {
            break reply;
        }
        ensure!(begin.elapsed() < Duration::from_secs(30), "a token that should have expired is good");
        sleep(Duration::from_millis(100));
    };
    refused(&expired, "EXPIRED", &"a token that is too old")?;
    refused(&ada.mount(token)?, "EXPIRED", &"a token that is too old")?;
    ada.counts(number, 3)?;
    let anew = load(addr, "/board", Some(&page.cookie))?;
    let number = ada.mounts(&anew.token)?;
    ada.counts(number, 0)?;
    Ok(format!("{} tokens that were changed; expired after {:.1?}", tampered.len(), begin.elapsed()))
}

/// What a component is and may do comes from its page alone.
fn states(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let (mut eve, page, number) = Browser::with_board(addr)?;
    let wishes = json!({
        "by": 1, "count": 900, "rules": true, "props": { "title": "x", "rules": true }, "self": { "count": 900 },
        "state": { "count": 900 }, "type": "rule", "component": "ruled", "component_id": 2, "session": "x", "user": "ada",
    });
    let mut tries = 0;
    for event in
        ["rule", "set_rules", "rules", "props", "Board", "Props", "count", "state", "update", "on_props", "mount"]
    {
        for data in
            [wishes.clone(), json!({ "rules": true }), json!([true, 900]), json!(true), json!({ event: wishes })]
        {
            let reply = eve.event(number, event, data)?;
            ensure!(reply["status"] == "error", "{event} was answered with {reply}");
            tries += 1;
        }
    }
    let denied = eve.event(number, "rule", json!(null))?;
    ensure!(denied["payload"]["message"] == "Access denied: only who may rule", "{denied}");
    eve.event(number, "add", wishes.clone())?;
    eve.counts(number, 1)?;
    // Names of types and states beside the token, and beside an event.
    let mut mount = wishes.clone();
    (mount["type"], mount["token"], mount["name"]) = (json!("component_mount"), json!(page.token), json!("ruled"));
    let reply = eve.asks(mount)?;
    let other = reply["payload"][0].as_u64().ok_or_else(|| format!("{reply}"))?;
    eve.counts(other, 0)?;
    let mut event = wishes;
    (event["type"], event["component_id"], event["event"]) = (json!("component_event"), json!(number), json!("rule"));
    ensure!(eve.asks(event)?["status"] == "error", "what stood beside an event was believed");
    let overflow = eve.event(number, "add", json!({ "by": i64::MAX }))?;
    ensure!(overflow["status"] == "error", "{overflow}");
    eve.counts(number, 1)?;
    // Who may, may.
    let ruled = load(addr, "/ruled", Some(&page.cookie))?;
    let ruler = eve.mounts(&ruled.token)?;
    ensure!(eve.event(ruler, "rule", json!(null))?["status"] == "ok", "who may rule does not");
    Ok(format!("{} tries", tries + 4))
}

const URLS: [&str; 13] = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "\u{1}javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\r\n\tjavascript\r:alert(1)",
    "vbscript:x",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "DATA:text/html;base64,PHNjcmlwdD4=",
    "blob:http://a/x",
    "view-source:x",
];

const TEXTS: [&str; 13] = [
    "\"><img src=x onerror=alert(1)>",
    "'><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title></textarea></style></noscript><svg onload=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "]]><img src=x onerror=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "&lt;script&gt;&#60;script&#62;&quot;&amp;",
    "\u{0}<\u{0}script>\r\n\u{2028}\u{2029}",
    "x\" onmouseover=\"alert(1)\" y=\"",
    // To a browser the NUL is in a path.
    "javascript\u{0}:alert(1)",
    "x` onmouseover=alert(1) ${alert(1)}",
];

/// Nothing of what is said becomes an element or an attribute, or a URL that runs; in the page, and in what patches it.
fn markup(stage: &Stage) -> Outcome {
    let addr = stage.server.addr;
    let expected: Vec<String> = elements(&Dom::document(&load(addr, "/board", None)?.html));
    let mut browsers = Vec::new();
    for said in TEXTS.iter().chain(&URLS) {
        let encoded: String = said.bytes().map(|byte| format!("%{byte:02x}")).collect();
        // A path cannot hold a NUL, and neither can its query.
        if said.contains('\0') {
            continue;
        }
        let page = load(addr, &format!("/board?title={encoded}"), None)?;
        let dom = Dom::document(&page.html);
        ensure!(elements(&dom) == expected, "{said:?} made other elements: {}", page.html);
        let find = |selector: &str| -> Result<NodeId, Trouble> {
            Ok(*dom.select(Dom::ROOT, &Selector::parse(selector)?).first().ok_or_else(|| format!("no {selector}"))?)
        };
        let (title, link) = (find("h2")?, find("a")?);
        ensure!(
            dom.text(title) == *said && dom.attribute(title, "title") == Some(said),
            "{said:?} became {}",
            page.html
        );
        let href = dom.attribute(link, "href").unwrap_or_default();
        ensure!(!URLS.contains(said) || href == "about:blank#blocked", "{said:?} leads to {href:?}");
        let mut browser = Browser::open(addr, "/spark", Some(&page.cookie))?;
        let number = browser.mounts(&page.token)?;
        browsers.push((browser, number));
    }
    let (browser, number) = browsers.first_mut().ok_or("no page")?;
    for said in TEXTS.iter().chain(&URLS) {
        for (event, field) in [("note", "text"), ("link", "to")] {
            let reply = browser.event(*number, event, json!({ field: said }))?;
            ensure!(reply["status"] == "ok", "{said:?} was answered with {reply}");
        }
        let shown = browser.shows(*number)?;
        // A NUL is nothing that a page can hold.
        let text = said.replace('\0', "\u{fffd}");
        ensure!(shown[4] == text, "{said:?} is shown as {shown}");
        ensure!(!URLS.contains(said) || shown[5] == "about:blank#blocked", "{said:?} leads to {shown}");
    }
    Ok(format!("{} texts, {} URLs", TEXTS.len(), URLS.len()))
}

/// All elements with the names of their attributes.
fn elements(dom: &Dom) -> Vec<String> {
    let described = |node| {
        let element = dom.element(node)?;
        let names: Vec<&str> = element.attributes.iter().map(|(name, _)| name.as_str()).collect();
        Some(format!("{} {}", element.name, names.join(" ")))
    };
    dom.descendants(Dom::ROOT).filter_map(described).collect()
}

fn redirects(stage: &Stage) -> Outcome {
    let (mut browser, _, number) = Browser::with_board(stage.server.addr)?;
    let away = [
        "//evil",
        "///evil",
        "/\t/evil",
        "/\n/evil",
        "/\r/evil",
        "/\0/evil",
        "\\evil",
        "\\\\evil",
        "/\\evil",
        "/a\\b",
        "\t//evil",
        " //evil",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://evil",
        "http:evil",
        "evil",
        "",
        "?x",
        "#x",
        "/\u{85}/evil",
        "@evil",
        ":80",
    ];
    let outside = [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        " https://a",
        "https:a",
        "https:///evil",
        "https://?x",
        "https://#x",
        "data:text/html,x",
        "//evil",
        "/x",
        "https://a\\b",
        "https://a b",
        "https://a\tb",
        "https://a\nb",
        "file:///etc/passwd",
        "",
    ];
    let tries = away
        .iter()
        .flat_map(|to| [("redirect", to), ("navigate", to)])
        .chain(outside.iter().map(|to| ("external", to)));
    let mut count = 0;
    for (event, to) in tries {
        let reply = browser.event(number, event, json!({ "to": to }))?;
        refused(&reply, "INTERNAL_ERROR", &(event, to))?;
        count += 1;
    }
    browser.counts(number, 0)?;
    let led = |message: &&serde_json::Value| message["url"].is_string();
    ensure!(!browser.heard.iter().any(|message| led(&message)), "the page was led away: {:?}", browser.heard);
    // The application is at fault, and its log says so: once for each, in one line.
    logged(stage, "a callback failed", count)?;
    for (event, to, kind) in [
        ("redirect", "/orders/7?x=//a#y", "component_redirect"),
        ("navigate", "/", "component_navigate"),
        ("external", "https://example.org/x", "component_redirect"),
    ] {
        browser.heard.clear();
        browser.event(number, event, json!({ "to": to }))?;
        browser.counts(number, 0)?;
        let found = browser.heard.iter().any(|message| message["type"] == kind && message["url"] == to);
        ensure!(found, "{to} led nowhere: {:?}", browser.heard);
    }
    Ok(format!("{count} ways"))
}
