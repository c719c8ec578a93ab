//! Pages with live components in simulations of one's own application.

use lazuli::html::Render;
use lazuli::{ChannelMessage, Component, Context, Error, Event, Response, Result, Routes, Timer, html};
use lazuli_harness::simulate::{Page, Simulation, simulate};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Lines that somebody said in the room, and how often the clock has struck.
#[derive(Default)]
struct Board {
    lines: Vec<String>,
    own: u32,
    ticks: u32,
}

impl Component for Board {
    fn render(&self) -> impl Render {
        html! {
            h2 { (self.lines.len()) " lines, " (self.own) " of them mine" }
            @if self.ticks > 0 { em { (self.ticks) " ticks" } }
            ol { @for (n, line) in self.lines.iter().enumerate() key=(n) { li { (line) } } }
            form on:submit="say" { input name="line"; button { "Say" } }
            button class="clear" on:click="clear" { "Clear" }
            button class="oops" on:click="oops" { "Oops" }
        }
    }

    fn on_mount(&mut self, cx: &mut Context) -> Result {
        cx.join("board");
        cx.set_interval("tick", Duration::from_secs(1));
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event) -> Result {
        match event.name() {
            "say" => {
                self.own += 1;
                let said: serde_json::Value = event.read()?;
                cx.to_room("board").text(said["fields"]["line"].as_str().unwrap_or_default());
            }
            "clear" => self.lines.clear(),
            _ => return Err(Error::reply("Oops")),
        }
        Ok(())
    }

    fn on_channel_message(&mut self, _: &mut Context, message: &ChannelMessage) -> Result {
        self.lines.extend(message.text().map(str::to_owned));
        Ok(())
    }

    fn on_timer(&mut self, _: &mut Context, _: Timer) -> Result {
        self.ticks += 1;
        Ok(())
    }
}

/// Shows something that no callback has changed.
struct Fickle;

static SHOWN: AtomicU64 = AtomicU64::new(0);

impl Component for Fickle {
    fn render(&self) -> impl Render {
        html! { p { (SHOWN.load(Ordering::Relaxed)) } }
    }
}

fn app() -> Result<Routes> {
    let mut routes = Routes::new();
    routes.spark("/spark")?;
    let board = routes.component("board", |_, (): ()| Ok(Board::default()))?;
    let fickle = routes.component("fickle", |_, (): ()| Ok(Fickle))?;
    routes.get("/board", move |cx, request| Ok(Response::page(&cx.show(&board, request, &())?)?))?;
    routes.get("/fickle", move |cx, request| Ok(Response::page(&cx.show(&fickle, request, &())?)?))?;
    Ok(routes)
}

#[test]
fn pages_live_through_everything_and_show_what_their_components_are() {
    let summary = Simulation::new().seeds(0..50).run(app, |world| {
        let pages: Vec<Page> = (0..4).map(|n| world.visit("/board").named(&format!("page {n}"))).collect();
        for n in 0..40 {
            let page = world.pick(&pages);
            match world.number(0..=9) {
                0 => page.click(".clear"),
                1 => page.click(".oops"),
                _ => page.submit("form", &[("line", &format!("line {n}"))]),
            };
            world.run_a_while();
        }
        world.settle();
        assert!(pages.iter().all(|page| page.count("h2") == 1 && page.texts("em").len() == 1));
        assert_eq!(world.count("board"), pages.len(), "each is mounted once");
        // From here on nothing is lost.
        pages.iter().for_each(|page| assert!(page.submit("form", &[("line", "the end")])));
        world.settle();
        for page in &pages {
            let lines = page.texts("li");
            assert_eq!(lines[lines.len() - pages.len()..], ["the end", "the end", "the end", "the end"]);
        }
    });
    let summary = summary.unwrap();
    assert_eq!(summary.seeds, 50);
    println!("{} in {:?}: {}", summary.operations, summary.simulated, summary.faults);
}

#[test]
fn what_a_page_says_before_it_is_mounted_waits() {
    simulate(app, |world| {
        let page = world.visit("/board");
        assert!(!page.click(".clear"), "there is no page yet");
        let came = world.run_until(Duration::from_secs(60), || page.count("form") == 1);
        if came {
            assert!(page.click(".oops") && page.submit("form", &[("line", "early")]));
        }
        world.settle();
        assert_eq!(page.path(), "/board");
    });
}

#[test]
fn errors_of_callbacks_are_told() {
    simulate(app, |world| {
        let page = world.visit("/board");
        world.settle();
        page.errors();
        assert!(page.click(".oops"));
        world.settle();
        assert_eq!(page.errors(), ["Oops"]);
    });
}

#[test]
fn a_page_that_is_not_what_its_component_would_show_is_found() {
    let found = Simulation::new().seeds(0..1).calm().run(app, |world| {
        SHOWN.store(0, Ordering::Relaxed);
        world.visit("/fickle");
        world.run_for(Duration::from_secs(5));
        SHOWN.store(1, Ordering::Relaxed);
        world.settle();
    });
    let found = found.expect_err("it would show something else, and nobody has told its page");
    assert!(found.sentence.contains("elsewhere than a render does"), "{found}");
}

#[test]
fn pages_outlive_the_server() {
    let summary = Simulation::new().seeds(0..50).run(app, |world| {
        let pages: Vec<Page> = (0..3).map(|_| world.visit("/board")).collect();
        for n in 0..15 {
            let _ = world.pick(&pages).submit("form", &[("line", &n.to_string())]);
            world.run_a_while();
            if world.chance(0.1) {
                if world.chance(0.5) {
                    world.shut_down();
                    world.run_a_while();
                }
                world.restart(app());
            }
        }
        world.settle();
        assert_eq!((world.count("board"), world.stats().components), (3, 3));
        // Whatever was shown before, it is of the new server's making now.
        let shown: Vec<usize> = pages.iter().map(|page| page.count("li")).collect();
        assert!(shown.iter().all(|lines| *lines <= 15), "{shown:?}");
    });
    summary.unwrap();
}

#[test]
fn a_page_that_is_none_is_found() {
    let found = Simulation::new().seeds(0..3).run(app, |world| {
        world.visit("/bord");
        world.settle();
    });
    let found = found.expect_err("there is no such page");
    assert!(found.sentence.starts_with("page 0 was answered with 404 at \"/bord\""), "{found}");
    simulate(app, |world| {
        let page = world.visit("/bord");
        assert_eq!(page.status(), None);
        world.settle();
        assert_eq!(page.status(), Some(404));
    });
}

#[test]
fn what_a_user_does_to_nothing_is_told() {
    let found = Simulation::new().seeds(0..1).calm().run(app, |world| {
        let page = world.visit("/board").named("ada");
        world.settle();
        assert!(!page.click("a.nothing") && !page.click("h2") && !page.click_nth("button", 3), "nothing is there");
        assert!(page.click("button.clear"));
        panic!("for the words");
    });
    let found = found.expect_err("it fails");
    let missed: Vec<&str> =
        found.words.iter().filter_map(|line| line.split_once(" misses ")).map(|(_, it)| it).collect();
    let expected = [
        "ada: click at \"a.nothing\", which finds nothing",
        "ada: click at \"h2\", which takes no such event",
        "ada: click at \"button\", which finds nothing",
    ];
    assert_eq!(missed, expected, "{found}");
}
