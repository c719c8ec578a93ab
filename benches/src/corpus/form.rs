//! A form that is checked while it is filled in.

use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Field {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: &'static str,
    error: Option<&'static str>,
}

#[derive(Clone)]
struct Form {
    fields: Vec<Field>,
    plan: &'static str,
    terms: bool,
    bio: &'static str,
    ok: bool,
}

impl Model for Form {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            form id="signup" data-change="validate" data-submit="save" {
                h1 { ("Sign up") }
                @for field in &self.fields key=(field.name) {
                    div class="field" class:invalid=(field.error.is_some()) {
                        label for={"f-" (field.name)} { (field.label) }
                        input id={"f-" (field.name)} name=(field.name) type=(field.kind) value=(field.value)
                            aria-invalid=(field.error.map(|_| "true"));
                        @if let Some(error) = field.error { p class="error" { (error) } }
                    }
                }
                select id="f-plan" name="plan" {
                    @for plan in ["free", "team", "business"] key=(plan) {
                        option value=(plan) selected=(plan == self.plan) { (plan) }
                    }
                }
                label { input id="f-terms" type="checkbox" name="terms" checked=(self.terms); " I agree" }
                textarea id="f-bio" name="bio" { (self.bio) }
                button id="f-go" disabled=(!self.ok) { "Create account" }
            }
        })
    }
}

#[rustfmt::skip]
const FIELDS: [[&str; 4]; 8] = [
    ["name", "Full name", "text", "Ada Lovelace"],
    ["email", "Email", "email", "ada@example"],
    ["password", "Password", "password", "hunter22"],
    ["company", "Company", "text", ""],
    ["street", "Street", "text", "12 St James Sq"],
    ["city", "City", "text", "London"],
    ["zip", "Postcode", "text", "SW1Y"],
    ["phone", "Phone", "tel", ""],
];

pub fn cases() -> Vec<Case> {
    let field = |[name, label, kind, value]: [&'static str; 4]| Field { name, label, kind, value, error: None };
    let bio = "Line one\nLine two";
    let form = Form { fields: FIELDS.map(field).to_vec(), plan: "free", terms: false, bio, ok: false };
    let (mut bad, mut good) = (form.clone(), form.clone());
    bad.fields[1].error = Some("is not a valid address");
    good.fields[1].value = "ada@example.org";
    let chosen = Form { plan: "team", terms: true, ok: true, ..good.clone() };
    let mut empty = Form { bio: "", ..form.clone() };
    empty.fields.iter_mut().for_each(|field| field.value = "");
    vec![
        Case::new("form_error", &form, bad.clone()),
        Case::new("form_fixed", &bad, Form { ok: true, ..good.clone() }),
        Case::new("form_options", &good, chosen.clone()),
        Case::new("form_reset", &chosen, empty),
    ]
}
