//! Laws of flow control: the same as a naive model, whatever happens in whatever order.

use lazuli::flow::{Flow, Offer};
use lazuli::{Frame, Kind, SlowPolicy};
use proptest::prelude::*;
use std::collections::VecDeque;

const WINDOW: usize = 100;
const LIMIT: usize = 150;
const PLACE: usize = 3;

#[derive(Clone, Debug)]
enum Op {
    /// A frame of this length on the wire, and whether it may be dropped.
    Offer(usize, bool),
    /// The same as the fast path of a broadcast has it: charged first, offered if that fails.
    Broadcast(usize),
    Sent(u32),
    Release,
    Clear,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (6usize..60, any::<bool>()).prop_map(|(length, may_drop)| Op::Offer(length, may_drop)),
        1 => (6usize..300, any::<bool>()).prop_map(|(length, may_drop)| Op::Offer(length, may_drop)),
        3 => (6usize..120).prop_map(Op::Broadcast),
        4 => (0u32..120).prop_map(Op::Sent),
        1 => Just(Op::Sent(u32::MAX)),
        5 => Just(Op::Release),
        1 => Just(Op::Clear),
        1 => Just(Op::Reopen),
    ]
}

fn policy() -> impl Strategy<Value = SlowPolicy> {
    prop_oneof![Just(SlowPolicy::Disconnect), Just(SlowPolicy::DropOldest), Just(SlowPolicy::KeepLatest)]
}

/// One connection, as the documentation has it: numbers of frames and their lengths.
#[derive(Default)]
struct Model {
    on_the_way: usize,
    /// And whether they may be dropped.
    waiting: VecDeque<(u32, usize, bool)>,
}

impl Model {
    fn bytes(&self) -> usize {
        self.waiting.iter().map(|(_, length, _)| length).sum()
    }

    fn fits(&self, length: usize) -> bool {
        self.on_the_way == 0 || self.on_the_way + length <= WINDOW
    }

    fn offer(&mut self, number: u32, length: usize, policy: SlowPolicy, may_drop: bool) -> Offer {
        if self.waiting.is_empty() && self.fits(length) {
            self.on_the_way += length;
            return Offer::Admitted;
        }
        let too_much = |dropped| match policy {
            SlowPolicy::DropOldest | SlowPolicy::KeepLatest if may_drop => Offer::Queued { dropped: dropped + 1 },
            _ => Offer::Overflow,
        };
        if length > LIMIT {
            return too_much(0);
        }
        let before = self.waiting.len();
        if policy == SlowPolicy::KeepLatest && may_drop {
            self.waiting.retain(|(_, _, may_drop)| !may_drop);
        }
        while policy != SlowPolicy::Disconnect
            && self.bytes() + length > LIMIT
            && let Some(oldest) = self.waiting.iter().position(|(_, _, may_drop)| *may_drop)
        {
            self.waiting.remove(oldest);
        }
        let dropped = (before - self.waiting.len()) as u32;
        if self.bytes() + length > LIMIT {
            return too_much(dropped);
        }
        self.waiting.push_back((number, length, may_drop));
        Offer::Queued { dropped }
    }

    fn release(&mut self) -> Option<u32> {
        let (number, length, _) = *self.waiting.front()?;
        if !self.fits(length) {
            return None;
        }
        self.on_the_way += length;
        self.waiting.pop_front();
        Some(number)
    }
}

/// A frame of `length` bytes that carries its number.
fn frame(number: u32, length: usize) -> Frame {
    let header = if length <= 127 { 2 } else { 4 };
    let mut payload = number.to_be_bytes().to_vec();
    payload.resize(length - header, 0);
    let frame = Frame::new(Kind::Binary, &payload);
    assert_eq!(frame.wire().len(), length);
    frame
}

fn number(frame: &Frame) -> u32 {
    u32::from_be_bytes(frame.payload()[..4].try_into().unwrap())
}

/// Lengths 128 and 129 cannot be on the wire: their header would be longer.
fn possible(length: usize) -> usize {
    if matches!(length, 128 | 129) { 130 } else { length }
}

proptest! {
    #[test]
    fn flow_is_what_the_model_says(ops in prop::collection::vec(op(), 1..200), policy in policy()) {
        let (mut flow, mut model) = (Flow::new(WINDOW as u32), Model::default());
        flow.open(PLACE);
        for (number_of, op) in (0u32..).zip(ops) {
            match op {
                Op::Offer(length, may_drop) => {
                    let length = possible(length);
                    let frame = frame(number_of, length);
                    prop_assert_eq!(flow.offer(PLACE, &frame, LIMIT, policy, may_drop), model.offer(number_of, length, policy, may_drop));
                }
                Op::Broadcast(length) => {
                    let length = possible(length);
                    let charged = flow.charge(PLACE, length as i32);
                    let expected = model.waiting.is_empty() && model.on_the_way + length <= WINDOW;
                    prop_assert_eq!(charged, expected, "the fast path is for what fits, and for nothing else");
                    let frame = frame(number_of, length);
                    let offer = if charged { Offer::Admitted } else { flow.offer(PLACE, &frame, LIMIT, policy, true) };
                    prop_assert_eq!(offer, model.offer(number_of, length, policy, true));
                }
                Op::Sent(bytes) => {
                    flow.sent(PLACE, bytes);
                    model.on_the_way = model.on_the_way.saturating_sub(bytes as usize);
                }
                Op::Release => prop_assert_eq!(flow.release(PLACE).as_ref().map(number), model.release()),
                Op::Clear => {
                    prop_assert_eq!(flow.clear(PLACE), model.waiting.len());
                    model.waiting.clear();
                }
                Op::Reopen => {
                    flow.open(PLACE);
                    model = Model::default();
                }
            }
            prop_assert_eq!(flow.waiting(PLACE), model.bytes());
            prop_assert_eq!(flow.is_waiting(PLACE), !model.waiting.is_empty());
            prop_assert_eq!(flow.on_the_way(PLACE), model.on_the_way as u64);
            prop_assert!(flow.waiting(PLACE) <= LIMIT);
        }
    }

    /// Without looking at a model: what a connection gets is in order, is never more at once than the window or one frame,
    /// and what is missing is what its policy allows.
    #[test]
    fn what_comes_out_is_in_order_and_bounded(
        ops in prop::collection::vec((6usize..127, any::<bool>(), 0u32..100), 1..200),
        policy in policy(),
    ) {
        let mut flow = Flow::new(WINDOW as u32);
        flow.open(PLACE);
        let (mut out, mut dropped, mut on_the_way, mut largest) = (Vec::new(), 0, 0, 0);
        let mut offered = 0;
        for (number_of, (length, reports, bytes)) in (0u32..).zip(ops) {
            match flow.offer(PLACE, &frame(number_of, length), LIMIT, policy, true) {
                Offer::Admitted => {
                    out.push(number_of);
                    on_the_way += length;
                }
                Offer::Queued { dropped: lost } => {
                    dropped += lost as usize;
                    if policy == SlowPolicy::Disconnect {
                        prop_assert_eq!(lost, 0, "nothing is lost but by a disconnect");
                    }
                    if policy == SlowPolicy::KeepLatest {
                        prop_assert_eq!(flow.waiting(PLACE), length);
                    }
                }
                Offer::Overflow => {
                    prop_assert_eq!(policy, SlowPolicy::Disconnect, true);
                    prop_assert!(flow.waiting(PLACE) + length > LIMIT);
                    break;
                }
            }
            offered += 1;
            largest = largest.max(length);
            if reports {
                flow.sent(PLACE, bytes);
                on_the_way = on_the_way.saturating_sub(bytes as usize);
                while let Some(frame) = flow.release(PLACE) {
                    out.push(number(&frame));
                    on_the_way += frame.wire().len();
                }
            }
            prop_assert!(on_the_way <= WINDOW.max(largest));
            prop_assert_eq!(flow.on_the_way(PLACE), on_the_way as u64);
            prop_assert!(flow.waiting(PLACE) <= LIMIT);
        }
        // Whatever is left comes out once everything is reported.
        loop {
            flow.sent(PLACE, u32::MAX);
            let Some(frame) = flow.release(PLACE) else { break };
            out.push(number(&frame));
        }
        prop_assert!(out.is_sorted_by(|a, b| a < b), "{:?}", out);
        prop_assert_eq!(out.len() + dropped, offered);
        if let Some(last) = out.last() {
            prop_assert_eq!(*last as usize, offered - 1, "the newest is never the one that is dropped");
        }
    }

    /// A connection's numbers are its own.
    #[test]
    fn connections_do_not_touch_each_other(
        ops in prop::collection::vec((0usize..4, 6usize..127, 0u32..100), 1..200),
    ) {
        let mut together = Flow::new(WINDOW as u32);
        let mut apart: Vec<Flow> = (0..4).map(|_| Flow::new(WINDOW as u32)).collect();
        for (place, flow) in apart.iter_mut().enumerate() {
            together.open(place);
            flow.open(place);
        }
        for (place, length, bytes) in ops {
            let frame = frame(0, length);
            let offers = [&mut together, &mut apart[place]].map(|flow| {
                let offer = flow.offer(place, &frame, LIMIT, SlowPolicy::DropOldest, true);
                flow.sent(place, bytes);
                (offer, flow.release(place).is_some(), flow.waiting(place), flow.on_the_way(place))
            });
            prop_assert_eq!(offers[0], offers[1]);
        }
    }
}

#[test]
fn a_place_that_was_never_opened_takes_nothing() {
    let mut flow = Flow::new(100);
    flow.sent(7, 10);
    assert!(!flow.charge(7, 1) && flow.release(7).is_none() && !flow.is_waiting(7));
    assert_eq!(flow.offer(7, &frame(0, 10), LIMIT, SlowPolicy::Disconnect, true), Offer::Queued { dropped: 1 });
    assert_eq!((flow.clear(7), flow.waiting(7), flow.on_the_way(7)), (0, 0, 0));
}

#[test]
fn a_window_of_zero_still_lets_one_frame_through_at_a_time() {
    let mut flow = Flow::new(0);
    flow.open(0);
    assert_eq!(flow.offer(0, &frame(0, 100), LIMIT, SlowPolicy::Disconnect, true), Offer::Admitted);
    assert_eq!(flow.offer(0, &frame(1, 100), LIMIT, SlowPolicy::Disconnect, true), Offer::Queued { dropped: 0 });
    flow.sent(0, 100);
    assert_eq!(flow.release(0).as_ref().map(number), Some(1));
}

#[test]
fn tiny_frames_do_not_wait_by_the_hundred_thousand() {
    let mut flow = Flow::new(1);
    flow.open(0);
    let frame = Frame::new(Kind::Text, b"");
    assert_eq!(flow.offer(0, &frame, 1 << 20, SlowPolicy::Disconnect, true), Offer::Admitted);
    let waiting =
        (0..).take_while(|_| flow.offer(0, &frame, 1 << 20, SlowPolicy::Disconnect, true) != Offer::Overflow).count();
    assert_eq!(waiting, (1 << 20) / 128);
}
