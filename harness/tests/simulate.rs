//! The simulation of one's own application: what a test can do in it, and what it finds.

use lazuli::{App, Channel, Context, Error, Refused, Response, Result, Routes, Scope, Timer};
use lazuli_harness::Fault;
use lazuli_harness::simulate::{Client, Found, Seen, Simulation, World, simulate};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Does what it is told.
struct Puppet {
    name: String,
}

static COUNT: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
struct Stage {
    asked: u64,
}

impl App for Stage {
    type Event = u64;
    type Effect = u64;

    fn on_event(&self, cx: &mut Scope<'_, Self>, event: u64) -> Result {
        cx.update(move |stage: &mut Stage| stage.asked += event);
        cx.to_room("all").text(&format!("event {event}"));
        Ok(())
    }
}

impl Channel<Stage> for Puppet {
    fn on_connect(&mut self, cx: &mut Context<'_, Stage>) -> Result {
        if self.name == "nobody" {
            return Err(Error::close(4001, "a name is missing"));
        }
        cx.join("all");
        cx.text(&format!("welcome {}", self.name));
        Ok(())
    }

    fn on_message(&mut self, cx: &mut Context<'_, Stage>, text: &str) -> Result {
        match text.split_once(' ').unwrap_or((text, "")) {
            ("say", what) => cx.to_room("all").text(what),
            ("ask", number) => cx.effect(number.parse().unwrap_or(0)),
            ("later", _) => cx.set_timer("tea", SECOND),
            ("panic", _) => panic!("told to"),
            ("fail", _) => return Err(std::io::Error::other("a disk is full").into()),
            ("count", _) => cx.text(&COUNT.fetch_add(1, Ordering::Relaxed).to_string()),
            ("restart", _) => return Err(Error::close(1012, "restarting")),
            _ => cx.text(text),
        }
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context<'_, Stage>, bytes: &[u8]) -> Result {
        cx.binary(bytes);
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Stage>, timer: Timer) -> Result {
        cx.text(&format!("{timer:?}"));
        Ok(())
    }
}

fn app() -> Result<(Routes<Stage>, Stage), Box<dyn std::error::Error>> {
    let mut routes: Routes<Stage> = Routes::new();
    routes.subprotocols(["v1", "v2"]);
    routes.channel("/puppet/:name", |join| {
        if join.request.cookie("key") != Some("right") {
            return Err(Refused::new(403, "no key"));
        }
        Ok(Puppet { name: join.query("as").unwrap_or(join.param("name")).into() })
    })?;
    routes.get("/page", |_, _| Ok(Response::text("a page")))?;
    routes.post("/tell", |cx, request| {
        cx.to_room("all").text(&String::from_utf8_lossy(request.body()));
        Ok(Response::text("told"))
    })?;
    Ok((routes, Stage::default()))
}

fn puppet(world: &World<Stage>, name: &str) -> Client {
    world.client(&format!("/puppet/{name}")).named(name).cookie("key", "right")
}

/// What is found with a few seeds of a calm world.
fn found(test: impl Fn(&World<Stage>)) -> Found {
    Simulation::new().seeds(0..3).calm().run(app, test).expect_err("something is wrong")
}

#[test]
fn clients_ask_as_they_are_told_to_and_see_what_comes() {
    simulate(app, |world| {
        let ada = world.client("/puppet/x?as=ada").cookie("key", "right").protocol("v2").greets("hello");
        let eve = world.client("/puppet/eve").header("X-Any", "thing");
        let nobody = puppet(world, "nobody");
        let (page, nowhere) = (world.get("/page"), world.client("/nowhere"));
        world.settle();
        assert_eq!(ada.current_messages(), ["welcome ada", "hello"]);
        assert!(ada.seen().contains(&Seen::Opened { protocol: Some("v2".into()) }));
        assert_eq!((eve.is_open(), eve.answer().map(|answer| answer.0)), (false, Some(403)));
        assert_eq!(nobody.closed(), Some((4001, "a name is missing".into())));
        assert_eq!(page.answer(), Some((200, "a page".into())));
        assert_eq!(nowhere.answer().map(|answer| answer.0), Some(404));
        let tell = world.post("/tell", "by post").header("Content-Type", "text/plain");
        world.settle();
        assert_eq!(tell.answer(), Some((200, "told".into())));
        assert_eq!(ada.last_message().as_deref(), Some("by post"));
        ada.send_binary(b"\0\x01");
        ada.send_json(&serde_json::json!({ "a": 1 }));
        ada.send("restart");
        world.settle();
        assert_eq!(ada.sent_binary(), [b"\0\x01"]);
        assert_eq!(ada.sent_json()[0]["a"], 1);
        assert!(ada.is_open() && ada.connections() > 1, "it has come back");
        assert!(ada.seen().contains(&Seen::Closed { code: 1012, reason: "restarting".into() }));
        ada.close();
        world.settle();
        assert_eq!((ada.is_open(), world.count("all")), (false, 0));
        ada.reconnect();
        world.settle();
        assert!(ada.is_open());
    });
}

#[test]
fn what_is_said_by_no_connection_waits_for_one() {
    simulate(app, |world| {
        let ada = puppet(world, "ada").stays_away();
        ada.send("before");
        world.settle();
        if ada.is_open() {
            assert_eq!(ada.sent_messages(), ["welcome ada", "before"]);
        }
        ada.reset();
        world.run_for(SECOND);
        assert!(!ada.is_open());
        assert_eq!(ada.seen().last(), Some(&Seen::Lost));
        ada.send("meanwhile");
        ada.reconnect();
        world.settle();
        assert_eq!(ada.current_messages(), ["welcome ada", "meanwhile"]);
    });
}

#[test]
fn a_link_that_is_lost_without_a_word_is_noticed_later() {
    let calm = Simulation::new().seeds(0..20).calm();
    let ran = calm.run(app, |world| {
        let ada = puppet(world, "ada");
        world.run_for(SECOND);
        ada.vanish();
        world.run_for(10 * SECOND);
        assert!(ada.is_open());
        assert_eq!(world.count("all"), 2, "the server knows no better");
        assert!(world.run_until(120 * SECOND, || world.count("all") == 1), "silence tells it");
    });
    ran.unwrap();
}

#[test]
fn effects_are_answered_and_handlers_hear() {
    simulate(app, |world| {
        world.on_effect(|number, handle| handle.event(number + 1));
        let heard = Rc::new(Cell::new(0));
        let count = heard.clone();
        let ada = puppet(world, "ada").on_open(|client| client.send("later tea")).on_text(move |client, text| {
            count.set(count.get() + 1);
            if text == "event 8" {
                client.send("say it was eight");
            }
        });
        world.settle();
        ada.send("ask 7");
        world.settle();
        let seen = ada.sent_messages();
        assert!(
            seen.iter().any(|text| text == "event 8") && seen.iter().any(|text| text == "it was eight"),
            "{seen:?}"
        );
        assert!(seen.iter().any(|text| text.contains("tea")), "{seen:?}");
        assert_eq!((world.app().asked, heard.get()), (8, seen.len()));
        world.handle().event(5);
        world.handle().to_room("all").text("news");
        world.settle();
        let seen = ada.current_messages();
        assert_eq!(seen[seen.len() - 2..], ["event 5", "news"]);
    });
}

#[test]
fn everything_goes_wrong_in_a_hundred_seeds() {
    let summary = Simulation::new().run(app, |world| {
        let clients: Vec<Client> = (0..8).map(|n| puppet(world, &n.to_string())).collect();
        for n in 0..60 {
            world.pick(&clients).send(&format!("say {n} {}", "x".repeat(world.number(0..=300) as usize)));
            world.run_a_while();
        }
        if world.chance(0.2) {
            world.shut_down();
        }
    });
    let summary = summary.unwrap();
    assert_eq!((summary.seeds, summary.clients), (100, 800));
    let expected = [
        Fault::Reset,
        Fault::Vanished,
        Fault::HalfClose,
        Fault::Stall,
        Fault::SlowReader,
        Fault::ShortWrite,
        Fault::BrokenWrite,
        Fault::Storm,
    ];
    for fault in expected {
        assert!(summary.faults.get(fault) > 0, "no {} in {}", fault.name(), summary.faults);
    }
}

#[test]
fn what_a_test_asserts_is_found_with_its_place_and_words() {
    let found = found(|world| {
        let ada = puppet(world, "ada");
        ada.send("hello");
        world.settle();
        world.note("now it is asked");
        assert_eq!(ada.sent_messages().len(), 3, "a greeting too many");
    });
    assert!(found.sentence.contains("a greeting too many") && found.sentence.contains("tests/simulate.rs"), "{found}");
    let words = found.words.join("\n");
    for part in ["connects ada: GET /puppet/ada", "says ada: hello", "hears ada: welcome ada", "note now it is asked"] {
        assert!(words.contains(part), "{part} is not in {words}");
    }
    assert!(found.to_string().contains("LAZULI_SEED=0 cargo test what_a_test_asserts"), "{found}");
}

#[test]
fn what_must_always_be_true_is_looked_at_all_the_time() {
    let found = found(|world| {
        let _ada = puppet(world, "ada");
        world.always(|world| assert!(world.count("all") == 0 || world.now() > 100 * SECOND, "somebody is there"));
        world.settle();
    });
    assert!(found.sentence.contains("somebody is there") && found.at < SECOND, "{found}");
}

#[test]
fn faults_of_the_application_are_found() {
    let told = |text: &'static str| {
        move |world: &World<Stage>| {
            puppet(world, "ada").send(text);
            world.settle();
        }
    };
    let panics = found(told("panic now"));
    assert!(panics.sentence.contains("panic in a callback") && panics.sentence.contains("told to"), "{panics}");
    assert!(panics.sentence.contains("tests/simulate.rs:"), "it says where: {panics}");
    let fails = found(told("fail now"));
    assert!(fails.sentence.contains("a disk is full"), "{fails}");
    let tolerant = Simulation::new().seeds(0..3).calm().tolerates_faults();
    tolerant
        .run(app, |world| {
            let ada = puppet(world, "ada").stays_away();
            ada.send("panic now");
            world.settle();
            assert_eq!(ada.closed().map(|closed| closed.0), Some(1011));
        })
        .unwrap();
}

#[test]
fn what_is_not_the_same_twice_is_found() {
    let found = found(|world| {
        puppet(world, "ada").send("count");
        world.settle();
    });
    assert!(found.sentence.starts_with("determinism: step "), "{found}");
}

#[test]
fn what_fails_but_not_again_says_so() {
    let runs = AtomicU64::new(0);
    let found = found(|_| assert!(runs.fetch_add(1, Ordering::Relaxed) > 0, "only the first time"));
    assert!(
        found.sentence.contains("only the first time") && found.sentence.contains("not come from the seed"),
        "{found}"
    );
}

#[test]
fn time_stands_still_in_handlers() {
    let found = found(|world| {
        let inner = world.clone();
        let _ada = puppet(world, "ada").on_open(move |_| inner.run_for(SECOND));
        world.settle();
    });
    assert!(found.sentence.contains("time passes already"), "{found}");
}

#[test]
fn the_example_of_the_documentation_is_short() {
    let example = include_str!("../src/simulate/example.rs");
    assert!(example.lines().filter(|line| !line.trim().is_empty()).count() < 30);
}

#[test]
fn a_server_that_is_started_anew_has_everyone_again() {
    simulate(app, |world| {
        let clients: Vec<Client> = (0..5).map(|n| puppet(world, &n.to_string())).collect();
        for n in 0..20 {
            world.pick(&clients).send(&format!("say {n}"));
            world.run_a_while();
            if n == 10 {
                world.restart(app());
                assert_eq!((world.count("all"), world.stats().connections), (0, 0));
            }
        }
        world.settle();
        assert_eq!(world.count("all"), clients.len());
        assert!(clients.iter().all(Client::is_open));
    });
}

#[test]
fn who_was_sent_away_by_a_shutdown_comes_back_to_the_next_server() {
    simulate(app, |world| {
        let [ada, bob, eve] = ["ada", "bob", "eve"].map(|name| puppet(world, name));
        let away = puppet(world, "away").stays_away();
        world.settle();
        world.shut_down();
        eve.close();
        world.settle();
        assert!(![&ada, &bob, &eve, &away].into_iter().any(Client::is_open), "all were sent away");
        ada.send("say still here");
        world.restart(app());
        let late = puppet(world, "late");
        world.settle();
        assert_eq!([&ada, &bob, &late, &eve, &away].map(Client::is_open), [true, true, true, false, false]);
        assert_eq!((world.count("all"), ada.last_message().as_deref()), (3, Some("still here")));
    });
}

#[test]
fn who_wants_to_come_back_while_there_is_no_server_does_so_later() {
    simulate(app, |world| {
        let ada = puppet(world, "ada");
        world.settle();
        ada.close();
        world.shut_down();
        ada.reconnect();
        world.settle();
        assert!(!ada.is_open());
        world.restart(app());
        world.settle();
        assert!(ada.is_open());
    });
}

#[test]
fn what_never_comes_to_rest_is_named() {
    let full = || {
        let mut routes: Routes = Routes::new();
        routes.channel("/full", |_| Err::<Nobody, _>(Refused::new(503, "full"))).map(|()| routes)
    };
    let found = Simulation::new().seeds(0..1).run(full, |world| {
        let _ada = world.client("/full").named("ada");
        world.settle();
    });
    let found = found.expect_err("ada is never let in");
    assert!(found.sentence.starts_with("there is no rest: ada "), "{found}");
}

/// Is never made.
struct Nobody;

impl Channel for Nobody {
    fn on_message(&mut self, _: &mut Context, _: &str) -> Result {
        Ok(())
    }
}

#[test]
fn as_many_seeds_as_the_environment_says() {
    let summary = Simulation::new().seeds(0..3).run(Routes::<()>::new, |_| {}).unwrap();
    println!("{} seeds", summary.seeds);
}

#[test]
fn the_environment_chooses_the_seeds() {
    for (name, value, count) in [("LAZULI_SEED", "17", 1), ("LAZULI_SEEDS", "12", 12), ("LAZULI_SEEDS", "100..105", 5)]
    {
        let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
        child.args(["as_many_seeds_as_the_environment_says", "--exact", "--nocapture"]);
        child.env_remove("LAZULI_SEED").env_remove("LAZULI_SEEDS").env(name, value);
        let output = child.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(&format!("{count} seeds\n")), "{name}={value}: {said}");
    }
}
