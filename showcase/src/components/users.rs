//! `/users`: a table to search, sort and page through, where people are changed and removed.

mod data;
mod dialog;
mod rows;

use super::{Added, Numbered, page};
use crate::app::{Context, Showcase};
use data::{Column, Order, User};
use lazuli::html::Render;
use lazuli::{Component, Event, Flash, Result, Routes, html};
use serde::Deserialize;

const ON_A_PAGE: usize = 20;

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let users = routes.component("users", |_, filter: String| Ok(Users::new(filter)))?;
    let dialog = routes.component("user-dialog", |_, ()| Ok(dialog::Dialog::default()))?;
    routes.get("/users", move |cx, request| {
        // Props: what a component knows from its page. `/users?filter=ada` can be sent to somebody.
        let filter = request.query("filter").unwrap_or_default().to_owned();
        let (users, dialog) = (cx.show(&users, request, &filter)?, cx.show(&dialog, request, &())?);
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
    Edit(Numbered),
    /// The dialog is closed.
    Edited(Option<User>),
    Remove(Numbered),
}

impl Users {
    fn new(filter: String) -> Users {
        let (all, order) = (data::samples(), Order::default());
        Users { found: data::find(&all, &filter, order), all, filter, order, page: 0, edited: None }
    }

    fn pages(&self) -> usize {
        self.found.len().div_ceil(ON_A_PAGE).max(1)
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
                    thead { @(rows::head(self.order)) }
                    tbody {
                        @for user in self.found.iter().skip(self.page * ON_A_PAGE).take(ON_A_PAGE) key=(user.id) {
                            @(rows::row(user))
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
            Said::Edit(Numbered { id }) => {
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
            Said::Remove(Numbered { id }) => {
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
