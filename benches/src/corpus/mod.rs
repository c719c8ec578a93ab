//! What live components are measured by: eleven components, and 56 updates of them, each from one state to the next.
//!
//! The states are drawn from a generator that is part of the corpus, so that other implementations can be given the same ones.

mod article;
mod chat;
mod counter;
mod dash;
mod deep;
mod form;
mod page;
mod panel;
mod random;
mod table;
mod todo;
mod users;

use lazuli::html::Render;
use random::Random;

/// The state of a component.
pub trait Model {
    /// Its markup.
    fn render(&self) -> Box<dyn Render + '_>;
}

/// One update.
pub struct Case {
    /// What it is called: the component, and what happens to it.
    pub name: String,
    /// The state before.
    pub old: Box<dyn Model + Send>,
    /// The state after.
    pub new: Box<dyn Model + Send>,
}

impl Case {
    fn new(
        name: impl Into<String>,
        old: &(impl Model + Clone + Send + 'static),
        new: impl Model + Send + 'static,
    ) -> Case {
        Case { name: name.into(), old: Box::new(old.clone()), new: Box::new(new) }
    }
}

/// All 56: 15 of a table of 1,000 rows, 11 of one of 10,000, and 30 of other components.
pub fn cases() -> Vec<Case> {
    let mut cases = table::cases(1_000, "1k");
    cases.extend(table::cases(10_000, "10k"));
    cases.extend(counter::cases());
    // One stream for all of these: their order is a part of the data.
    let random = &mut Random::new(7);
    for made in [todo::cases, chat::cases, dash::cases, users::cases, panel::cases] {
        cases.extend(made(random));
    }
    cases.extend(deep::cases());
    cases.extend(form::cases());
    cases.extend(article::cases(random));
    cases.extend(page::cases(random));
    cases
}

/// One of them.
pub fn case(name: &str) -> Option<Case> {
    let made = match name.strip_prefix("table_") {
        Some(rest) if rest.ends_with("_10k") => table::cases(10_000, "10k"),
        Some(_) => table::cases(1_000, "1k"),
        None => cases(),
    };
    made.into_iter().find(|case| case.name == name)
}
