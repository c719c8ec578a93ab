//! A list with keyed rows, and a form.

use crate::{MS, routes, show};
use lazuli::html::Render;
use lazuli::{Component, Context, Error, Event, Flash, Result, html};
use lazuli_harness::page::{Command, Page, Site};
use serde_json::{Value, json};
use std::time::Duration;

/// A list of things to do, with keys, filters and a form.
#[derive(Default)]
struct Todos {
    rows: Vec<(u64, String, bool)>,
    last: u64,
    filter: String,
}

impl Component for Todos {
    fn render(&self) -> impl Render {
        let shown: Vec<&(u64, String, bool)> = self.rows.iter().filter(|row| self.filter != "open" || !row.2).collect();
        let left = self.rows.iter().filter(|row| !row.2).count();
        html! {
            form class="new" on:submit="add" {
                input name="title" placeholder="What?" on:input="draft" spark-debounce="300";
                select name="where" { option value="end" { "At the end" } option value="top" { "On top" } }
                button { "Add" }
            }
            @if self.rows.is_empty() { p class="empty" { "Nothing to do" } } @else {
                p { (left) " left" }
                ul { @for (id, title, done) in &shown key=(id) {
                    li class="row" class:done=(*done) id={"todo-" (id)} {
                        input type="checkbox" checked=(*done) on:change="toggle" data-id=(id);
                        span { (title) }
                        @if *done { em { "done" } }
                        button type="button" on:click="remove" data-id=(id) data-row-name=(title) spark-confirm="Sure?" { "×" }
                    }
                } }
            }
            button class="sort" on:click="sort" { "Sort" }
            button class="reverse" on:click="reverse" { "Reverse" }
            select class="filter" on:change="filter" { option value="all" selected { "all" } option value="open" { "open" } }
        }
    }

    fn on_event(&mut self, cx: &mut Context, event: &Event<'_>) -> Result {
        let id: u64 = event.number("id").unwrap_or_default();
        match event.name() {
            "add" => {
                let data: Value = event.read()?;
                let title = data["fields"]["title"].as_str().unwrap_or_default().to_owned();
                if title.is_empty() {
                    return Err(Error::validation("a title is needed"));
                }
                self.last += 1;
                let at = if data["fields"]["where"] == "top" { 0 } else { self.rows.len() };
                self.rows.insert(at, (self.last, title, false));
                cx.set_value("input[name=title]", "");
                cx.focus("input[name=title]");
            }
            "draft" => cx.call("draft", &event.get("value")),
            "toggle" => {
                let checked = event.read::<Value>()?["checked"] == true;
                self.rows.iter_mut().filter(|row| row.0 == id).for_each(|row| row.2 = checked);
            }
            "remove" => {
                self.rows.retain(|row| row.0 != id);
                cx.flash(Flash::Success, &format!("{} is gone", event.get("rowName").unwrap_or_default()));
            }
            "sort" => self.rows.sort_by(|a, b| a.1.cmp(&b.1)),
            "reverse" => self.rows.reverse(),
            "filter" => self.filter = event.get("value").unwrap_or_default().into_owned(),
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

fn todos() -> Site {
    let mut routes = routes();
    let todos = routes.component("todos", |_, ()| Ok(Todos::default())).unwrap();
    show(&mut routes, "/todos", todos, ());
    Site::new(routes, ())
}

fn add(page: &Page, title: &str) {
    page.type_into("[name=title]", title);
    page.submit("form");
    assert_eq!(page.value("[name=title]"), "", "the server has cleared it");
}

#[test]
fn a_list_of_things_to_do() {
    let site = todos();
    let page = site.visit("/todos").unwrap();
    assert_eq!(page.text(".empty"), "Nothing to do");
    for title in ["milk", "bread", "<b>cheese</b> & co", "apples"] {
        add(&page, title);
    }
    page.change("[name=where]", "On top");
    page.type_into("[name=title]", "zucchini");
    page.key("[name=title]", "Enter");
    assert!(page.is_focused("[name=title]"));
    assert_eq!(page.texts("li span"), ["zucchini", "milk", "bread", "<b>cheese</b> & co", "apples"]);
    assert_eq!(page.html("li:last-child span"), "<span>apples</span>");
    page.check("#todo-2 input", true);
    page.check("#todo-4 input", true);
    page.check("#todo-4 input", true);
    assert_eq!((page.text("p"), page.count("li.done")), ("3 left".into(), 2));
    assert!(page.is_checked("#todo-2 input") && page.has("#todo-4.row.done > em:has-text(done)"));
    page.click(".sort");
    page.click(".reverse");
    assert_eq!(page.texts("li span"), ["zucchini", "milk", "bread", "apples", "<b>cheese</b> & co"]);
    page.change(".filter", "open");
    assert_eq!(page.texts("li span"), ["zucchini", "milk", "<b>cheese</b> & co"]);
    page.check("#todo-1 input", true);
    assert_eq!(page.texts("li span"), ["zucchini", "<b>cheese</b> & co"]);
    page.change(".filter", "all");
    page.accept_confirm(false);
    page.click("#todo-5 button");
    assert_eq!(page.count("li"), 5, "the user said no");
    page.accept_confirm(true);
    for id in [5, 1, 2, 4] {
        page.click(&format!("#todo-{id} button"));
    }
    assert_eq!(page.texts("li span"), ["<b>cheese</b> & co"]);
    assert_eq!(
        page.flashes()[..2],
        [(Flash::Success, "zucchini is gone".into()), (Flash::Success, "milk is gone".into())]
    );
    page.click("li button");
    assert!(page.has(".empty") && !page.has("ul"));
    page.click_text("Add");
    assert_eq!(page.errors(), ["Validation failed: a title is needed"]);
    assert!(page.has(".empty"));
}

/// A form that is empty again when it was taken.
#[derive(Default)]
struct Guests(Vec<String>);

impl Component for Guests {
    fn render(&self) -> impl Render {
        html! {
            form on:submit="add" spark-reset {
                input name="name" value="Ada";
                input type="checkbox" name="vip";
                select name="table" { option { "1" } option { "2" } }
            }
            ul { @for name in &self.0 key=(name) { li { (name) } } }
        }
    }

    fn on_event(&mut self, _: &mut Context, event: &Event<'_>) -> Result {
        let fields = event.read::<Value>()?["fields"].take();
        if fields["name"] == "" {
            return Err(Error::validation("a name is needed"));
        }
        self.0.push(format!("{} {} {}", fields["name"], fields["vip"], fields["table"]));
        Ok(())
    }
}

#[test]
fn a_form_is_reset_when_its_submit_went_well() {
    let mut routes = routes();
    let guests = routes.component("guests", |_, ()| Ok(Guests::default())).unwrap();
    show(&mut routes, "/guests", guests, ());
    let site = Site::new(routes, ());
    let page = site.visit("/guests").unwrap();
    let fill = |name: &str| {
        page.change("[name=name]", name);
        page.check("[name=vip]", true);
        page.change("select", "2");
    };
    let fields = || (page.value("[name=name]"), page.is_checked("[name=vip]"), page.value("select"));
    fill("");
    page.submit("form");
    assert_eq!(page.errors(), ["Validation failed: a name is needed"]);
    assert_eq!(fields(), ("".into(), true, "2".into()), "after an error all stays");
    fill("Ben");
    page.submit("form");
    assert_eq!(page.texts("li"), [r#""Ben" "on" "2""#]);
    assert_eq!(fields(), ("Ada".into(), false, "1".into()), "as the page came");
}

#[test]
fn what_is_typed_waits_for_silence() {
    let site = todos();
    let page = site.visit("/todos").unwrap();
    let drafts = |page: &Page| -> Vec<Value> {
        let told = |command| if let Command::Call { data, .. } = command { Some(data) } else { None };
        page.commands().into_iter().filter_map(told).collect()
    };
    page.type_into("[name=title]", "milk");
    assert_eq!(drafts(&page), [json!(null); 0]);
    site.wait(299 * MS - 16 * MS);
    assert_eq!(drafts(&page), [json!("milk")], "one for all of it");
    page.type_into("[name=title]", "man");
    page.click(".sort");
    assert_eq!(drafts(&page), [json!("milkman")], "what waits comes before another event");
    page.type_into("[name=title]", "!");
    page.submit("form");
    site.wait(Duration::from_secs(1));
    assert_eq!(drafts(&page), [json!("milkman!")]);
}
