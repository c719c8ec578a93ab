//! Whether two trees show the same.

use super::{Dom, Element, Kind, NodeId};

/// A node, with texts that meet as one, and without those that are empty.
enum Part<'a> {
    Text(String),
    Comment(&'a str),
    Element(NodeId, &'a Element),
}

impl Dom {
    /// Where what is in a node differs from what is in another one of another tree; `None` if it is the same. Attributes may have
    /// another order, texts that meet count as one, and what is in an element with `data-ignore` or `data-spark` is not looked at.
    pub fn difference(&self, node: NodeId, other: &Dom, with: NodeId) -> Option<String> {
        let (these, those) = (self.parts(node), other.parts(with));
        for at in 0..these.len().max(those.len()) {
            let differs = match (these.get(at), those.get(at)) {
                (Some(Part::Text(one)), Some(Part::Text(two))) => one != two,
                (Some(Part::Comment(one)), Some(Part::Comment(two))) => one != two,
                (Some(Part::Element(one, a)), Some(Part::Element(two, b))) => {
                    let sorted = |element: &Element| {
                        let mut attributes = element.attributes.clone();
                        attributes.sort();
                        attributes
                    };
                    if (a.space, &a.name) != (b.space, &b.name) || sorted(a) != sorted(b) {
                        true
                    } else if ["data-ignore", "data-spark"].iter().any(|name| self.attribute(*one, name).is_some()) {
                        false
                    } else {
                        let inside = |node, contents: Option<NodeId>| contents.unwrap_or(node);
                        let found = self.difference(inside(*one, a.contents), other, inside(*two, b.contents));
                        if let Some(found) = found {
                            return Some(format!("<{}> › {found}", a.name));
                        }
                        false
                    }
                }
                _ => true,
            };
            if differs {
                let said = |dom: &Dom, part: Option<&Part<'_>>| match part {
                    None => "nothing".into(),
                    Some(Part::Text(text)) => format!("the text {text:?}"),
                    Some(Part::Comment(text)) => format!("<!--{text}-->"),
                    Some(Part::Element(node, _)) => dom.outer_html(*node),
                };
                let (one, two) = (said(self, these.get(at)), said(other, those.get(at)));
                return Some(format!("part {at}: {one} is there, and should be {two}"));
            }
        }
        None
    }

    fn parts(&self, node: NodeId) -> Vec<Part<'_>> {
        let mut parts: Vec<Part<'_>> = Vec::new();
        for child in self.children(node) {
            match (self.kind(*child), parts.last_mut()) {
                (Kind::Text(text), Some(Part::Text(before))) => before.push_str(text),
                (Kind::Text(text), _) if text.is_empty() => {}
                (Kind::Text(text), _) => parts.push(Part::Text(text.clone())),
                (Kind::Comment(text), _) => parts.push(Part::Comment(text)),
                (Kind::Element(element), _) => parts.push(Part::Element(*child, element)),
                (Kind::Fragment, _) => {}
            }
        }
        parts
    }
}
