//! A browser's part, for tests and tools: nodes with numbers, changed by patches.

use super::parse::parse;
use super::serialize;
use super::tree::{Builder, HOLDER, Kind, Tree, html_name};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use html5ever::{Attribute, LocalName, Prefix, QualName, namespace_prefix, ns};
use serde_json::Value;

/// What a browser shows of a view of strings. It parses markup and follows patches, as a client does.
///
/// ```
/// use lazuli::html::strings::Mirror;
///
/// let mut page = Mirror::new("<p>one</p>");
/// page.apply(&lazuli::html::diff("<p>one</p>", "<p>two</p>")).unwrap();
/// assert_eq!(page.html(), "<p>two</p>");
/// ```
pub struct Mirror {
    holder: QualName,
    nodes: Vec<Node>,
    /// The node of each number.
    numbers: Vec<usize>,
}

struct Node {
    what: What,
    number: u32,
    /// Whether what it holds has numbers.
    open: bool,
    children: Vec<usize>,
}

enum What {
    Element(QualName, Vec<Attribute>),
    Text(String),
    Comment(String),
}

/// Why a patch does not fit what it is applied to.
#[derive(Debug)]
pub struct Unfit(String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Unfit {}

fn unfit(what: impl Into<String>) -> Unfit {
    Unfit(what.into())
}

impl Mirror {
    /// Shows `html` in a `div`.
    pub fn new(html: &str) -> Mirror {
        Mirror::new_in("div", html)
    }

    /// Shows `html` in an element of this name.
    pub fn new_in(element: &str, html: &str) -> Mirror {
        let mut mirror = Mirror { holder: html_name(element), nodes: Vec::new(), numbers: Vec::new() };
        mirror.show(html);
        mirror
    }

    fn show(&mut self, html: &str) {
        let tree = parse(&self.holder, Vec::new(), html);
        self.nodes.clear();
        self.import(&tree, HOLDER);
        self.renumber();
    }

    /// The markup of what is shown.
    pub fn html(&self) -> String {
        let mut html = String::new();
        serialize::inside(&self.tree(), HOLDER, &mut html);
        html
    }

    /// Does what a patch says. After an error what is shown is of no use.
    pub fn apply(&mut self, patch: &str) -> Result<(), Unfit> {
        let items: Vec<Value> = serde_json::from_str(patch).map_err(|error| unfit(error.to_string()))?;
        let mut items = items.into_iter();
        while let Some(item) = items.next() {
            let operation = item.as_i64().ok_or_else(|| unfit("no operation"))?;
            let mut next = || items.next().ok_or_else(|| unfit("the patch ends too early"));
            match operation {
                1.. => self.set_text(operation, next()?)?,
                -2 => {
                    let (list, at, n) = (self.list(next()?)?, index(&next()?)?, index(&next()?)?);
                    let end =
                        at.checked_add(n).filter(|end| *end <= list.len()).ok_or_else(|| unfit("no such nodes"))?;
                    list.drain(at..end);
                }
                -3 => {
                    let (list, from, to) = (self.list(next()?)?, index(&next()?)?, index(&next()?)?);
                    if from >= list.len() || to >= list.len() {
                        return Err(unfit("no such node"));
                    }
                    let node = list.remove(from);
                    list.insert(to, node);
                }
                -4 => {
                    let (list, at, order) = (self.list(next()?)?, index(&next()?)?, next()?);
                    let order = order.as_array().ok_or_else(|| unfit("an order is an array"))?;
                    let was = list
                        .get(at..)
                        .and_then(|rest| rest.get(..order.len()))
                        .ok_or_else(|| unfit("no such nodes"))?;
                    let was = was.to_owned();
                    let mut seen = alloc::vec![false; was.len()];
                    for (i, from) in order.iter().enumerate() {
                        let from = index(from)?;
                        if from >= was.len() || core::mem::replace(&mut seen[from], true) {
                            return Err(unfit("not an order"));
                        }
                        list[at + i] = was[from];
                    }
                }
                -5 => self.renumber(),
                -6 => {
                    let (name, html) = (next()?, next()?);
                    if name != "" {
                        return Err(unfit("not a view of strings"));
                    }
                    self.show(html.as_str().ok_or_else(|| unfit("markup is a string"))?);
                }
                -7 => {
                    let (node, name, value) = (self.node(&next()?)?, next()?, next()?);
                    self.set_attribute(node, name.as_str().ok_or_else(|| unfit("a name is a string"))?, value)?;
                }
                -8 => {
                    let (node, at, html) = (self.node(&next()?)?, index(&next()?)?, next()?);
                    self.insert(node, at, html.as_str().ok_or_else(|| unfit("markup is a string"))?)?;
                }
                _ => return Err(unfit(format!("no operation has the number {operation}"))),
            }
        }
        Ok(())
    }

    fn node(&self, number: &Value) -> Result<usize, Unfit> {
        let number = index(number)?;
        self.numbers
            .get(number.wrapping_sub(1))
            .copied()
            .ok_or_else(|| unfit(format!("no node has the number {number}")))
    }

    fn list(&mut self, number: Value) -> Result<&mut Vec<usize>, Unfit> {
        let node = self.node(&number)?;
        let node = &mut self.nodes[node];
        if node.open { Ok(&mut node.children) } else { Err(unfit(format!("{number} is no element that holds nodes"))) }
    }

    fn set_text(&mut self, number: i64, value: Value) -> Result<(), Unfit> {
        let node = self.node(&number.into())?;
        let (What::Text(text) | What::Comment(text)) = &mut self.nodes[node].what else {
            return Err(unfit(format!("{number} is no text")));
        };
        *text = changed(text, &value)?.unwrap_or_default();
        Ok(())
    }

    fn set_attribute(&mut self, node: usize, name: &str, value: Value) -> Result<(), Unfit> {
        let What::Element(element, attributes) = &mut self.nodes[node].what else {
            return Err(unfit("only elements have attributes"));
        };
        let name = attribute_name(element, name);
        let before = attributes.iter().find(|attribute| attribute.name == name).map_or("", |it| &it.value);
        let value = if value == true { Some(String::new()) } else { changed(before, &value)? };
        attributes.retain(|attribute| attribute.name != name);
        if let Some(value) = value {
            attributes.push(Attribute { name, value: value.as_str().into() });
        }
        Ok(())
    }

    fn insert(&mut self, element: usize, at: usize, html: &str) -> Result<(), Unfit> {
        let Node { what: What::Element(name, attributes), open: true, children, .. } = &self.nodes[element] else {
            return Err(unfit("only elements hold nodes"));
        };
        if at > children.len() {
            return Err(unfit("no such place"));
        }
        let tree = parse(name, attributes.clone(), html);
        let new: Vec<usize> = tree.children(HOLDER).map(|child| self.import(&tree, child)).collect();
        for node in &new {
            self.number(*node);
        }
        self.nodes[element].children.splice(at..at, new);
        Ok(())
    }

    /// Takes over a node with all that is in it.
    fn import(&mut self, tree: &Tree, node: usize) -> usize {
        let first = self.nodes.len();
        for at in node..tree.end(node) {
            let what = match tree.kind(at) {
                Kind::Text(text) => What::Text(text.into()),
                Kind::Comment(text) => What::Comment(text.into()),
                Kind::Element { name, .. } => {
                    let attribute =
                        |(name, value): (&QualName, &str)| Attribute { name: name.clone(), value: value.into() };
                    What::Element(name.clone(), tree.attributes(at).map(attribute).collect())
                }
            };
            let children = tree.children(at).map(|child| first + child - node).collect();
            self.nodes.push(Node { what, number: 0, open: tree.is_open(at), children });
        }
        first
    }

    fn renumber(&mut self) {
        self.numbers.clear();
        self.number(HOLDER);
    }

    /// Gives a node, and those in it, the next numbers.
    fn number(&mut self, node: usize) {
        let mut left = alloc::vec![node];
        while let Some(node) = left.pop() {
            self.numbers.push(node);
            let it = &mut self.nodes[node];
            it.number = self.numbers.len() as u32;
            if it.open {
                left.extend(it.children.iter().rev());
            }
        }
    }

    fn tree(&self) -> Tree {
        let mut builder = Builder::default();
        let mut numbers = Vec::new();
        let mut left = alloc::vec![Some(HOLDER)];
        while let Some(step) = left.pop() {
            let Some(node) = step else {
                builder.close();
                continue;
            };
            let node = &self.nodes[node];
            numbers.push(node.number);
            match &node.what {
                What::Text(text) => builder.text(text),
                What::Comment(text) => builder.comment(text),
                What::Element(name, attributes) => {
                    builder.open(name, attributes);
                    left.push(None);
                    left.extend(node.children.iter().rev().copied().map(Some));
                }
            }
        }
        let mut tree = builder.finish();
        for (node, number) in numbers.into_iter().enumerate() {
            tree.set_number(node, number);
        }
        tree
    }
}

/// A node to a line: its depth, its number (0 if it has none), itself.
impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree().fmt(f)
    }
}

fn index(value: &Value) -> Result<usize, Unfit> {
    value.as_u64().and_then(|index| index.try_into().ok()).ok_or_else(|| unfit(format!("{value} is no index")))
}

/// What a value, or a splice, makes of a text.
fn changed(before: &str, value: &Value) -> Result<Option<String>, Unfit> {
    match value {
        Value::Array(splice) => {
            let units: Vec<u16> = before.encode_utf16().collect();
            let (keep, delete, insert) = match &splice[..] {
                [insert] => (units.len(), 0, insert),
                [keep, delete, insert] => (index(keep)?, index(delete)?, insert),
                _ => return Err(unfit("a splice has one part or three")),
            };
            let rest =
                keep.checked_add(delete).and_then(|end| units.get(end..)).ok_or_else(|| unfit("no such text"))?;
            let insert = insert.as_str().ok_or_else(|| unfit("a splice inserts a string"))?;
            let joined = [String::from_utf16(&units[..keep]), Ok(insert.into()), String::from_utf16(rest)];
            Ok(Some(joined.into_iter().collect::<Result<_, _>>().map_err(|_| unfit("a splice within a character"))?))
        }
        Value::Null => Ok(None),
        Value::Bool(true) => Ok(Some("true".into())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(unfit(format!("{value} is no value"))),
    }
}

/// In elements of SVG and MathML some attributes are in name spaces of their own.
fn attribute_name(element: &QualName, name: &str) -> QualName {
    let plain = || QualName::new(None, ns!(), LocalName::from(name));
    if element.ns == ns!(html) {
        return plain();
    }
    let split = |prefix: Prefix, ns, local: &str| QualName::new(Some(prefix), ns, LocalName::from(local));
    match name {
        "xmlns" => QualName::new(Some(namespace_prefix!("")), ns!(xmlns), LocalName::from(name)),
        "xmlns:xlink" => split(namespace_prefix!("xmlns"), ns!(xmlns), "xlink"),
        "xml:lang" | "xml:space" => split(namespace_prefix!("xml"), ns!(xml), &name[4..]),
        "xlink:actuate" | "xlink:arcrole" | "xlink:href" | "xlink:role" | "xlink:show" | "xlink:title"
        | "xlink:type" => split(namespace_prefix!("xlink"), ns!(xlink), &name[6..]),
        _ => plain(),
    }
}
