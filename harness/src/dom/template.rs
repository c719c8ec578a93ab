//! Templates from their JSON.

use super::view::Misfit;
use super::{Dom, Element, Kind, NodeId, Space};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The fixed part of markup, and the places in it.
#[derive(Debug)]
pub struct Template {
    /// What its name in a page is; empty for one inside of another.
    pub(super) name: String,
    pub(super) dom: Dom,
    pub(super) slots: Vec<Slot>,
}

/// What can change, and where it stands.
#[derive(Debug)]
pub(super) enum Slot {
    Value(Vec<Place>),
    /// One of these.
    One(Spot, Vec<Rc<Template>>),
    Rows(Spot, Rc<Template>),
    Named(Spot),
    Component(Spot),
}

#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: Vec<usize>,
    pub(super) kind: PlaceKind,
}

#[derive(Clone, Debug)]
pub(super) enum PlaceKind {
    /// A text, between two fixed ones.
    Text(String, String),
    /// An attribute, maybe between two fixed texts.
    Attribute(String, Option<(String, String)>),
    Html,
}

/// Where a structure stands: in a node, before one of the template's own.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) path: Vec<usize>,
    pub(super) before: usize,
}

impl Slot {
    pub(super) fn spot(&self) -> Option<&Spot> {
        match self {
            Slot::Value(_) => None,
            Slot::One(spot, _) | Slot::Rows(spot, _) | Slot::Named(spot) | Slot::Component(spot) => Some(spot),
        }
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When it is not one, or a place is not where it says.
    pub fn parse(name: &str, json: &str) -> Result<Rc<Template>, Misfit> {
        let value = serde_json::from_str(json).map_err(|error| Misfit::new(format!("template {name}: {error}")))?;
        Template::read(name, &value).map_err(|misfit| misfit.within(&format!("template {name}")))
    }

    fn read(name: &str, value: &Value) -> Result<Rc<Template>, Misfit> {
        let (markup, steps, is_foreign) = match value.as_array().map(Vec::as_slice) {
            Some([Value::String(markup), Value::Array(steps)]) => (markup, steps, false),
            Some([Value::String(markup), Value::Array(steps), flag]) if *flag == 1 => (markup, steps, true),
            _ => return Err(Misfit::new(format!("{value:.100} is no template"))),
        };
        let dom =
            parse(markup, is_foreign).ok_or_else(|| Misfit::new(format!("{markup:.100} is in no other space")))?;
        let mut template = Template { name: name.into(), dom, slots: Vec::new() };
        let mut slots = BTreeMap::new();
        template.along(Dom::ROOT, steps, &mut Vec::new(), &mut slots)?;
        if slots.keys().copied().ne(0..slots.len()) {
            return Err(Misfit::new(format!("the slots {:?} have a gap", slots.keys())));
        }
        template.slots = slots.into_values().collect();
        Ok(Rc::new(template))
    }

    /// Follows steps along the children of a node, and notes what they say of slots.
    fn along(
        &self,
        parent: NodeId,
        steps: &[Value],
        path: &mut Vec<usize>,
        slots: &mut BTreeMap<usize, Slot>,
    ) -> Result<(), Misfit> {
        let children = self.dom.children(parent);
        let mut at = 0;
        let mut was_structure = path.is_empty();
        for step in steps {
            let parts = step.as_array().map(Vec::as_slice);
            let is_structure = parts.is_some_and(|parts| parts.first().is_some_and(Value::is_u64));
            if is_structure {
                if was_structure {
                    return Err(Misfit::new(format!("{step:.100} has no node before it")));
                }
                let (number, slot) = structure(parts.unwrap_or_default(), Spot { path: path.clone(), before: at })
                    .map_err(|misfit| misfit.within(&format!("{step:.100}")))?;
                note(slots, number, slot)?;
            } else {
                let node = *children.get(at).ok_or_else(|| Misfit::new(format!("{step:.100} is of no node")))?;
                path.push(at);
                at += 1;
                match parts {
                    Some([Value::Array(inside), places @ ..]) => {
                        for place in places {
                            let (number, kind) = self
                                .value(node, place)
                                .ok_or_else(|| Misfit::new(format!("{place:.100} is no place of its node")))?;
                            note(slots, number, Slot::Value(vec![Place { path: path.clone(), kind }]))?;
                        }
                        self.along(node, inside, path, slots)?;
                    }
                    _ if *step == 0 => {}
                    _ => return Err(Misfit::new(format!("{step:.100} is no step"))),
                }
                path.pop();
            }
            was_structure = is_structure;
        }
        if path.is_empty() && (was_structure || at < children.len()) {
            return Err(Misfit::new("where the template ends is not said"));
        }
        Ok(())
    }

    /// The place of a value at a node.
    fn value(&self, node: NodeId, place: &Value) -> Option<(usize, PlaceKind)> {
        let parts = place.as_array()?;
        let number = index(parts.first()?)?;
        let is_text = matches!(self.dom.kind(node), Kind::Text(_));
        let is_element = self.dom.element(node).is_some();
        let kind = match &parts[1..] {
            [] if is_text => PlaceKind::Text(String::new(), String::new()),
            [Value::String(none), Value::String(before), Value::String(after)] if is_text && none.is_empty() => {
                PlaceKind::Text(before.clone(), after.clone())
            }
            [] if is_element => PlaceKind::Html,
            [Value::String(name)] if is_element && !name.is_empty() => PlaceKind::Attribute(name.clone(), None),
            [Value::String(name), Value::String(before), Value::String(after)] if is_element && !name.is_empty() => {
                PlaceKind::Attribute(name.clone(), Some((before.clone(), after.clone())))
            }
            _ => return None,
        };
        Some((number, kind))
    }

    /// Whether a text is one that a slot fills.
    pub(super) fn is_filled(&self, path: &[usize]) -> bool {
        self.places(path).any(|place| matches!(place.kind, PlaceKind::Text(..)))
    }

    /// The places of values at a node.
    pub(super) fn places<'a>(&'a self, path: &'a [usize]) -> impl Iterator<Item = &'a Place> {
        let values =
            self.slots.iter().filter_map(|slot| if let Slot::Value(places) = slot { Some(places) } else { None });
        values.flatten().filter(move |place| place.path == path)
    }
}

fn index(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|index| index.try_into().ok())
}

/// What a step says of a structure.
fn structure(parts: &[Value], spot: Spot) -> Result<(usize, Slot), Misfit> {
    let [kind, slot, templates @ ..] = parts else { return Err(Misfit::new("has no slot")) };
    let slot = index(slot).ok_or_else(|| Misfit::new("has no slot"))?;
    let structure = match (index(kind), templates) {
        (Some(1), _) => {
            let alternatives: Result<_, _> = templates.iter().map(|one| Template::read("", one)).collect();
            Slot::One(spot, alternatives?)
        }
        (Some(2), [row]) => Slot::Rows(spot, Template::read("", row)?),
        (Some(3), []) => Slot::Named(spot),
        (Some(4), []) => Slot::Component(spot),
        _ => return Err(Misfit::new("is of no kind that there is")),
    };
    Ok((slot, structure))
}

/// A slot has places for its value, or one structure.
fn note(slots: &mut BTreeMap<usize, Slot>, number: usize, slot: Slot) -> Result<(), Misfit> {
    match (slots.get_mut(&number), slot) {
        (None, slot) => drop(slots.insert(number, slot)),
        (Some(Slot::Value(known)), Slot::Value(more)) => known.extend(more),
        _ => return Err(Misfit::new(format!("slot {number} is a structure, and has another place"))),
    }
    Ok(())
}

/// Parses a template's markup. Anything may stand in it, also rows of a table; so it is parsed as what a `template` holds. What is in
/// another name space comes in an element that is not a part of it.
fn parse(markup: &str, is_foreign: bool) -> Option<Dom> {
    let mut dom = Dom::default();
    let contents = Some(dom.make(Kind::Fragment));
    let holder = dom.make(Kind::Element(Element {
        space: Space::Html,
        name: "template".into(),
        attributes: Vec::new(),
        contents,
        integration: false,
    }));
    let mut nodes = dom.parse_into(holder, None, markup);
    if is_foreign {
        let [outer] = nodes[..] else { return None };
        dom.element(outer).filter(|element| element.space != Space::Html)?;
        nodes = dom.children(outer).to_vec();
    }
    for node in nodes {
        dom.insert(Dom::ROOT, node, None);
    }
    Some(dom)
}

/// Templates by their names.
#[derive(Debug, Default)]
pub struct Templates(BTreeMap<String, Rc<Template>>);

impl Templates {
    /// A template that was added.
    pub fn get(&self, name: &str) -> Option<Rc<Template>> {
        self.0.get(name).cloned()
    }

    /// A template that was added, for [`View::hydrate`](super::View::hydrate) and [`View::apply`](super::View::apply).
    ///
    /// # Errors
    /// When it was not.
    pub fn find(&self, name: &str) -> Result<Rc<Template>, Misfit> {
        self.get(name).ok_or_else(|| Misfit::new(format!("lacks {name}")))
    }

    /// Adds a template from its JSON.
    ///
    /// # Errors
    /// When it is not one.
    pub fn add(&mut self, name: &str, json: &str) -> Result<Rc<Template>, Misfit> {
        let template = Template::parse(name, json)?;
        self.0.insert(name.into(), template.clone());
        Ok(template)
    }

    /// The names of templates in a value that are not here and not in `none`, where what has the form of a name and is none is kept.
    pub(crate) fn missing(&self, value: &Value, none: &BTreeSet<String>, missing: &mut Vec<String>) {
        match value {
            Value::String(name) if self.lacks(name, none) && !missing.contains(name) => missing.push(name.clone()),
            Value::Array(items) => items.iter().for_each(|item| self.missing(item, none, missing)),
            _ => {}
        }
    }

    fn lacks(&self, name: &str, none: &BTreeSet<String>) -> bool {
        is_name(name) && self.get(name).is_none() && !none.contains(name)
    }
}

/// Whether a text has the form of a template's name: 64 bits in base64url.
fn is_name(text: &str) -> bool {
    text.len() == 11 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
