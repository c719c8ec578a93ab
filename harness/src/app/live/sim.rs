//! What all simulated components have in common: the trouble they make, and what they write down.

use super::seen::{Called, Id, Seen, Show, Stage};
use super::{Props, told};
use crate::app::member::{Cx, Trouble};
use crate::app::{SimApp, SimEvent, panic_on_demand};
use crate::chronicle::Verdict;
use crate::oracle::PageOrder;
use lazuli::html::Render;
use lazuli::{ChannelMessage, Component, Error, Event, Flash, Result, Timer, html};
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};

/// Why a component ends that is told to.
pub(crate) const BYE: &str = "that is it";

/// What an event asks for; each kind makes of it what it likes.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Act {
    /// The number that the client gave it.
    #[serde(default)]
    pub(super) op: u32,
    pub(super) what: u64,
    pub(super) a: u64,
    pub(super) b: u64,
    pub(super) text: String,
}

/// A kind of component: its state. Callbacks say whether they changed something.
pub(super) trait Kind: Clone + Send + Sync + 'static {
    const NAME: &'static str;

    fn new(seed: u64) -> Self;

    fn mount(&mut self, _: &mut Cx<'_>) -> bool {
        false
    }

    /// An event of the page.
    fn act(&mut self, cx: &mut Cx<'_>, act: &Act) -> bool;

    /// An event of another component of the page.
    fn kin(&mut self, _: u64) -> bool {
        false
    }

    /// A message of a room.
    fn hear(&mut self, _: &str) -> bool {
        false
    }

    fn tick(&mut self, _: &mut Cx<'_>, _: Timer) -> bool {
        false
    }

    /// Works out what depends on the rest, before it is shown.
    fn update(&mut self) {}

    /// What is around it is another: `new` would be made now.
    fn props(&mut self, _: Self) -> bool {
        false
    }

    fn render(&self, stage: &(Stage, Id)) -> impl Render;

    /// The same by hand.
    fn html(&self, inner: &dyn Fn(u64) -> String) -> String;
}

/// A component of a kind.
pub(super) struct Sim<K> {
    stage: (Stage, Id),
    pub(super) kind: K,
    /// The changes that it has seen, those of callbacks that failed too.
    version: u64,
    /// How many callbacks have failed.
    scars: u32,
    trouble: u8,
    /// Whether its next render panics.
    is_charged: bool,
    /// How its next update, or its next props, go wrong.
    balk: Balk,
    /// The state that was written down last.
    shown: Mutex<Option<(u64, Arc<Shown<K>>)>>,
}

/// What a component has been told to do wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Balk {
    No,
    /// Its next update fails.
    Failure,
    /// Its next update panics.
    Panic,
    /// It panics when it gets other props.
    Props,
}

impl Balk {
    const ALL: [Balk; 4] = [Balk::Failure, Balk::Panic, Balk::Props, Balk::Failure];
}

struct Shown<K> {
    kind: K,
    version: u64,
    scars: u32,
}

impl<K: Kind> Show for Shown<K> {
    fn html(&self, inner: &dyn Fn(u64) -> String) -> String {
        let Shown { kind, version, scars } = self;
        format!("<section data-v=\"{version}\" data-scars=\"{scars}\">{}</section>", kind.html(inner))
    }
}

impl<K: Kind> Sim<K> {
    pub(super) fn new(stage: (Stage, Id), props: Props) -> Sim<K> {
        Sim {
            stage,
            kind: K::new(props.seed),
            version: 0,
            scars: 0,
            trouble: props.trouble,
            is_charged: false,
            balk: Balk::No,
            shown: Mutex::new(None),
        }
    }

    /// Runs a callback and writes it down.
    fn run(&mut self, what: Called, run: impl FnOnce(&mut Self) -> Result<bool, Trouble>) -> Result {
        let result = run(self);
        self.version += u64::from(!matches!(result, Ok(false)));
        let verdict = match result {
            Ok(_) => Verdict::Done,
            Err(Trouble::Error(_) | Trouble::Recorded) => Verdict::Failed,
            Err(Trouble::Panic) => Verdict::Panicked,
        };
        let (stage, id) = &self.stage;
        stage.push(Seen::Called { id: *id, what, verdict, version: self.version });
        match result {
            Ok(_) | Err(Trouble::Recorded) => Ok(()),
            Err(Trouble::Error(error)) => Err(error),
            Err(Trouble::Panic) => panic_on_demand(),
        }
    }

    /// Writes down what is about to be rendered.
    fn note(&self) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let Sim { kind, version, scars, .. } = self;
        let state = match &*shown {
            Some((known, state)) if known == version => state.clone(),
            _ => Arc::new(Shown { kind: kind.clone(), version: *version, scars: *scars }),
        };
        *shown = Some((*version, state.clone()));
        let (stage, id) = &self.stage;
        stage.push(Seen::Shown { id: *id, version: *version, state });
    }

    /// The scars, if it is not charged.
    fn scars(&self) -> u32 {
        let (stage, id) = &self.stage;
        let is_charged = self.is_charged || self.trouble == 3 && id.home.is_some();
        if is_charged {
            stage.push(Seen::Blown(*id));
            panic_on_demand();
        }
        self.scars
    }

    /// Records one thing of each kind, changes its own fields, and fails.
    fn fail(&mut self, cx: &mut Cx<'_>, how: u64) -> Result<bool, Trouble> {
        self.scars += 1;
        cx.flash(Flash::Error, "never");
        cx.to_all().text("never");
        cx.set_timer("never", std::time::Duration::from_millis(1));
        cx.to_page("counter", "never", &());
        match how % 6 {
            0 | 1 => Err(Error::reply("No.").into()),
            2 => Err(Error::denied("not for you").into()),
            3 => Err(Error::internal("a secret").into()),
            4 => {
                cx.join("");
                Err(Trouble::Recorded)
            }
            _ => Err(Trouble::Panic),
        }
    }
}

impl<K: Kind> Component<SimApp> for Sim<K> {
    fn render(&self) -> impl Render {
        self.note();
        html! {
            section data-v=(self.version) data-scars=(self.scars()) { @(self.kind.render(&self.stage)) }
        }
    }

    fn on_mount(&mut self, cx: &mut Cx<'_>) -> Result {
        self.run(Called::Mount, |sim| match sim.trouble {
            1 => Err(Error::denied("not to be mounted").into()),
            2 => Err(Trouble::Panic),
            _ => Ok(sim.kind.mount(cx)),
        })
    }

    fn on_event(&mut self, cx: &mut Cx<'_>, event: &Event<'_>) -> Result {
        if event.is_from_component() {
            let by = event.number("by").unwrap_or(1);
            return self.run(Called::Kin, |sim| Ok(sim.kind.kin(by)));
        }
        let act = event.read::<Act>()?;
        self.run(Called::Event(act.op), |sim| match event.name() {
            "act" => Ok(sim.kind.act(cx, &act)),
            "nothing" => Ok(false),
            "fail" => sim.fail(cx, act.what),
            "charge" => {
                sim.is_charged = true;
                Ok(true)
            }
            "balk" => {
                sim.balk = Balk::ALL[(act.what % 4) as usize];
                Ok(true)
            }
            "flash" => {
                cx.flash(Flash::Info, &act.text);
                cx.focus("input");
                let (stage, id) = &sim.stage;
                stage.push(Seen::Orders(*id, vec![PageOrder::Flash(act.text.clone()), PageOrder::Focus]));
                Ok(act.a % 2 == 0)
            }
            "close" => {
                let (stage, id) = &sim.stage;
                stage.push(Seen::Closes(*id));
                Err(Error::close(4_000, BYE).into())
            }
            _ => Err(event.unknown().into()),
        })
    }

    fn on_channel_message(&mut self, _: &mut Cx<'_>, message: &ChannelMessage<'_>) -> Result {
        self.run(Called::Message, |sim| Ok(sim.kind.hear(message.text().unwrap_or_default())))
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: Timer) -> Result {
        self.run(Called::Timer, |sim| Ok(sim.kind.tick(cx, timer)))
    }

    fn on_app_event(&mut self, _: &mut Cx<'_>, event: &SimEvent) -> Result {
        self.run(Called::App, |sim| Ok(told(event).is_some_and(|op| sim.kind.hear(&format!("told {op}")))))
    }

    fn on_update(&mut self, _: &mut Cx<'_>) -> Result {
        self.run(Called::Update, |sim| {
            // What it has worked out before it fails, a page that asks for everything may see.
            sim.kind.update();
            match sim.balk {
                Balk::Failure => {
                    sim.balk = Balk::No;
                    sim.scars += 1;
                    return Err(Error::reply("not now").into());
                }
                Balk::Panic => return Err(Trouble::Panic),
                Balk::No | Balk::Props => {}
            }
            Ok(false)
        })
    }

    fn on_props(&mut self, new: Self) {
        if self.balk == Balk::Props {
            let (stage, id) = &self.stage;
            stage.push(Seen::Blown(*id));
            panic_on_demand();
        }
        self.version += u64::from(self.kind.props(new.kind));
    }

    fn on_unmount(&mut self, _: &mut Cx<'_>) -> Result {
        self.run(Called::Unmount, |_| Ok(false))
    }
}
