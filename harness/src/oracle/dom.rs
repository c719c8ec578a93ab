//! Every page shows what its components are.
//!
//! Components write down the state of which each render was begun, and can say it in HTML that nothing of the product has
//! written. `docs/architecture.md`: "After each callback that succeeded, a component is rendered"; `docs/protocol.md`: "After an
//! error the page goes on showing what it shows. After a panic the component is made anew". So a state that was changed is
//! rendered only when a callback of the view has succeeded, or the page has asked for all of it; at rest no success is left
//! unrendered; and the page's tree is the one that a parser makes of the HTML of what was rendered last.

use super::{Check, Oracle, complain};
use crate::app::live::{Called, Home, Id, Snapshot};
use crate::chronicle::Verdict;
use crate::dom::{Dom, Kind, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// What was rendered last, of each component.
#[derive(Default)]
pub(crate) struct Pages {
    views: BTreeMap<u32, View>,
    /// The outermost component that was mounted last at each place.
    homes: BTreeMap<Home, u32>,
    /// Places whose pages have asked for all of what is shown there.
    asked: BTreeSet<Home>,
}

/// An outermost component, and those in its markup.
#[derive(Default)]
struct View {
    /// By key; `None` is the outermost itself.
    states: BTreeMap<Option<u64>, (u32, u64, Option<Snapshot>)>,
    /// A callback has succeeded since the last render.
    has_succeeded: bool,
    /// The same, and it has left another state than that.
    is_due: bool,
    /// The render that was begun last had a reason.
    has_reason: bool,
    /// How many renders were begun.
    renders: u32,
}

impl Pages {
    /// An outermost component was made for a mount.
    pub(crate) fn made(&mut self, id: Id) {
        if let Some(home) = id.home {
            self.homes.insert(home, id.outer);
            self.views.insert(id.outer, View::default());
        }
    }

    /// A page asks for the whole of what it shows at a place.
    pub(crate) fn asked(&mut self, home: Home) {
        self.asked.insert(home);
    }

    /// A callback has run, and left its component at this version.
    pub(crate) fn called(&mut self, id: Id, what: Called, verdict: Verdict, version: u64) {
        let Some(view) = self.views.get_mut(&id.outer) else { return };
        match (what, verdict) {
            // What it changes is in the render that follows; after an error there is none, unless the page has asked for it.
            (Called::Update, Verdict::Failed) if id.key.is_none() => {
                (view.is_due, view.has_succeeded) = (false, false);
            }
            (Called::Unmount, _) | (_, Verdict::Panicked) if id.key.is_none() => view.is_due = false,
            (Called::Update | Called::Unmount, _) => {}
            (_, Verdict::Done) => {
                let is_shown = view.states.get(&id.key).is_some_and(|state| (state.0, state.1) == (id.number, version));
                view.has_succeeded = true;
                view.is_due |= !is_shown && view.states.contains_key(&None);
            }
            _ => {}
        }
    }

    /// A render was begun.
    pub(crate) fn shown(&mut self, id: Id, version: u64, state: Snapshot) -> Check {
        let was_asked = id.home.is_some_and(|home| self.asked.contains(&home));
        let Some(view) = self.views.get_mut(&id.outer) else { return Ok(()) };
        let before = view.states.insert(id.key, (id.number, version, Some(state)));
        if id.key.is_none() {
            view.renders += 1;
            view.is_due = false;
            view.has_reason = std::mem::take(&mut view.has_succeeded) || before.is_none() || was_asked;
        }
        match before {
            Some((number, before, _)) if number == id.number && before != version && !view.has_reason => complain(
                Oracle::Dom,
                format!("{id:?} shows version {version}, which no callback that succeeded has left, after {before}"),
            ),
            _ => Ok(()),
        }
    }

    /// Whether a callback of an outermost component, or of one in it, has succeeded and is not shown yet.
    pub(crate) fn is_due(&self, outer: u32) -> bool {
        self.views.get(&outer).is_some_and(|view| view.is_due)
    }

    /// A render has panicked, and with it the view has ended. Gives whether it was the first of it.
    pub(crate) fn blown(&mut self, outer: u32) -> bool {
        self.views.get_mut(&outer).is_some_and(|view| {
            view.is_due = false;
            view.renders == 1
        })
    }

    /// The outermost component that was mounted last at a place.
    pub(crate) fn at(&self, home: Home) -> Option<u32> {
        self.homes.get(&home).copied()
    }

    /// At rest, a page has to show what is true.
    pub(crate) fn compare(&self, home: Home, dom: &Dom, host: NodeId) -> Check {
        let Some((outer, view)) = self.at(home).and_then(|outer| Some((outer, self.views.get(&outer)?))) else {
            return complain(Oracle::Dom, format!("{home:?} is mounted and was never made"));
        };
        if view.is_due {
            return complain(Oracle::Dom, format!("at rest, {home:?} has changed and was not rendered: {outer}"));
        }
        let inner = |key| view.html(Some(key), &|_| String::new());
        let html = view.html(None, &inner);
        let mut right = Dom::default();
        let body = right.make_element("div");
        right.set_inner_html(body, &html);
        let (right, shown) = (plain(&right, body), plain(dom, host));
        if right == shown {
            return Ok(());
        }
        let differs = right.chars().zip(shown.chars()).take_while(|(a, b)| a == b).count().saturating_sub(40);
        let cut = |html: &str| html.chars().skip(differs).take(300).collect::<String>();
        let sentence = format!("at rest, {home:?} shows …{}… where …{}… is true", cut(&shown), cut(&right));
        complain(Oracle::Dom, sentence)
    }
}

impl View {
    fn html(&self, key: Option<u64>, inner: &dyn Fn(u64) -> String) -> String {
        let state = self.states.get(&key).and_then(|(_, _, state)| state.as_ref());
        state.map_or_else(|| format!("<i>nothing was rendered for {key:?}</i>"), |state| state.html(inner))
    }
}

/// What is in a node, without the comments that only keep texts apart, and with attributes in one order.
fn plain(dom: &Dom, node: NodeId) -> String {
    let mut out = String::new();
    write(dom, node, &mut out);
    out
}

fn write(dom: &Dom, node: NodeId, out: &mut String) {
    for child in dom.children(node) {
        match dom.kind(*child) {
            Kind::Text(text) => *out += text,
            Kind::Comment(text) if text.is_empty() => {}
            Kind::Comment(text) => *out += &format!("\u{1}!{text}\u{2}"),
            Kind::Element(element) => {
                let mut attributes: Vec<_> = element.attributes.iter().collect();
                attributes.sort();
                // With marks that no text has, so that none can look like an element.
                *out += &format!("\u{1}{} {attributes:?}\u{2}", element.name);
                write(dom, *child, out);
                *out += "\u{1}/\u{2}";
            }
            Kind::Fragment => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::live::Show;
    use std::sync::Arc;

    struct Fixed(&'static str);

    impl Show for Fixed {
        fn html(&self, inner: &dyn Fn(u64) -> String) -> String {
            self.0.replace("inner", &inner(7))
        }
    }

    const HOME: Home = Home { session: 1, place: 2 };
    const OUTER: Id = Id { number: 5, outer: 5, key: None, home: Some(HOME) };
    const INNER: Id = Id { number: 6, outer: 5, key: Some(7), home: Some(HOME) };

    fn pages() -> Pages {
        let mut pages = Pages::default();
        pages.made(OUTER);
        pages.shown(OUTER, 0, Arc::new(Fixed("<p>inner</p>"))).unwrap();
        pages.shown(INNER, 0, Arc::new(Fixed("a &lt; b"))).unwrap();
        pages
    }

    fn shows(pages: &Pages, html: &str) -> bool {
        let mut dom = Dom::default();
        let host = dom.make_element("div");
        dom.set_inner_html(host, html);
        pages.compare(HOME, &dom, host).is_ok()
    }

    #[test]
    fn a_page_shows_what_was_rendered() {
        let pages = pages();
        assert!(shows(&pages, "<p>a &lt; b</p>") && shows(&pages, "<!----><p>a &lt;<!----> b</p>"));
        for other in ["<p>a &lt; c</p>", "<p class=x>a &lt; b</p>", "<b>a &lt; b</b>", "<p>a &lt; b</p> ", ""] {
            assert!(!shows(&pages, other), "{other}");
        }
    }

    #[test]
    fn what_has_changed_is_rendered_and_what_has_failed_is_not() {
        let mut pages = pages();
        pages.called(INNER, Called::Timer, Verdict::Done, 1);
        assert!(pages.is_due(5) && !shows(&pages, "<p>a &lt; b</p>"), "not rendered yet");
        pages.shown(OUTER, 0, Arc::new(Fixed("inner"))).unwrap();
        pages.shown(INNER, 1, Arc::new(Fixed("c"))).unwrap();
        assert!(!pages.is_due(5) && shows(&pages, "c"));
        pages.called(INNER, Called::Timer, Verdict::Failed, 2);
        pages.shown(OUTER, 0, Arc::new(Fixed("inner"))).unwrap();
        assert!(pages.shown(INNER, 2, Arc::new(Fixed("d"))).is_err(), "a failed callback shows");
    }
}
