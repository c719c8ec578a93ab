//! What Edit opens: a component of its own, which the table opens by an event and which answers by one.

use super::data::User;
use crate::app::{Context, Showcase};
use crate::components::form::{email_problem, name_problem};
use lazuli::html::Render;
use lazuli::{Component, Event, Result, html};
use serde::Deserialize;

#[derive(Default)]
pub struct Dialog {
    user: Option<User>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Open(User),
    Typed { fields: Fields },
    Save { fields: Fields },
    Close,
}

#[derive(Deserialize)]
struct Fields {
    name: String,
    email: String,
}

impl Dialog {
    /// What was typed, and whether it will do.
    fn take(&mut self, fields: Fields) -> bool {
        let Some(user) = &mut self.user else { return false };
        (user.name, user.email) = (fields.name, fields.email);
        name_problem(&user.name).or(email_problem(&user.email)).is_none()
    }
}

impl Component<Showcase> for Dialog {
    fn render(&self) -> impl Render {
        html! {
            @if let Some(user) = &self.user {
                // The hook opens it, and the browser does the rest: the focus stays in it, and Escape closes it.
                dialog class="dialog" data-hook="modal" aria-labelledby="dialog-title" on:close="close" {
                    h2 id="dialog-title" { "Edit user" }
                    form method="post" novalidate on:input="typed" spark-debounce="150" on:submit="save" {
                        p class="field" {
                            label for="dialog-name" { "Name" }
                            input id="dialog-name" name="name" value=(user.name) autocomplete="off";
                            span class="problem" role="status" { (name_problem(&user.name)) }
                        }
                        p class="field" {
                            label for="dialog-email" { "E-mail" }
                            input id="dialog-email" name="email" type="email" value=(user.email) autocomplete="off";
                            span class="problem" role="status" { (email_problem(&user.email)) }
                        }
                        div class="toolbar" {
                            button type="submit" { "Save" }
                            button type="button" class="quiet" on:click="close" { "Cancel" }
                        }
                    }
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Open(user) => self.user = Some(user),
            Said::Typed { fields } => {
                self.take(fields);
            }
            Said::Save { fields } => {
                if self.take(fields) {
                    cx.to_page("users", "edited", &self.user.take());
                }
            }
            Said::Close => {
                self.user = None;
                cx.to_page("users", "edited", &None::<User>);
            }
        }
        Ok(())
    }
}
