//! What of the users is shown: those that a filter lets through, in an order, a page of them.

use super::data::{self, Column, Order, User};

const ON_A_PAGE: usize = 20;

pub struct Listing {
    all: Vec<User>,
    pub filter: String,
    pub order: Order,
    /// Those that the filter lets through, in order.
    found: Vec<User>,
    /// From 0.
    pub page: usize,
}

impl Listing {
    pub fn new(filter: String) -> Listing {
        let (all, order) = (data::samples(), Order::default());
        Listing { found: data::find(&all, &filter, order), all, filter, order, page: 0 }
    }

    /// Whoever has this id.
    pub fn get(&self, id: u32) -> Option<&User> {
        self.all.iter().find(|user| user.id == id)
    }

    pub fn replace(&mut self, user: &User) {
        self.all.iter_mut().filter(|old| old.id == user.id).for_each(|old| old.clone_from(user));
    }

    pub fn remove(&mut self, id: u32) {
        self.all.retain(|user| user.id != id);
    }

    /// The first page, in the order of this column; in the opposite one, if it is that already.
    pub fn sort(&mut self, by: Column) {
        self.order = Order { by, is_descending: self.order.by == by && !self.order.is_descending };
        self.page = 0;
    }

    /// Works out anew what is shown.
    pub fn update(&mut self) {
        self.found = data::find(&self.all, &self.filter, self.order);
        self.page = self.page.min(self.pages() - 1);
    }

    /// Leads to the page where somebody is, and says whether the filter lets them through.
    pub fn lead_to(&mut self, id: u32) -> bool {
        self.update();
        let at = self.found.iter().position(|user| user.id == id);
        self.page = at.map_or(self.page, |at| at / ON_A_PAGE);
        at.is_some()
    }

    pub fn shown(&self) -> impl Iterator<Item = &User> {
        self.found.iter().skip(self.page * ON_A_PAGE).take(ON_A_PAGE)
    }

    /// How many there are of how many.
    pub fn count(&self) -> (usize, usize) {
        (self.found.len(), self.all.len())
    }

    pub fn pages(&self) -> usize {
        self.found.len().div_ceil(ON_A_PAGE).max(1)
    }
}
