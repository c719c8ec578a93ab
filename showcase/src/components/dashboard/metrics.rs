//! How the server is doing, each second, and what else is measured.

use super::{Push, Viewer};
use crate::app::{Context, Showcase};
use lazuli::html::Render;
use lazuli::{ChannelMessage, Component, Result, Stats, Timer, html};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// So many names of measurements are shown.
const MOST: usize = 8;
/// The other components of the page are mounted soon after this one; until then it shows what there was before.
const SOON: Duration = Duration::from_millis(50);

/// How much there is at one time.
#[derive(Deserialize, Serialize)]
pub struct Counts {
    connections: u64,
    components: u64,
    rooms: u64,
}

impl From<&Stats> for Counts {
    fn from(stats: &Stats) -> Counts {
        Counts { connections: stats.connections, components: stats.components, rooms: stats.rooms }
    }
}

pub struct Metrics {
    viewer: Viewer,
    counts: Counts,
    messages: u64,
    rate: u64,
    pushed: BTreeMap<String, f64>,
}

impl Metrics {
    /// `counts`: those of the first paint.
    pub fn new(viewer: Viewer, counts: Counts) -> Metrics {
        Metrics { viewer, counts, messages: 0, rate: 0, pushed: BTreeMap::new() }
    }
}

impl Component<Showcase> for Metrics {
    fn render(&self) -> impl Render {
        html! {
            section class="card metrics" {
                h2 { "Metrics" }
                dl {
                    div { dt { "Connections" } dd { (self.counts.connections) } }
                    div { dt { "Components" } dd { (self.counts.components) } }
                    div { dt { "Rooms" } dd { (self.counts.rooms) } }
                    div { dt { "Messages/s" } dd { (self.rate) } }
                    @for (name, value) in &self.pushed key=(name) { div { dt { (name) } dd { (value) } } }
                }
            }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_>) -> Result {
        self.viewer.listen(cx)?;
        self.messages = cx.stats().messages_in;
        cx.set_timer("soon", SOON);
        cx.set_interval("second", Duration::from_secs(1));
        Ok(())
    }

    fn on_timer(&mut self, cx: &mut Context<'_>, timer: Timer) -> Result {
        let stats = cx.stats();
        self.counts = stats.into();
        if timer.name == "second" {
            self.rate = stats.messages_in - self.messages;
            self.messages = stats.messages_in;
        }
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
