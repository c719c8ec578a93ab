//! `/todos`: a list of what is to be done.

use super::{Added, Numbered, page};
use crate::app::{Context, Showcase};
use lazuli::html::Render;
use lazuli::{Component, Event, Flash, Result, Routes, html};
use serde::Deserialize;

/// A list that nobody could read any more.
const MOST: usize = 500;
const LONGEST_TITLE: usize = 200; // characters

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let todos = routes.component("todos", |_, ()| Ok(Todos::default()))?;
    routes.get("/todos", move |cx, request| {
        let shown = cx.show(&todos, request, &())?;
        page("todos", "Todos", &shown)
    })
}

#[derive(Default)]
struct Todos {
    items: Vec<Todo>,
    last_id: u32,
    filter: Filter,
}

struct Todo {
    id: u32,
    title: String,
    is_done: bool,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Filter {
    #[default]
    All,
    Active,
    Completed,
}

/// What the page says: each event by its name, with the data that it needs.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Add { fields: Fields },
    Toggle(Numbered),
    Delete(Numbered),
    Show { filter: Filter },
    Clear,
}

/// What is in the form.
#[derive(Deserialize)]
struct Fields {
    title: String,
}

impl Todos {
    fn shown(&self) -> impl Iterator<Item = &Todo> {
        self.items.iter().filter(|todo| match self.filter {
            Filter::All => true,
            Filter::Active => !todo.is_done,
            Filter::Completed => todo.is_done,
        })
    }

    fn left(&self) -> usize {
        self.items.iter().filter(|todo| !todo.is_done).count()
    }

    fn add(&mut self, cx: &mut Context<'_>, title: &str) {
        let title: String = title.trim().chars().take(LONGEST_TITLE).collect();
        if title.is_empty() {
            return;
        }
        if self.items.len() == MOST {
            return cx.flash(Flash::Warning, "The list is full");
        }
        self.last_id += 1;
        self.items.push(Todo { id: self.last_id, title, is_done: false });
        cx.set_value("#title", "");
    }
}

impl Component<Showcase> for Todos {
    fn render(&self) -> impl Render {
        html! {
            div class="todos card" {
                form class="toolbar" on:submit="add" {
                    label class="unseen" for="title" { "What needs to be done?" }
                    input id="title" class="grow" name="title" placeholder="What needs to be done?"
                        maxlength=(LONGEST_TITLE) autocomplete="off";
                    button type="submit" { "Add" }
                }
                ul class="list" tabindex="-1" {
                    @for todo in self.shown() key=(todo.id) {
                        li class="row todo" class:completed=(todo.is_done) {
                            label class="row grow" {
                                input type="checkbox" checked=(todo.is_done) data-id=(todo.id) on:change="toggle";
                                span class="title" { (todo.title) }
                            }
                            button type="button" class="quiet icon" aria-label={"Delete " (todo.title)}
                                data-id=(todo.id) on:click="delete" { "×" }
                        }
                    }
                }
                @if self.shown().next().is_none() {
                    p class="empty" { "Nothing here" }
                }
                div class="toolbar" {
                    span class="muted number" { (self.left()) " items left" }
                    @for (filter, name, label) in FILTERS key=(name) {
                        button type="button" class="quiet" aria-pressed=(filter == self.filter)
                            data-filter=(name) on:click="show" { (label) }
                    }
                    @if self.left() < self.items.len() {
                        button type="button" class="quiet end" on:click="clear" { "Clear completed" }
                    }
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Add { fields } => self.add(cx, &fields.title),
            Said::Toggle(Numbered { id }) => {
                self.items.iter_mut().filter(|todo| todo.id == id).for_each(|todo| todo.is_done = !todo.is_done);
            }
            Said::Delete(Numbered { id }) => {
                self.items.retain(|todo| todo.id != id);
                // The button that had the focus is gone; so the Tab key goes on from here.
                cx.focus("ul");
            }
            Said::Show { filter } => self.filter = filter,
            Said::Clear => self.items.retain(|todo| !todo.is_done),
        }
        Ok(())
    }
}

const FILTERS: [(Filter, &str, &str); 3] =
    [(Filter::All, "all", "All"), (Filter::Active, "active", "Active"), (Filter::Completed, "completed", "Completed")];
