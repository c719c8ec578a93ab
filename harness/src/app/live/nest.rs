//! Components in the markup of another: rows with keys, and one in an alternative. They tell the one around them.

use super::Props;
use super::seen::{Id, Stage, escaped};
use super::sim::{Act, Kind, Sim};
use crate::app::member::Cx;
use lazuli::html;
use lazuli::html::Render;
use std::time::Duration;

#[derive(Clone)]
pub(super) struct Nest {
    next: u64,
    keys: Vec<u64>,
    label: String,
    /// Whether there is one beside the rows.
    has_guest: bool,
    sum: u64,
    /// The sum as text, worked out before it is shown.
    shown: String,
}

#[derive(Clone)]
pub(super) struct Leaf {
    label: String,
    count: u64,
}

/// The key of the one beside the rows.
const GUEST: u64 = 1_000_000;

/// More are not added.
const MOST: usize = 9;

impl Nest {
    fn leaf(&self, stage: &(Stage, Id), key: u64) -> Sim<Leaf> {
        let (stage, id) = stage;
        let mut leaf: Sim<Leaf> = Sim::new(stage.inner(*id, key), Props { place: 0, seed: key, trouble: 0 });
        leaf.kind.label = self.label.clone();
        leaf
    }
}

impl Kind for Nest {
    const NAME: &'static str = "nest";

    fn new(seed: u64) -> Self {
        let count = seed % 5;
        Nest {
            next: count,
            keys: (0..count).collect(),
            label: "leaf".into(),
            has_guest: seed.is_multiple_of(2),
            sum: 0,
            shown: "0".into(),
        }
    }

    fn act(&mut self, cx: &mut Cx<'_>, act: &Act) -> bool {
        let at = (act.a % (self.keys.len() as u64 + 1)) as usize;
        match act.what % 8 {
            0 | 1 if self.keys.len() < MOST => {
                self.keys.insert(at, self.next);
                self.next += 1;
            }
            2 if at < self.keys.len() => drop(self.keys.remove(at)),
            3 => self.keys.reverse(),
            4 if !self.keys.is_empty() => self.keys.rotate_left(1),
            5 => self.label = act.text.chars().take(12).collect(),
            6 => self.has_guest ^= true,
            _ => {
                cx.to_children("by", &serde_json::json!({ "by": act.b % 3 }));
                return false;
            }
        }
        true
    }

    fn kin(&mut self, by: u64) -> bool {
        self.sum += by;
        by > 0
    }

    fn update(&mut self) {
        self.shown = self.sum.to_string();
    }

    fn render(&self, stage: &(Stage, Id)) -> impl Render {
        html! {
            p { (self.shown) " in " (self.keys.len()) }
            ul {
                @for key in &self.keys key=(key) {
                    li { @component(self.leaf(stage, *key)) uses=(self.label) }
                }
            }
            @if self.has_guest { div { @component(self.leaf(stage, GUEST)) uses=(self.label) } }
        }
    }

    fn html(&self, inner: &dyn Fn(u64) -> String) -> String {
        let rows: String = self.keys.iter().map(|key| format!("<li>{}</li>", inner(*key))).collect();
        let guest = if self.has_guest { format!("<div>{}</div>", inner(GUEST)) } else { String::new() };
        format!("<p>{} in {}</p><ul>{rows}</ul>{guest}", self.sum, self.keys.len())
    }
}

impl Kind for Leaf {
    const NAME: &'static str = "leaf";

    fn new(seed: u64) -> Self {
        Leaf { label: String::new(), count: seed % 3 }
    }

    fn mount(&mut self, cx: &mut Cx<'_>) -> bool {
        cx.join(&super::live_room(self.count));
        false
    }

    fn act(&mut self, cx: &mut Cx<'_>, act: &Act) -> bool {
        match act.what % 4 {
            0 => self.count += 1,
            1 => cx.set_timer("soon", Duration::from_millis(act.a % 400)),
            _ => cx.to_parent("by", &serde_json::json!({ "by": act.b % 3 })),
        }
        act.what.is_multiple_of(4)
    }

    fn kin(&mut self, by: u64) -> bool {
        self.count += by;
        by > 0
    }

    fn hear(&mut self, _: &str) -> bool {
        self.count += 100;
        true
    }

    fn tick(&mut self, _: &mut Cx<'_>, _: lazuli::Timer) -> bool {
        self.count += 10;
        true
    }

    fn props(&mut self, new: Self) -> bool {
        std::mem::replace(&mut self.label, new.label) != self.label
    }

    fn render(&self, _: &(Stage, Id)) -> impl Render {
        html! { b { (self.label) } i { (self.count) } @if self.count % 2 == 1 { "odd" } }
    }

    fn html(&self, _: &dyn Fn(u64) -> String) -> String {
        let odd = if self.count % 2 == 1 { "odd" } else { "" };
        format!("<b>{}</b><i>{}</i>{odd}", escaped(&self.label), self.count)
    }
}
