//! A list of things to do.

use super::random::Random;
use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Item {
    id: u32,
    title: String,
    done: bool,
}

#[derive(Clone)]
struct Todo {
    items: Vec<Item>,
    draft: &'static str,
}

impl Model for Todo {
    fn render(&self) -> Box<dyn Render + '_> {
        let left = self.items.iter().filter(|item| !item.done).count();
        Box::new(html! {
            section class="todoapp" {
                header class="header" {
                    h1 { "todos" }
                    form data-submit="add" {
                        input id="draft" class="new-todo" name="title" placeholder="What needs to be done?" value=(self.draft);
                    }
                }
                ul class="todo-list" {
                    @for item in &self.items key=(item.id) {
                        li id={"todo-" (item.id)} class:completed=(item.done) {
                            div class="view" {
                                input class="toggle" type="checkbox" data-click="toggle" data-id=(item.id) checked=(item.done);
                                label { (item.title) }
                                button class="destroy" data-click="remove" data-id=(item.id) { }
                            }
                        }
                    }
                }
                footer class="footer" {
                    span class="todo-count" {
                        strong { (left) }
                        " " (if left == 1 { "item" } else { "items" }) " left"
                    }
                    ul class="filters" {
                        li { a class="selected" href="#/" { "All" } }
                        li { a href="#/active" { "Active" } }
                        li { a href="#/completed" { "Completed" } }
                    }
                }
            }
        })
    }
}

const TYPED: &str = "buy milk & <b>bread</b>";

pub fn cases(random: &mut Random) -> Vec<Case> {
    let item = |id| {
        let words = 3 + random.below(5);
        Item { id, title: random.sentence(words), done: random.below(3) == 0 }
    };
    let mut items: Vec<Item> = (1..=20).map(item).collect();
    items[6].done = false;
    let todo = Todo { items, draft: "" };
    let changed = |change: &dyn Fn(&mut Vec<Item>)| {
        let mut todo = todo.clone();
        change(&mut todo.items);
        todo
    };
    let typed = Todo { draft: TYPED, ..todo.clone() };
    let added = Item { id: 21, title: TYPED.to_owned(), done: false };
    vec![
        Case::new("todo_toggle", &todo, changed(&|items| items[6].done = true)),
        Case::new("todo_add", &typed, changed(&|items| items.push(added.clone()))),
        Case::new("todo_remove", &todo, changed(&|items| drop(items.remove(6)))),
        Case::new("todo_toggleall", &todo, changed(&|items| items.iter_mut().for_each(|item| item.done = true))),
    ]
}
