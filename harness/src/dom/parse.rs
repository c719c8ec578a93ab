//! From markup to nodes: the sink that html5ever's tree builder talks to.

use super::{Dom, Element, Kind, NodeId, Space};
use html5ever::driver::{parse_document, parse_fragment_for_element};
use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, ns};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

impl Dom {
    /// Parses a page.
    pub fn document(html: &str) -> Dom {
        parse_document(Sink(RefCell::default()), ParseOpts::default()).one(html)
    }

    /// Parses what is set as the `innerHTML` of an element, and puts it before a node of the element, or at its end. Gives the nodes.
    pub fn parse_into(&mut self, element: NodeId, before: Option<NodeId>, html: &str) -> Vec<NodeId> {
        let Some(Element { space, name, attributes, .. }) = self.element(element) else { return Vec::new() };
        let parsed = fragment(*space, name, attributes, html);
        let root = parsed.children(Dom::ROOT).first().copied();
        let nodes: Vec<NodeId> =
            root.map_or(&[][..], |root| parsed.children(root)).iter().map(|node| self.import(&parsed, *node)).collect();
        let holder = self.element(element).and_then(|it| it.contents).unwrap_or(element);
        for node in &nodes {
            self.insert(holder, *node, before);
        }
        nodes
    }

    /// Sets what is in an element, as `innerHTML` does.
    pub fn set_inner_html(&mut self, element: NodeId, html: &str) {
        let holder = self.element(element).and_then(|it| it.contents).unwrap_or(element);
        for child in self.children(holder).to_vec() {
            self.remove(child);
        }
        self.parse_into(element, None, html);
    }
}

/// Parses what an element holds. It is in the one node of the tree's root.
fn fragment(space: Space, name: &str, attributes: &[(String, String)], html: &str) -> Dom {
    let sink = Sink(RefCell::default());
    let qualified = |name: &str, ns: Namespace| QualName::new(None, ns, LocalName::from(name));
    let attributes = attributes
        .iter()
        .map(|(name, value)| Attribute { name: qualified(name, ns!()), value: value.as_str().into() })
        .collect();
    let flags = ElementFlags::default();
    let element = sink.create_element(qualified(name, name_space(space)), attributes, flags);
    let form = (space == Space::Html && name == "form").then(|| element.clone());
    let mut options = ParseOpts::default();
    // A byte order mark within a page is a character like others.
    options.tokenizer.discard_bom = false;
    parse_fragment_for_element(sink, options, element, true, form).one(html)
}

fn name_space(space: Space) -> Namespace {
    match space {
        Space::Html => ns!(html),
        Space::Svg => ns!(svg),
        Space::Math => ns!(mathml),
    }
}

#[derive(Clone)]
struct Handle(NodeId, Option<Rc<QualName>>);

struct Sink(RefCell<Dom>);

impl Sink {
    /// Puts something before a node, or at the end. Texts that meet become one.
    fn put(&self, parent: NodeId, before: Option<NodeId>, child: NodeOrText<Handle>) {
        let mut dom = self.0.borrow_mut();
        let child = match child {
            NodeOrText::AppendNode(child) => child.0,
            NodeOrText::AppendText(text) => {
                let there = match before.and_then(|before| dom.index(before)) {
                    Some(at) => at.checked_sub(1).map(|at| dom.children(parent)[at]),
                    None => dom.children(parent).last().copied(),
                };
                if let Some(there) = there
                    && let Kind::Text(old) = &mut dom.node_mut(there).kind
                {
                    old.push_str(&text);
                    return;
                }
                dom.make_text(&text)
            }
        };
        dom.insert(parent, child, before);
    }

    fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.0.borrow().parent(node)
    }
}

/// A name as it stands in markup.
fn written(name: &QualName) -> String {
    match &name.prefix {
        Some(prefix) if !prefix.is_empty() => format!("{prefix}:{}", name.local),
        _ => name.local.to_string(),
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Dom;
    type ElemName<'a> = &'a QualName;

    fn finish(self) -> Dom {
        self.0.into_inner()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle(Dom::ROOT, None)
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> &'a QualName {
        static NONE: QualName = QualName { prefix: None, ns: ns!(), local: html5ever::local_name!("") };
        target.1.as_deref().unwrap_or(&NONE)
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, flags: ElementFlags) -> Handle {
        let mut dom = self.0.borrow_mut();
        let space = match name.ns {
            ns!(svg) => Space::Svg,
            ns!(mathml) => Space::Math,
            _ => Space::Html,
        };
        let contents = flags.template.then(|| dom.make(Kind::Fragment));
        let node = dom.make(Kind::Element(Element {
            space,
            name: written(&name),
            attributes: attributes.iter().map(|it| (written(&it.name), it.value.to_string())).collect(),
            contents,
            integration: flags.mathml_annotation_xml_integration_point,
        }));
        Handle(node, Some(Rc::new(name)))
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        Handle(self.0.borrow_mut().make(Kind::Comment(text.to_string())), None)
    }

    /// HTML has none: its tokenizer makes comments of them.
    fn create_pi(&self, _: StrTendril, data: StrTendril) -> Handle {
        self.create_comment(data)
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(parent.0, None, child);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        match self.parent(element.0) {
            Some(parent) => self.put(parent, Some(element.0), child),
            None => self.put(previous.0, None, child),
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        let dom = self.0.borrow();
        Handle(dom.element(target.0).and_then(|it| it.contents).unwrap_or(target.0), None)
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.0 == y.0
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, node: NodeOrText<Handle>) {
        if let Some(parent) = self.parent(sibling.0) {
            self.put(parent, Some(sibling.0), node);
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, more: Vec<Attribute>) {
        let mut dom = self.0.borrow_mut();
        for attribute in more {
            let name = written(&attribute.name);
            if dom.attribute(target.0, &name).is_none() {
                dom.set_attribute(target.0, &name, Some(attribute.value.to_string()));
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.0.borrow_mut().remove(target.0);
    }

    fn reparent_children(&self, node: &Handle, parent: &Handle) {
        let children = self.0.borrow().children(node.0).to_vec();
        for child in children {
            self.put(parent.0, None, NodeOrText::AppendNode(Handle(child, None)));
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Handle) -> bool {
        self.0.borrow().element(handle.0).is_some_and(|element| element.integration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_what_a_browser_makes_of_it() {
        let dom = Dom::document("<p>a<p>b<svg><a xlink:href=x /></svg><table><tr><td>1<b>2</table>");
        let body = "<body><p>a</p><p>b<svg><a xlink:href=\"x\"></a></svg><table><tbody><tr><td>1<b>2</b></td></tr></tbody></table></p></body>";
        assert_eq!(format!("{dom:?}"), format!("<html><head></head>{body}</html>"));
        let mut dom = Dom::default();
        let body = dom.make_element("tbody");
        dom.set_inner_html(body, "<tr><td>x</td></tr>\u{feff}");
        assert_eq!(dom.inner_html(body), "<tr><td>x</td></tr>\u{feff}", "a byte order mark is no mark here");
        let template = dom.make_element("template");
        assert_eq!(dom.parse_into(template, None, "<td>x</td><!---->").len(), 2, "a template takes anything");
    }
}
