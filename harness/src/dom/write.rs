//! Nodes as HTML.

use super::{Dom, Kind, NodeId, Space};

impl Dom {
    /// What is in a node, as HTML.
    pub fn inner_html(&self, node: NodeId) -> String {
        let mut out = String::new();
        self.write_children(node, &mut out);
        out
    }

    /// A node and what is in it, as HTML.
    pub fn outer_html(&self, node: NodeId) -> String {
        let mut out = String::new();
        self.write(node, &mut out);
        out
    }

    /// What is in a node, an element to a line: for people.
    pub fn outline(&self, node: NodeId) -> String {
        let mut out = String::new();
        for child in self.children(node) {
            self.write_outline(*child, 0, &mut out);
        }
        out
    }

    fn write(&self, node: NodeId, out: &mut String) {
        match self.kind(node) {
            Kind::Fragment => self.write_children(node, out),
            Kind::Text(text) => {
                let raw = self.parent(node).and_then(|parent| self.element(parent)).is_some_and(|element| {
                    let names = ["style", "script", "xmp", "iframe", "noembed", "noframes", "plaintext", "noscript"];
                    element.space == Space::Html && names.contains(&element.name.as_str())
                });
                if raw { out.push_str(text) } else { escape(text, false, out) }
            }
            Kind::Comment(text) => *out += &format!("<!--{text}-->"),
            Kind::Element(element) => {
                self.write_tag(node, out);
                let void = [
                    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
                    "wbr",
                ];
                if element.space == Space::Html && void.contains(&element.name.as_str()) {
                    return;
                }
                self.write_children(element.contents.unwrap_or(node), out);
                *out += &format!("</{}>", element.name);
            }
        }
    }

    fn write_tag(&self, node: NodeId, out: &mut String) {
        let Some(element) = self.element(node) else { return };
        out.push('<');
        out.push_str(&element.name);
        for (name, value) in &element.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            escape(value, true, out);
            out.push('"');
        }
        out.push('>');
    }

    fn write_children(&self, node: NodeId, out: &mut String) {
        // A parser drops the first line end in these.
        let begins = |name| self.is(node, name);
        if (begins("pre") || begins("textarea") || begins("listing"))
            && self.children(node).first().is_some_and(|child| self.text(*child).starts_with('\n'))
        {
            out.push('\n');
        }
        for child in self.children(node) {
            self.write(*child, out);
        }
    }

    fn write_outline(&self, node: NodeId, depth: usize, out: &mut String) {
        let blanks = "  ".repeat(depth);
        match self.kind(node) {
            Kind::Element(element) => {
                *out += &blanks;
                // A token says nothing, and is long.
                let mut tag = String::new();
                self.write_tag(node, &mut tag);
                match self.attribute(node, "data-spark") {
                    Some(token) if token.len() > 8 => *out += &tag.replace(token, "…"),
                    _ => *out += &tag,
                }
                let children = self.children(element.contents.unwrap_or(node));
                if let [only] = children
                    && let Kind::Text(text) = self.kind(*only)
                {
                    *out += text;
                    out.push('\n');
                    return;
                }
                out.push('\n');
                children.iter().for_each(|child| self.write_outline(*child, depth + 1, out));
            }
            Kind::Text(text) if text.trim().is_empty() => {}
            Kind::Text(text) => *out += &format!("{blanks}{}\n", text.trim()),
            Kind::Comment(text) if text.is_empty() => {}
            Kind::Comment(text) => *out += &format!("{blanks}<!--{text}-->\n"),
            Kind::Fragment => self.children(node).iter().for_each(|child| self.write_outline(*child, depth, out)),
        }
    }
}

fn escape(text: &str, is_attribute: bool, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '\u{a0}' => out.push_str("&nbsp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '"' if is_attribute => out.push_str("&quot;"),
            _ => out.push(char),
        }
    }
}
