//! Several hubs on one broker.

use super::*;
use lazuli::Link;
use lazuli::backplane::Broker;

/// Hubs, and the broker between them.
pub struct Cluster {
    pub worlds: Vec<World>,
    pub broker: Broker,
    pub up: Vec<bool>,
}

impl Cluster {
    pub fn new(hubs: usize, keep: usize) -> Cluster {
        let worlds = (0..hubs).map(|nth| World::new(backplane(nth as u64), Limits::default())).collect();
        let mut cluster = Cluster { worlds, broker: Broker::new(1, keep), up: vec![true; hubs] };
        cluster.settle();
        cluster
    }

    /// Carries out what one hub asks for; while its link is lost, there is nobody to ask.
    pub fn ask(&mut self, hub: usize) {
        let node = Node(hub as u64);
        // What it is told may make it ask for more.
        while !self.worlds[hub].bus.is_empty() {
            for asked in mem::take(&mut self.worlds[hub].bus) {
                match asked {
                    _ if !self.up[hub] => {}
                    Bus::Publish(topic, message) => self.broker.publish(&topic, &message),
                    Bus::Subscribe(topic, after) => {
                        let position = self.broker.subscribe(node, &topic, after);
                        self.worlds[hub].input(Input::Subscribed { topic: &topic, position });
                    }
                    Bus::Unsubscribe(topic) => self.broker.unsubscribe(node, &topic),
                }
            }
        }
    }

    /// Hands one publication to one hub.
    pub fn deliver(&mut self, hub: usize) -> bool {
        let Some((topic, position, message)) = self.broker.poll(Node(hub as u64)) else { return false };
        self.worlds[hub].input(Input::Published { topic: &topic, position, message: &message });
        self.ask(hub);
        true
    }

    /// Until nothing is on its way.
    pub fn settle(&mut self) {
        for hub in 0..self.worlds.len() {
            self.ask(hub);
        }
        while (0..self.worlds.len()).any(|hub| self.deliver(hub)) {}
    }

    pub fn lose(&mut self, hub: usize) {
        self.ask(hub);
        self.up[hub] = false;
        self.broker.disconnect(Node(hub as u64));
        self.worlds[hub].input(Input::Backplane(Link::Lost));
    }

    pub fn restore(&mut self, hub: usize) {
        self.ask(hub);
        self.up[hub] = true;
        self.worlds[hub].input(Input::Backplane(Link::Up));
        self.ask(hub);
    }

    pub fn member(&mut self, hub: usize, room: &'static str) -> ConnId {
        let conn = self.worlds[hub].member(room);
        self.settle();
        conn
    }

    pub fn say(&mut self, hub: usize, room: &'static str, text: impl Into<String>) {
        let text = text.into();
        self.worlds[hub].job(move |cx| {
            cx.to_room(room).text(&text);
            Ok(())
        });
    }

    pub fn got(&mut self, hub: usize, conn: ConnId) -> Vec<String> {
        self.worlds[hub].got(conn)
    }

    /// Lets time pass for some hubs, and delivers what comes of it.
    pub fn pass(&mut self, hubs: &[usize], time: Duration) {
        let step = Duration::from_secs(1);
        let steps = time.as_micros().div_ceil(step.as_micros());
        for _ in 0..steps {
            for &hub in hubs {
                self.worlds[hub].pass(step);
                self.ask(hub);
            }
            while hubs.iter().any(|&hub| self.up[hub] && self.deliver(hub)) {}
        }
    }
}
