//! Browsers as the crowd of a world.

use super::browser::Session;
use super::{Browsers, World};
use crate::app::{SimApp, SimEffect};
use crate::chronicle::Entry;
use crate::codec::{Answer, Incoming};
use crate::kernel::Event;
use crate::oracle::{Check, Oracle, complain};
use crate::world::{Crowd, Phase, Talk};
use std::time::Duration;

impl Crowd for Browsers {
    type App = SimApp;
    type Own = Session;
    const STALL: u64 = 3_000_000;
    const CALM: Duration = Duration::from_secs(60);

    fn begin(world: &mut World) {
        world.call_all(world.browsers(), world.crowd.plan.pause);
        world.net.kernel.schedule_within(world.crowd.plan.pause, Event::Outside);
    }

    fn act(world: &mut World, browser: usize) -> Check {
        world.on_act(browser)
    }

    fn act_outside(world: &mut World) -> Check {
        world.on_act_outside()
    }

    fn turned_away(_: &mut World, link: usize) -> Check {
        complain(Oracle::Bounds, format!("link {link} was refused"))
    }

    fn arrives(world: &mut World, session: u32, bytes: &[u8]) {
        world.on_arrives(session, bytes);
    }

    fn loses(world: &mut World, link: usize, _: bool) {
        world.crowd.told = world.now();
        world.loses(link);
    }

    /// Only a peer that is there makes room.
    fn takes_again(world: &mut World, session: u32) {
        let now = world.now();
        world.crowd.told = now;
        world.crowd.silence.heard(now, session);
        world.crowd.silence.wrote_late(now, session);
    }

    fn jumped(world: &mut World, by: Duration) {
        let now = world.now();
        world.crowd.pace.jumped(now);
        world.crowd.silence.jumped(by);
        world.crowd.ends.jumped(by);
    }

    fn time_comes(world: &mut World) {
        world.crowd.told = world.now();
        world.crowd.silence.due(world.crowd.told);
    }

    fn time_came(world: &mut World) -> Check {
        world.on_time_came()
    }

    fn turned(world: &mut World, is_last: bool) -> Check {
        world.on_turned(is_last)
    }

    fn look(world: &mut World) -> Check {
        world.on_look()
    }

    fn sees(world: &mut World, entry: Entry<SimEffect>) -> Check {
        world.on_sees(entry)
    }

    fn answered(world: &mut World, session: u32, answer: &Answer, rest: &[u8]) -> Check {
        world.on_answered(session, answer, rest)
    }

    fn read_on(world: &mut World, session: u32) -> Check {
        world.read_page(session)
    }

    fn heard(world: &mut World, session: u32, incoming: Incoming<'_>) -> Check {
        world.on_heard(session, incoming)
    }

    fn ended(world: &mut World, session: u32, _: Talk) -> Check {
        world.wake(session);
        Ok(())
    }

    fn cut_off(world: &mut World, session: u32) {
        world.wake(session);
    }

    /// Whoever lacks a page or a socket sees to it.
    fn come_back(world: &mut World) {
        world.call_all(world.browsers(), 1_000_000);
    }

    fn is_calm(world: &World) -> bool {
        world.crowd.plan.limits.heartbeat.is_some() && world.phase == Phase::Resting
    }

    fn rested(world: &mut World) -> Check {
        (0..world.browsers()).try_for_each(|browser| world.compare(browser))
    }

    fn leave(world: &mut World) -> Check {
        world.leave_each(3);
        Ok(())
    }

    fn say_goodbye(world: &mut World, session: u32) {
        world.say_goodbye(session);
    }

    fn finished(world: &mut World) -> Check {
        world.crowd.components.finished(world.driver.stats())
    }
}
