//! Selectors: the part of CSS that tests need.

use super::{Dom, NodeId, Space};
use std::error::Error;
use std::fmt;

/// A selector: `tag`, `*`, `#id`, `.class`, `[attribute]`, `[attribute=value]` (also `^=`, `$=`, `*=` and `~=`), `:nth-child(n)`, `:first-child`,
/// `:last-child`, `:checked`, `:disabled`, `:not(…)`, and `:has-text("…")`, which is no CSS: what somebody reads in the element contains this. Joined by blanks (somewhere in) and `>`
/// (directly in); several, by commas.
///
/// ```
/// use lazuli_harness::dom::Selector;
///
/// assert!(Selector::parse("main > ul li:nth-child(2) button[name=save]:has-text(\"Save\")").is_ok());
/// let error = Selector::parse("li:hover").unwrap_err();
/// assert_eq!(error.to_string(), "the selector \"li:hover\" has \":hover\", which is not known here");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    text: String,
    any: Vec<Steps>,
}

/// From the outermost element to the one that is meant.
type Steps = Vec<(Joined, Vec<Test>)>;

/// How an element stands to the one before it in a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Joined {
    Within,
    Directly,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    Any,
    Tag(String),
    Attribute(String, Match, String),
    Nth(usize),
    Last,
    Checked,
    Disabled,
    Text(String),
    Not(Vec<Test>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    Is,
    Begins,
    Ends,
    Contains,
    Word,
    There,
}

/// A selector that cannot be read here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    selector: String,
    what: String,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the selector {:?} {}", self.selector, self.what)
    }
}

impl Error for Unsupported {}

impl Selector {
    /// Reads a selector.
    ///
    /// # Errors
    /// For anything that is not in the list above.
    pub fn parse(text: &str) -> Result<Selector, Unsupported> {
        let mut reader = Reader { rest: text.trim() };
        let any = reader.selectors().map_err(|what| Unsupported { selector: text.into(), what })?;
        Ok(Selector { text: text.into(), any })
    }

    /// Whether an element is one of those that are meant.
    pub fn matches(&self, dom: &Dom, node: NodeId) -> bool {
        self.any.iter().any(|steps| fits(dom, node, steps))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Dom {
    /// The elements in a node that a selector means, in the order of the document. The selector may begin outside of the node.
    pub fn select(&self, within: NodeId, selector: &Selector) -> Vec<NodeId> {
        self.descendants(within).filter(|node| selector.matches(self, *node)).collect()
    }
}

fn fits(dom: &Dom, node: NodeId, steps: &[(Joined, Vec<Test>)]) -> bool {
    let Some(((joined, tests), before)) = steps.split_last() else { return true };
    if !passes(dom, node, tests) {
        return false;
    }
    let mut around = dom.ancestors(node).skip(1);
    match joined {
        _ if before.is_empty() => true,
        Joined::Directly => around.next().is_some_and(|parent| fits(dom, parent, before)),
        Joined::Within => around.any(|outer| fits(dom, outer, before)),
    }
}

fn passes(dom: &Dom, node: NodeId, tests: &[Test]) -> bool {
    let Some(element) = dom.element(node) else { return false };
    let elements = || {
        let all = dom.parent(node).map_or(&[][..], |parent| dom.children(parent));
        all.iter().copied().filter(|child| dom.element(*child).is_some())
    };
    tests.iter().all(|test| match test {
        Test::Any => true,
        Test::Tag(name) if element.space == Space::Html => element.name.eq_ignore_ascii_case(name),
        Test::Tag(name) => element.name == *name,
        Test::Attribute(name, how, wanted) => dom.attribute(node, name).is_some_and(|value| match how {
            Match::There => true,
            Match::Is => value == wanted,
            Match::Begins => value.starts_with(wanted.as_str()),
            Match::Ends => value.ends_with(wanted.as_str()),
            Match::Contains => value.contains(wanted.as_str()),
            Match::Word => value.split_ascii_whitespace().any(|word| word == wanted),
        }),
        Test::Nth(n) => elements().nth(n - 1) == Some(node),
        Test::Last => elements().next_back() == Some(node),
        Test::Checked => dom.attribute(node, "checked").or(dom.attribute(node, "selected")).is_some(),
        Test::Disabled => dom.attribute(node, "disabled").is_some(),
        Test::Text(text) => dom.words(node).contains(text.as_str()),
        Test::Not(tests) => !passes(dom, node, tests),
    })
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn selectors(&mut self) -> Result<Vec<Steps>, String> {
        let mut any = vec![Vec::new()];
        let mut joined = Joined::Within;
        loop {
            let tests = self.compound()?;
            any.last_mut().expect("there is one").push((joined, tests));
            let blanks = self.skip_blanks();
            joined = match self.rest.chars().next() {
                None => return Ok(any),
                Some('>') => Joined::Directly,
                Some(',') => {
                    any.push(Vec::new());
                    Joined::Within
                }
                Some(_) if blanks => {
                    joined = Joined::Within;
                    continue;
                }
                Some(other) => return Err(format!("has {other:?}, which is not known here")),
            };
            self.rest = &self.rest[1..];
            self.skip_blanks();
        }
    }

    fn skip_blanks(&mut self) -> bool {
        let before = self.rest.len();
        self.rest = self.rest.trim_start();
        self.rest.len() < before
    }

    fn compound(&mut self) -> Result<Vec<Test>, String> {
        let mut tests = Vec::new();
        loop {
            let class = |name| Test::Attribute("class".into(), Match::Word, name);
            match self.rest.chars().next() {
                Some('*') => {
                    self.rest = &self.rest[1..];
                    tests.push(Test::Any);
                }
                Some('#') => {
                    let id = self.marked()?;
                    tests.push(Test::Attribute("id".into(), Match::Is, id));
                }
                Some('.') => tests.push(class(self.marked()?)),
                Some('[') => tests.push(self.attribute()?),
                Some(':') => tests.push(self.pseudo()?),
                Some(letter) if tests.is_empty() && is_name(letter) => tests.push(Test::Tag(self.name())),
                _ if !tests.is_empty() => return Ok(tests),
                _ if self.rest.is_empty() => return Err("ends where an element has to follow".into()),
                _ => return Err(format!("has {:?}, where an element has to stand", self.rest)),
            }
        }
    }

    /// A name behind a mark.
    fn marked(&mut self) -> Result<String, String> {
        self.rest = &self.rest[1..];
        let name = self.name();
        if name.is_empty() { Err(format!("has no name before {:?}", self.rest)) } else { Ok(name) }
    }

    /// With `\` before a character that would not be one of a name.
    fn name(&mut self) -> String {
        let mut name = String::new();
        let mut chars = self.rest.chars();
        loop {
            self.rest = chars.as_str();
            match chars.next() {
                Some('\\') => name.extend(chars.next()),
                Some(letter) if is_name(letter) => name.push(letter),
                _ => return name,
            }
        }
    }

    fn attribute(&mut self) -> Result<Test, String> {
        let name = self.marked()?;
        let known = [
            ("]", Match::There),
            ("=", Match::Is),
            ("^=", Match::Begins),
            ("$=", Match::Ends),
            ("*=", Match::Contains),
            ("~=", Match::Word),
        ];
        let found = known.iter().find_map(|(mark, how)| Some((self.rest.strip_prefix(mark)?, *how)));
        let (rest, how) = found.ok_or_else(|| format!("has {:?} behind an attribute", self.rest))?;
        self.rest = rest;
        if how == Match::There {
            return Ok(Test::Attribute(name, how, String::new()));
        }
        let value = self.string("]")?;
        Ok(Test::Attribute(name, how, value))
    }

    /// A text, in quotes or not, and what has to stand behind it.
    fn string(&mut self, end: &str) -> Result<String, String> {
        let quote = self.rest.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let close = quote.map_or_else(|| end.to_owned(), |quote| format!("{quote}{end}"));
        let text = &self.rest[usize::from(quote.is_some())..];
        let (text, rest) = text.split_once(&close).ok_or_else(|| format!("has no {close:?} at the end of {text:?}"))?;
        self.rest = rest;
        Ok(text.into())
    }

    fn pseudo(&mut self) -> Result<Test, String> {
        let name = self.marked()?;
        let unknown = || Err(format!("has \":{name}\", which is not known here"));
        match (name.as_str(), self.rest.strip_prefix('(')) {
            ("first-child", None) => Ok(Test::Nth(1)),
            ("last-child", None) => Ok(Test::Last),
            ("checked", None) => Ok(Test::Checked),
            ("disabled", None) => Ok(Test::Disabled),
            ("nth-child", Some(rest)) => {
                self.rest = rest;
                let n = self.string(")")?;
                match n.trim().parse() {
                    Ok(n @ 1..) => Ok(Test::Nth(n)),
                    _ => Err(format!("has \":nth-child({n})\", where a number from 1 on has to stand")),
                }
            }
            ("has-text", Some(rest)) => {
                self.rest = rest;
                self.string(")").map(Test::Text)
            }
            ("not", Some(rest)) => {
                self.rest = rest;
                let tests = self.compound()?;
                self.rest = self.rest.strip_prefix(')').ok_or("has no end of \":not(\"")?;
                Ok(Test::Not(tests))
            }
            _ => unknown(),
        }
    }
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '-' | '_') || letter as u32 > 127
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(selector: &str) -> String {
        let dom = Dom::document(
            "<main id=m><ul class='a b'><li data-id=1>one<li data-id=2 class=done>two <b>2</b><li data-id=13>three</ul><input name=n[] checked></main><p></p>",
        );
        let selector = Selector::parse(selector).unwrap();
        let found = dom.select(Dom::ROOT, &selector);
        found
            .iter()
            .map(|node| dom.attribute(*node, "data-id").unwrap_or(&dom.element(*node).unwrap().name))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_selector_finds_what_it_means() {
        for (selector, expected) in [
            ("li", "1 2 13"),
            ("LI", "1 2 13"),
            ("#m li", "1 2 13"),
            ("#m > li", ""),
            ("main>ul>li", "1 2 13"),
            ("body .a.b .done", "2"),
            ("[data-id^='1']", "1 13"),
            ("[data-id$=3]", "13"),
            ("ul[class~=b] > :nth-child(3)", "13"),
            ("li:first-child, li:last-child", "1 13"),
            ("li:has-text(\"two 2\")", "2"),
            ("li:not(.done)", "1 13"),
            ("input:checked", "input"),
            ("[name=\"n[]\"]", "input"),
            ("main > *", "ul input"),
        ] {
            assert_eq!(found(selector), expected, "{selector}");
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        for wrong in [
            "",
            "li +li",
            "li ~ li",
            "li:hover",
            "li::before",
            "li[",
            "li[a",
            "li[a|=b]",
            "li[a='b]",
            ".",
            "li,",
            "> li",
            "li:nth-child(2n)",
            "li:nth-child(0)",
            "li:has(b)",
            "a||b",
        ] {
            let error = Selector::parse(wrong).unwrap_err();
            assert!(error.to_string().starts_with("the selector "), "{wrong}: {error}");
        }
    }
}
