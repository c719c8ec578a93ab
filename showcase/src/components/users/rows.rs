//! The rows of the table.

use super::data::{Column, Order, User};
use lazuli::html;
use lazuli::html::Render;

const COLUMNS: [(Column, &str, &str); 3] =
    [(Column::Name, "name", "Name"), (Column::Email, "email", "E-mail"), (Column::CreatedAt, "created_at", "Created")];

/// The columns, and which of them gives the order.
pub fn head(order: Order) -> impl Render {
    // An arrow, and the same for who does not see it.
    let say = move |by| match order.is_descending {
        _ if by != order.by => ("", None),
        false => ("↑", Some("ascending")),
        true => ("↓", Some("descending")),
    };
    html! {
        tr {
            @for (by, name, label) in COLUMNS key=(name) {
                @let (arrow, word) = say(by);
                th scope="col" aria-sort=(word) {
                    button type="button" data-by=(name) on:click="sort" { (label) " " (arrow) }
                }
            }
            th scope="col" { span class="unseen" { "Actions" } }
        }
    }
}

/// A user.
pub fn row(user: &User) -> impl Render {
    html! {
        tr {
            td { (user.name) }
            td { (user.email) }
            td { time { (user.created_at) } }
            td class="acts" {
                button type="button" class="quiet" id={"edit-" (user.id)} data-id=(user.id) on:click="edit" { "Edit" }
                " "
                button type="button" class="danger" id={"remove-" (user.id)} data-id=(user.id) on:click="remove"
                    spark-confirm={"Are you sure you want to remove " (user.name) "?"} { "Remove" }
            }
        }
    }
}
