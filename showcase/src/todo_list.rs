//! A list of what is to be done, as `/todos` shows it.

use serde::Deserialize;

/// A list that nobody could read any more.
const MOST: usize = 100;
/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 200;

/// What is to be done, in the order in which it was thought of.
#[derive(Clone, Default)]
pub struct TodoList {
    items: Vec<Todo>,
    last_id: u32,
}

/// Something that is to be done, or was.
#[derive(Clone)]
pub struct Todo {
    /// Its number, which no other one of the list has or had.
    pub id: u32,
    /// What it is.
    pub title: String,
    /// Whether it is done.
    pub is_done: bool,
}

/// What of a list is shown.
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// All of it.
    All,
    /// What is not done yet.
    Active,
    /// What is done.
    Completed,
}

/// Each with its name, and what its button says.
pub const FILTERS: [(Filter, &str, &str); 3] =
    [(Filter::All, "all", "All"), (Filter::Active, "active", "Active"), (Filter::Completed, "completed", "Completed")];

impl TodoList {
    /// What a filter lets through.
    pub fn shown(&self, filter: Filter) -> impl Iterator<Item = &Todo> {
        self.items.iter().filter(move |todo| match filter {
            Filter::All => true,
            Filter::Active => !todo.is_done,
            Filter::Completed => todo.is_done,
        })
    }

    /// How much is not done yet.
    pub fn left(&self) -> usize {
        self.items.iter().filter(|todo| !todo.is_done).count()
    }

    /// Whether nothing can be added any more.
    pub fn is_full(&self) -> bool {
        self.items.len() >= MOST
    }

    /// Adds something, unless the list is full.
    pub fn add(&mut self, title: String) {
        if !self.is_full() {
            self.last_id += 1;
            self.items.push(Todo { id: self.last_id, title, is_done: false });
        }
    }

    /// What was done is not, and what was not is.
    pub fn toggle(&mut self, id: u32) {
        self.items.iter_mut().filter(|todo| todo.id == id).for_each(|todo| todo.is_done = !todo.is_done);
    }

    /// Removes one.
    pub fn delete(&mut self, id: u32) {
        self.items.retain(|todo| todo.id != id);
    }

    /// Removes all that is done.
    pub fn clear_completed(&mut self) {
        self.items.retain(|todo| !todo.is_done);
    }
}
