//! A user in the table.

use super::data::User;
use lazuli::html;
use lazuli::html::Render;

pub fn row(user: &User) -> impl Render {
    html! {
        tr {
            td { (user.name) }
            td { (user.email) }
            td { time { (user.created_at) } }
            td class="acts" {
                button type="button" class="quiet" id={"edit-" (user.id)} data-id=(user.id) on:click="edit" { "Edit" }
                " "
                button type="button" class="danger" data-id=(user.id) on:click="remove"
                    spark-confirm={"Are you sure you want to remove " (user.name) "?"} { "Remove" }
            }
        }
    }
}
