//! What somebody is to be told, until they put it away.

use super::{Push, Viewer, board_of};
use crate::app::{Context, Showcase};
use crate::components::{beside, clock};
use lazuli::html::Render;
use lazuli::{ChannelMessage, Component, Event, Result, html};
use std::collections::VecDeque;

/// So many are kept; the oldest go.
const MOST: usize = 20;

pub struct Notifications {
    viewer: Viewer,
    number: u64,
    open: VecDeque<(u64, String, String)>,
}

impl Notifications {
    pub fn new(viewer: Viewer) -> Notifications {
        Notifications { viewer, number: 0, open: VecDeque::new() }
    }
}

impl Component<Showcase> for Notifications {
    fn render(&self) -> impl Render {
        html! {
            section class="card notifications" {
                div class="toolbar" {
                    h2 tabindex="-1" { "Notifications" }
                    span class="badge" { (self.open.len()) }
                    @if !self.open.is_empty() {
                        button type="button" class="quiet end" on:click="clear" { "Clear" }
                    }
                }
                ul class="list" {
                    @for (number, message, at) in &self.open key=(number) {
                        li class="row" {
                            span class="grow" { (message) }
                            time class="muted" datetime=(at) data-ignore data-hook="clock" { (clock(at)) }
                            button type="button" class="quiet icon" aria-label="Put away" data-number=(number) on:click="put_away" { "×" }
                        }
                    }
                }
                @if self.open.is_empty() {
                    p class="empty" { "Nothing new at " code { "/private/" (board_of(self.viewer.user_id())) } }
                }
            }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_>) -> Result {
        self.viewer.listen(cx)
    }

    /// The button that had the focus is gone then: the next one gets it, or the title.
    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.name() {
            "clear" => {
                self.open.clear();
                cx.focus("h2");
            }
            "put_away" => {
                let gone = event.number::<u64>("number").ok_or(event.unknown())?;
                match beside(self.open.iter().map(|(number, ..)| *number), gone) {
                    Some(next) => cx.focus(&format!("[data-number=\"{next}\"]")),
                    None => cx.focus("h2"),
                }
                self.open.retain(|(number, ..)| *number != gone);
            }
            _ => return Err(event.unknown()),
        }
        Ok(())
    }

    fn on_channel_message(&mut self, cx: &mut Context<'_>, message: &ChannelMessage<'_>) -> Result {
        let text = match message.read() {
            Ok(Push::Notification { message }) => message,
            Ok(Push::Message { message, user_id }) => format!("{user_id}: {message}"),
            _ => return Ok(()),
        };
        self.number += 1;
        self.open.push_front((self.number, text, cx.timestamp().to_string()));
        self.open.truncate(MOST);
        Ok(())
    }
}
