//! What one live component shows: found in a page, changed by patches.

mod build;
mod find;
mod hydrate;
mod nodes;
mod operations;
#[cfg(test)]
mod tests;

use super::contents::{Library, Reader, Register};
use super::template::{PlaceKind, Template};
use super::{Dom, NodeId};
use nodes::Nodes;
use serde_json::Value;
use std::error::Error;
use std::fmt;
use std::rc::Rc;

/// Something that does not fit: a patch and what it is for, a shape and its page, a template and itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    what: String,
    is_unknown: bool,
}

impl Misfit {
    pub(crate) fn new(what: impl Into<String>) -> Misfit {
        Misfit { what: what.into(), is_unknown: false }
    }

    pub(super) fn within(self, place: &str) -> Misfit {
        Misfit { what: format!("{place}: {}", self.what), ..self }
    }

    /// Whether nothing is wrong but that a value was spliced which came as markup or as a style and never in a patch: then a client asks for the
    /// view anew.
    pub fn asks_anew(&self) -> bool {
        self.is_unknown
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Misfit {}

/// A tree of blocks in an element; or, if its markup comes as a string, numbered nodes.
///
/// ```
/// use lazuli_harness::dom::{Dom, Templates, View};
/// use serde_json::json;
///
/// let mut templates = Templates::default();
/// templates.add("p", r#"["<p>Count: <b> </b></p>",[[[0,[[[[],[0]]]]]]]]"#)?;
/// let mut library = |name: &str| Ok(templates.get(name).expect("it was added"));
///
/// let mut dom = Dom::document("<div><p>Count: <b>1</b></p></div>");
/// let div = dom.descendants(Dom::ROOT).find(|node| dom.is(*node, "div")).expect("it is there");
/// let mut view = View::hydrate(&mut dom, div, &json!(["p"]), &mut library)?;
/// view.apply(&mut dom, &json!([1, 2]), &mut library)?;
/// assert_eq!(dom.inner_html(div), "<p>Count: <b>2</b></p>");
/// view.apply(&mut dom, &json!([-6, "p", [4]]), &mut library).unwrap_err();
/// # Ok::<(), lazuli_harness::dom::Misfit>(())
/// ```
#[derive(Debug)]
pub struct View {
    host: NodeId,
    root: Option<Block>,
    register: Register,
    /// Of a view of strings.
    nodes: Option<Nodes>,
    /// The attributes that were set since the last time somebody asked.
    touched: Vec<(NodeId, String)>,
}

#[derive(Debug)]
struct Block {
    template: Rc<Template>,
    base: u64,
    /// Its first and its last node.
    ends: Option<(NodeId, NodeId)>,
    slots: Vec<Held>,
}

#[derive(Debug)]
enum Held {
    /// Where a value stands; and what it is, if that came in a patch.
    Value(Vec<Target>, Option<Value>),
    One(Stand, Option<(usize, Box<Block>)>),
    Rows(Stand, Vec<Block>),
    /// What is named when it comes; with the number of the component that it is.
    Named(Stand, u64, Option<Box<Block>>),
}

#[derive(Clone, Debug)]
struct Target {
    node: NodeId,
    kind: PlaceKind,
}

/// Where a structure stands.
#[derive(Clone, Copy, Debug)]
struct Stand {
    /// The element around it, unless it is the one around the block.
    parent: Option<NodeId>,
    /// The template's node behind it.
    before: Option<NodeId>,
}

impl View {
    /// A view that shows nothing yet, in this element.
    pub fn empty(host: NodeId) -> View {
        View { host, root: None, register: Register { names: Vec::new(), next: 1 }, nodes: None, touched: Vec::new() }
    }

    /// Finds a view in an element that came with a page, by its shape.
    ///
    /// # Errors
    /// When they do not fit, and when `library` does not find a template.
    pub fn hydrate(
        dom: &mut Dom,
        host: NodeId,
        shape: &Value,
        library: &mut dyn FnMut(&str) -> Result<Rc<Template>, Misfit>,
    ) -> Result<View, Misfit> {
        View::hydrate_by(dom, host, shape, library).map_err(|misfit| misfit.within(&format!("the shape {shape:.200}")))
    }

    fn hydrate_by(dom: &mut Dom, host: NodeId, shape: &Value, library: &mut Library<'_>) -> Result<View, Misfit> {
        let items = shape.as_array().ok_or_else(|| Misfit::new("is no array"))?;
        if items.first().is_some_and(|name| name == "") {
            let nodes = Nodes::of(dom, host);
            if items[1..] != [Value::from(nodes.inside())] {
                return Err(Misfit::new(format!("the page has {} nodes", nodes.inside())));
            }
            return Ok(View { nodes: Some(nodes), ..View::empty(host) });
        }
        let mut view = View::empty(host);
        let mut reader = Reader::of_shape(items);
        let mut cursor = 0;
        if let Some(template) = reader.name(&mut view.register, library)? {
            let spec = reader.block(&template, &mut view.register, library)?;
            view.root = Some(hydrate::block(dom, &spec, host, &mut cursor)?);
        }
        if !reader.is_done() {
            return Err(Misfit::new("has more than its templates have structures"));
        }
        if let Some(more) = dom.children(host).get(cursor) {
            return Err(Misfit::new(format!("the page has more: {}", dom.outer_html(*more))));
        }
        Ok(view)
    }

    /// Applies a patch.
    ///
    /// # Errors
    /// When it is none, or not for what is shown, and when `library` does not find a template. What came before that is done.
    pub fn apply(
        &mut self,
        dom: &mut Dom,
        patch: &Value,
        library: &mut dyn FnMut(&str) -> Result<Rc<Template>, Misfit>,
    ) -> Result<(), Misfit> {
        let items = patch.as_array().filter(|items| !items.is_empty());
        let items = items.ok_or_else(|| Misfit::new(format!("{patch:.200} is no patch")))?;
        operations::apply(self, dom, items, library).map_err(|misfit| misfit.within(&format!("the patch {patch:.500}")))
    }

    /// The attributes that patches have set since the last time, with their elements.
    pub fn take_touched(&mut self) -> Vec<(NodeId, String)> {
        std::mem::take(&mut self.touched)
    }

    /// The number of the component that a node belongs to, where that is one that stands in the view's own.
    pub fn component_of(&self, dom: &Dom, node: NodeId) -> Option<u64> {
        self.root.as_ref().and_then(|root| find::component_of(dom, root, node))
    }

    /// The numbers of the components in the view, in the order of its shape, to be set.
    pub fn components_mut(&mut self) -> Vec<&mut u64> {
        let mut all = Vec::new();
        if let Some(root) = &mut self.root {
            find::components(root, &mut all);
        }
        all
    }
}
