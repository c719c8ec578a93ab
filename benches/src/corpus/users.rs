//! A list of 300 users, and a field that filters it.

use super::random::{FIRST_NAMES, LAST_NAMES, Random};
use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct User {
    id: usize,
    name: String,
    email: String,
    role: &'static str,
}

#[derive(Clone)]
struct Users {
    users: Vec<User>,
    query: &'static str,
}

impl Model for Users {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            div class="users" {
                form data-change="filter" { input id="q" type="search" name="q" value=(self.query); }
                p class="count" { (self.users.len()) " of " (300) " users" }
                table {
                    thead { tr { th { "Name" } th { "Email" } th { "Role" } th { } } }
                    tbody {
                        @for user in &self.users key=(user.id) {
                            tr id={"u-" (user.id)} {
                                td { a href={"/users/" (user.id)} { (user.name) } }
                                td { (user.email) }
                                td { span class={"badge badge-" (user.role)} { (user.role) } }
                                td { button data-click="delete" data-id=(user.id) { "Delete" } }
                            }
                        }
                    }
                }
            }
        })
    }
}

pub fn cases(random: &mut Random) -> Vec<Case> {
    let user = |number: usize| {
        let (first, last) = (random.pick(&FIRST_NAMES), random.pick(&LAST_NAMES));
        User {
            id: number + 1,
            name: format!("{first} {last}"),
            email: format!("{first}.{last}{number}@example.org").to_lowercase().replace('\'', ""),
            role: random.pick(&["admin", "editor", "viewer"]),
        }
    };
    let all = Users { users: (0..300).map(user).collect(), query: "" };
    let filtered = |query| {
        let matching = all.users.iter().filter(|user| user.name.to_lowercase().contains(query));
        Users { users: matching.cloned().collect(), query }
    };
    vec![
        Case::new("users_filter", &all, filtered("li")),
        Case::new("users_narrow", &filtered("li"), filtered("lis")),
        Case::new("users_clearfilter", &filtered("li"), all.clone()),
    ]
}
