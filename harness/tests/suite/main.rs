//! The suite against a server that is right, then against the same server with one bug at a time: a
//! case that cannot fail shows nothing.

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use lazuli_harness::conformance::{Report, SLOW, Target, Verdict, names, run, run_inside, run_only};

mod reference;

use reference::{BUGS, Bug, QUIRKS, Server};

fn target(server: &Server) -> Target {
    Target::new(server.addr, "/echo", "/limited")
}

#[test]
fn a_server_that_is_right_passes() {
    let _alone = ALONE.lock();
    let server = Server::start(Bug::None);
    let start = Instant::now();
    let report = run(&target(&server));
    println!("{report}\nin {:?}", start.elapsed());
    assert_eq!(report.failed(), 0, "{report}");
    assert_eq!(report.passed(), names().len());
}

/// What plays many cases at once takes turns, or one would slow down the other's servers until they look wrong.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn what_the_standard_leaves_open_passes() {
    let _alone = ALONE.lock();
    let failures = two_by_two(QUIRKS, |quirk| {
        let server = Server::start(quirk);
        let slow = quirk == Bug::QuirkAnswersSlowHeads;
        let report = run_only(&target(&server), |name| slow == SLOW.contains(&name));
        match report.failed() {
            0 => vec![],
            _ => vec![format!("{quirk:?}: {report}")],
        }
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Does `work` for each item, two at a time, and joins what comes of it.
fn two_by_two<T: Send>(
    items: impl IntoIterator<Item = T, IntoIter: Send>,
    work: impl Fn(T) -> Vec<String> + Sync,
) -> Vec<String> {
    let items = Mutex::new(items.into_iter());
    let next = || items.lock().expect("nobody panics with the lock").next();
    let one_by_one = || {
        let mut results = Vec::new();
        while let Some(item) = next() {
            results.extend(work(item));
        }
        results
    };
    thread::scope(|scope| {
        let other = scope.spawn(one_by_one);
        let mut results = one_by_one();
        results.extend(other.join().expect("a failure is a result"));
        results
    })
}

#[test]
fn every_bug_is_found_and_every_case_finds_one() {
    let _alone = ALONE.lock();
    let names = names();
    let fits = |patterns: &[&str], name: &str| patterns.iter().any(|one| matches(one, name));
    let idle: Vec<&String> = names.iter().filter(|name| !BUGS.iter().any(|(_, cases)| fits(cases, name))).collect();
    assert!(idle.is_empty(), "no bug shows that these can fail: {idle:#?}");
    for pattern in BUGS.iter().flat_map(|(_, cases)| *cases) {
        assert!(names.iter().any(|name| matches(pattern, name)), "no case is named {pattern}");
    }

    let unnoticed = two_by_two(BUGS, |(bug, cases)| {
        let passed = passed_in_spite_of(*bug, |name| fits(cases, name));
        passed.iter().map(|case| format!("{bug:?} by {case}")).collect()
    });
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:#?}");
}

/// Of the cases that must fail because of `bug`, those that don't.
fn passed_in_spite_of(bug: Bug, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let server = Server::start(bug);
    let mut target = target(&server);
    // Waiting in vain is how most of these fail.
    target.patience = Duration::from_secs(1);
    let mut passed: Vec<String> = names().into_iter().filter(|name| wanted(name)).collect();
    // Some bugs show only while answers pile up, which a busy machine can prevent now and then.
    for _ in 0..3 {
        let report = run_only(&target, |name| passed.iter().any(|one| one == name));
        let results = report.cases.into_iter().filter(|case| case.verdict == Verdict::Passed);
        passed = results.map(|case| case.name).collect();
    }
    passed
}

/// Whether `name` fits a pattern in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => {
            name.strip_prefix(start).is_some_and(|name| (0..=name.len()).any(|at| matches(rest, &name[at..])))
        }
    }
}

#[test]
fn without_a_watch_channel_its_cases_are_left_out() {
    let server = Server::start(Bug::None);
    let target = Target { watch: None, ..target(&server) };
    let report = run_only(&target, |name| name.starts_with("watch/") || name == "control/ping-text");
    let played: Vec<&str> = report.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!((played, report.failed()), (vec!["control/ping-text"], 0), "{report}");
}

#[test]
fn who_says_nothing_and_does_not_stop_fails_inside() {
    let server = Server::start(Bug::None);
    let mut target = target(&server);
    target.patience = Duration::from_secs(1);
    let report = run_inside(&target, |_, _| {}, || {});
    let failed: Vec<&str> = report.failures().map(|case| case.name.as_str()).collect();
    assert_eq!(failed, ["inside/handle", "inside/shutdown"], "{report}");
}

#[test]
fn names_are_unique_and_slow_cases_exist() {
    let mut names = names();
    assert!(SLOW.iter().all(|slow| names.iter().any(|name| name == slow)));
    names.sort();
    assert!(names.windows(2).all(|two| two[0] != two[1]), "{names:?}");
}

#[test]
fn a_report_says_what_was_sent_expected_and_seen() {
    let server = Server::start(Bug::EmptyPongs);
    let mut target = target(&server);
    target.patience = Duration::from_millis(300);
    let report = run_only(&target, |name| name.starts_with("control/ping-text"));
    let text = report.to_string();
    for part in [
        "FAILED control/ping-text: a ping is answered by a pong with the same payload",
        "sent:     an upgrade of /echo; ping \"hello\"\n",
        "expected: pong \"hello\"\n",
        "pong (empty); nothing more in 300ms\n",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert!(text.ends_with("\n0 passed, 1 failed"), "{text}");
    assert_eq!(Report::default().to_string(), "0 passed, 0 failed");
}

#[test]
fn a_server_that_is_not_there_fails_every_case() {
    let server = Server::start(Bug::None);
    let target = target(&server);
    drop(server);
    // Its thread lets go of the port once it has seen that it is to stop.
    thread::sleep(Duration::from_millis(200));
    let report = run_only(&target, |name| name.starts_with("framing/"));
    assert_eq!(report.passed(), 0, "{report}");
}
