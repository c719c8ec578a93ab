//! Clients as the crowd of a world.

use super::session::Session;
use super::{Clients, World};
use crate::app::{SimApp, SimEffect, SimEvent};
use crate::chronicle::Entry;
use crate::codec::{Answer, Incoming};
use crate::kernel::Event;
use crate::oracle::Check;
use crate::world::{Crowd, Talk};
use std::time::Duration;

/// A jump that is longer brings deadlines together that are never due at once.
const FEW: Duration = Duration::from_millis(50);

impl Crowd for Clients {
    type App = SimApp;
    type Own = Session;
    const STALL: u64 = 15_000_000;
    const CALM: Duration = Duration::from_secs(120);

    fn begin(world: &mut World) {
        world.call_all(world.clients(), world.crowd.plan.pause.1 / 2);
        if world.crowd.plan.outside > 0 {
            world.net.kernel.schedule_within(world.crowd.plan.outside, Event::Outside);
        }
    }

    fn act(world: &mut World, client: usize) -> Check {
        world.on_act(client)
    }

    fn act_outside(world: &mut World) -> Check {
        world.on_act_outside()
    }

    fn answer(world: &mut World, event: SimEvent) -> Check {
        world.on_answer(event)
    }

    fn address(world: &mut World, session: u32) -> u8 {
        let (now, request_time) = (world.now(), world.crowd.plan.settings.request_time);
        world.crowd.model.accepted(now, session, request_time);
        world.crowd.model.address(session)
    }

    fn turned_away(world: &mut World, link: usize) -> Check {
        world.on_turned_away(link)
    }
    fn taken(world: &mut World) -> Check {
        world.on_taken()
    }

    fn arrives(world: &mut World, session: u32, bytes: &[u8]) {
        world.on_arrives(session, bytes);
    }

    fn loses(world: &mut World, link: usize, reset: bool) {
        world.on_loses(link, reset);
    }

    /// Only a peer that is there makes room.
    fn takes_again(world: &mut World, session: u32) {
        let now = world.now();
        world.crowd.model.advance(now);
        world.crowd.model.hear(session);
        world.crowd.silence.heard(world.crowd.model.time(), session);
    }

    /// What takes as long as a jump may have its end by it, before anybody could see to that.
    fn jumped(world: &mut World, by: Duration) {
        world.crowd.silence.jumped(by);
        if by > FEW {
            world.crowd.model.lose_all_track();
        }
        world.net.links.iter_mut().for_each(|link| link.brisk = false);
    }

    fn time_comes(world: &mut World) {
        world.crowd.model.time_comes(world.now());
    }

    fn time_came(world: &mut World) -> Check {
        let (now, late) = (world.now(), world.late());
        let Clients { model, silence, shutdown, .. } = &mut world.crowd;
        model.time_came()?;
        shutdown.handled(now);
        silence.handled(now, late, |session| model.is_connected(session))
    }

    fn turns(world: &mut World) {
        world.crowd.model.turn();
    }

    fn turned(world: &mut World, _: bool) -> Check {
        world.on_turned()
    }

    fn settled(world: &mut World, session: Option<u32>) -> Check {
        world.crowd.model.settled(session)
    }

    fn sees(world: &mut World, entry: Entry<SimEffect>) -> Check {
        world.on_sees(entry)
    }

    fn answered(world: &mut World, session: u32, answer: &Answer, rest: &[u8]) -> Check {
        world.on_answered(session, answer, rest)
    }

    fn heard(world: &mut World, session: u32, incoming: Incoming<'_>) -> Check {
        world.on_heard(session, incoming)
    }

    fn ended(world: &mut World, session: u32, talk: Talk) -> Check {
        world.on_ended(session, talk)
    }

    /// Where there is a heartbeat, it finds them to be away.
    fn is_broken_at_last(world: &World, session: u32) -> bool {
        world.crowd.model.heartbeat(session).is_none()
    }

    fn is_calm(world: &World) -> bool {
        world.crowd.model.has_heartbeats() && world.pending().is_empty()
    }

    fn pending(world: &World) -> Vec<String> {
        world.crowd.model.pending(|_| true)
    }

    fn rested(world: &mut World) -> Check {
        world.on_rested()
    }

    /// Or the server shuts down.
    fn leave(world: &mut World) -> Check {
        if world.crowd.plan.shutdown {
            world.shut_down()?;
            // The next event may be far away, and deadlines before it.
            return world.turn(true);
        }
        world.leave_each(1);
        Ok(())
    }

    fn say_goodbye(world: &mut World, session: u32) {
        world.say_goodbye(session);
    }

    fn finished(world: &mut World) -> Check {
        world.on_finished()
    }
}
