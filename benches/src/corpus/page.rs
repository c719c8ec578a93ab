//! An application with two pages and a dialog.

use super::random::{FIRST_NAMES, Random};
use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone, Copy, PartialEq)]
enum Tab {
    Home,
    Settings,
}

#[derive(Clone)]
struct Page {
    tab: Tab,
    feed: Vec<(&'static str, String)>,
    settings: Vec<(&'static str, String)>,
    modal: Option<&'static str>,
}

impl Model for Page {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            div id="app" {
                nav {
                    a href="/" class:on=(self.tab == Tab::Home) { "Home" }
                    a href="/settings" class:on=(self.tab == Tab::Settings) { "Settings" }
                }
                @match self.tab {
                    Tab::Home => {
                        main id="home" {
                            h1 { "Welcome back" }
                            ul class="feed" {
                                @for (at, (who, what)) in self.feed.iter().enumerate() key=(at) {
                                    li id={"feed-" (at)} { b { (who) } " " (what) }
                                }
                            }
                        }
                    }
                    Tab::Settings => {
                        main id="settings" {
                            h1 { "Settings" }
                            dl { @for (name, value) in &self.settings key=(name) { dt { (name) } dd { input name=(name) value=(value); } } }
                        }
                    }
                }
                @if let Some(question) = self.modal {
                    div id="modal" role="dialog" aria-modal="true" {
                        h2 { (question) }
                        p { "This cannot be undone." }
                        button data-click="cancel" { "Cancel" }
                        button class="danger" data-click="confirm" { "Delete" }
                    }
                }
            }
        })
    }
}

pub fn cases(random: &mut Random) -> Vec<Case> {
    let feed = (0..30).map(|_| (random.pick(&FIRST_NAMES), random.sentence(8))).collect();
    let settings = ["nick", "zone", "lang", "bio", "url", "team"].map(|name| (name, random.sentence(2))).to_vec();
    let page = Page { tab: Tab::Home, feed, settings, modal: None };
    let asking = Page { modal: Some("Delete project?"), ..page.clone() };
    vec![
        Case::new("page_switch", &page, Page { tab: Tab::Settings, ..page.clone() }),
        Case::new("page_modal", &page, asking.clone()),
        Case::new("page_modalclose", &asking, page),
    ]
}
