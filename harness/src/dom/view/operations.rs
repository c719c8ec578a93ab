//! The items of a patch: slots and operations.

use super::build::Work;
use super::{Block, Held, Misfit, Target, View, find, nodes};
use crate::dom::Dom;
use crate::dom::contents::{Library, Reader, Said, check_value, splice};
use crate::dom::template::{PlaceKind, Slot};
use serde_json::Value;

pub(super) fn apply(view: &mut View, dom: &mut Dom, items: &[Value], library: &mut Library<'_>) -> Result<(), Misfit> {
    let mut reader = Reader::of_patch(items);
    while !reader.is_done() {
        let number = reader.int()?;
        let done = match number {
            -6 if reader.peek().is_some_and(|name| name == "") => {
                reader.item()?;
                nodes::whole(view, dom, &mut reader)
            }
            -6 => whole(view, dom, &mut reader, library),
            _ if view.nodes.is_some() => nodes::operate(view, dom, number, &mut reader),
            1.. => set(view, dom, number as u64, &mut reader, library),
            -4..=-1 => list(view, dom, number, &mut reader, library),
            -5 => {
                let mut next = 1;
                if let Some(root) = &mut view.root {
                    find::renumber(root, &mut next);
                }
                view.register.next = next;
                Ok(())
            }
            _ => Err(Misfit::new("there is no such operation")),
        };
        done.map_err(|misfit| misfit.within(&number.to_string()))?;
    }
    Ok(())
}

fn slot(root: &mut Option<Block>, number: u64) -> Result<(&mut Block, usize), Misfit> {
    let found = root.as_mut().and_then(|root| find::slot(root, number));
    found.ok_or_else(|| Misfit::new(format!("there is no slot {number}")))
}

/// A slot gets another content.
fn set(
    view: &mut View,
    dom: &mut Dom,
    number: u64,
    reader: &mut Reader<'_>,
    library: &mut Library<'_>,
) -> Result<(), Misfit> {
    let View { root, register, touched, .. } = view;
    let (block, at) = slot(root, number)?;
    let mut work = Work { dom, touched };
    if let Held::Value(targets, held) = &mut block.slots[at] {
        let item = reader.item()?;
        let new = match item.as_array() {
            Some(parts) => Value::from(splice(&old_value(work.dom, targets, held.as_ref())?, parts)?),
            None => {
                check_value(item)?;
                item.clone()
            }
        };
        work.set_value(targets, held, new);
        return Ok(());
    }
    let template = block.template.clone();
    if matches!(template.slots[at], Slot::Rows(..)) {
        return Err(Misfit::new("a list changes by operations only"));
    }
    let said = reader.slot(&template.slots[at], register, library)?;
    work.set(&mut block.slots[at], said);
    Ok(())
}

/// The string that a value is: as it came in a patch, or else as the page shows it.
fn old_value(dom: &Dom, targets: &[Target], held: Option<&Value>) -> Result<String, Misfit> {
    match held {
        Some(Value::String(text)) => return Ok(text.clone()),
        Some(other) => return Err(Misfit::new(format!("splices {other}, which is no string"))),
        None => {}
    }
    let target = targets.first().ok_or_else(|| Misfit::new("splices a value without a place"))?;
    let none = (String::new(), String::new());
    let (shown, (before, after)) = match &target.kind {
        PlaceKind::Text(before, after) => (dom.text(target.node), (before.clone(), after.clone())),
        PlaceKind::Attribute(name, around) if name != "style" => {
            let shown = dom
                .attribute(target.node, name)
                .ok_or_else(|| Misfit::new("splices an attribute that is not there"))?;
            (shown.to_owned(), around.clone().unwrap_or(none))
        }
        _ => {
            let said = Misfit::new("splices markup or a style that never came in a patch");
            return Err(Misfit { is_unknown: true, ..said });
        }
    };
    let value = shown.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
    value
        .map(str::to_owned)
        .ok_or_else(|| Misfit::new(format!("the page shows {shown:?} where {before:?} and {after:?} are fixed")))
}

/// The rows of a list change.
fn list(
    view: &mut View,
    dom: &mut Dom,
    operation: i64,
    reader: &mut Reader<'_>,
    library: &mut Library<'_>,
) -> Result<(), Misfit> {
    let View { root, register, touched, .. } = view;
    let number = reader.count()? as u64;
    let (block, at) = slot(root, number)?;
    let template = block.template.clone();
    let (Slot::Rows(_, row), Held::Rows(stand, rows)) = (&template.slots[at], &mut block.slots[at]) else {
        return Err(Misfit::new(format!("slot {number} is no list")));
    };
    let mut work = Work { dom, touched };
    if operation == -2
        && let Some(Value::Array(runs)) = reader.peek()
    {
        reader.item()?;
        return remove_runs(&mut work, rows, runs);
    }
    let from = reader.count()?;
    let fits = |end: Option<usize>| match end.filter(|end| *end <= rows.len()) {
        Some(end) => Ok(end),
        None => Err(Misfit::new(format!("the list has {} rows", rows.len()))),
    };
    match operation {
        -1 => {
            fits(Some(from))?;
            let count = reader.count()?;
            let specs = reader.rows(row, count, register, library)?;
            let before = rows[from..].iter().find_map(|row| row.ends).map(|(first, _)| first).or(stand.before);
            let parent = stand.parent(work.dom);
            let new: Vec<Block> = specs.into_iter().map(|spec| work.build(spec, parent, before)).collect();
            rows.splice(from..from, new);
        }
        -2 => {
            let end = fits(from.checked_add(reader.count()?))?;
            rows.drain(from..end).for_each(|row| work.remove(&row));
        }
        -3 => {
            fits(from.checked_add(1))?;
            let to = reader.count()?;
            fits(to.checked_add(1))?;
            let row = rows.remove(from);
            rows.insert(to, row);
            work.arrange(*stand, rows);
        }
        _ => {
            let order = reader.item()?.as_array().ok_or_else(|| Misfit::new("there is no order"))?;
            let end = fits(from.checked_add(order.len()))?;
            let mut before: Vec<Option<Block>> = rows.drain(from..end).map(Some).collect();
            let after: Option<Vec<Block>> =
                order.iter().map(|place| before.get_mut(usize::try_from(place.as_u64()?).ok()?)?.take()).collect();
            let after = after.ok_or_else(|| Misfit::new("the order does not have each row once"))?;
            rows.splice(from..from, after);
            work.arrange(*stand, rows);
        }
    }
    Ok(())
}

/// Rows go in several places: so many stay, so many go, and so on.
fn remove_runs(work: &mut Work<'_>, rows: &mut Vec<Block>, runs: &[Value]) -> Result<(), Misfit> {
    let said = || Misfit::new(format!("the runs {} do not fit {} rows", Value::from(runs.to_vec()), rows.len()));
    let counts: Option<Vec<usize>> = runs.iter().map(|run| usize::try_from(run.as_u64()?).ok()).collect();
    let counts = counts.filter(|counts| counts.len() % 2 == 0).ok_or_else(said)?;
    if counts.iter().try_fold(0, |sum: usize, count| sum.checked_add(*count)).is_none_or(|sum| sum > rows.len()) {
        return Err(said());
    }
    let mut at = 0;
    for pair in counts.chunks_exact(2) {
        at += pair[0];
        rows.drain(at..at + pair[1]).for_each(|row| work.remove(&row));
    }
    Ok(())
}

/// The whole view anew.
fn whole(view: &mut View, dom: &mut Dom, reader: &mut Reader<'_>, library: &mut Library<'_>) -> Result<(), Misfit> {
    let View { host, root, register, nodes, touched } = view;
    *nodes = None;
    (register.names, register.next) = (Vec::new(), 1);
    let named = reader.name(register, library)?;
    let said = match named {
        Some(template) => Said::Named(0, Some(Box::new(reader.block(&template, register, library)?))),
        None => Said::Named(0, None),
    };
    let mut work = Work { dom, touched };
    match (root.as_mut(), said) {
        (Some(block), Said::Named(_, Some(spec))) if block.template.name == spec.template.name => {
            work.change(block, *spec)
        }
        (old, Said::Named(_, new)) => {
            if let Some(old) = old {
                work.remove(old);
            }
            // What the page had besides is not the view's.
            for stray in work.dom.children(*host).to_vec() {
                work.dom.remove(stray);
            }
            *root = new.map(|spec| work.build(*spec, *host, None));
        }
        _ => {}
    }
    Ok(())
}
