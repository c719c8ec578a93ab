//! Components in the markup of others.

use crate::{routes, show};
use lazuli::html::Render;
use lazuli::{Component, Context, Event, Result, html};
use lazuli_harness::page::{Page, Site};
use serde_json::json;

/// A list of counters, and their sum.
struct Shop {
    items: Vec<String>,
    sum: i64,
}

struct Item {
    name: String,
    count: i64,
}

/// A component in a component in a component.
struct Tag(String);

impl Component for Shop {
    fn render(&self) -> impl Render {
        html! {
            p on:click="all" { (self.sum) }
            ul on:click="all" { @for name in &self.items key=(name) {
                li id=(name) { @component(Item { name: name.clone(), count: 0 }) uses=(name) }
            } }
            button on:click="reverse" { "Reverse" }
            button on:click="remove" { "Remove" }
            button on:click="insert" { "Insert" }
            button on:click="fail" { "Fail" }
        }
    }

    fn on_event(&mut self, _: &mut Context, event: &Event<'_>) -> Result {
        match event.name() {
            "added" if event.is_from_component() => self.sum += event.number::<i64>("by").unwrap_or(0),
            "all" => self.sum += 1_000,
            "reverse" => self.items.reverse(),
            "remove" => drop(self.items.remove(0)),
            "insert" => self.items.insert(1, format!("new{}", self.items.len())),
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

impl Component for Item {
    fn render(&self) -> impl Render {
        html! {
            b { (self.name) }
            button class="add" on:click="add" data-by="2" { (self.count) }
            @if self.count > 2 { em { "many" } }
            @component(Tag(self.name.to_uppercase())) uses=(self.name)
        }
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event<'_>) -> Result {
        if event.name() != "add" {
            return Err(event.unknown());
        }
        let by = event.number("by").unwrap_or(1);
        self.count += by;
        cx.to_parent("added", &json!({ "by": by }));
        Ok(())
    }
}

impl Component for Tag {
    fn render(&self) -> impl Render {
        html! { s on:click="tagged" { (self.0) } }
    }

    fn on_event(&mut self, _: &mut Context, event: &Event<'_>) -> Result {
        self.0.push_str(event.name());
        Ok(())
    }
}

fn items(page: &Page) -> Vec<String> {
    page.texts("li")
}

#[test]
fn each_has_its_own_events() {
    let mut routes = routes();
    let make = |_: &lazuli::Mount<'_>, items| Ok(Shop { items, sum: 0 });
    let shop = routes.component("shop", make).unwrap();
    show(&mut routes, "/shop", shop, vec!["tea".to_owned(), "rice".to_owned(), "salt".to_owned()]);
    let site = Site::new(routes, ());
    let page = site.visit("/shop").unwrap();
    assert_eq!(items(&page), ["tea0TEA", "rice0RICE", "salt0SALT"]);
    page.click("#rice .add");
    page.click("#rice .add");
    page.click("#salt s");
    assert_eq!(items(&page), ["tea0TEA", "rice4manyRICE", "salt0SALTtagged"]);
    assert_eq!(page.text("p"), "4");
    page.click("#tea b");
    assert_eq!(page.text("p"), "4", "an event is never another component's, be it around this one");
    page.click_text("Reverse");
    page.click("#rice .add");
    assert_eq!(items(&page), ["salt0SALTtagged", "rice6manyRICE", "tea0TEA"]);
    page.click_text("Insert");
    page.click("#new3 .add");
    page.click_text("Remove");
    assert_eq!(
        (items(&page), page.text("p")),
        (vec!["new32NEW3".into(), "rice6manyRICE".into(), "tea0TEA".into()], "8".into())
    );
    page.disconnect();
    page.click("#tea .add");
    page.reconnect();
    assert_eq!(page.errors(), [""; 0]);
    assert_eq!(page.texts("b"), ["tea", "rice", "salt"], "the props of the page");
    page.click("#salt .add");
    assert_eq!((page.text("#salt .add"), page.texts("p")), ("2".into(), vec!["2".to_owned()]));
}
