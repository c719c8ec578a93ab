//! What happens, the latest first.

use super::{Push, Viewer};
use crate::app::{Context, Showcase};
use crate::components::clock;
use lazuli::html::Render;
use lazuli::{ChannelMessage, Component, Result, html};
use std::collections::VecDeque;

/// So much of it is shown.
const MOST: usize = 20;

pub struct Activity {
    viewer: Viewer,
    number: u64,
    happened: VecDeque<(u64, String, String)>,
}

impl Activity {
    pub fn new(viewer: Viewer) -> Activity {
        Activity { viewer, number: 0, happened: VecDeque::new() }
    }
}

impl Component<Showcase> for Activity {
    fn render(&self) -> impl Render {
        html! {
            section class="card activity" {
                h2 { "Activity" }
                ul class="list" {
                    @for (number, message, at) in &self.happened key=(number) {
                        li class="row" {
                            span class="grow" { (message) }
                            time class="muted" datetime=(at) data-ignore data-hook="clock" { (clock(at)) }
                        }
                    }
                }
                @if self.happened.is_empty() { p class="empty" { "Nothing has happened yet" } }
            }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_>) -> Result {
        self.viewer.listen(cx)
    }

    fn on_channel_message(&mut self, cx: &mut Context<'_>, message: &ChannelMessage<'_>) -> Result {
        if let Ok(Push::Activity { message }) = message.read() {
            self.number += 1;
            self.happened.push_front((self.number, message, cx.timestamp().to_string()));
            self.happened.truncate(MOST);
        }
        Ok(())
    }
}
