//! Laws of views: whatever the templates and the states, a browser that applies the patches shows what the render says.

mod common;

use common::mirror::Mirror;
use lazuli::html::value::Datum;
use lazuli::html::{Fault, Nested, Piece, Render, Renderer, Sink, Slot, Stage, Template, View, to_html};
use proptest::prelude::*;

/// SplitMix64: what a case is made of.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.roll(from.len())]
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A template of random slots. Those that can stand in it by name are in `library`.
fn template(dice: &mut Dice, depth: usize, name: &'static str, is_row: bool, has_library: bool) -> &'static Template {
    let mut slots = Vec::new();
    if is_row {
        slots.push(Slot::Value);
    }
    for _ in 0..dice.roll(4) {
        slots.push(match dice.roll(if depth == 0 { 2 } else { 7 }) {
            2 | 3 => {
                let alternatives: Vec<_> =
                    (0..1 + dice.roll(2)).map(|_| template(dice, depth - 1, "", false, has_library)).collect();
                Slot::Branch(alternatives.leak())
            }
            4 => Slot::List(template(dice, depth - 1, "", true, has_library)),
            5 if has_library => Slot::Embed,
            6 if has_library => Slot::Component,
            _ => Slot::Value,
        });
    }
    let hidden_key = is_row && dice.roll(3) == 0;
    let mut pieces = vec![Piece::Html("<i>")];
    for (slot, kind) in slots.iter().enumerate().skip(usize::from(hidden_key)) {
        let slot = slot as u16;
        match kind {
            Slot::Value => {
                if dice.roll(3) == 0 {
                    pieces.push(Piece::Html("<a"));
                    let (before, after) = *dice.pick(&[("", ""), ("", ""), ("x ", ""), ("", " y")]);
                    pieces.push(Piece::Attr { slot, name: "title", before, after });
                    pieces.push(Piece::Html("></a>"));
                }
                // Places may come later, and a value may have none of its own here.
                pieces.push(Piece::Text(slot));
                pieces.push(Piece::Html("|"));
            }
            _ => pieces.push(Piece::Structure { slot, inside: &[] }),
        }
    }
    if !slots.is_empty() && !hidden_key && matches!(slots[0], Slot::Value) {
        pieces.push(Piece::Text(0));
    }
    pieces.push(Piece::Html("</i>"));
    leak(Template { name, source: "", slots: slots.leak(), hidden_key, pieces: pieces.leak(), roots: &[] })
}

/// What a value is.
#[derive(Clone, Debug)]
enum Value {
    Off,
    On,
    Int(i64),
    Text(String),
}

/// What a block holds.
#[derive(Clone, Debug)]
struct Block {
    template: &'static Template,
    slots: Vec<Held>,
}

#[derive(Clone, Debug)]
enum Held {
    Value(Value),
    One(Option<(usize, Block)>),
    Rows(Vec<Block>),
}

impl Render for Block {
    fn render(&self, sink: &mut Sink<'_>) {
        if sink.open(self.template) {
            self.run(sink);
            sink.close();
        }
    }
}

impl Block {
    fn run(&self, sink: &mut Sink<'_>) {
        for (slot, held) in self.template.slots.iter().zip(&self.slots) {
            match (slot, held) {
                (_, Held::Value(value)) => sink.value(match value {
                    Value::Off => Datum::Off,
                    Value::On => Datum::On,
                    Value::Int(int) => Datum::Int(*int),
                    Value::Text(text) => Datum::Str(text),
                }),
                (Slot::Component, Held::One(inner)) => {
                    let inner = inner.as_ref().map(|(_, block)| block.clone());
                    sink.component(Datum::Off, &|| {
                        Nested::new(inner.clone(), |inner, sink| {
                            inner.downcast_ref::<Option<Block>>().expect("what it was made of").render(sink);
                        })
                    });
                }
                (_, Held::One(None)) => {
                    if matches!(slot, Slot::Embed) {
                        sink.embed(&None::<Block>);
                    } else {
                        sink.nothing();
                    }
                }
                (Slot::Embed, Held::One(Some((_, block)))) => sink.embed(block),
                (_, Held::One(Some((alternative, block)))) => {
                    if sink.branch(*alternative) {
                        block.run(sink);
                        sink.close();
                    }
                }
                (_, Held::Rows(rows)) => {
                    sink.list();
                    for row in rows {
                        if sink.row() {
                            row.run(sink);
                            sink.close();
                        }
                    }
                    sink.end_list();
                }
            }
        }
    }
}

const TEXTS: [&str; 8] =
    ["", "a", "b<&>\"'", "seven77", "eight888", "ein längerer Text 🦀 mit Zeichen", "x\u{0}y", "\r\n"];

fn value(dice: &mut Dice) -> Value {
    match dice.roll(8) {
        0 => Value::Off,
        1 => Value::On,
        2 => Value::Int(dice.roll(3) as i64),
        3 => Value::Int(*dice.pick(&[i64::MAX, i64::MIN, 1 << 54, -1])),
        4 => Value::Text(TEXTS[5].repeat(1 + dice.roll(8)) + dice.pick::<&str>(&TEXTS)),
        _ => Value::Text((*dice.pick::<&str>(&TEXTS)).to_owned()),
    }
}

fn block(dice: &mut Dice, template: &'static Template, library: &[&'static Template]) -> Block {
    let held = |slot: &Slot, dice: &mut Dice| match slot {
        Slot::Value => Held::Value(value(dice)),
        Slot::Branch(alternatives) => {
            let which = dice.roll(alternatives.len() + 1);
            Held::One(alternatives.get(which).map(|inner| (which, block(dice, inner, library))))
        }
        Slot::Embed | Slot::Component => {
            let which = dice.roll(library.len() + 1);
            Held::One(library.get(which).map(|inner| (which, block(dice, inner, &[]))))
        }
        Slot::List(row) => Held::Rows(rows(dice, row, library)),
    };
    Block { template, slots: template.slots.iter().map(|slot| held(slot, dice)).collect() }
}

fn rows(dice: &mut Dice, row: &'static Template, library: &[&'static Template]) -> Vec<Block> {
    let mut keys: Vec<i64> = (0..dice.roll(10) as i64).collect();
    for at in (1..keys.len()).rev() {
        if dice.roll(2) == 0 {
            keys.swap(at, dice.roll(at + 1));
        }
    }
    let make = |key: i64| {
        let mut made = block(dice, row, library);
        // Now and then a key stands there twice, which is the application's mistake.
        made.slots[0] = Held::Value(Value::Int(if dice.roll(40) == 0 { 0 } else { key }));
        made
    };
    keys.into_iter().map(make).collect()
}

/// Changes a little here and there.
fn change(dice: &mut Dice, held: &mut Block, library: &[&'static Template]) {
    let is_row_key = |slot: usize| slot == 0;
    for (at, (slot, held)) in held.template.slots.iter().zip(&mut held.slots).enumerate() {
        match (slot, held) {
            (_, Held::Value(held)) => match held {
                Value::Text(text) if dice.roll(3) == 0 => {
                    let place =
                        text.char_indices().map(|(at, _)| at).nth(dice.roll(text.len().max(1))).unwrap_or(text.len());
                    match dice.roll(3) {
                        0 => text.push_str("more"),
                        1 => text.insert_str(place, "🦀in"),
                        _ => text.truncate(place),
                    }
                }
                held if dice.roll(3) == 0 && !is_row_key(at) => *held = value(dice),
                _ => {}
            },
            (_, Held::One(Some((_, inner)))) if dice.roll(3) > 0 => change(dice, inner, library),
            (Slot::Branch(_) | Slot::Embed | Slot::Component, one) if dice.roll(2) == 0 => {
                let alternatives = if let Slot::Branch(alternatives) = slot { alternatives } else { library };
                let inner_library = if matches!(slot, Slot::Branch(_)) { library } else { &[] };
                let which = dice.roll(alternatives.len() + 1);
                *one = Held::One(alternatives.get(which).map(|inner| (which, block(dice, inner, inner_library))));
            }
            (Slot::List(row), Held::Rows(held)) => {
                match dice.roll(6) {
                    0 => *held = rows(dice, row, library),
                    1 if !held.is_empty() => drop(held.remove(dice.roll(held.len()))),
                    2 => {
                        let mut new = block(dice, row, library);
                        new.slots[0] = Held::Value(Value::Int(100 + dice.roll(1000) as i64));
                        held.insert(dice.roll(held.len() + 1), new);
                    }
                    3 if held.len() > 1 => held.rotate_left(1),
                    4 => held.reverse(),
                    _ => {}
                }
                for row in held {
                    if dice.roll(3) == 0 {
                        change(dice, row, library);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Where components live: one for each place.
#[derive(Default)]
struct Parts {
    numbers: std::collections::BTreeMap<u64, u32>,
    parts: std::collections::BTreeMap<u32, Option<Block>>,
}

impl Stage for Parts {
    fn find(&mut self, place: u64, _: u64, make: &dyn Fn() -> Nested) -> u32 {
        let next = self.numbers.len() as u32 + 1;
        let number = *self.numbers.entry(place).or_insert(next);
        self.parts.insert(number, make().take().expect("what it was made of"));
        number
    }

    fn render(&mut self, number: u32, run: &mut dyn FnMut(&dyn Render, &mut dyn Stage)) {
        let part = self.parts.get(&number).expect("a part that was found").clone();
        run(&part, self);
    }
}

struct World {
    parts: Parts,
    renderer: Renderer,
    view: View,
    mirror: Mirror,
    /// All templates that come by name.
    named: Vec<&'static Template>,
}

impl World {
    fn begin(seed: u64, state: &Block, named: Vec<&'static Template>) -> Result<World, Fault> {
        let (mut renderer, mut parts) = (Renderer::new(seed), Parts::default());
        let mut view = renderer.mount(state, Some(&mut parts))?;
        assert_eq!(renderer.page(state)?.fingerprint, view.fingerprint());
        let (mut patch, mut mirror) = (Vec::new(), Mirror::default());
        if seed.is_multiple_of(2) {
            // A page that came rendered: what it shows is known from elsewhere, and the numbers are the same.
            Renderer::new(seed).whole(&mut View::default(), state, Some(&mut parts), &mut patch)?;
        } else {
            renderer.whole(&mut view, state, Some(&mut parts), &mut patch)?;
        }
        mirror.apply(&patch, &named);
        assert_eq!(mirror.html(), to_html(state)?);
        assert_eq!(mirror.shape(), view.shape());
        Ok(World { parts, renderer, view, mirror, named })
    }

    fn update(&mut self, state: &Block) -> Result<Vec<u8>, Fault> {
        let mut patch = Vec::new();
        let is_changed = self.renderer.update(&mut self.view, state, Some(&mut self.parts), &mut patch)?;
        assert_eq!(is_changed, !patch.is_empty());
        let before = self.mirror.html();
        if is_changed {
            self.mirror.apply(&patch, &self.named);
        }
        let (now, meant) = (self.mirror.html(), to_html(state)?);
        assert_eq!(now, meant, "\nbefore {before}\npatch {}\nstate {state:?}", String::from_utf8_lossy(&patch));
        let fresh = self.renderer.mount(state, None)?;
        assert_eq!(fresh.shape(), self.mirror.shape());
        let again = self.renderer.update(&mut self.view, state, Some(&mut self.parts), &mut patch)?;
        assert!(!again, "the same state changes nothing");
        Ok(patch)
    }
}

fn case(seed: u64, depth: usize) -> (Block, Vec<&'static Template>, Dice) {
    let mut dice = Dice(seed);
    let library: Vec<_> =
        ["lib-one", "lib-two", "lib-tre"].map(|name| template(&mut dice, depth / 2, name, false, false)).into();
    let root = template(&mut dice, depth, "the-root", false, true);
    let state = block(&mut dice, root, &library);
    (state, library, dice)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// apply(patch(a, b), a) = b, over long histories: both ends keep the same numbers.
    #[test]
    fn a_browser_that_applies_the_patches_shows_what_the_render_says(seed: u64, depth in 0_usize..4, updates in 1_usize..30) {
        let (mut state, library, mut dice) = case(seed, depth);
        let named = [library.clone(), vec![state.template]].concat();
        let mut world = World::begin(seed, &state, named).unwrap();
        for _ in 0..updates {
            if dice.roll(5) == 0 {
                state = block(&mut dice, state.template, &library);
            } else {
                change(&mut dice, &mut state, &library);
            }
            world.update(&state).unwrap();
        }
    }
}

/// The law above sees every operation, splices and masks; else it would prove little.
#[test]
fn the_histories_use_all_of_the_language() {
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for seed in 0..400 {
        let (mut state, library, mut dice) = case(seed, 3);
        let named = [library.clone(), vec![state.template]].concat();
        let mut world = World::begin(seed, &state, named).unwrap();
        for _ in 0..30 {
            change(&mut dice, &mut state, &library);
            let patch = world.update(&state).unwrap();
            let items: Vec<serde_json::Value> =
                if patch.is_empty() { Vec::new() } else { serde_json::from_slice(&patch).unwrap() };
            let runs = items.windows(3).filter(|window| window[0] == -2 && window[2].is_array());
            *seen.entry("-2 of several runs".into()).or_default() += runs.count();
            for item in items {
                let what = match item {
                    serde_json::Value::Number(number)
                        if number.as_i64().is_some_and(|number| (-6..0).contains(&number)) =>
                    {
                        number.to_string()
                    }
                    serde_json::Value::Array(splice)
                        if splice.len() == 3 && splice[0].is_number() && splice[2].is_string() =>
                    {
                        "splice".into()
                    }
                    serde_json::Value::Array(splice) if splice.len() == 1 && splice[0].is_string() => "append".into(),
                    _ => continue,
                };
                *seen.entry(what).or_default() += 1;
            }
        }
    }
    for what in ["-1", "-2", "-3", "-4", "-5", "-2 of several runs", "splice", "append"] {
        assert!(seen.get(what).copied().unwrap_or(0) > 20, "{what} is rare: {seen:?}");
    }
}
