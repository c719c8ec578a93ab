//! Who is in the table.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

#[derive(Clone, Deserialize, Serialize)]
pub struct User {
    pub id: u32,
    pub name: String,
    pub email: String,
    /// As in "2024-03-15".
    pub created_at: String,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    #[default]
    Name,
    Email,
    CreatedAt,
}

#[derive(Clone, Copy, Default)]
pub struct Order {
    pub by: Column,
    pub is_descending: bool,
}

/// Those whose name or e-mail address contains a text, in an order.
pub fn find(users: &[User], text: &str, order: Order) -> Vec<User> {
    let text = text.trim().to_lowercase();
    let has = |field: &str| field.to_lowercase().contains(&text);
    let key = |user: &User| match order.by {
        Column::Name => user.name.to_lowercase(),
        Column::Email => user.email.to_lowercase(),
        Column::CreatedAt => user.created_at.clone(),
    };
    let mut found: Vec<User> = users.iter().filter(|user| has(&user.name) || has(&user.email)).cloned().collect();
    if order.is_descending {
        found.sort_by_key(|user| Reverse(key(user)));
    } else {
        found.sort_by_key(key);
    }
    found
}

/// Some people, none of them real.
pub fn samples() -> Vec<User> {
    let first = ["Ada", "Björn", "Chiara", "Dmitri", "Emeka", "Fatima", "Grace", "Hiroshi", "Inés"];
    let last = ["Almeida", "Brandt", "Clarke", "Okafor", "Tanaka"];
    (0..45)
        .map(|n| {
            let (first, last) = (first[n % first.len()], last[n % last.len()]);
            let plain = first.to_lowercase().replace('ö', "o").replace('é', "e");
            // 7 and 45 have no common divisor, nor have 11 and 28: the dates come in no order.
            let created_at = format!("20{:02}-{:02}-{:02}", 19 + n * 7 % 6, 1 + n * 7 % 12, 1 + n * 11 % 28);
            User {
                id: n as u32 + 1,
                name: format!("{first} {last}"),
                email: format!("{plain}@{}.example", last.to_lowercase()),
                created_at,
            }
        })
        .collect()
}
