//! The contents of blocks, as patches and shapes write them.

use super::template::{Slot, Template};
use super::view::Misfit;
use serde_json::Value;
use std::rc::Rc;

/// A block that a patch or a shape describes.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) template: Rc<Template>,
    /// The number of its first slot.
    pub(super) base: u64,
    pub(super) slots: Vec<Said>,
}

#[derive(Debug)]
pub(super) enum Said {
    /// A value; a shape has none.
    Value(Option<Value>),
    /// An alternative, from 0.
    One(Option<(usize, Box<Spec>)>),
    Rows(Vec<Spec>),
    /// The number of the component, 0 if it is none or if a shape says it; and its block.
    Named(u64, Option<Box<Spec>>),
}

/// Finds templates by their names.
pub(super) type Library<'a> = dyn FnMut(&str) -> Result<Rc<Template>, Misfit> + 'a;

/// What a view keeps besides its blocks.
#[derive(Debug, Default)]
pub(super) struct Register {
    /// The templates that were named, in their order.
    pub(super) names: Vec<Rc<Template>>,
    /// The next number for a slot.
    pub(super) next: u64,
}

/// Reads a patch or a shape, item by item.
pub(super) struct Reader<'a> {
    items: std::slice::Iter<'a, Value>,
    is_shape: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn of_patch(items: &'a [Value]) -> Reader<'a> {
        Reader { items: items.iter(), is_shape: false }
    }

    pub(super) fn of_shape(items: &'a [Value]) -> Reader<'a> {
        Reader { items: items.iter(), is_shape: true }
    }

    pub(super) fn is_done(&self) -> bool {
        self.items.as_slice().is_empty()
    }

    /// The next item, which is still to be read.
    pub(super) fn peek(&self) -> Option<&'a Value> {
        self.items.as_slice().first()
    }

    pub(super) fn item(&mut self) -> Result<&'a Value, Misfit> {
        self.items.next().ok_or_else(|| Misfit::new("ends where more has to follow"))
    }

    pub(super) fn int(&mut self) -> Result<i64, Misfit> {
        let item = self.item()?;
        item.as_i64().ok_or_else(|| Misfit::new(format!("has {item:.80} where a whole number has to stand")))
    }

    pub(super) fn count(&mut self) -> Result<usize, Misfit> {
        let int = self.int()?;
        usize::try_from(int)
            .map_err(|_| Misfit::new(format!("has {int} where an index or a number of things has to stand")))
    }

    /// The name of a template, or none.
    pub(super) fn name(
        &mut self,
        register: &mut Register,
        library: &mut Library<'_>,
    ) -> Result<Option<Rc<Template>>, Misfit> {
        match self.item()? {
            Value::String(name) => {
                if register.names.iter().any(|known| known.name == *name) {
                    return Err(Misfit::new(format!("writes out the name {name:?} a second time")));
                }
                let template = library(name)?;
                register.names.push(template.clone());
                Ok(Some(template))
            }
            place => match place.as_u64() {
                Some(0) => Ok(None),
                Some(place) => {
                    let known = usize::try_from(place - 1).ok().and_then(|at| register.names.get(at));
                    known
                        .cloned()
                        .map(Some)
                        .ok_or_else(|| Misfit::new(format!("has name {place} of {}", register.names.len())))
                }
                None => Err(Misfit::new(format!("has {place:.80} where a name has to stand"))),
            },
        }
    }

    pub(super) fn block(
        &mut self,
        template: &Rc<Template>,
        register: &mut Register,
        library: &mut Library<'_>,
    ) -> Result<Spec, Misfit> {
        self.row(template, 0, None, register, library)
    }

    /// A block, some of whose values are those of the first row.
    fn row(
        &mut self,
        template: &Rc<Template>,
        mask: u64,
        first: Option<&Spec>,
        register: &mut Register,
        library: &mut Library<'_>,
    ) -> Result<Spec, Misfit> {
        let base = register.next;
        register.next += template.slots.len() as u64;
        let mut slots = Vec::new();
        for (at, slot) in template.slots.iter().enumerate() {
            let is_shared = at < 31 && mask & 1 << at != 0;
            slots.push(match (slot, first) {
                (Slot::Value(_), Some(first)) if is_shared => match &first.slots[at] {
                    Said::Value(value) => Said::Value(value.clone()),
                    _ => return Err(Misfit::new("shares a structure")),
                },
                _ => self.slot(slot, register, library)?,
            });
        }
        Ok(Spec { template: template.clone(), base, slots })
    }

    pub(super) fn slot(
        &mut self,
        slot: &Slot,
        register: &mut Register,
        library: &mut Library<'_>,
    ) -> Result<Said, Misfit> {
        match slot {
            Slot::Value(_) if self.is_shape => Ok(Said::Value(None)),
            Slot::Value(_) => {
                let item = self.item()?;
                check_value(item)?;
                Ok(Said::Value(Some(item.clone())))
            }
            Slot::One(_, alternatives) => {
                let which = self.count()?;
                let Some(which) = which.checked_sub(1) else { return Ok(Said::One(None)) };
                let template = alternatives
                    .get(which)
                    .ok_or_else(|| Misfit::new(format!("has alternative {} of {}", which + 1, alternatives.len())))?;
                Ok(Said::One(Some((which, Box::new(self.block(template, register, library)?)))))
            }
            Slot::Rows(_, row) => {
                let count = self.count()?;
                Ok(Said::Rows(self.rows(row, count, register, library)?))
            }
            Slot::Named(_) => Ok(Said::Named(0, self.named(register, library)?)),
            Slot::Component(_) => {
                let number = if self.is_shape { 0 } else { self.count()? as u64 };
                if number == 0 && !self.is_shape {
                    return Err(Misfit::new("has a component without a number"));
                }
                Ok(Said::Named(number, self.named(register, library)?))
            }
        }
    }

    fn named(&mut self, register: &mut Register, library: &mut Library<'_>) -> Result<Option<Box<Spec>>, Misfit> {
        match self.name(register, library)? {
            Some(template) => Ok(Some(Box::new(self.block(&template, register, library)?))),
            None => Ok(None),
        }
    }

    /// So many rows, with a mask before them.
    pub(super) fn rows(
        &mut self,
        row: &Rc<Template>,
        count: usize,
        register: &mut Register,
        library: &mut Library<'_>,
    ) -> Result<Vec<Spec>, Misfit> {
        let mask = if count > 1 && !self.is_shape { self.count()? as u64 } else { 0 };
        let may = |at: usize| at < 31 && matches!(row.slots.get(at), Some(Slot::Value(_)));
        if let Some(wrong) = (0..64).find(|at| mask & 1 << at != 0 && !may(*at)) {
            return Err(Misfit::new(format!("has a mask {mask} with bit {wrong}, which is no value of a row")));
        }
        let mut rows: Vec<Spec> = Vec::new();
        for _ in 0..count {
            let made = self.row(row, mask, rows.first(), register, library)?;
            rows.push(made);
        }
        Ok(rows)
    }
}

/// The whole numbers that every client reads as they are.
const SAFE: i64 = (1 << 53) - 1;

/// A value is a string, a number, `null` or `true`.
pub(super) fn check_value(value: &Value) -> Result<(), Misfit> {
    let is_one = match value {
        Value::Null | Value::Bool(true) | Value::String(_) => true,
        Value::Number(number) => number.as_i64().is_some_and(|number| (-SAFE..=SAFE).contains(&number)),
        _ => false,
    };
    if is_one { Ok(()) } else { Err(Misfit::new(format!("has {value:.80} where a value has to stand"))) }
}

/// What a value is in a text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A string that is made of another one, or `None` if `splice` is none of what it held.
pub(super) fn splice(old: &str, splice: &[Value]) -> Result<String, Misfit> {
    let units: Vec<u16> = old.encode_utf16().collect();
    let index = |value: &Value| value.as_u64().and_then(|index| usize::try_from(index).ok());
    let said = || Misfit::new(format!("splices {old:.80?} by {:.80}", Value::from(splice.to_vec())));
    let (keep, delete, insert) = match splice {
        [Value::String(insert)] => (units.len(), 0, insert),
        [keep, delete, Value::String(insert)] => {
            (index(keep).ok_or_else(said)?, index(delete).ok_or_else(said)?, insert)
        }
        _ => return Err(said()),
    };
    let rest = keep.checked_add(delete).and_then(|from| units.get(from..)).ok_or_else(said)?;
    let new: Vec<u16> =
        units[..keep].iter().copied().chain(insert.encode_utf16()).chain(rest.iter().copied()).collect();
    String::from_utf16(&new).map_err(|_| said())
}
