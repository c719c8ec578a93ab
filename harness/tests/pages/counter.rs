//! The counter of the showcase, the test that the guide shows, and what failures say.

use crate::failure;
use lazuli::html::Render;
use lazuli::{Component, Context, Event, Response, Result, Routes, html};

// The guide begins here.
use lazuli_harness::page::{Failed, Site};

#[test]
fn the_counter_counts_in_steps() -> Result<(), Failed> {
    let site = Site::new(routes(), ());
    let page = site.visit("/counter")?;
    page.click_text("+1");
    page.change("input", "5");
    page.click_text("+5");
    assert_eq!(page.text("h2"), "Counter: 6");
    Ok(())
}
// The guide ends here.

#[test]
fn the_guide_shows_this_very_test() {
    let (source, guide) = (include_str!("counter.rs"), include_str!("../../../docs/components.md"));
    let shown = source
        .split("// The guide begins here.\n")
        .nth(1)
        .and_then(|rest| rest.split("// The guide ends here.").next());
    assert!(guide.contains(shown.expect("it is marked")), "docs/components.md has another test than this file");
}

#[test]
fn a_counter() {
    let site = Site::new(routes(), ());
    let page = site.visit("/counter").unwrap();
    assert_eq!(
        (page.text("h1"), page.text("h2"), page.value("input")),
        ("A counter".into(), "Counter: 0".into(), "1".into())
    );
    page.click_text("+1");
    page.click_text("+1");
    page.change("input", "10");
    assert_eq!(page.texts("button"), ["−10", "+10", "Double", "Reset"]);
    page.click("button:nth-child(2)");
    page.click_text("Double");
    assert_eq!(page.html("h2"), "<h2>Counter: 24</h2>");
    page.type_into("input", "0");
    assert_eq!(
        (page.value("input"), page.text("button:first-child")),
        ("100".into(), "−10".into()),
        "a change comes with the blur"
    );
    page.click_text("−10");
    assert_eq!(page.text("h2"), "Counter: -76", "and before the click that takes the focus away");
    page.click_text("Reset");
    assert_eq!(page.text("h2"), "Counter: 0");
    page.change("input", "-3");
    assert_eq!(page.text("button:first-child"), "−100", "what is none is left");
    assert!(page.has("label > input[type=number]") && !page.has("form"));
}

#[test]
fn a_failure_says_what_the_page_shows() {
    let site = Site::new(routes(), ());
    let page = site.visit("/counter").unwrap();
    for (said, call) in [
        ("p.none finds nothing", &(|| drop(page.text("p.none"))) as &dyn Fn()),
        ("button finds 4 elements", &|| page.click("button")),
        ("nothing that can be clicked reads \"Save\"", &|| page.click_text("Save")),
        ("h2: it is no field", &|| page.change("h2", "x")),
        ("h2: nobody can write in it", &|| page.type_into("h2", "x")),
        ("input: it is in no form", &|| page.submit("input")),
    ] {
        let failed = failure(call);
        assert!(failed.starts_with(said), "{failed}");
        assert!(
            failed.contains("the page /counter shows:") && failed.contains("<h2>\n") | failed.contains("<h2>Counter"),
            "{failed}"
        );
    }
    assert!(failure(|| page.click("button:hover")).contains("\":hover\", which is not known here"));
    let failed = site.visit("/nowhere").err().unwrap().to_string();
    assert!(failed.starts_with("/nowhere was answered with 404"), "{failed}");
    assert!(site.connect("/nowhere").err().unwrap().to_string().contains("404"));
}

struct Counter {
    count: i64,
    step: i64,
}

impl Component for Counter {
    fn render(&self) -> impl Render {
        html! {
            div class="counter-component card" {
                h2 { "Counter: " (self.count) }
                div class="buttons" {
                    button type="button" on:click="decrement" { "−" (self.step) }
                    button type="button" on:click="increment" { "+" (self.step) }
                    button type="button" on:click="double" { "Double" }
                    button type="button" on:click="reset" { "Reset" }
                }
                label { "Step " input type="number" min="1" value=(self.step) on:change="set_step"; }
            }
        }
    }

    fn on_event(&mut self, _: &mut Context, event: &Event<'_>) -> Result {
        match event.name() {
            "increment" => self.count = self.count.saturating_add(self.step),
            "decrement" => self.count = self.count.saturating_sub(self.step),
            "double" => self.count = self.count.saturating_mul(2),
            "reset" => self.count = 0,
            "set_step" => {
                if let Some(step) = event.number("value").filter(|step| *step > 0) {
                    self.step = step;
                }
            }
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

/// `/counter`, and the socket.
fn routes() -> Routes {
    let mut routes = Routes::new();
    routes.spark("/spark").expect("a new pattern");
    let counter = routes.component("counter", |_, ()| Ok(Counter { count: 0, step: 1 })).expect("a new name");
    let page = move |cx: &mut lazuli::Scope<'_>, request: &lazuli::Request| {
        let shown = cx.show(&counter, request, &())?;
        let page =
            html! { html lang="en" { head { title { "Counter" } } body { main { h1 { "A counter" } @(shown) } } } };
        Ok(Response::page(&page)?)
    };
    routes.get("/counter", page).expect("a new pattern");
    routes
}
