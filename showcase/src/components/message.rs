//! A message in a chat room.

use super::{clock, hue};
use crate::said::Line;
use lazuli::html;
use lazuli::html::Render;

pub fn message(line: &Line, is_own: bool) -> impl Render {
    html! {
        li class="message" class:own=(is_own) class:other=(!is_own) {
            div class="bubble" {
                p class="who" { bdi class={"name hue hue-" (hue(&line.user_id))} { (&line.name) } }
                p class="text" dir="auto" { (&line.text) }
                time datetime=(&line.timestamp) data-ignore data-hook="clock" { (clock(&line.timestamp)) }
            }
        }
    }
}
