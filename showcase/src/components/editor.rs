//! `/editor/:document_id`: a text that several people edit at once.
//!
//! Each page has a copy of the document here that is what its browser shows. The browser says what was typed in it, and is
//! told what to change so that it shows what all others typed as well (`pages/editor.js`): one question, one answer.

use super::{clock, hue};
use crate::app::{Context, Showcase};
use crate::channels::{LONGEST_NAME, check_id};
use crate::documents::{LONGEST, Opened, Sync};
use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{ChannelMessage, Component, Error, Event, Flash, Limits, Result, Routes, html};
use serde::Deserialize;

pub struct Editor {
    document: Opened,
    /// The text of the first paint; from then on the page's script looks after it.
    first: String,
    is_shared: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Sync(Sync),
    Reopen,
    Rename { value: String },
    Save,
    Share,
}

pub fn add(routes: &mut Routes<Showcase>) -> Result<(), PatternError> {
    // A text at once, as JSON.
    let mut limits = Limits::default();
    limits.frames.text = LONGEST * 6 + 1_000;
    let editor = routes.component_with("editor", limits, |mount, id: String| {
        let first = mount.app.documents.get(&id).map(|document| document.shared.text());
        Ok(Editor { document: Opened::new(id), first: first.unwrap_or_default(), is_shared: false })
    })?;
    routes.get("/editor/:document_id", move |cx, request| {
        let id = request.param("document_id").unwrap_or_default().to_owned();
        check_id(&id).map_err(|refused| Error::reply(refused.message))?;
        let shown = cx.show(&editor, request, &id)?;
        let assets = ["/assets/live.css", "/assets/live.js", "/assets/change.js", "/assets/editor.js"];
        super::page_with(&assets, "editor", &id, &shown)
    })
}

impl Component<Showcase> for Editor {
    fn render(&self) -> impl Render {
        let Opened { me, others, saved, characters, .. } = &self.document;
        html! {
            section class="card editor" data-hook="editor" {
                header class="toolbar" {
                    ul class="people" aria-label="Collaborators" {
                        li class={"avatar hue-" (hue(me))} title={(me) " (you)"} { (initial(me)) }
                        @for other in others key=(other.id) {
                            li class={"avatar hue-" (hue(&other.name))} title=(&other.name) data-caret=(other.caret) {
                                (initial(&other.name))
                            }
                        }
                    }
                    label class="end" { "Your name " input value=(me) maxlength=(LONGEST_NAME) on:change="rename"; }
                    button type="button" class="quiet" on:click="share" { "Share" }
                    button type="button" on:click="save" { "Save" }
                }
                @if self.is_shared {
                    label class="share" { "Whoever has this link can edit: " input readonly data-share; }
                }
                div class="paper" data-ignore {
                    textarea aria-label="Text" rows=14 maxlength=(LONGEST) spellcheck=false autocomplete="off" { (&self.first) }
                }
                footer class="toolbar muted" {
                    span { (characters) " characters" }
                    span { (others.len() + 1) " collaborators" }
                    span class="end" {
                        "Last saved: "
                        @if let Some(saved) = saved {
                            time datetime=(saved) data-ignore data-hook="clock" { (clock(saved)) }
                        } @else { "never" }
                    }
                }
            }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_>) -> Result {
        self.document.open(cx)
    }

    fn on_event(&mut self, cx: &mut Context<'_>, event: &Event<'_>) -> Result {
        match event.parse()? {
            Said::Sync(said) => self.document.sync(cx, said),
            Said::Reopen => self.document.start_anew(cx),
            Said::Rename { value } => self.document.rename(cx, value.trim().chars().take(LONGEST_NAME).collect()),
            Said::Share => self.is_shared = !self.is_shared,
            Said::Save => {
                self.document.save(cx);
                cx.flash(Flash::Success, "Saved");
            }
        }
        Ok(())
    }

    fn on_channel_message(&mut self, cx: &mut Context<'_>, _: &ChannelMessage<'_>) -> Result {
        self.document.hear(cx);
        Ok(())
    }

    fn on_update(&mut self, cx: &mut Context<'_>) -> Result {
        self.document.look(cx);
        Ok(())
    }

    fn on_unmount(&mut self, cx: &mut Context<'_>) -> Result {
        self.document.close(cx);
        Ok(())
    }
}

fn initial(name: &str) -> String {
    name.chars().next().map(|first| first.to_uppercase().collect()).unwrap_or_default()
}
