//! The third pass: a render as HTML.

use super::fault::Flaw;
use super::sink::DEEPEST;
use super::template::{Piece, Slot, Template};
use super::value::Datum;
use super::word::write_text;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

/// Writes HTML.
#[derive(Default)]
pub(super) struct Markup {
    pub(super) out: String,
    levels: Vec<Level>,
    /// What the slots of the open blocks hold, where it is known already.
    values: Vec<Held>,
    /// Values, on their way to their places.
    side: String,
    scratch: String,
    awaited: bool,
    flaw: Option<Flaw>,
}

/// A block that is open.
pub(super) struct Level {
    template: &'static Template,
    slot: usize,
    /// How many of its pieces are written.
    piece: usize,
    /// Where its values begin.
    values: usize,
}

/// What a slot holds, written and escaped.
enum Held {
    Off,
    On,
    /// In [`Markup::side`].
    Text(Range<usize>),
}

impl Markup {
    pub(super) fn new() -> Markup {
        Markup { awaited: true, ..Markup::default() }
    }

    pub(super) fn scratch(&mut self) -> &mut String {
        &mut self.scratch
    }

    fn fail(&mut self, flaw: Flaw) {
        self.flaw.get_or_insert(flaw);
    }

    fn begin(&mut self, template: &'static Template) -> bool {
        if self.levels.len() >= DEEPEST {
            self.fail(Flaw::TooDeep);
            return false;
        }
        self.levels.push(Level { template, slot: 0, piece: 0, values: self.values.len() });
        true
    }

    /// The next slot, which is a structure: what is before it is written.
    fn next_structure(&mut self) -> Option<Slot> {
        self.write_pieces();
        let level = self.levels.last_mut()?;
        let slot = level.template.slots.get(level.slot).copied();
        level.slot += 1;
        if matches!(level.template.pieces.get(level.piece), Some(Piece::Structure { .. })) {
            level.piece += 1;
        }
        // So that the values of the slots after it have their places.
        self.values.push(Held::Off);
        slot
    }

    pub(super) fn open(&mut self, template: &'static Template) -> bool {
        if self.flaw.is_some() || !core::mem::take(&mut self.awaited) {
            self.fail(Flaw::NotOne);
            return false;
        }
        if !self.levels.is_empty() {
            self.next_structure();
        }
        self.begin(template)
    }

    /// The render is a string. `false`: it stands in other markup.
    #[cfg(feature = "html-strings")]
    pub(super) fn raw(&mut self, html: &str) -> bool {
        if !self.levels.is_empty() {
            return false;
        }
        if self.flaw.is_some() || !core::mem::take(&mut self.awaited) {
            self.fail(Flaw::NotOne);
        } else {
            self.out.push_str(html);
        }
        true
    }

    pub(super) fn close(&mut self) {
        self.write_pieces();
        match self.levels.pop() {
            Some(level) if level.slot == level.template.slots.len() && level.piece == level.template.pieces.len() => {
                self.values.truncate(level.values);
                if self.values.is_empty() {
                    self.side.clear();
                }
            }
            _ => self.fail(Flaw::Left),
        }
    }

    pub(super) fn value(&mut self, datum: Datum<'_>) {
        self.write_pieces();
        let Some(level) = self.levels.last_mut() else { return self.fail(Flaw::Left) };
        let slot = level.slot;
        level.slot += 1;
        let pieces = level.template.pieces;
        let is_raw = pieces.iter().any(|piece| matches!(piece, Piece::Raw(raw) if usize::from(*raw) == slot));
        let held = match datum {
            Datum::Off => Held::Off,
            Datum::On => Held::On,
            datum => {
                let start = self.side.len();
                self.scratch.clear();
                let text = match datum {
                    Datum::Str(text) => text,
                    other => {
                        let _ = write_text(other, &mut self.scratch);
                        &self.scratch
                    }
                };
                if is_raw {
                    self.side.push_str(text);
                } else {
                    escape(text, &mut self.side);
                }
                Held::Text(start..self.side.len())
            }
        };
        self.values.push(held);
    }

    /// Writes pieces up to the first whose slot is not known.
    fn write_pieces(&mut self) {
        let Some(level) = self.levels.last_mut() else { return };
        let values = self.values.get(level.values..).unwrap_or_default();
        while let Some(piece) = level.template.pieces.get(level.piece) {
            match piece {
                Piece::Html(html) => self.out.push_str(html),
                Piece::Structure { .. } => return,
                Piece::Text(slot) | Piece::Raw(slot) => {
                    let Some(held) = values.get(usize::from(*slot)) else { return };
                    match held {
                        Held::Off => {}
                        Held::On => self.out.push_str("true"),
                        Held::Text(range) => self.out.push_str(&self.side[range.clone()]),
                    }
                }
                Piece::Attr { slot, name, before, after } => {
                    let Some(held) = values.get(usize::from(*slot)) else { return };
                    let is_alone = before.is_empty() && after.is_empty();
                    if !(is_alone && matches!(held, Held::Off)) {
                        self.out.push(' ');
                        self.out.push_str(name);
                    }
                    let text = match held {
                        Held::Text(range) => &self.side[range.clone()],
                        Held::On if !is_alone => "true",
                        _ => "",
                    };
                    if !is_alone || matches!(held, Held::Text(_)) {
                        for part in ["=\"", before, text, after, "\""] {
                            self.out.push_str(part);
                        }
                    }
                }
            }
            level.piece += 1;
        }
    }

    pub(super) fn nothing(&mut self) {
        let was_awaited = core::mem::take(&mut self.awaited);
        if !(was_awaited && self.levels.is_empty()) && self.next_structure().is_none() {
            self.fail(Flaw::Left);
        }
    }

    pub(super) fn branch(&mut self, alternative: usize) -> bool {
        if self.flaw.is_some() {
            return false;
        }
        match self.next_structure() {
            Some(Slot::Branch(alternatives)) if alternative < alternatives.len() => {
                self.begin(alternatives[alternative])
            }
            _ => {
                self.fail(Flaw::Left);
                false
            }
        }
    }

    pub(super) fn await_block(&mut self) -> bool {
        self.awaited = true;
        self.flaw.is_none()
    }

    pub(super) fn came(&mut self) {
        if core::mem::take(&mut self.awaited) {
            self.fail(Flaw::NotOne);
        }
    }

    pub(super) fn list(&mut self) {
        if !matches!(self.next_structure(), Some(Slot::List(_))) {
            self.fail(Flaw::Left);
        }
    }

    pub(super) fn row(&mut self) -> bool {
        let level = self.levels.last().filter(|_| self.flaw.is_none());
        match level.and_then(|level| level.template.slots.get(level.slot.wrapping_sub(1))) {
            Some(Slot::List(row)) => self.begin(row),
            _ => {
                self.fail(Flaw::Left);
                false
            }
        }
    }

    pub(super) fn end_list(&mut self) {}

    /// What was wrong, once the render has run.
    pub(super) fn finish(&self) -> Option<Flaw> {
        self.flaw.clone().or((self.awaited || !self.levels.is_empty()).then_some(Flaw::Left))
    }
}

/// Writes a text so that in text and in attributes a parser reads it as it is.
pub(super) fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'', '\r', '\0']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            // A parser makes a line end of it where it stands as it is.
            b'\r' => "&#13;",
            _ => "\u{fffd}",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}
