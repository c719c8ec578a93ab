//! What `html!` takes, and that its expansions compile wherever an application puts them.

use std::borrow::Cow;
use std::fmt::{self, Display};

use lazuli::html;
use lazuli::html::Render;

struct Row {
    id: u64,
    name: String,
    note: Option<String>,
    children: Vec<Row>,
}

enum Tab {
    List,
    Detail(u32),
    Help { topic: String },
}

struct Money(i64);

impl Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} €", self.0 / 100, self.0 % 100)
    }
}

struct Board {
    title: String,
    rows: Vec<Row>,
    tab: Tab,
    step: i32,
    open: bool,
    total: Money,
    link: String,
    hint: Option<String>,
}

impl Board {
    fn render(&self) -> impl Render {
        html! {
            div class="board" class:open=(self.open) id={"b-" (self.step)} {
                h2 title=(self.hint) { "Board: " (self.title) " of " (self.rows.len()) "!" }
                @(header(&self.title))
                p { (self.total) " " (self.step) }
                a href=(self.link) class:a=(self.open) class:b=(self.step > 0) { "Go" }
                @match &self.tab {
                    Tab::List => { ul { @for row in &self.rows key=(row.id) { li id={"r-" (row.id)} { (row.name) (row.note) } } } }
                    Tab::Detail(n) if *n > 3 => { p { (n) } },
                    Tab::Detail(_) => {}
                    Tab::Help { topic } => { @let upper = topic.to_uppercase(); p { (upper) } }
                }
                @if let Some(hint) = &self.hint && self.open { em { (hint) } } @else if self.open { "open" } @else { b { "shut" } }
                input type="number" value=(self.step) on:change="set" on:keydown.enter="send" disabled=(!self.open) min=-1;
            }
        }
    }
}

fn header(title: &str) -> impl Render {
    html! { header { h1 { (title) } } }
}

fn tree(row: &Row) -> Box<dyn Render + '_> {
    Box::new(html! {
        li { (row.name) @if !row.children.is_empty() { ul { @for child in &row.children key=(child.id) { @(tree(child)) } } } }
    })
}

fn list<T: Display>(items: &[T]) -> impl Render {
    html! { ol { @for (i, item) in items.iter().enumerate() key=(i) { li { (i) ": " (item) } } } }
}

fn wrap(inner: impl Render) -> impl Render {
    html! { section { @(inner) } }
}

#[test]
fn compiles() {
    let board = Board { title: String::new(), rows: vec![], tab: Tab::List, step: 1, open: true, total: Money(3), link: String::new(), hint: None };
    let _ = board.render();
    let _ = tree(&Row { id: 1, name: String::new(), note: None, children: vec![] });
    let _ = list(&[1.5, 2.5]);
    let _ = wrap(header("x"));
    let sink = 1; let joiner = 2; #[allow(non_snake_case)] let ROOT = 3; let on0 = true; let blank = "x";
    struct Template; struct Slot; struct Piece; let _ = (Template, Slot, Piece);
    let owned = String::from("x");
    let cow: Cow<'_, str> = Cow::Borrowed("x");
    let _ = html! { p class:x=(on0) class:y=(!on0) { (sink) " " (joiner) (ROOT) (blank) (format!("{owned}")) (cow) (owned) ('c') (&&3u8) } };
    const ROOT2: u8 = 1;
    let _ = html! { @match 1u8 { ROOT2 => { "x" } _ => {} } };
    let f = |x: u8| x + 1;
    let _ = html! { svg viewBox="0 0 1 1" { circle r=(f(1)); @if f(1) > 1 { a { rect; } } } };
    let _ = html! {};
}
