//! What is in a template, without its values: enough to say where it may stand.

use crate::ast::Node;

pub enum Root {
    Text,
    Element(String, Vec<Root>),
}

/// The elements in these nodes, through all structures. Texts are of interest at the outermost level only: within an
/// element they have been checked.
pub fn roots(nodes: &[Node], outermost: bool) -> Vec<Root> {
    let mut found: Vec<Root> = Vec::new();
    for node in nodes {
        match node {
            Node::Text(text, _) if text.is_empty() => {}
            Node::Text(..) | Node::Hole(_) => {
                if outermost && !matches!(found.last(), Some(Root::Text)) {
                    found.push(Root::Text);
                }
            }
            Node::Element(element) => {
                found.push(Root::Element(element.name.text.clone(), roots(&element.children, false)))
            }
            _ => node.bodies().into_iter().for_each(|body| found.extend(roots(body, outermost))),
        }
    }
    found
}

/// The names of the outermost elements, through all structures.
pub fn names(nodes: &[Node]) -> Vec<&str> {
    let mut found = Vec::new();
    for node in nodes {
        match node {
            Node::Element(element) => found.push(element.name.text.as_str()),
            _ => node.bodies().into_iter().for_each(|body| found.extend(names(body))),
        }
    }
    found
}
