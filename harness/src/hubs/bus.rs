//! The simulated backplane: the product's broker, and lines to it on which everything can happen.
//!
//! A hub and the broker are joined by a line. It delays what goes up and what comes down, keeps its order, and may break: what was on it is
//! gone then. On the way down publications may be lost, doubled and overtaken besides. What is lost on the way up breaks the line soon
//! after, as it would a stream: nobody could ever know of it otherwise.

use super::Clock;
use super::plan::{BusPlan, draw_outage, later};
use crate::coverage::Mark;
use crate::tally::Fault;
use lazuli::backplane::{Broker, Incoming};
use lazuli::{Node, Position, Time};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a hub asks of the backplane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Publish(Arc<str>, Vec<u8>),
    Subscribe(Arc<str>, Option<Position>),
    Unsubscribe(Arc<str>),
}

/// What happens next.
#[derive(Debug)]
pub(super) enum Event {
    /// Somebody does something.
    Act,
    /// What a hub asked for reaches the broker, by this line of its node; how many topics had begun to matter to it then.
    Asked { node: usize, line: u32, ask: Ask, begun: u64 },
    /// Something reaches a hub, by this line.
    Came { node: usize, line: u32, incoming: Incoming },
    /// A hub learns that this line is lost.
    Lost { node: usize, line: u32 },
    /// A hub's line is to be mended.
    Mend { node: usize, line: u32 },
    /// A line breaks.
    Break { node: usize, line: u32 },
    /// A hub starts anew.
    Start { node: usize },
}

/// Between one hub and the broker.
struct Line {
    /// Which one it is, of those that the node had.
    number: u32,
    is_up: bool,
    /// When what is sent last arrives.
    up: Time,
    down: Time,
}

pub(super) struct Bus {
    broker: Broker,
    /// The epoch that the broker began after.
    epoch: u64,
    lines: Vec<Line>,
    /// Lines of hubs that are gone, on which something is still on its way.
    ghosts: BTreeSet<(usize, u32)>,
    pub(super) plan: BusPlan,
}

/// More topics than a broker ever makes here.
const EPOCHS: u64 = 1_000_000;

impl Bus {
    pub(super) fn new(nodes: usize, plan: BusPlan) -> Bus {
        let line = |_| Line { number: 0, is_up: true, up: Time::ZERO, down: Time::ZERO };
        Bus {
            broker: Broker::new(0, plan.keep),
            epoch: 0,
            lines: (0..nodes).map(line).collect(),
            ghosts: BTreeSet::new(),
            plan,
        }
    }

    pub(super) fn is_up(&self, node: usize) -> bool {
        self.lines[node].is_up
    }

    /// Whether this is the line that the node has.
    pub(super) fn is_current(&self, node: usize, line: u32) -> bool {
        self.lines[node].number == line
    }

    /// A hub asks for something; so many topics have begun to matter to it.
    pub(super) fn ask(&mut self, clock: &mut Clock, node: usize, ask: Ask, begun: u64) {
        let line = &mut self.lines[node];
        if !line.is_up {
            clock.tally.add(Fault::Unheard, 1);
            return;
        }
        if clock.rng.chance(self.plan.swallow) {
            clock.tally.add(Fault::Swallowed, 1);
            let soon = clock.rng.between(0, 3_000_000);
            clock.queue.push(later(clock.now, soon), Event::Break { node, line: line.number });
            return;
        }
        let takes = self.plan.delay + clock.rng.below(self.plan.jitter + 1);
        line.up = line.up.max(later(clock.now, takes));
        clock.queue.push(line.up, Event::Asked { node, line: line.number, ask, begun });
    }

    /// What a hub asked for has arrived. If it is a subscription: where its topic is.
    pub(super) fn arrive(&mut self, clock: &mut Clock, node: usize, ask: Ask) -> Option<(Arc<str>, Position)> {
        let name = Node(node as u64);
        let mut reached = None;
        match ask {
            Ask::Publish(topic, message) => self.broker.publish(&topic, &message),
            Ask::Unsubscribe(topic) => self.broker.unsubscribe(name, &topic),
            Ask::Subscribe(topic, after) => {
                let position = self.broker.subscribe(name, &topic, after);
                self.send(clock, node, Incoming::Subscribed(topic.clone(), position));
                reached = Some((topic, position));
                if after.is_some_and(|after| after.epoch < position.epoch) {
                    clock.coverage.add(Mark::EpochAnew, 1);
                }
                if after.is_some_and(|after| after.epoch == position.epoch && after.offset < position.offset) {
                    clock.coverage.add(Mark::CaughtUp, 1);
                }
            }
        }
        self.deliver(clock);
        reached
    }

    /// Bytes that no hub wrote are published.
    pub(super) fn publish(&mut self, clock: &mut Clock, topic: &str, message: &[u8]) {
        self.broker.publish(topic, message);
        self.deliver(clock);
    }

    fn deliver(&mut self, clock: &mut Clock) {
        for node in 0..self.lines.len() {
            while let Some(delivery) = self.broker.poll(Node(node as u64)) {
                if clock.rng.chance(self.plan.lose) {
                    clock.tally.add(Fault::LostDelivery, 1);
                } else {
                    self.send(clock, node, Incoming::Published(delivery));
                }
            }
        }
    }

    /// Sends something to a hub: in order, or late, or twice.
    fn send(&mut self, clock: &mut Clock, node: usize, incoming: Incoming) {
        if clock.rng.chance(self.plan.twice) {
            clock.tally.add(Fault::Doubled, 1);
            self.send_late(clock, node, incoming.clone());
        }
        if clock.rng.chance(self.plan.overtake) {
            clock.tally.add(Fault::Overtaken, 1);
            self.send_late(clock, node, incoming);
        } else {
            self.send_down(clock, node, incoming);
        }
    }

    /// In the order of the line.
    fn send_down(&mut self, clock: &mut Clock, node: usize, incoming: Incoming) {
        let takes = self.plan.delay + clock.rng.below(self.plan.jitter + 1);
        let line = &mut self.lines[node];
        line.down = line.down.max(later(clock.now, takes));
        clock.queue.push(line.down, Event::Came { node, line: line.number, incoming });
    }

    /// At any moment soon after it would have come.
    fn send_late(&mut self, clock: &mut Clock, node: usize, incoming: Incoming) {
        let most = *clock.rng.pick(&[1_000, 300_000, 5_000_000]);
        let takes = self.plan.delay + clock.rng.below(most);
        let line = &self.lines[node];
        let at = line.down.max(later(clock.now, takes));
        clock.queue.push(at, Event::Came { node, line: line.number, incoming });
    }

    /// For a while nothing goes on, up or down, in order.
    pub(super) fn stall(&mut self, clock: &mut Clock, node: usize, upwards: bool) {
        clock.tally.add(Fault::StalledLine, 1);
        let until = clock.now + draw_outage(&mut clock.rng);
        let line = &mut self.lines[node];
        let way = if upwards { &mut line.up } else { &mut line.down };
        *way = until.max(*way);
    }

    /// The line of a node breaks: what is on it is gone. Some time later the hub learns of it, and later yet it is mended.
    pub(super) fn cut(&mut self, clock: &mut Clock, node: usize) {
        if !self.lines[node].is_up {
            return;
        }
        self.drop_line(node);
        clock.tally.add(Fault::CutLine, 1);
        let notice = *clock.rng.pick(&[1, 20_000, 2_000_000]);
        let notice = later(clock.now, clock.rng.below(notice));
        let line = self.lines[node].number;
        clock.queue.push(notice, Event::Lost { node, line });
        clock.queue.push(notice + draw_outage(&mut clock.rng), Event::Mend { node, line });
    }

    fn drop_line(&mut self, node: usize) {
        let line = &mut self.lines[node];
        line.number += 1;
        line.is_up = false;
        self.broker.disconnect(Node(node as u64));
    }

    /// A hub is gone, and its line with it. What it said last may still arrive, however late.
    pub(super) fn hang_up(&mut self, node: usize, still_arrives: bool) {
        if still_arrives {
            self.ghosts.insert((node, self.lines[node].number));
        }
        self.drop_line(node);
    }

    /// Whether what comes by this line reaches the broker.
    pub(super) fn takes(&self, node: usize, line: u32, ask: &Ask) -> bool {
        self.is_current(node, line) || self.ghosts.contains(&(node, line)) && matches!(ask, Ask::Publish(..))
    }

    /// The line works, and nothing is on it.
    pub(super) fn mend(&mut self, clock: &Clock, node: usize) {
        let line = &mut self.lines[node];
        (line.is_up, line.up, line.down) = (true, clock.now, clock.now);
    }

    /// Another broker takes the place of this one; all lines break.
    pub(super) fn begin_anew(&mut self, clock: &mut Clock) {
        clock.tally.add(Fault::BrokerAnew, 1);
        for node in 0..self.lines.len() {
            self.cut(clock, node);
        }
        self.epoch += EPOCHS;
        self.broker = Broker::new(self.epoch, self.plan.keep);
    }
}
