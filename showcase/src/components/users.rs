//! `/users`: a table to search, sort and page through, where people are changed and removed.

mod data;
mod dialog;
mod row;

use super::{Added, from_text, page};
use crate::app::{Context, Showcase};
use data::{Column, Order, User};
use lazuli::html::Render;
use lazuli::{Component, Event, Flash, Result, Routes, html};
use serde::Deserialize;

pub const CODE: &str = concat!(
    include_str!("users.rs"),
    "\n",
    include_str!("users/row.rs"),
    "\n",
    include_str!("users/dialog.rs"),
    "\n",
    include_str!("users/data.rs"),
);
const ON_A_PAGE: usize = 20;

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let users = routes.component("users", |_, ()| Ok(Users::new()))?;
    let dialog = routes.component("user-dialog", |_, ()| Ok(dialog::Dialog::default()))?;
    routes.get("/users", move |cx, request| {
        let (users, dialog) = (cx.show(&users, request, &())?, cx.show(&dialog, request, &())?);
        page("users", "Users", &html! { @(&users) @(&dialog) })
    })
}

struct Users {
    all: Vec<User>,
    filter: String,
    order: Order,
    /// Those that the filter lets through, in order.
    found: Vec<User>,
    /// From 0.
    page: usize,
    /// Whose dialog is open.
    edited: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Filter {
        value: String,
    },
    Sort {
        by: Column,
    },
    Previous,
    Next,
    Edit {
        #[serde(deserialize_with = "from_text")]
        id: u32,
    },
    /// The dialog is closed.
    Edited(Option<User>),
    Remove {
        #[serde(deserialize_with = "from_text")]
        id: u32,
    },
}

impl Users {
    fn new() -> Users {
        let all = data::samples();
        let order = Order::default();
        Users { found: data::find(&all, "", order), all, filter: String::new(), order, page: 0, edited: None }
    }

    fn pages(&self) -> usize {
        self.found.len().div_ceil(ON_A_PAGE).max(1)
    }

    /// How the table is ordered by a column: an arrow, and a word for who does not see it.
    fn order(&self, by: Column) -> (&'static str, Option<&'static str>) {
        match self.order {
            Order { by: other, .. } if other != by => ("", None),
            Order { is_descending: false, .. } => ("↑", Some("ascending")),
            Order { is_descending: true, .. } => ("↓", Some("descending")),
        }
    }
}

impl Component<Showcase> for Users {
    fn render(&self) -> impl Render {
        html! {
            div class="users card" inert=(self.edited.is_some()) {
                div class="toolbar" {
                    label class="unseen" for="filter" { "Filter by name or e-mail" }
                    input id="filter" class="grow" type="search" placeholder="Filter by name or e-mail"
                        autocomplete="off" value=(self.filter) on:input="filter";
                    span class="badge number" { (self.found.len()) " of " (self.all.len()) }
                }
                table class="table" {
                    thead {
                        tr {
                            @for (by, data, label) in COLUMNS key=(data) {
                                @let (arrow, order) = self.order(by);
                                th scope="col" aria-sort=(order) {
                                    button type="button" data-by=(data) on:click="sort" { (label) " " (arrow) }
                                }
                            }
                            th scope="col" { span class="unseen" { "Actions" } }
                        }
                    }
                    tbody {
                        @for user in self.found.iter().skip(self.page * ON_A_PAGE).take(ON_A_PAGE) key=(user.id) {
                            @(row::row(user))
                        }
                    }
                }
                @if self.found.is_empty() {
                    p class="empty" { "No users found matching your criteria" }
                }
                @if self.pages() > 1 {
                    nav class="toolbar" aria-label="Pages" {
                        button type="button" class="quiet" disabled=(self.page == 0) on:click="previous" { "Previous" }
                        span class="muted number" { "Page " (self.page + 1) " of " (self.pages()) }
                        button type="button" class="quiet" disabled=(self.page + 1 == self.pages()) on:click="next" { "Next" }
                    }
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Filter { value } => (self.filter, self.page) = (value, 0),
            Said::Sort { by } => {
                self.order = Order { by, is_descending: self.order.by == by && !self.order.is_descending };
                self.page = 0;
            }
            Said::Previous => self.page = self.page.saturating_sub(1),
            Said::Next => self.page += 1,
            Said::Edit { id } => {
                if let Some(user) = self.all.iter().find(|user| user.id == id) {
                    self.edited = Some(id);
                    cx.to_page("user-dialog", "open", user);
                }
            }
            // The browser could say this as well; only the dialog has looked at what was typed.
            Said::Edited(_) if !event.is_from_component() => return Err(event.unknown()),
            Said::Edited(user) => {
                if let Some(id) = self.edited.take() {
                    cx.focus(&format!("#edit-{id}"));
                }
                if let Some(user) = user {
                    cx.flash(Flash::Success, "User saved successfully");
                    self.all.iter_mut().filter(|old| old.id == user.id).for_each(|old| *old = user.clone());
                }
            }
            Said::Remove { id } => {
                self.all.retain(|user| user.id != id);
                cx.flash(Flash::Success, "User removed successfully");
            }
        }
        Ok(())
    }

    /// Once before each render, whatever happened.
    fn on_update(&mut self, _: &mut Context<'_>) -> Result {
        self.found = data::find(&self.all, &self.filter, self.order);
        self.page = self.page.min(self.pages() - 1);
        Ok(())
    }
}

const COLUMNS: [(Column, &str, &str); 3] =
    [(Column::Name, "name", "Name"), (Column::Email, "email", "E-mail"), (Column::CreatedAt, "created_at", "Created")];
