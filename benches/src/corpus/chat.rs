//! A chat with 200 messages.

use super::random::{FIRST_NAMES, LAST_NAMES, Random};
use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Message {
    id: usize,
    user_id: usize,
    text: String,
    at: String,
}

impl Message {
    fn user(&self) -> String {
        format!("{} {}", FIRST_NAMES[self.user_id], LAST_NAMES[self.user_id])
    }

    fn is_mine(&self) -> bool {
        self.user_id == 3
    }
}

#[derive(Clone)]
struct Chat {
    messages: Vec<Message>,
    typing: &'static str,
}

impl Model for Chat {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            div class="chat" {
                header { h2 { "#general" } span class="online" { (17) " online" } }
                ol id="messages" class="messages" {
                    @for message in &self.messages key=(message.id) {
                        li id={"msg-" (message.id)} class="msg" class:mine=(message.is_mine()) {
                            img class="avatar" alt="" src={"/avatars/" (message.user_id) ".png"};
                            div class="body" {
                                span class="user" { (message.user()) }
                                " "
                                time datetime=(message.at) { (&message.at[11..16]) }
                                p { (message.text) }
                            }
                        }
                    }
                }
                p class="typing" { (self.typing) }
                form data-submit="send" { textarea id="draft" name="text" { ("") } button { "Send" } }
            }
        })
    }
}

pub fn cases(random: &mut Random) -> Vec<Case> {
    let message = |number: usize| {
        let user_id = random.below(FIRST_NAMES.len());
        let words = 4 + random.below(22);
        let (hour, minute) = (9 + number / 60, number % 60);
        let at = format!("2026-03-14T{hour:02}:{minute:02}:00Z");
        Message { id: 1_000 + number, user_id, text: random.sentence(words), at }
    };
    let mut messages: Vec<Message> = (0..201).map(message).collect();
    messages[200].text = "that's <great> & done".to_owned();
    let chat = |messages: &[Message]| Chat { messages: messages.to_vec(), typing: "" };
    let before = chat(&messages[..200]);
    let mut edited = before.clone();
    edited.messages[120].text += " (edited)";
    vec![
        Case::new("chat_append", &before, chat(&messages)),
        Case::new("chat_window", &before, chat(&messages[1..])),
        Case::new("chat_typing", &before, Chat { typing: "Grace Hopper is typing", ..before.clone() }),
        Case::new("chat_edit", &before, edited),
    ]
}
