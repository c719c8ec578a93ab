//! The law of views, on nodes: whatever the templates and the states, a page that applies the patches shows what the HTML of
//! the same render is parsed to.

use lazuli::html::value::Datum;
use lazuli::html::{Piece, Render, Renderer, Sink, Slot, Template, to_html};
use lazuli_harness::dom::{Dom, NodeId, Templates, View};
use serde_json::{Value, json};

/// SplitMix64: what a case is made of.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

/// A template that lives as long as the test, and its JSON.
#[derive(Clone)]
struct Made {
    template: &'static Template,
    json: Value,
}

fn leak(text: String) -> &'static str {
    text.leak()
}

/// A template with an element around random slots, each of which stands where the JSON says.
fn template(dice: &mut Dice, depth: usize, is_row: bool, embeds: bool) -> Made {
    let name = leak(format!("t{:09}", dice.roll(1_000_000_000)));
    let mut slots = Vec::new();
    // What is in the section.
    let mut steps = Vec::new();
    let (mut pieces, mut markup) = (vec![Piece::Html("<section>")], String::from("<section>"));
    let hidden_key = is_row && dice.roll(2) == 0;
    if is_row {
        slots.push(Slot::Value);
        if !hidden_key {
            pieces.extend([Piece::Html("<i>"), Piece::Text(0), Piece::Html("</i>")]);
            markup += "<i> </i>";
            steps.push(json!([[[[], [0]]]]));
        }
    }
    for _ in 0..dice.roll(5) {
        let slot = slots.len() as u16;
        let number = slot - u16::from(hidden_key);
        match dice.roll(if depth == 0 { 3 } else { 6 }) {
            0 => {
                slots.push(Slot::Value);
                pieces.extend([Piece::Html("<b>n: "), Piece::Text(slot), Piece::Html("</b>")]);
                markup += "<b> </b>";
                steps.push(json!([[[[], [number, "", "n: ", ""]]]]));
            }
            1 => {
                slots.push(Slot::Value);
                let (before, after) = [("", ""), ("x ", ""), ("", " y")][dice.roll(3)];
                pieces.push(Piece::Html("<a"));
                pieces.push(Piece::Attr { slot, name: "title", before, after });
                pieces.extend([Piece::Html(">"), Piece::Text(slot), Piece::Html("</a>")]);
                markup += "<a> </a>";
                let title = match (before, after) {
                    ("", "") => json!([number, "title"]),
                    _ => json!([number, "title", before, after]),
                };
                steps.push(json!([[[[], [number]]], title]));
            }
            2 => {
                slots.push(Slot::Value);
                pieces.extend([Piece::Html("<q>"), Piece::Raw(slot), Piece::Html("</q>")]);
                markup += "<q></q>";
                steps.push(json!([[], [number]]));
            }
            kind => {
                let inner = |dice: &mut Dice, is_row| template(dice, depth - 1, is_row, embeds);
                let (slot_is, step) = match kind {
                    3 => {
                        let alternatives: Vec<Made> = (0..1 + dice.roll(2)).map(|_| inner(dice, false)).collect();
                        let mut step = vec![json!(1), json!(number)];
                        step.extend(alternatives.iter().map(|made| made.json.clone()));
                        let templates: Vec<&'static Template> = alternatives.iter().map(|made| made.template).collect();
                        (Slot::Branch(templates.leak()), Value::Array(step))
                    }
                    4 if embeds => (Slot::Embed, json!([3, number])),
                    _ => {
                        let row = inner(dice, true);
                        (Slot::List(row.template), json!([2, number, row.json]))
                    }
                };
                slots.push(slot_is);
                pieces.extend([Piece::Structure { slot, inside: &["section"] }, Piece::Html("<!---->")]);
                markup += "<!---->";
                steps.extend([step, json!(0)]);
            }
        }
    }
    pieces.push(Piece::Html("</section>"));
    markup += "</section>";
    let json = json!([markup, [if steps.is_empty() { json!(0) } else { json!([steps]) }]]);
    let source = leak(json.to_string());
    let made = Template { name, source, slots: slots.leak(), hidden_key, pieces: pieces.leak(), roots: &[] };
    Made { template: Box::leak(Box::new(made)), json }
}

/// What a block holds.
#[derive(Clone)]
struct Block {
    template: &'static Template,
    slots: Vec<Held>,
}

#[derive(Clone)]
enum Held {
    Off,
    On,
    Int(i64),
    Text(String),
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
                (_, Held::Off) => sink.value(Datum::Off),
                (_, Held::On) => sink.value(Datum::On),
                (_, Held::Int(int)) => sink.value(Datum::Int(*int)),
                (_, Held::Text(text)) => sink.value(Datum::Str(text)),
                (Slot::Embed, Held::One(Some((_, block)))) => sink.embed(block),
                (Slot::Embed, Held::One(None)) => sink.embed(&None::<Block>),
                (_, Held::One(None)) => sink.nothing(),
                (_, Held::One(Some((which, block)))) => {
                    if sink.branch(*which) {
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

fn value(dice: &mut Dice) -> Held {
    let texts = ["", "a", "b&>\"'", "ein längerer Text 🦀 mit Zeichen", "x y", "\r z", "seven77"];
    match dice.roll(7) {
        0 => Held::Off,
        1 => Held::On,
        2 => Held::Int([0, 1, -1, i64::MAX, 1 << 54][dice.roll(5)]),
        3 => Held::Text(texts[3].repeat(1 + dice.roll(4)) + texts[dice.roll(7)]),
        _ => Held::Text(texts[dice.roll(7)].into()),
    }
}

fn block(dice: &mut Dice, template: &'static Template, library: &[&'static Template]) -> Block {
    let held = |slot: &Slot, dice: &mut Dice| match slot {
        Slot::Value => value(dice),
        Slot::Branch(all) => {
            let which = dice.roll(all.len() + 1);
            Held::One(all.get(which).map(|inner| (which, block(dice, inner, library))))
        }
        Slot::List(row) => {
            let mut keys: Vec<i64> = (0..dice.roll(7) as i64).collect();
            if dice.roll(2) == 0 {
                let half = keys.len() / 2;
                keys.rotate_left(half);
            }
            Held::Rows(keys.into_iter().map(|key| keyed(dice, row, key, library)).collect())
        }
        _ => {
            let which = dice.roll(library.len() + 1);
            Held::One(library.get(which).map(|inner| (which, block(dice, inner, &[]))))
        }
    };
    Block { template, slots: template.slots.iter().map(|slot| held(slot, dice)).collect() }
}

fn keyed(dice: &mut Dice, row: &'static Template, key: i64, library: &[&'static Template]) -> Block {
    let mut made = block(dice, row, library);
    made.slots[0] = Held::Int(key);
    made
}

/// Changes a little here and there.
fn change(dice: &mut Dice, block_is: &mut Block, is_row: bool, library: &[&'static Template]) {
    for (at, (slot, held)) in block_is.template.slots.iter().zip(&mut block_is.slots).enumerate() {
        match (slot, held) {
            _ if is_row && at == 0 => {}
            (_, Held::Text(text)) if dice.roll(2) == 0 => match dice.roll(3) {
                0 => text.push_str("more"),
                1 => text.insert_str(0, "🦀in"),
                _ => drop(text.pop()),
            },
            (_, Held::One(Some((_, inner)))) if dice.roll(3) > 0 => change(dice, inner, false, library),
            (Slot::List(row), Held::Rows(rows)) => {
                match dice.roll(7) {
                    0 => rows.reverse(),
                    1 if !rows.is_empty() => drop(rows.remove(dice.roll(rows.len()))),
                    2 if rows.len() > 1 => rows.rotate_left(1),
                    3 => rows.insert(
                        dice.roll(rows.len() + 1),
                        keyed(dice, row, 100 + at as i64 + dice.0 as i64 % 10_000, library),
                    ),
                    4 => rows.retain(|_| dice.roll(2) == 0),
                    _ => {}
                }
                rows.iter_mut().for_each(|row| change(dice, row, true, library));
            }
            (slot, held) if dice.roll(4) == 0 => {
                *held = match slot {
                    Slot::Value => value(dice),
                    Slot::Branch(all) => {
                        let which = dice.roll(all.len() + 1);
                        Held::One(all.get(which).map(|inner| (which, block(dice, inner, library))))
                    }
                    _ => {
                        let which = dice.roll(library.len() + 1);
                        Held::One(library.get(which).map(|inner| (which, block(dice, inner, &[]))))
                    }
                };
            }
            _ => {}
        }
    }
}

/// A page that holds this.
fn page(html: &str) -> (Dom, NodeId) {
    let dom = Dom::document(&format!("<!doctype html><div>{html}</div>"));
    let div = dom.descendants(Dom::ROOT).find(|node| dom.is(*node, "div")).expect("it was written");
    (dom, div)
}

#[test]
fn patched_nodes_are_those_of_the_html() {
    for seed in 0..100 {
        let dice = &mut Dice(seed);
        let mut templates = Templates::default();
        let library: Vec<Made> = (0..2).map(|_| template(dice, 1, false, false)).collect();
        let root = template(dice, 2, false, true);
        for made in library.iter().chain([&root]) {
            templates.add(made.template.name, made.template.source).unwrap_or_else(|misfit| panic!("{seed}: {misfit}"));
        }
        let library: Vec<&'static Template> = library.iter().map(|made| made.template).collect();
        let mut find = |name: &str| Ok(templates.get(name).expect("it was added"));
        let mut state = block(dice, root.template, &library);
        let mut renderer = Renderer::new(seed);
        let mut known = renderer.mount(&state, None).expect("a render");
        let (mut dom, div) = page(&to_html(&state).expect("a render"));
        let shape: Value = serde_json::from_str(&known.shape()).expect("a shape is JSON");
        let mut view =
            View::hydrate(&mut dom, div, &shape, &mut find).unwrap_or_else(|misfit| panic!("{seed}: {misfit}"));
        for round in 0..12 {
            change(dice, &mut state, false, &library);
            let mut patch = Vec::new();
            if round == 7 {
                renderer.whole(&mut known, &state, None, &mut patch).expect("a render");
            } else if !renderer.update(&mut known, &state, None, &mut patch).expect("a render") {
                continue;
            }
            let patch: Value = serde_json::from_slice(&patch).expect("a patch is JSON");
            match view.apply(&mut dom, &patch, &mut find) {
                Err(misfit) if misfit.asks_anew() => {
                    let mut whole = Vec::new();
                    renderer.whole(&mut known, &state, None, &mut whole).expect("a render");
                    let whole = serde_json::from_slice(&whole).expect("a patch is JSON");
                    view.apply(&mut dom, &whole, &mut find)
                        .unwrap_or_else(|misfit| panic!("{seed}, {round}: {misfit}"));
                }
                applied => applied.unwrap_or_else(|misfit| panic!("{seed}, {round}: {misfit}")),
            }
            let (fresh, host) = page(&to_html(&state).expect("a render"));
            if let Some(found) = dom.difference(div, &fresh, host) {
                panic!("{seed}, {round}: {found}\nafter {patch}");
            }
        }
    }
}
