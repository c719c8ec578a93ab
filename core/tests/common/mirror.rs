//! What a browser knows of a view: blocks and their numbers, as `docs/patches.md` has them.

use lazuli::html::{Piece, Slot, Template};
use serde_json::Value;
use std::fmt::Write;
use std::vec::IntoIter;

#[derive(Default)]
pub struct Mirror {
    root: Option<Block>,
    names: Vec<&'static Template>,
    next: u64,
}

struct Block {
    template: &'static Template,
    base: u64,
    slots: Vec<Content>,
}

enum Content {
    Value(Value),
    One(Option<(usize, Box<Block>)>),
    Rows(Vec<Block>),
}

/// The items of a patch that are still to come.
struct Items<'a> {
    items: IntoIter<Value>,
    templates: &'a [&'static Template],
}

impl Items<'_> {
    fn next(&mut self) -> Value {
        self.items.next().expect("a patch that goes on")
    }

    fn int(&mut self) -> i64 {
        let item = self.next();
        item.as_i64().unwrap_or_else(|| panic!("{item} is no whole number"))
    }

    fn index(&mut self) -> usize {
        usize::try_from(self.int()).expect("an index")
    }

    /// How many rows stay and how many go, in turns: an array, or the two numbers of a single run.
    fn runs(&mut self) -> Vec<usize> {
        match self.next() {
            Value::Array(runs) => runs.iter().map(|run| run.as_u64().expect("a number of rows") as usize).collect(),
            at => vec![at.as_u64().expect("an index") as usize, self.index()],
        }
    }
}

fn numbered(template: &Template) -> u64 {
    (template.slots.len() - usize::from(template.hidden_key)) as u64
}

impl Mirror {
    /// Applies a patch, which is to be JSON in UTF-8.
    pub fn apply(&mut self, patch: &[u8], templates: &[&'static Template]) {
        let items: Vec<Value> = serde_json::from_slice(patch).unwrap_or_else(|error| panic!("{error}"));
        assert!(!items.is_empty(), "a patch that says nothing");
        let mut items = Items { items: items.into_iter(), templates };
        while let Some(item) = items.items.next() {
            let number = item.as_i64().expect("a slot or an operation");
            match number {
                -6 => {
                    (self.names, self.next) = (Vec::new(), 1);
                    let template = self.name(&mut items).expect("a template");
                    self.root = Some(self.contents(template, &mut items, None));
                }
                -5 => {
                    let mut next = 1;
                    renumber(self.root.as_mut().expect("a view"), &mut next);
                    self.next = next;
                }
                -4..=-1 => self.list(number, &mut items),
                1.. => self.set(number as u64, &mut items),
                _ => panic!("{number} is no operation"),
            }
        }
    }

    fn name(&mut self, items: &mut Items<'_>) -> Option<&'static Template> {
        match items.next() {
            Value::String(name) => {
                assert!(self.names.iter().all(|known| known.name != name), "{name} is named twice");
                let found = items.templates.iter().find(|template| template.name == name).expect("a template");
                self.names.push(found);
                Some(found)
            }
            place => self.names.get((place.as_u64().expect("a name") as usize).checked_sub(1)?).copied(),
        }
    }

    fn contents(&mut self, template: &'static Template, items: &mut Items<'_>, shared: Option<(u64, &Block)>) -> Block {
        let base = self.next;
        self.next += numbered(template);
        let mut slots = Vec::new();
        for (at, slot) in template.slots.iter().enumerate() {
            let Some(number) = at.checked_sub(usize::from(template.hidden_key)) else {
                slots.push(Content::Value(Value::Null));
                continue;
            };
            let repeated = shared.filter(|(mask, _)| number < 31 && mask & 1 << number != 0);
            slots.push(match (slot, repeated) {
                (Slot::Value, Some((_, first))) => match &first.slots[at] {
                    Content::Value(value) => Content::Value(value.clone()),
                    _ => unreachable!("the template says so"),
                },
                (Slot::Value, None) => Content::Value(items.next()),
                _ => self.structure(slot, items),
            });
        }
        Block { template, base, slots }
    }

    fn structure(&mut self, slot: &Slot, items: &mut Items<'_>) -> Content {
        match slot {
            Slot::Branch(alternatives) => Content::One(
                items
                    .index()
                    .checked_sub(1)
                    .map(|which| (which, Box::new(self.contents(alternatives[which], items, None)))),
            ),
            Slot::Embed | Slot::Component => {
                // Of a component its number is all that the browser keeps besides.
                let number = if matches!(slot, Slot::Component) { items.index() } else { 0 };
                assert!(number > 0 || matches!(slot, Slot::Embed), "a component without a number");
                let found = self.name(items);
                Content::One(found.map(|template| (number, Box::new(self.contents(template, items, None)))))
            }
            Slot::List(row) => {
                let count = items.index();
                Content::Rows(self.rows(row, count, items))
            }
            Slot::Value => unreachable!("no structure"),
        }
    }

    fn rows(&mut self, row: &'static Template, count: usize, items: &mut Items<'_>) -> Vec<Block> {
        let mask = if count > 1 { items.index() as u64 } else { 0 };
        let mut rows: Vec<Block> = Vec::new();
        for _ in 0..count {
            let made = self.contents(row, items, rows.first().map(|first| (mask, first)));
            rows.push(made);
        }
        rows
    }

    fn set(&mut self, number: u64, items: &mut Items<'_>) {
        let slot = *find(self.root.as_mut().expect("a view"), number).expect("a slot of this number").1;
        let new = match slot {
            Slot::Value => Content::Value(items.next()),
            _ => self.structure(&slot, items),
        };
        let (held, _) = find(self.root.as_mut().expect("a view"), number).expect("it is still there");
        *held = match (new, &*held) {
            (Content::Value(Value::Array(splice)), Content::Value(Value::String(old))) => {
                Content::Value(Value::String(spliced(old, &splice)))
            }
            (Content::Value(Value::Array(splice)), _) => panic!("{splice:?} of something that is no text"),
            (new, _) => new,
        };
    }

    fn list(&mut self, operation: i64, items: &mut Items<'_>) {
        let number = items.index() as u64;
        let runs = if operation == -2 { items.runs() } else { Vec::new() };
        let at = if operation == -2 { 0 } else { items.index() };
        let Some((_, Slot::List(row))) = find(self.root.as_mut().expect("a view"), number) else { panic!("no list") };
        let row = *row;
        let new = if operation == -1 {
            let count = items.index();
            assert!(count > 0);
            self.rows(row, count, items)
        } else {
            Vec::new()
        };
        let Some((Content::Rows(rows), _)) = find(self.root.as_mut().expect("a view"), number) else {
            panic!("no list")
        };
        match operation {
            -1 => drop(rows.splice(at..at, new)),
            -2 => {
                let mut at = 0;
                for run in runs.chunks(2) {
                    at += run[0];
                    drop(rows.drain(at..at + run[1]));
                }
            }
            -3 => {
                let moved = rows.remove(at);
                rows.insert(items.index(), moved);
            }
            _ => {
                let order: Vec<usize> = serde_json::from_value(items.next()).expect("an order");
                let mut before: Vec<_> = rows.drain(at..at + order.len()).map(Some).collect();
                let after = order.iter().map(|from| before[*from].take().expect("each row once")).collect::<Vec<_>>();
                rows.splice(at..at, after);
            }
        }
    }

    /// What the browser would show.
    pub fn html(&self) -> String {
        let mut out = String::new();
        if let Some(root) = &self.root {
            write(root, &mut out);
        }
        out
    }

    /// The shape of what it shows.
    pub fn shape(&self) -> String {
        let (mut out, mut names) = (String::new(), Vec::new());
        if let Some(root) = &self.root {
            names.push(root.template.name);
            out = format!("[\"{}\"", root.template.name);
            shape(root, &mut out, &mut names);
            out.push(']');
        }
        out
    }
}

fn shape(block: &Block, out: &mut String, names: &mut Vec<&'static str>) {
    for (slot, content) in block.template.slots.iter().zip(&block.slots) {
        match (slot, content) {
            (Slot::Embed | Slot::Component, Content::One(Some((_, inner)))) => {
                match names.iter().position(|name| *name == inner.template.name) {
                    Some(place) => write!(out, ",{}", place + 1).unwrap(),
                    None => {
                        names.push(inner.template.name);
                        write!(out, ",\"{}\"", inner.template.name).unwrap();
                    }
                }
                shape(inner, out, names);
            }
            (_, Content::One(Some((which, inner)))) => {
                write!(out, ",{}", which + 1).unwrap();
                shape(inner, out, names);
            }
            (_, Content::One(None)) => out.push_str(",0"),
            (_, Content::Rows(rows)) => {
                write!(out, ",{}", rows.len()).unwrap();
                rows.iter().for_each(|row| shape(row, out, names));
            }
            (_, Content::Value(_)) => {}
        }
    }
}

fn renumber(block: &mut Block, next: &mut u64) {
    block.base = *next;
    *next += numbered(block.template);
    for slot in &mut block.slots {
        match slot {
            Content::Value(_) | Content::One(None) => {}
            Content::One(Some((_, inner))) => renumber(inner, next),
            Content::Rows(rows) => rows.iter_mut().for_each(|row| renumber(row, next)),
        }
    }
}

fn find(block: &mut Block, number: u64) -> Option<(&mut Content, &'static Slot)> {
    if let Some(offset) = number.checked_sub(block.base)
        && offset < numbered(block.template)
    {
        let at = offset as usize + usize::from(block.template.hidden_key);
        return Some((&mut block.slots[at], &block.template.slots[at]));
    }
    block.slots.iter_mut().find_map(|slot| match slot {
        Content::Value(_) | Content::One(None) => None,
        Content::One(Some((_, inner))) => find(inner, number),
        Content::Rows(rows) => rows.iter_mut().find_map(|row| find(row, number)),
    })
}

fn spliced(old: &str, splice: &[Value]) -> String {
    let units: Vec<u16> = old.encode_utf16().collect();
    let (keep, delete, insert) = match splice {
        [Value::String(insert)] => (units.len(), 0, insert),
        [keep, delete, Value::String(insert)] => {
            (keep.as_u64().unwrap() as usize, delete.as_u64().unwrap() as usize, insert)
        }
        _ => panic!("{splice:?} is no splice"),
    };
    let text = |units: &[u16]| String::from_utf16(units).expect("no half of a pair");
    text(&units[..keep]) + insert + &text(&units[keep + delete..])
}

fn write(block: &Block, out: &mut String) {
    for piece in block.template.pieces {
        match piece {
            Piece::Html(html) => out.push_str(html),
            Piece::Text(slot) | Piece::Raw(slot) => {
                if let Content::Value(value) = &block.slots[usize::from(*slot)] {
                    escape(&text(value), out);
                }
            }
            Piece::Attr { slot, name, before, after } => {
                let Content::Value(value) = &block.slots[usize::from(*slot)] else { panic!("no value") };
                let is_alone = before.is_empty() && after.is_empty();
                match value {
                    Value::Null if is_alone => {}
                    Value::Bool(true) if is_alone => write!(out, " {name}").unwrap(),
                    value => {
                        write!(out, " {name}=\"{before}").unwrap();
                        escape(&text(value), out);
                        write!(out, "{after}\"").unwrap();
                    }
                }
            }
            Piece::Structure { slot, .. } => match &block.slots[usize::from(*slot)] {
                Content::One(Some((_, inner))) => write(inner, out),
                Content::One(None) => {}
                Content::Rows(rows) => rows.iter().for_each(|row| write(row, out)),
                Content::Value(_) => panic!("no structure"),
            },
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}
