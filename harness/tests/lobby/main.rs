//! The lobby of `docs/testing.md`: as one writes it first, what the simulation says about that, and as it is right.

mod first_try;
mod mended;

use lazuli::App;
use lazuli_harness::simulate::{Found, Simulation, World};
use std::time::Duration;

const GUIDE: &str = include_str!("../../../docs/testing.md");

// The test begins here.
fn everyone_sees_who_is_there<A: App>(world: &World<A>) {
    let names = ["ada", "bob"];
    let clients = names.map(|name| world.client(&format!("/lobby?name={name}")).named(name));
    world.run_for(Duration::from_secs(20));
    clients[0].send("shall we begin?");
    world.settle();
    for client in &clients {
        let shown = client.sent_json().into_iter().rfind(|message| message["type"] == "players");
        assert_eq!(shown.expect("it was told")["names"], serde_json::json!(names), "{client:?} sees who is there");
    }
}
// It ends here.

fn find() -> Found {
    let tried = Simulation::new().run(first_try::app, everyone_sees_who_is_there);
    tried.expect_err("a hundred seeds find it")
}

#[test]
fn the_bug_is_found() {
    let found = find();
    assert!(found.sentence.contains("sees who is there"), "{found}");
    // Found when everything was at rest, so it would have stayed.
    assert!(found.words.iter().any(|line| line.contains("heal everything")), "{found}");
}

#[test]
fn it_is_not_found_where_nothing_goes_wrong() {
    Simulation::new().calm().run(first_try::app, everyone_sees_who_is_there).unwrap();
}

#[test]
fn mended_it_passes_a_thousand_seeds() {
    let summary = Simulation::new().seeds(0..1_000).run(mended::app, everyone_sees_who_is_there).unwrap();
    assert_eq!(summary.seeds, 1_000);
}

/// What stands in this file between two marks.
fn part(begin: &str, end: &str) -> &'static str {
    let rest = include_str!("main.rs").split_once(begin).map_or("", |(_, rest)| rest);
    rest.split_once(end).map_or("", |(part, _)| part).trim()
}

#[test]
fn the_guide_shows_just_this() {
    let blocks = [include_str!("first_try.rs").trim_end(), part("// The test begins here.", "// It ends here.")];
    for code in blocks {
        assert!(GUIDE.contains(&format!("```rust,ignore\n{code}\n```")), "copy into docs/testing.md:\n{code}");
    }
    // What is mended is shown without what stays the same.
    let mended = include_str!("mended.rs");
    let shown = GUIDE
        .split("```rust,ignore\n")
        .filter_map(|rest| rest.split("\n```").next())
        .find(|code| code.contains("ConnId"));
    let shown = shown.expect("the guide shows what is mended");
    assert!(shown.split("\n// …\n").all(|piece| mended.contains(piece)), "copy from mended.rs into docs/testing.md");
}

#[test]
fn the_guide_tells_what_is_found() {
    let found = find().to_string();
    // The name of the test that finds it is another one there.
    let told = found.rsplit_once("cargo test").map_or("", |(told, _)| told);
    assert!(GUIDE.contains(told), "copy into docs/testing.md:\n{found}");
}
