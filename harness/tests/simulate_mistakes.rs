//! Mistakes in a test of one's own application: none makes it green, and each is told in words that help.

use lazuli::{Channel, Context, Error, Refused, Response, Result, Routes, Timer};
use lazuli_harness::simulate::{Found, Simulation, World, simulate};
use std::collections::HashMap;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// Sets its timer again as soon as it goes off.
struct Restless;

impl Channel for Restless {
    fn on_message(&mut self, cx: &mut Context, _: &str) -> Result {
        cx.set_timer("again", Duration::ZERO);
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context, _: Timer) -> Result {
        cx.set_timer("again", Duration::ZERO);
        Ok(())
    }
}

/// Says in the order of a `HashMap` what it has heard.
#[derive(Default)]
struct Till(HashMap<u32, u32>);

impl Channel for Till {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        self.0.extend(text.parse::<u32>().map(|number| (number, number)));
        cx.text(&format!("{:?}", self.0.keys()));
        Ok(())
    }
}

/// Says again what it hears, but to those who say "go".
struct Echo;

impl Channel for Echo {
    fn on_message(&mut self, cx: &mut Context, text: &str) -> Result {
        if text == "go" {
            return Err(Error::close(4002, "gone"));
        }
        cx.text(text);
        Ok(())
    }
}

fn app() -> Result<Routes> {
    let mut routes = Routes::new();
    routes.channel("/echo", |_| Ok(Echo))?;
    routes.channel("/closed", |_| Err::<Echo, _>(Refused::new(403, "nobody")))?;
    routes.channel("/restless", |_| Ok(Restless))?;
    routes.channel("/till", |_| Ok(Till::default()))?;
    routes.post("/tell", |_, _| Ok(Response::text("told")))?;
    Ok(routes)
}

/// What is found with a few seeds.
fn found(test: impl Fn(&World)) -> Found {
    Simulation::new().seeds(0..3).run(app, test).expect_err("something is wrong")
}

#[test]
fn who_is_refused_and_could_not_speak_is_found() {
    let found = found(|world| {
        let ada = world.client("/ehco").named("ada").greets("hello");
        ada.send("one");
        world.settle();
    });
    let sentence = "ada was refused with 404 and could not say \"hello\" and 1 more";
    assert!(found.sentence.starts_with(sentence), "{found}");
    assert!(found.words.iter().any(|line| line.contains(&format!("unsaid {sentence}"))), "{found}");
}

#[test]
fn what_a_test_misses_is_told_with_who_was_refused() {
    let found = found(|world| {
        let ada = world.client("/ehco").named("ada");
        ada.send("one");
        world.settle();
        assert_eq!(ada.sent_messages(), ["one"]);
    });
    assert!(found.sentence.contains("assertion `left == right` failed"), "{found}");
    assert!(found.sentence.contains("\nada was refused with 404 and could not say \"one\""), "{found}");
}

#[test]
fn who_is_closed_for_good_and_could_not_speak_is_found() {
    let closed = |asks: bool| {
        move |world: &World| {
            let ada = world.client("/echo").named("ada");
            ada.send("go");
            let is_closed = world.run_until(60 * SECOND, || asks && ada.closed().is_some());
            assert_eq!(is_closed, asks);
            ada.send("still here");
            world.settle();
        }
    };
    let found = Simulation::new().seeds(0..3).calm().run(app, closed(false)).expect_err("it could not speak");
    let sentence = "ada was closed with 4002 and could not say \"still here\"";
    assert!(found.sentence.starts_with(sentence), "{found}");
    Simulation::new().seeds(0..20).calm().run(app, closed(true)).unwrap();
}

#[test]
fn what_is_posted_to_nobody_is_found() {
    let found = found(|world| {
        world.post("/tel", "news");
        world.settle();
    });
    assert!(found.sentence.starts_with("client 0 was refused with 404 and could not say \"news\""), "{found}");
}

#[test]
fn a_test_may_mean_it() {
    simulate(app, |world| {
        let (ada, bob) = (world.client("/closed"), world.client("/nowhere"));
        let (nobody, post) = (world.client("/closed"), world.post("/nowhere", "news"));
        [&ada, &bob].iter().for_each(|client| client.send("hello"));
        // Who has not spoken misses nothing.
        let _ = nobody;
        world.settle();
        assert_eq!([&ada, &bob].map(|client| client.answer().map(|answer| answer.0)), [Some(403), Some(404)]);
        // Who posts may get no answer at all, where links fail.
        assert!(post.answer().is_none_or(|answer| answer.0 == 404));
    });
}

#[test]
#[should_panic(expected = "0..0 has no seeds at all")]
fn no_seeds_are_no_test() {
    let _ = Simulation::new().seeds(0..0).run(app, |_| {});
}

#[test]
fn runs_as_the_environment_says() {
    Simulation::new().seeds(0..3).run(app, |_| {}).unwrap();
}

#[test]
fn mistakes_in_the_environment_are_refused() {
    let mistakes = [
        ("LAZULI_SEEDS", "5..3", "5..3 has no seeds at all"),
        ("LAZULI_SEEDS", "0", "0..0 has no seeds at all"),
        ("LAZULI_SEEDS", "many", "neither a number nor a range"),
        ("LAZULI_SEED", "x", "LAZULI_SEED=x is no number"),
        ("LAZULI_SHRINK", "abc", "LAZULI_SHRINK=abc is no number"),
    ];
    for (name, value, words) in mistakes {
        let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
        child.args(["runs_as_the_environment_says", "--exact", "--nocapture"]);
        child.env_remove("LAZULI_SEED").env_remove("LAZULI_SEEDS").env_remove("LAZULI_SHRINK");
        let output = child.env(name, value).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(words), "{name}={value}: {said}");
    }
}

#[test]
fn time_that_nearly_stands_still_is_found() {
    let found = Simulation::new().seeds(0..100).run(app, |world| {
        let ada = world.client("/restless").named("ada");
        ada.send("begin");
        world.settle();
    });
    // Not where the clock of a seed is too coarse for that.
    let found = found.expect_err("time does not go on");
    assert!(found.sentence.starts_with("rest: time stands still: "), "{found}");
    assert!(found.sentence.contains(" timers went off") && found.sentence.ends_with("last came: timeout"), "{found}");
    assert!(found.words.iter().any(|line| line.contains("says ada: begin")), "{found}");
}

#[test]
fn what_is_not_the_same_twice_is_told_in_words() {
    let found = found(|world| {
        let ada = world.client("/till").named("ada");
        (0..9).for_each(|number| ada.send(&number.to_string()));
        world.settle();
    });
    let mut lines = found.sentence.lines();
    assert!(lines.next().is_some_and(|line| line.starts_with("determinism: step ")), "{found}");
    let [one, _, other] = [lines.next(), lines.next(), lines.next()].map(Option::unwrap_or_default);
    assert!(one.contains('[') && other.contains('[') && one != other, "{found}");
    assert!(found.words.iter().any(|line| line.contains("says ada: 1")), "{found}");
}

/// The line of this file that a sentence begins with.
fn line_of(sentence: &str) -> Option<&str> {
    let (line, _) = sentence.strip_prefix("harness/tests/simulate_mistakes.rs:")?.split_once(':')?;
    include_str!("simulate_mistakes.rs").lines().nth(line.parse::<usize>().ok()? - 1).map(str::trim)
}

#[test]
fn a_mistake_is_told_with_its_own_place() {
    let held = found(|world| {
        let app = world.app();
        world.run_for(SECOND); // held
        drop(app);
    });
    assert_eq!(line_of(&held.sentence), Some("world.run_for(SECOND); // held"), "{held}");
    assert!(held.sentence.contains("what `world.app()` gave is still held"), "{held}");
    let nothing = found(|world| {
        world.pick::<u8>(&[]); // nothing
    });
    assert_eq!(line_of(&nothing.sentence), Some("world.pick::<u8>(&[]); // nothing"), "{nothing}");
    let handler = found(|world| {
        let inner = world.clone();
        let _ada = world.client("/echo").on_open(move |_| {
            inner.run_a_while(); // in a handler
        });
        world.settle();
    });
    assert_eq!(line_of(&handler.sentence), Some("inner.run_a_while(); // in a handler"), "{handler}");
    let again = found(|world| {
        world.restart(unmade()); // again
    });
    assert_eq!(line_of(&again.sentence), Some("world.restart(unmade()); // again"), "{again}");
    assert!(again.sentence.contains("the application cannot be made: \"no colon\""), "{again}");
}

fn unmade() -> std::result::Result<Routes, &'static str> {
    Err("no colon")
}

#[test]
fn cannot_be_made() {
    if std::env::var_os("LAZULI_UNMADE").is_some() {
        simulate(unmade, |_| {}); // never made
    }
}

#[test]
fn an_application_that_cannot_be_made_is_told_with_the_place_of_the_test() {
    let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
    child.args(["cannot_be_made", "--exact", "--nocapture"]).env("LAZULI_UNMADE", "1");
    let output = child.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let place = said.split_once("panicked at ").map_or("", |(_, place)| place);
    assert_eq!(line_of(place), Some("simulate(unmade, |_| {}); // never made"), "{said}");
    assert!(said.contains("the application cannot be made: \"no colon\""), "{said}");
}
