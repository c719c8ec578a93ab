//! `/form`: the server says what is wrong while one types.

use super::{Added, page};
use crate::app::{Context, Showcase};
use lazuli::html::Render;
use lazuli::{Component, Event, Result, Routes, html};
use serde::Deserialize;

pub fn add(routes: &mut Routes<Showcase>) -> Added {
    let form = routes.component("form", |_, ()| Ok(Form::default()))?;
    routes.get("/form", move |cx, request| {
        let shown = cx.show(&form, request, &())?;
        page("form", "Form", &shown)
    })
}

#[derive(Default)]
struct Form {
    fields: Fields,
    /// Who has not come to a field yet is not told that it is empty.
    is_name_begun: bool,
    is_email_begun: bool,
    is_submitted: bool,
}

#[derive(Default, Deserialize)]
struct Fields {
    name: String,
    email: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Typed {
        fields: Fields,
        /// The name of the field that was typed in.
        _target: String,
    },
    Submit {
        fields: Fields,
    },
}

/// What is wrong with a name.
pub fn name_problem(name: &str) -> Option<&'static str> {
    name.trim().is_empty().then_some("Name is required")
}

/// What is wrong with an e-mail address, as far as its looks can tell.
pub fn email_problem(email: &str) -> Option<&'static str> {
    let email = email.trim();
    let looks_right = email.split_once('@').is_some_and(|(who, domain)| {
        let is_domain = domain.split('.').count() > 1 && domain.split('.').all(|part| !part.is_empty());
        !who.is_empty() && is_domain && !email.contains(char::is_whitespace) && !domain.contains('@')
    });
    match email {
        "" => Some("Email is required"),
        _ if looks_right => None,
        _ => Some("Invalid email"),
    }
}

impl Component<Showcase> for Form {
    fn render(&self) -> impl Render {
        let name_problem = name_problem(&self.fields.name).filter(|_| self.is_name_begun);
        let email_problem = email_problem(&self.fields.email).filter(|_| self.is_email_begun);
        html! {
            // The server says what is wrong, not the browser.
            form class="card" method="post" novalidate on:input="typed" spark-debounce="150" on:submit="submit" {
                p class="field" {
                    label for="name" { "Name" }
                    input id="name" name="name" autocomplete="name" value=(self.fields.name)
                        aria-invalid=(name_problem.map(|_| "true")) aria-describedby="name-problem";
                    span id="name-problem" class="problem" role="status" { (name_problem) }
                }
                p class="field" {
                    label for="email" { "Email" }
                    input id="email" name="email" type="email" autocomplete="email" value=(self.fields.email)
                        aria-invalid=(email_problem.map(|_| "true")) aria-describedby="email-problem";
                    span id="email-problem" class="problem" role="status" { (email_problem) }
                }
                div class="toolbar" {
                    button type="submit" { "Submit" }
                    span class="badge good" role="status" hidden=(!self.is_submitted) { "Form submitted successfully!" }
                }
            }
        }
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Typed { fields, _target } => {
                self.fields = fields;
                self.is_name_begun |= _target == "name";
                self.is_email_begun |= _target == "email";
                self.is_submitted = false;
            }
            Said::Submit { fields } if name_problem(&fields.name).or(email_problem(&fields.email)).is_some() => {
                *self = Form { fields, is_name_begun: true, is_email_begun: true, is_submitted: false };
                cx.focus("[aria-invalid=true]");
            }
            Said::Submit { .. } => *self = Form { is_submitted: true, ..Form::default() },
        }
        Ok(())
    }
}
