//! `/chat-room/:room_id`: the page of a chat room. The channel `/chat/:room_id` is in the same room.
//!
//! What was said is kept by room, and one's name by the browser's session, so a page that was loaded anew or has lost its
//! connection shows them again.

use super::me::Me;
use super::message::message;
use super::people::People;
use crate::app::{Context, Showcase};
use crate::channels::{Chat, LONGEST_NAME, check_id};
use crate::said::Conversation;
use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{ChannelMessage, Component, Error, Event, Mount, Result, Routes, Timer, html};
use serde::Deserialize;
use std::time::Duration;

/// After so long without a key one has stopped typing.
const IDLE: Duration = Duration::from_secs(2);

pub struct ChatRoom {
    chat: Chat,
    me: Me,
    is_typing: bool,
    conversation: Conversation,
    people: People,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Typing { value: String },
    Send { fields: Fields },
    Rename { value: String },
}

#[derive(Deserialize)]
struct Fields {
    message: String,
}

pub fn add(routes: &mut Routes<Showcase>) -> Result<(), PatternError> {
    let room = routes.component("chat-room", |mount, room_id: String| Ok(ChatRoom::new(mount, &room_id)))?;
    routes.get("/chat-room/:room_id", move |cx, request| {
        let room_id = request.param("room_id").unwrap_or_default().to_owned();
        check_id(&room_id).map_err(|refused| Error::reply(refused.message))?;
        let shown = cx.show(&room, request, &room_id)?;
        super::page_with(&["/assets/live.css", "/assets/live.js"], "chat-room", &room_id, &shown)
    })
}

impl ChatRoom {
    pub fn new(mount: &Mount<'_, Showcase>, room_id: &str) -> ChatRoom {
        let (chat, people) = (Chat::new(room_id), People::default());
        ChatRoom { conversation: chat.said(mount.app), chat, me: Me::new(mount), is_typing: false, people }
    }

    fn types(&mut self, cx: &mut Context<'_>, is_typing: bool) {
        if is_typing || self.is_typing {
            self.chat.typing(cx, is_typing, self.me.name.clone());
        }
        self.is_typing = is_typing;
        if is_typing {
            cx.set_timer("idle", IDLE);
        }
    }

    /// Looks again when the next of those who type may have stopped.
    fn look_who_types(&mut self, cx: &mut Context<'_>) {
        if let Some(wait) = self.people.typists.wait(cx.now()) {
            cx.set_timer("typing", wait);
        }
    }
}

impl Component<Showcase> for ChatRoom {
    fn render(&self) -> impl Render {
        html! {
            section class="card chat-room" {
                header class="toolbar" {
                    p class="badge" { (self.people.count) " users online" }
                    label class="end" {
                        "Your name "
                        input value=(self.me.name.as_deref()) maxlength=(LONGEST_NAME) placeholder="optional" on:change="rename";
                    }
                }
                ol class="messages scroller" tabindex=0 aria-label="Messages" data-hook="follow" {
                    @for (number, line) in self.conversation.lines() key=(number) { @(message(line, self.me.said(line))) }
                }
                p class="typing" aria-live="polite" { (self.people.typists.text()) }
                form class="composer" method="post" on:submit="send" spark-reset {
                    input name="message" aria-label="Message" placeholder="Write a message" autocomplete="off"
                        on:input="typing" spark-throttle="300";
                    button { "Send" }
                }
            }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_>) -> Result {
        self.chat.enter(cx);
        self.people.count = self.chat.count(cx);
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Typing { value } => self.types(cx, !value.trim().is_empty()),
            Said::Send { fields: Fields { message } } if message.trim().is_empty() => {}
            Said::Send { fields: Fields { message } } => {
                self.chat.say(cx, Some(message), self.me.name.clone(), self.me.session())?;
                self.types(cx, false);
            }
            Said::Rename { value } => self.me.rename(cx, &value),
        }
        Ok(())
    }

    fn on_channel_message(&mut self, cx: &mut Context<'_>, message: &ChannelMessage<'_>) -> Result {
        self.people.hear(message, cx.now());
        self.look_who_types(cx);
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: Timer) -> Result {
        match timer.name {
            "idle" => self.types(cx, false),
            _ => self.look_who_types(cx),
        }
        Ok(())
    }

    fn on_update(&mut self, cx: &mut Context<'_>) -> Result {
        self.me.look(cx.app());
        self.conversation = self.chat.said(cx.app());
        Ok(())
    }

    fn on_unmount(&mut self, cx: &mut Context<'_>) -> Result {
        self.chat.left(cx);
        Ok(())
    }
}
