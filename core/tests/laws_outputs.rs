//! The law of the boundary: outputs depend on the inputs and their order, never on when they are polled.

use lazuli::log::Level;
use lazuli::{
    App, Cause, Channel, Command, Config, ConnId, Context, Error, Frame, Hub, Input, Kind, Limits, Link, Message, Node,
    Output, Position, Receivers, Request, Result, Routes, Scope, SlowPolicy, Time, Timer,
};
use proptest::prelude::*;
use std::time::Duration;

#[derive(Default)]
struct Count(u64);

impl App for Count {
    type Event = u8;
    type Effect = u64;

    fn on_event(&self, cx: &mut Scope<'_, Self>, event: u8) -> Result {
        cx.to_room(room(event)).event(event);
        cx.update(|app| app.0 += 1);
        cx.effect(self.0);
        Ok(())
    }
}

fn room(number: u8) -> &'static str {
    ["a", "b", "c"][usize::from(number) % 3]
}

/// Does what each byte of a message says.
struct Machine;

impl Machine {
    fn run(cx: &mut Context<'_, Count>, program: &[u8]) -> Result {
        for &byte in program {
            let arg = byte / 16;
            match byte % 16 {
                0 | 1 => cx.join(room(arg)),
                2 => cx.leave(room(arg)),
                3 | 4 => {
                    let number = cx.random() % 100;
                    cx.to_room(room(arg)).text(&format!("{number}"));
                }
                5 => cx.to_rooms([room(arg), room(arg + 1)]).json(&[arg]),
                6 => {
                    let conn = cx.conn();
                    cx.to_all().except(conn).text("all");
                }
                7 => cx.set_timer(("t", arg.into()), Duration::from_millis(arg.into())),
                8 => cx.set_interval("i", Duration::from_millis(3)),
                9 => cx.cancel_timer("i"),
                10 => cx.binary(&[0; 40]),
                11 => cx.to_room(room(arg)).event(arg),
                12 if arg > 13 => cx.close(4000, "enough"),
                13 if arg > 8 => return Err(Error::reply("no")),
                14 if arg > 13 => panic!("no"),
                15 => cx.update(move |app| app.0 += u64::from(arg)),
                _ => cx.effect(arg.into()),
            }
        }
        Ok(())
    }
}

impl Channel<Count> for Machine {
    fn on_message(&mut self, _: &mut Context<'_, Count>, _: &str) -> Result {
        Ok(())
    }

    fn on_binary(&mut self, cx: &mut Context<'_, Count>, bytes: &[u8]) -> Result {
        Machine::run(cx, bytes)
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Count>, timer: Timer) -> Result {
        Machine::run(cx, &[3, 16 * (timer.number as u8 % 16) + 4])
    }

    fn on_event(&mut self, cx: &mut Context<'_, Count>, event: &u8) -> Result {
        cx.text(&format!("event {event}"));
        Ok(())
    }

    fn on_close(&mut self, cx: &mut Context<'_, Count>, code: u16, _: &str) -> Result {
        cx.to_room("a").text(&format!("gone with {code}"));
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Accept,
    /// Accepted, and the upgrade goes out at once.
    Open,
    Opened(usize),
    Program(usize, Vec<u8>),
    Sent(usize, u32),
    Closed(usize),
    Timeout(u64),
    Event(u8),
    Command(usize, u8),
    Published(u8, u64),
    Link(bool),
    Shutdown(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0usize..6;
    prop_oneof![
        1 => Just(Step::Accept),
        5 => Just(Step::Open),
        1 => which.clone().prop_map(Step::Opened),
        20 => (which.clone(), prop::collection::vec(any::<u8>(), 1..8)).prop_map(|(conn, run)| Step::Program(conn, run)),
        5 => (which.clone(), 0u32..100).prop_map(|(conn, bytes)| Step::Sent(conn, bytes)),
        1 => which.clone().prop_map(Step::Closed),
        3 => (0u64..6_000).prop_map(Step::Timeout),
        1 => (0u64..8_000_000).prop_map(Step::Timeout),
        2 => any::<u8>().prop_map(Step::Event),
        2 => (which, any::<u8>()).prop_map(|(conn, what)| Step::Command(conn, what)),
        2 => (any::<u8>(), 0u64..9).prop_map(|(topic, offset)| Step::Published(topic, offset)),
        1 => any::<bool>().prop_map(Step::Link),
    ]
}

/// Steps, and sometimes a shutdown among them.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let shutdown = prop::option::of((any::<prop::sample::Index>(), 0u64..10_000_000));
    (prop::collection::vec(step(), 1..120), shutdown).prop_map(|(mut steps, shutdown)| {
        if let Some((at, within)) = shutdown {
            let at = at.index(steps.len());
            steps.insert(at, Step::Shutdown(within));
        }
        steps
    })
}

/// Hands in all steps, and polls after those that `polls` says; what came out, in order, as text.
fn outputs(steps: &[Step], config: &Config, policy: SlowPolicy, mut polls: impl FnMut(usize) -> bool) -> Vec<String> {
    let limits = Limits { waiting: 200, slow: policy, rooms: 2, timers: 3, ..Limits::default() };
    let mut routes = Routes::new();
    routes.channel_with("/machine", limits, |_| Ok(Machine)).unwrap();
    let mut hub = Hub::new(config.clone(), routes, Count::default());
    let (mut conns, mut now, mut out): (Vec<ConnId>, _, _) = (Vec::new(), Time::ZERO, Vec::new());
    for (nth, step) in steps.iter().enumerate() {
        let conn = |which: &usize| {
            let recent = conns.len().saturating_sub(6);
            conns.get(recent + which).copied().unwrap_or(ConnId::from_u64(1 << 40 | 77).unwrap())
        };
        match step {
            Step::Accept => conns.extend(hub.open(now, Request::get("/machine").unwrap())),
            Step::Open => {
                if let Ok(conn) = hub.open(now, Request::get("/machine").unwrap()) {
                    conns.push(conn);
                    hub.handle(now, Input::Opened { conn });
                }
            }
            Step::Opened(which) => hub.handle(now, Input::Opened { conn: conn(which) }),
            Step::Program(which, run) => {
                hub.handle(now, Input::Message { conn: conn(which), message: Message::Binary(run) });
            }
            Step::Sent(which, bytes) => hub.handle(now, Input::Sent(&[(conn(which), *bytes)])),
            Step::Closed(which) => hub.handle(now, Input::Closed { conn: conn(which), cause: Cause::Lost }),
            Step::Timeout(micros) => {
                now = now + Duration::from_micros(*micros);
                hub.handle_timeout(now);
                assert!(hub.poll_timeout().is_none_or(|next| next > now));
            }
            Step::Event(event) => hub.handle(now, Input::App(*event)),
            Step::Command(which, what) => {
                let frame = Frame::new(Kind::Text, &vec![b'x'; usize::from(*what)]);
                let command = match what % 4 {
                    0 => Command::send(Receivers::Conn(conn(which)), frame),
                    1 => Command::send_except(Receivers::All, vec![conn(which)], frame),
                    2 => Command::Close { conn: conn(which), code: 1000, reason: String::new() },
                    _ => Command::send(Receivers::Rooms(vec!["a".into(), "b".into()]), frame),
                };
                hub.handle(now, Input::Command(command));
            }
            Step::Published(topic, offset) => {
                let topic = ["all", "room:a", "room:b"][usize::from(*topic) % 3];
                let message = publication(topic, &format!("published {offset}"));
                let position = Position { epoch: 1, offset: *offset };
                hub.handle(now, Input::Published { topic, position, message: &message });
            }
            Step::Link(up) => hub.handle(now, Input::Backplane(if *up { Link::Up } else { Link::Lost })),
            Step::Shutdown(within) => hub.shutdown(now, now + Duration::from_micros(*within)),
        }
        if polls(nth) {
            drain(&mut hub, &mut out);
        }
    }
    drain(&mut hub, &mut out);
    out.push(format!("{:?} {} {:?}", hub.stats(), hub.app().0, hub.poll_timeout()));
    out
}

/// What another hub publishes under this topic.
fn publication(topic: &str, text: &str) -> Vec<u8> {
    let config = Config { backplane: Some(Node(9)), ..Config::default() };
    let mut hub: Hub = Hub::new(config, Routes::new(), ());
    let frame = Frame::new(Kind::Text, text.as_bytes());
    hub.handle(
        Time::ZERO,
        Input::Command(match topic.strip_prefix("room:") {
            Some(room) => Command::send(Receivers::Rooms(vec![room.into()]), frame),
            None => Command::send(Receivers::All, frame),
        }),
    );
    loop {
        match hub.poll_output() {
            Some(Output::Publish { topic: published, message }) => {
                assert_eq!(published, topic);
                return message.into();
            }
            Some(_) => {}
            None => panic!("nothing was published"),
        }
    }
}

fn drain(hub: &mut Hub<Count>, out: &mut Vec<String>) {
    while let Some(output) = hub.poll_output() {
        out.push(match output {
            Output::Send { to, frame } => format!("send {to:?} {:?}", frame.wire()),
            other => format!("{other:?}"),
        });
    }
}

proptest! {
    #[test]
    fn outputs_do_not_depend_on_when_they_are_polled(
        steps in steps(),
        sometimes in prop::collection::vec(any::<bool>(), 121),
        seed in any::<u64>(),
        node in prop::option::weighted(0.3, Just(Node(1))),
        policy in prop_oneof![Just(SlowPolicy::Disconnect), Just(SlowPolicy::DropOldest), Just(SlowPolicy::KeepLatest)],
    ) {
        let config =
            Config { seed, backplane: node, window: 100, connections: 6, log: Level::Debug, ..Config::default() };
        let always = outputs(&steps, &config, policy, |_| true);
        prop_assert_eq!(&always, &outputs(&steps, &config, policy, |_| true), "a second run");
        prop_assert_eq!(&always, &outputs(&steps, &config, policy, |_| false), "polled at the end");
        prop_assert_eq!(&always, &outputs(&steps, &config, policy, |nth| sometimes[nth]), "polled now and then");
    }

    /// The last output that names a connection is its close, and each is closed once.
    #[test]
    fn nothing_follows_a_close(steps in steps()) {
        let config = Config { window: 100, connections: 6, ..Config::default() };
        let mut closed: Vec<String> = Vec::new();
        for output in outputs(&steps, &config, SlowPolicy::Disconnect, |_| true) {
            if let Some(rest) = output.strip_prefix("send [") {
                let (to, _) = rest.split_once(']').unwrap();
                for conn in to.split(", ") {
                    prop_assert!(!closed.iter().any(|gone| gone == conn), "{} after its close", conn);
                }
            } else if let Some(rest) = output.strip_prefix("Close { conn: ") {
                let conn = rest.split(',').next().unwrap().to_owned();
                prop_assert!(!closed.contains(&conn), "{} is closed twice", conn);
                closed.push(conn);
            }
        }
    }
}
