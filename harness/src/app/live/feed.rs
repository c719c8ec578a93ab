//! What is said in a room, its latest lines.

use super::live_room;
use super::seen::{Id, Stage, escaped};
use super::sim::{Act, Kind};
use crate::app::SimEvent;
use crate::app::member::Cx;
use lazuli::html;
use lazuli::html::Render;
use std::collections::VecDeque;

#[derive(Clone)]
pub(super) struct Feed {
    room: u64,
    heard: u64,
    lines: VecDeque<(u64, String)>,
}

/// So many lines are kept.
const LINES: usize = 8;

impl Kind for Feed {
    const NAME: &'static str = "feed";

    fn new(seed: u64) -> Self {
        Feed { room: seed, heard: 0, lines: VecDeque::new() }
    }

    fn mount(&mut self, cx: &mut Cx<'_>) -> bool {
        cx.join(&live_room(self.room));
        false
    }

    fn act(&mut self, cx: &mut Cx<'_>, act: &Act) -> bool {
        let room = live_room(self.room);
        match act.what % 6 {
            0..4 => cx.to_room(&room).text(&act.text),
            4 => cx.to_room(&room).event(SimEvent::Told { op: act.a as u32 }),
            _ => {
                cx.leave(&room);
                self.room = act.a;
                cx.join(&live_room(self.room));
                self.lines.clear();
                return true;
            }
        }
        false
    }

    fn hear(&mut self, text: &str) -> bool {
        self.heard += 1;
        self.lines.push_back((self.heard, text.chars().take(80).collect()));
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
        true
    }

    fn render(&self, _: &(Stage, Id)) -> impl Render {
        html! {
            h3 { (live_room(self.room)) }
            dl {
                @for (number, line) in &self.lines key=(number) {
                    dt { (number) }
                    dd { (line) }
                }
            }
        }
    }

    fn html(&self, _: &dyn Fn(u64) -> String) -> String {
        let line = |(number, line): &(u64, String)| format!("<dt>{number}</dt><dd>{}</dd>", escaped(line));
        let lines: String = self.lines.iter().map(line).collect();
        format!("<h3>{}</h3><dl>{lines}</dl>", live_room(self.room))
    }
}
