//! Tabs, a drawer, and a button: what changes is attributes.

use super::random::Random;
use super::{Case, Model};
use lazuli::html;
use lazuli::html::Render;

#[derive(Clone)]
struct Panel {
    open: bool,
    theme: &'static str,
    tab: usize,
    bodies: Vec<String>,
    saving: bool,
}

const TABS: [&str; 5] = ["Overview", "Members", "Billing", "Activity", "Settings"];

impl Model for Panel {
    fn render(&self) -> Box<dyn Render + '_> {
        Box::new(html! {
            div id="shell" class={"shell theme-" (self.theme)} {
                nav {
                    button id="menu" aria-expanded=(self.open.to_string()) aria-controls="drawer" data-click="menu" { "Menu" }
                    div id="drawer" class="drawer" class:open=(self.open) hidden=(!self.open) {
                        a href="/" { "Home" }
                        a href="/docs" { "Docs" }
                        a href="/about" { "About" }
                    }
                }
                div role="tablist" {
                    @for (at, tab) in TABS.iter().enumerate() key=(at) {
                        button role="tab" id={"tab-" (at)} aria-selected=((at == self.tab).to_string())
                            class="tab" class:active=(at == self.tab) tabindex=(if at == self.tab { 0 } else { -1 }) { (tab) }
                    }
                }
                @for (at, tab) in TABS.iter().enumerate() key=(at) {
                    div role="tabpanel" id={"panel-" (at)} hidden=(at != self.tab) { h2 { (tab) } p { (self.bodies[at]) } }
                }
                button id="save" data-click="save" disabled=(self.saving) { (if self.saving { "Saving" } else { "Save" }) }
            }
        })
    }
}

pub fn cases(random: &mut Random) -> Vec<Case> {
    let bodies = TABS.iter().map(|_| random.sentence(40)).collect();
    let panel = Panel { open: false, theme: "light", tab: 0, bodies, saving: false };
    vec![
        Case::new("panel_open", &panel, Panel { open: true, ..panel.clone() }),
        Case::new("panel_tab", &panel, Panel { tab: 3, ..panel.clone() }),
        Case::new("panel_theme", &panel, Panel { theme: "dark", ..panel.clone() }),
        Case::new("panel_saving", &panel, Panel { saving: true, ..panel.clone() }),
    ]
}
