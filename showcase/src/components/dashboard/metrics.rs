//! How the server is doing, each second, and what else is measured.

use super::{Push, Viewer};
use crate::app::{Context, Showcase};
use lazuli::html::Render;
use lazuli::{ChannelMessage, Component, Result, Timer, html};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many names of measurements are shown.
const MOST: usize = 8;

pub struct Metrics {
    viewer: Viewer,
    connections: u64,
    components: u64,
    rooms: u64,
    messages: u64,
    rate: u64,
    pushed: BTreeMap<String, f64>,
}

impl Metrics {
    pub fn new(viewer: Viewer) -> Metrics {
        Metrics { viewer, connections: 0, components: 0, rooms: 0, messages: 0, rate: 0, pushed: BTreeMap::new() }
    }

    fn measure(&mut self, cx: &Context<'_>) {
        let stats = cx.stats();
        (self.connections, self.components, self.rooms) = (stats.connections, stats.components, stats.rooms);
        self.rate = stats.messages_in - self.messages;
        self.messages = stats.messages_in;
    }
}

impl Component<Showcase> for Metrics {
    fn render(&self) -> impl Render {
        html! {
            section class="card metrics" {
                h2 { "Metrics" }
                dl {
                    div { dt { "Connections" } dd { (self.connections) } }
                    div { dt { "Components" } dd { (self.components) } }
                    div { dt { "Rooms" } dd { (self.rooms) } }
                    div { dt { "Messages/s" } dd { (self.rate) } }
                    @for (name, value) in &self.pushed key=(name) { div { dt { (name) } dd { (value) } } }
                }
            }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_>) -> Result {
        self.viewer.listen(cx)?;
        self.messages = cx.stats().messages_in;
        self.measure(cx);
        cx.set_interval("second", Duration::from_secs(1));
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, _: Timer) -> Result {
        self.measure(cx);
        Ok(())
    }

    fn on_channel_message(&mut self, _: &mut Context<'_>, message: &ChannelMessage<'_>) -> Result {
        if let Ok(Push::Metric { name, value }) = message.read()
            && (self.pushed.len() < MOST || self.pushed.contains_key(&name))
        {
            self.pushed.insert(name, value);
        }
        Ok(())
    }
}
