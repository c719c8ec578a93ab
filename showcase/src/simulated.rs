//! The showcase in simulations: pages and clients over links that fail, from seeds.

use crate::app::Showcase;
use crate::auth::Tokens;
use lazuli::Routes;
use lazuli::route::PatternError;
use lazuli_harness::simulate::{Client, Page, Simulation, World, assert_one_order};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn app() -> Result<(Routes<Showcase>, Showcase), PatternError> {
    Ok((crate::routes()?, Showcase::new(Tokens::new(b"a secret of thirty-two characters"))))
}

/// With so many seeds it takes some seconds; `LAZULI_SEEDS` has more.
fn simulate(test: impl Fn(&World<Showcase>)) {
    Simulation::new().seeds(0..30).run(app, test).unwrap();
}

/// What a client was told of this type, of its present connection.
fn told(client: &Client, kind: &str) -> Vec<Value> {
    let all = client.current_messages();
    all.iter()
        .filter_map(|text| serde_json::from_str::<Value>(text).ok())
        .filter(|value| value["type"] == kind)
        .collect()
}

/// Somebody does something, again and again, and then everything comes to rest.
fn mixed(world: &World<Showcase>, pages: &[Page], clients: &[Client], rounds: u64, act: impl Fn(&Page, u64)) {
    for n in 0..rounds {
        if world.chance(0.5) && !clients.is_empty() {
            let said = json!({ "type": "chat_message", "message": format!("line {n}"), "name": "c" });
            world.pick(clients).send_json(&said);
        } else if !pages.is_empty() {
            act(world.pick(pages), n);
        }
        world.run_a_while();
        if world.chance(0.02) {
            world.restart(app());
        }
    }
    world.settle();
}

#[test]
fn a_chat_room_of_pages_and_clients() {
    simulate(|world| {
        let pages: Vec<Page> = (0..3).map(|_| world.visit("/chat-room/a")).collect();
        let clients: Vec<Client> = (0..3).map(|_| world.client("/chat/a")).collect();
        mixed(world, &pages, &clients, 40, |page, n| {
            let _ = page.submit("form", &[("message", &format!("page line {n}"))]);
        });
        for page in &pages {
            assert_eq!(page.texts(".badge"), ["6 users online"], "{}", page.path());
        }
        let counts: BTreeSet<usize> = pages.iter().map(|page| page.count(".messages li")).collect();
        assert_eq!(counts.len(), 1, "the conversation is the same on all pages");
        let heard =
            |client: &Client| told(client, "chat_message").iter().map(|said| said["message"].to_string()).collect();
        assert_one_order(&clients.iter().map(heard).collect::<Vec<Vec<String>>>());
    });
}

#[test]
fn every_page_lives_through_everything() {
    simulate(|world| {
        let paths = ["/counter", "/todos", "/users", "/form", "/dashboard", "/editor/a"];
        let pages: Vec<Page> = (0..4).map(|_| world.visit(world.pick::<&str>(&paths))).collect();
        mixed(world, &pages, &[], 40, |page, n| {
            let count = page.count("[spark-click]");
            match world.number(0..=3) {
                0 => page.submit("form", &[("title", "milk"), ("message", "hello"), ("text", &n.to_string())]),
                1 => page.change("[spark-change]", &n.to_string()),
                2 => page.fire("[spark-input]", "input", json!({ "value": n.to_string() })),
                _ => count > 0 && page.click_nth("[spark-click]", world.number(0..=count as u64 - 1) as usize),
            };
        });
    });
}

#[test]
fn notifications_come_once() {
    simulate(|world| {
        let ada = world.client("/notifications/ada");
        for n in 0..30 {
            world.post("/notify/ada", &json!({ "n": n }).to_string());
            world.run_a_while();
        }
        world.settle();
        let got: Vec<u64> = ada.sent_json().iter().filter_map(|it| it["n"].as_u64()).collect();
        let all: BTreeSet<u64> = got.iter().copied().collect();
        assert_eq!(all.len(), got.len(), "each comes once: {got:?}");
    });
}
