//! `/users`: a table to search, sort and page through, where people are changed and removed.

mod data;
mod dialog;
mod listing;
mod rows;

use super::{Added, Numbered, beside, page_with};
use crate::app::{Context, Showcase};
use data::{Column, User};
use lazuli::html::Render;
use lazuli::{Component, Event, Flash, Result, Routes, html};
use listing::Listing;
use serde::Deserialize;

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let users =
        routes.component("users", |_, filter: String| Ok(Users { list: Listing::new(filter), edited: None }))?;
    let dialog = routes.component("user-dialog", |_, ()| Ok(dialog::Dialog::default()))?;
    routes.get("/users", move |cx, request| {
        // Props: what a component knows from its page. `/users?filter=ada` can be sent to somebody.
        let filter = request.query("filter").unwrap_or_default().to_owned();
        let (users, dialog) = (cx.show(&users, request, &filter)?, cx.show(&dialog, request, &())?);
        page_with(&["/assets/modal.js"], "users", "Users", &html! { @(&users) @(&dialog) })
    })
}

struct Users {
    list: Listing,
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
    /// At either end one of the buttons is disabled, and cannot keep the focus: the other one gets it.
    fn turn_to(&mut self, cx: &mut Context<'_>, page: usize) {
        self.list.page = page;
        if page == 0 || page + 1 >= self.list.pages() {
            cx.focus("nav button:enabled");
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
                        autocomplete="off" value=(self.list.filter) on:input="filter";
                    span class="badge number" { (self.list.count().0) " of " (self.list.count().1) }
                }
                table class="table" {
                    thead { @(rows::head(self.list.order)) }
                    tbody {
                        @for user in self.list.shown() key=(user.id) {
                            @(rows::row(user))
                        }
                    }
                }
                @if self.list.count().0 == 0 {
                    p class="empty" { "No users found matching your criteria" }
                }
                @if self.list.pages() > 1 {
                    nav class="toolbar" aria-label="Pages" {
                        button type="button" class="quiet" disabled=(self.list.page == 0) on:click="previous" { "Previous" }
                        span class="muted number" { "Page " (self.list.page + 1) " of " (self.list.pages()) }
                        button type="button" class="quiet" disabled=(self.list.page + 1 == self.list.pages()) on:click="next" { "Next" }
                    }
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Filter { value } => (self.list.filter, self.list.page) = (value, 0),
            Said::Sort { by } => self.list.sort(by),
            Said::Previous => self.turn_to(cx, self.list.page.saturating_sub(1)),
            Said::Next => self.turn_to(cx, self.list.page + 1),
            Said::Edit(Numbered { id }) => {
                if let Some(user) = self.list.get(id) {
                    self.edited = Some(id);
                    cx.to_page("user-dialog", "open", user);
                }
            }
            // The browser could say this as well; only the dialog has looked at what was typed.
            Said::Edited(_) if !event.is_from_component() => return Err(event.unknown()),
            Said::Edited(user) => {
                if let Some(user) = user {
                    cx.flash(Flash::Success, "User saved successfully");
                    self.list.replace(&user);
                }
                // The user is shown wherever they are in the order now, and the focus is where it was.
                match self.edited.take() {
                    Some(id) if self.list.lead_to(id) => cx.focus(&format!("#edit-{id}")),
                    Some(_) => cx.focus("#filter"),
                    None => {}
                }
            }
            Said::Remove(Numbered { id }) => {
                match beside(self.list.shown().map(|user| user.id), id) {
                    Some(next) => cx.focus(&format!("#remove-{next}")),
                    None => cx.focus("#filter"),
                }
                self.list.remove(id);
                cx.flash(Flash::Success, "User removed successfully");
            }
        }
        Ok(())
    }

    /// Once before each render, whatever happened.
    fn on_update(&mut self, _: &mut Context<'_>) -> Result {
        self.list.update();
        Ok(())
    }
}
