//! `/todos`: a list of what is to be done.
//!
//! The list is the browser's, not the page's: the server keeps it by the browser's session. So it is there again after a
//! reload or a lost connection, and all tabs show the same.

use super::{Added, Numbered, beside, page};
use crate::app::{Context, Showcase};
use crate::todo_list::{FILTERS, Filter, LONGEST_TITLE, TodoList};
use lazuli::html::Render;
use lazuli::{Component, Error, Event, Mount, Result, Routes, html};
use serde::Deserialize;
use std::sync::Arc;

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let todos = routes.component("todos", |mount, ()| Ok(Todos::new(mount)))?;
    routes.get("/todos", move |cx, request| {
        let shown = cx.show(&todos, request, &())?;
        page("todos", "Todos", &shown)
    })
}

struct Todos {
    /// Whose list it is. Only the first paint may be without, when somebody is here for the first time.
    session: Option<String>,
    list: Arc<TodoList>,
    filter: Filter,
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
    fn new(mount: &Mount<'_, Showcase>) -> Todos {
        let session = mount.cookie("lazuli_session").map(str::to_owned);
        Todos { list: mount.app.todos_of(session.as_deref()), session, filter: Filter::All }
    }

    /// Changes the list, and tells the other tabs.
    fn change(&self, cx: &mut Context<'_>, change: impl FnOnce(&mut TodoList) + Send + 'static) {
        let (Some(session), now) = (self.session.clone(), cx.timestamp()) else { return };
        cx.to_others(&format!("todos:{session}")).text("changed");
        cx.update(move |app| app.todos.change(&session, now, |list| change(Arc::make_mut(list))));
    }

    /// The control that had the focus goes with its row: the one of the next row gets it.
    fn focus_beside(&self, cx: &mut Context<'_>, gone: u32, control: &str) {
        match beside(self.list.shown(self.filter).map(|todo| todo.id), gone) {
            Some(id) => cx.focus(&format!("{control}[data-id=\"{id}\"]")),
            None => cx.focus("#title"),
        }
    }
}

impl Component<Showcase> for Todos {
    fn render(&self) -> impl Render {
        html! {
            div class="todos card" {
                form class="toolbar" method="post" on:submit="add" spark-reset {
                    label class="unseen" for="title" { "What needs to be done?" }
                    input id="title" class="grow" name="title" placeholder="What needs to be done?"
                        maxlength=(LONGEST_TITLE) autocomplete="off";
                    button type="submit" { "Add" }
                }
                ul class="list" {
                    @for todo in self.list.shown(self.filter) key=(todo.id) {
                        li class="row todo" class:completed=(todo.is_done) {
                            label class="row grow" {
                                input type="checkbox" checked=(todo.is_done) data-id=(todo.id) on:change="toggle";
                                span class="title" { (&todo.title) }
                            }
                            button type="button" class="quiet icon" aria-label={"Delete " (&todo.title)}
                                data-id=(todo.id) on:click="delete" { "×" }
                        }
                    }
                }
                @if self.list.shown(self.filter).next().is_none() {
                    p class="empty" { "Nothing here" }
                }
                div class="toolbar" {
                    span class="muted number" { (self.list.left()) " items left" }
                    @for (filter, name, label) in FILTERS key=(name) {
                        button type="button" class="quiet" aria-pressed=(filter == self.filter)
                            data-filter=(name) on:click="show" { (label) }
                    }
                    @if self.list.left() < self.list.shown(Filter::All).count() {
                        button type="button" class="quiet end" on:click="clear" { "Clear completed" }
                    }
                }
            }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_>) -> Result {
        let (Some(session), now) = (self.session.clone(), cx.timestamp()) else { return Ok(()) };
        cx.join(&format!("todos:{session}"));
        cx.update(move |app| app.todos.touch(&session, now));
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Add { fields } if fields.title.trim().is_empty() => {}
            Said::Add { .. } if self.list.is_full() => return Err(Error::reply("The list is full")),
            Said::Add { fields } => {
                let title: String = fields.title.trim().chars().take(LONGEST_TITLE).collect();
                self.change(cx, |list| list.add(title));
            }
            Said::Toggle(Numbered { id }) => {
                self.change(cx, move |list| list.toggle(id));
                if self.filter != Filter::All {
                    self.focus_beside(cx, id, "input");
                }
            }
            Said::Delete(Numbered { id }) => {
                self.change(cx, move |list| list.delete(id));
                self.focus_beside(cx, id, "button");
            }
            Said::Show { filter } => self.filter = filter,
            Said::Clear => {
                self.change(cx, TodoList::clear_completed);
                cx.focus("[aria-pressed=true]");
            }
        }
        Ok(())
    }

    /// Before each render: after an event of this page, and after one of another tab, which told the room.
    fn on_update(&mut self, cx: &mut Context<'_>) -> Result {
        self.list = cx.app().todos_of(self.session.as_deref());
        Ok(())
    }
}
