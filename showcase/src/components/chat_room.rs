//! `/chat-room/:room_id`: the page of a chat room. The channel `/chat/:room_id` is in the same room.

use super::conversation::Conversation;
use super::{clock, hue};
use crate::app::{Context, Showcase};
use crate::channels::{Chat, LONGEST_NAME, check_id};
use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{ChannelMessage, Component, Error, Event, Result, Routes, Timer, html};
use serde::Deserialize;
use std::time::Duration;

/// After so long without a key one has stopped typing.
const IDLE: Duration = Duration::from_secs(2);

pub struct ChatRoom {
    chat: Chat,
    me: String,
    name: Option<String>,
    is_typing: bool,
    heard: Conversation,
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
    let room = routes.component("chat-room", |_, room_id: String| Ok(ChatRoom::new(&room_id)))?;
    routes.get("/chat-room/:room_id", move |cx, request| {
        let room_id = request.param("room_id").unwrap_or_default().to_owned();
        check_id(&room_id).map_err(|refused| Error::reply(refused.message))?;
        let shown = cx.show(&room, request, &room_id)?;
        super::page("chat-room", &room_id, &super::with_scripts(&["/assets/live.js"], shown))
    })
}

impl ChatRoom {
    pub fn new(room_id: &str) -> ChatRoom {
        let (me, heard) = (String::new(), Conversation::default());
        ChatRoom { chat: Chat::new(room_id), me, name: None, is_typing: false, heard }
    }

    fn types(&mut self, cx: &mut Context<'_>, is_typing: bool) {
        if is_typing || self.is_typing {
            self.chat.typing(cx, is_typing, self.name.clone());
        }
        self.is_typing = is_typing;
        if is_typing {
            cx.set_timer("idle", IDLE);
        }
    }

    /// Looks again when the next of those who type may have stopped.
    fn look_who_types(&mut self, cx: &mut Context<'_>) {
        if let Some(wait) = self.heard.typists.wait(cx.now()) {
            cx.set_timer("typing", wait);
        }
    }
}

impl Component<Showcase> for ChatRoom {
    fn render(&self) -> impl Render {
        html! {
            section class="card chat-room" {
                header class="toolbar" {
                    p class="badge" { (self.heard.users) " " @if self.heard.users == 1 { "user" } @else { "users" } " online" }
                    label class="end" {
                        "Your name "
                        input value=(self.name.as_deref()) maxlength=(LONGEST_NAME) placeholder="optional" on:change="rename";
                    }
                }
                ol class="messages scroller" tabindex=0 aria-label="Messages" data-hook="follow" {
                    @for message in &self.heard.messages key=(message.number) {
                        @let is_own = message.user_id == self.me;
                        li class="message" class:own=(is_own) class:other=(!is_own) {
                            div class="bubble" {
                                p class="who" { bdi class={"name hue hue-" (hue(&message.user_id))} { (&message.name) } }
                                p class="text" dir="auto" { (&message.text) }
                                time datetime=(&message.timestamp) data-ignore data-hook="clock" { (clock(&message.timestamp)) }
                            }
                        }
                    }
                }
                p class="typing" aria-live="polite" { (self.heard.typists.text()) }
                form class="composer" on:submit="send" {
                    input name="message" aria-label="Message" placeholder="Write a message" autocomplete="off"
                        on:input="typing" spark-throttle="300";
                    button { "Send" }
                }
            }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_>) -> Result {
        self.chat.enter(cx);
        self.me = cx.conn().to_string();
        self.heard.users = self.chat.count(cx);
        Ok(())
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Typing { value } => self.types(cx, !value.trim().is_empty()),
            Said::Send { fields: Fields { message } } if message.trim().is_empty() => {}
            Said::Send { fields: Fields { message } } => {
                self.chat.say(cx, Some(message), self.name.clone())?;
                self.types(cx, false);
                cx.set_value("[name=message]", "");
            }
            Said::Rename { value } => {
                let name: String = value.trim().chars().take(LONGEST_NAME).collect();
                self.name = Some(name).filter(|name| !name.is_empty());
            }
        }
        Ok(())
    }

    fn on_channel_message(&mut self, cx: &mut Context<'_>, message: &ChannelMessage<'_>) -> Result {
        self.heard.hears(message, cx.now());
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

    fn on_unmount(&mut self, cx: &mut Context<'_>) -> Result {
        self.chat.left(cx);
        Ok(())
    }
}
