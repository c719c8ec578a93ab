//! Texts that grow, shrink and change in their middle, in a text, an attribute and a field.

use super::seen::{Id, Stage, escaped};
use super::sim::{Act, Kind};
use crate::app::member::Cx;
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
pub(super) struct Text {
    text: String,
    title: String,
}

/// Longer ones are cut short.
const LONGEST: usize = 20_000;

/// The nearest place at or before this one where a character begins.
fn place(text: &str, at: u64) -> usize {
    let at = (at % (text.len() as u64 + 1)) as usize;
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

impl Kind for Text {
    const NAME: &'static str = "text";

    fn new(seed: u64) -> Self {
        Text { text: "Begin: ".repeat((seed % 20) as usize), title: String::new() }
    }

    fn act(&mut self, _: &mut Cx<'_>, act: &Act) -> bool {
        let text = if act.what & 16 == 0 { &mut self.text } else { &mut self.title };
        let (from, to) = (place(text, act.a), place(text, act.b));
        match act.what % 6 {
            0..3 => *text += &act.text,
            3 => text.insert_str(from, &act.text),
            4 => text.replace_range(from.min(to)..from.max(to), &act.text),
            _ => text.truncate(from),
        }
        if text.len() > LONGEST {
            text.truncate(place(text, 2_000));
        }
        true
    }

    fn render(&self, _: &(Stage, Id)) -> impl Render {
        html! {
            h3 title={"<" (self.title) ">"} { (self.title) }
            pre { "> " (self.text) }
            input value=(self.text);
        }
    }

    fn html(&self, _: &dyn Fn(u64) -> String) -> String {
        let (text, title) = (escaped(&self.text), escaped(&self.title));
        format!("<h3 title=\"&lt;{title}>\">{title}</h3><pre>> {text}</pre><input value=\"{text}\">")
    }
}
