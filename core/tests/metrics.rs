//! The page for Prometheus, read by a parser of its format.

mod common;

use common::net::*;
use lazuli::metrics::{CONTENT_TYPE, Page, render};
use lazuli::{Response, Routes, Stats, metrics};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Labels = Vec<(String, String)>;

#[derive(Debug, Default)]
struct Family {
    help: String,
    kind: String,
    samples: Vec<(Labels, f64)>,
}

/// Reads a page; any line that is not of the format is an error.
fn parse(page: &str) -> Result<BTreeMap<String, Family>, String> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut last = String::new();
    let body = page.strip_suffix('\n').ok_or("the last line has no end")?;
    for line in body.split('\n') {
        let wrong = |what: &str| format!("{what}: {line:?}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or(wrong("no help"))?;
            let family = Family { help: unescape(help, false)?, ..Family::default() };
            if !is_name(name, ":") || families.insert(name.into(), family).is_some() {
                return Err(wrong("a bad name, or one that comes twice"));
            }
            last = name.into();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or(wrong("no type"))?;
            let family = families.get_mut(name).filter(|family| name == last && family.kind.is_empty());
            let family = family.ok_or(wrong("a type that does not follow its help, or comes twice"))?;
            if !["counter", "gauge"].contains(&kind) {
                return Err(wrong("an unknown type"));
            }
            family.kind = kind.into();
        } else {
            let (name, labels, value) = sample(line)?;
            let family = families.get_mut(&name).filter(|family| name == last && !family.kind.is_empty());
            let family = family.ok_or(wrong("a sample that does not follow its type"))?;
            if family.samples.iter().any(|(known, _)| *known == labels) {
                return Err(wrong("a sample that comes twice"));
            }
            family.samples.push((labels, value));
        }
    }
    Ok(families)
}

fn sample(line: &str) -> Result<(String, Labels, f64), String> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").ok_or(format!("no label: {line:?}"))?;
            let mut escaped = false;
            let end = after.find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let (value, after) = after.split_at(end.ok_or(format!("a value without end: {line:?}"))?);
            if !is_name(label, "") {
                return Err(format!("a bad label: {line:?}"));
            }
            labels.push((label.into(), unescape(value, true)?));
            rest = &after[1..];
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').ok_or(format!("labels without end: {line:?}"))?;
    }
    let value = rest.strip_prefix(' ').and_then(|value| value.parse().ok());
    Ok((name.into(), labels, value.ok_or(format!("no number: {line:?}"))?))
}

fn is_name(name: &str, more: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || more.contains(c);
    !name.is_empty() && name.chars().all(allowed) && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn unescape(text: &str, quoted: bool) -> Result<String, String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('\\') => '\\',
                Some('n') => '\n',
                Some('"') if quoted => '"',
                other => return Err(format!("a bad escape {other:?} in {text:?}")),
            },
            c => c,
        });
    }
    Ok(out)
}

#[test]
fn every_metric_has_help_type_and_one_value() {
    let families = parse(&render(&Stats::default())).unwrap();
    assert!(families.len() > 15);
    for (name, family) in &families {
        assert!(name.starts_with("lazuli_") && family.help.ends_with('.'), "{name}");
        assert_eq!(family.samples, [(vec![], 0.0)], "{name}");
        assert_eq!(name.ends_with("_total"), family.kind == "counter", "{name}");
        assert!(name.contains("_bytes") || !family.help.contains("Bytes"), "{name} names its unit");
    }
}

#[test]
fn each_counter_shows_its_own_value() {
    let mut net = Net::default();
    let (link, _) = net.member("room");
    net.member("other");
    net.text(link, "");
    net.disconnected(link, true);
    let families = parse(&render(net.driver.stats())).unwrap();
    let value = |name: &str| families[name].samples[0].1 as u64;
    let stats = net.driver.stats();
    assert_eq!((value("lazuli_connections"), value("lazuli_rooms")), (1, 1));
    assert_eq!(value("lazuli_timers"), stats.timers);
    assert_eq!((value("lazuli_requests_accepted_total"), value("lazuli_connections_opened_total")), (2, 2));
    assert_eq!(value("lazuli_connections_closed_total"), 1);
    assert_eq!(value("lazuli_messages_received_total"), stats.messages_in);
    assert_eq!(value("lazuli_frames_sent_bytes_total"), stats.bytes_out);
}

#[test]
fn each_route_has_samples_of_its_own() {
    let mut net = Net::default();
    let link = net.open();
    net.member("room");
    net.text(link, "");
    let families = parse(&render(net.driver.stats())).unwrap();
    for (name, probe) in [
        ("lazuli_route_connections", 2.0),
        ("lazuli_route_connections_opened_total", 2.0),
        ("lazuli_route_requests_refused_total", 0.0),
        ("lazuli_route_messages_received_total", 2.0),
        ("lazuli_route_messages_received_bytes_total", 0.0),
        ("lazuli_route_callback_errors_total", 0.0),
    ] {
        let samples = &families[name].samples;
        let of = |route: &str| samples.iter().find(|(labels, _)| *labels == [("route".into(), route.into())]);
        assert_eq!(of("/probe").map(|(_, value)| *value), Some(probe), "{name}: {samples:?}");
        assert_eq!(of("/chat/:room/:seat").map(|(_, value)| *value), Some(0.0), "{name}: {samples:?}");
    }
}

#[test]
fn no_counter_is_left_out() {
    let shown = format!("{:?}", Stats::default());
    let fields = shown.matches(": 0").count();
    let families = parse(&render(&Stats::default())).unwrap();
    assert_eq!(families.len(), fields, "{shown}");
    let helps: BTreeSet<_> = families.values().map(|family| &family.help).collect();
    assert_eq!(helps.len(), fields, "each says something of its own");
}

#[test]
fn a_page_serves_it() {
    use lazuli::driver::{Driver, Settings};
    use lazuli::{Config, Hub, Time};

    struct Socket(Vec<u8>);
    impl lazuli::driver::Io<()> for Socket {
        fn write(&mut self, _: lazuli::driver::LinkId, bytes: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
            bytes.iter().for_each(|slice| self.0.extend_from_slice(slice));
            Ok(bytes.iter().map(|slice| slice.len()).sum())
        }
        fn end(&mut self, _: lazuli::driver::LinkId) {}
        fn close(&mut self, _: lazuli::driver::LinkId) {}
    }

    let mut routes: Routes = Routes::new();
    routes
        .get("/metrics", |cx, _| Ok(Response::text(metrics::render(cx.stats())).with_content_type(CONTENT_TYPE)?))
        .unwrap();
    let mut driver = Driver::new(Hub::new(Config::default(), routes, ()), Settings::default());
    let mut socket = Socket(Vec::new());
    let link = driver.accept(Time::ZERO, None).unwrap();
    driver.receive(Time::ZERO, link, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    driver.turn(&mut socket);
    let answer = String::from_utf8(socket.0).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{head}");
    assert_eq!(parse(body).unwrap()["lazuli_connections"].samples, [(vec![], 0.0)]);
}

proptest! {
    #[test]
    fn whatever_is_in_labels_and_names_the_page_stays_whole(
        samples in prop::collection::vec((any::<String>(), any::<String>(), any::<u64>()), 0..5),
        name in any::<String>(),
        help in any::<String>(),
    ) {
        let mut page = Page::new();
        let mut metric = page.counter(&name, &help);
        for (n, (route, user, value)) in samples.iter().enumerate() {
            metric = metric.sample(&[("route", route), ("user", user), ("n", &n.to_string())], *value);
        }
        page.gauge("after", "Something else.").sample(&[], 7);
        let families = parse(&page.finish()).unwrap();
        prop_assert_eq!(families.len(), 2);
        prop_assert_eq!(&families["after"].samples, &[(vec![], 7.0)]);
        let (_, family) = families.iter().find(|(name, _)| *name != "after").unwrap();
        prop_assert_eq!(&family.help, &help);
        prop_assert_eq!(family.samples.len(), samples.len());
        for ((labels, read), (route, user, value)) in family.samples.iter().zip(&samples) {
            prop_assert_eq!((&labels[0].1, &labels[1].1), (route, user));
            prop_assert_eq!(*read, *value as f64);
        }
    }
}
