//! Templates from their JSON.

use super::view::Misfit;
use super::{Dom, Element, Kind, NodeId, Space};
use serde_json::Value;
use std::collections::BTreeMap;
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
        let (markup, places, space) = match value.as_array().map(Vec::as_slice) {
            Some([Value::String(markup), Value::Array(places)]) => (markup, places, Space::Html),
            Some([Value::String(markup), Value::Array(places), Value::String(space)]) if space == "svg" => {
                (markup, places, Space::Svg)
            }
            Some([Value::String(markup), Value::Array(places), Value::String(space)]) if space == "math" => {
                (markup, places, Space::Math)
            }
            _ => return Err(Misfit::new(format!("{value:.100} is no template"))),
        };
        let mut template = Template { name: name.into(), dom: parse(markup, space), slots: Vec::new() };
        let mut slots: BTreeMap<usize, Slot> = BTreeMap::new();
        for place in places {
            let place = place.as_array().map(Vec::as_slice).unwrap_or_default();
            let (number, slot) = template
                .place(place)
                .map_err(|misfit| misfit.within(&format!("place {}", Value::from(place.to_vec()))))?;
            match (slots.get_mut(&number), slot) {
                (None, slot) => drop(slots.insert(number, slot)),
                (Some(Slot::Value(known)), Slot::Value(more)) => known.extend(more),
                _ => return Err(Misfit::new(format!("slot {number} is a structure, and has another place"))),
            }
        }
        if slots.keys().copied().ne(0..slots.len()) {
            return Err(Misfit::new(format!("the slots {:?} have a gap", slots.keys())));
        }
        template.slots = slots.into_values().collect();
        let mut spots: Vec<&Spot> = template.slots.iter().filter_map(Slot::spot).collect();
        spots.sort();
        if spots.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Misfit::new("two structures have no node between them"));
        }
        Ok(Rc::new(template))
    }

    fn place(&self, place: &[Value]) -> Result<(usize, Slot), Misfit> {
        let index = |value: &Value| value.as_u64().and_then(|index| usize::try_from(index).ok());
        let [slot, Value::Array(path), kind, rest @ ..] = place else { return Err(Misfit::new("has another form")) };
        let slot = index(slot).ok_or_else(|| Misfit::new("has no slot"))?;
        let path: Option<Vec<usize>> = path.iter().map(index).collect();
        let path = path.ok_or_else(|| Misfit::new("has no path"))?;
        let node = self.node(&path).ok_or_else(|| Misfit::new("leads to no node"))?;
        let value = |kind| Slot::Value(vec![Place { path: path.clone(), kind }]);
        let spot = |at: usize| {
            let all = self.dom.children(node).len();
            let here = Spot { path: path.clone(), before: at };
            if at > all || at == all && path.is_empty() {
                return Err(Misfit::new("stands where no node of the template is behind it"));
            }
            Ok(here)
        };
        let is_text = matches!(self.dom.kind(node), Kind::Text(_));
        let is_element = self.dom.element(node).is_some();
        let slot_is = match (index(kind), rest) {
            (Some(0), []) if is_text => value(PlaceKind::Text(String::new(), String::new())),
            (Some(0), [Value::String(before), Value::String(after)]) if is_text => {
                value(PlaceKind::Text(before.clone(), after.clone()))
            }
            (Some(1), [Value::String(name)]) if is_element => value(PlaceKind::Attribute(name.clone(), None)),
            (Some(1), [Value::String(name), Value::String(before), Value::String(after)]) if is_element => {
                value(PlaceKind::Attribute(name.clone(), Some((before.clone(), after.clone()))))
            }
            (Some(2), []) if is_element => value(PlaceKind::Html),
            (Some(3), [at, Value::Array(alternatives)]) => {
                let alternatives: Result<_, _> = alternatives.iter().map(|one| Template::read("", one)).collect();
                Slot::One(spot(index(at).unwrap_or(usize::MAX))?, alternatives?)
            }
            (Some(4), [at, row]) => Slot::Rows(spot(index(at).unwrap_or(usize::MAX))?, Template::read("", row)?),
            (Some(5), [at]) => Slot::Named(spot(index(at).unwrap_or(usize::MAX))?),
            (Some(6), [at]) => Slot::Component(spot(index(at).unwrap_or(usize::MAX))?),
            _ => return Err(Misfit::new("is of no kind that there is, or leads to another node than its kind needs")),
        };
        Ok((slot, slot_is))
    }

    /// The node of a path; the fragment, if the path is empty.
    pub(super) fn node(&self, path: &[usize]) -> Option<NodeId> {
        path.iter().try_fold(Dom::ROOT, |node, index| self.dom.children(node).get(*index).copied())
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

/// Parses a template's markup. Anything may stand in it, also rows of a table; so it is parsed as what a `template` holds.
fn parse(markup: &str, space: Space) -> Dom {
    let mut dom = Dom::default();
    let (name, contents) = match space {
        Space::Html => ("template", Some(dom.make(Kind::Fragment))),
        Space::Svg => ("svg", None),
        Space::Math => ("math", None),
    };
    let holder = dom.make(Kind::Element(Element {
        space,
        name: name.into(),
        attributes: Vec::new(),
        contents,
        integration: false,
    }));
    for node in dom.parse_into(holder, None, markup) {
        dom.insert(Dom::ROOT, node, None);
    }
    dom
}

/// Templates by their names.
#[derive(Debug, Default)]
pub struct Templates(BTreeMap<String, Rc<Template>>);

impl Templates {
    /// A template that was added.
    pub fn get(&self, name: &str) -> Option<Rc<Template>> {
        self.0.get(name).cloned()
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
}
