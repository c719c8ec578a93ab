//! Markup that comes as a string: parsed as a browser parses it, compared as a tree, sent as a patch.
//!
//! A component whose `render` returns [`Raw`](crate::html::Raw) gives its markup as a string, and works like any other. Below that,
//! [`diff`] compares two strings, and a [`StringView`] remembers what was shown last. All need the feature `html-strings`.
//!
//! ```
//! use lazuli::html::diff;
//!
//! assert_eq!(diff("<p>Count: <b>1</b></p>", "<p>Count: <b>2</b></p>"), "[5,2]");
//! ```
//!
//! # Which nodes stay
//!
//! A node stays the same node, with focus, selection and what was typed, if it has the same `data-key`, `id` or `key` as before among its
//! siblings; without a key, if its markup is the same or similar. Elements of lists that change should have keys. An element whose
//! key changes is another element.
//!
//! Where markup for the whole view is shorter than a patch, the whole view is sent, and no node stays.
//!
//! # What is left alone
//!
//! The inside of an element with `data-ignore` or `data-spark` belongs to the page's scripts or to another component: it is sent when the element comes, and
//! never again. What a `noscript` or a `selectedcontent` holds is left out. A `template` whose inside changes is replaced.
//!
//! # Scripts do not run
//!
//! A client parses markup in an inert document, so a `script` that comes with a patch never runs. The first page, which a browser parses
//! itself, comes without scripts, where [`Raw`](crate::html::Raw) shows it. Event handlers in attributes (`onclick`) and `javascript:`
//! addresses do run, where the page's policy lets them: markup is trusted, and whoever makes it escapes what users wrote.
//!
//! # Badly nested markup
//!
//! Both ends parse by the rules of HTML, so unclosed and misplaced tags become the same nodes. Some of these nodes have no markup that gives them back,
//! such as a `p` in a `p`; they come with the nearest element around them that does have one, or with the whole view. A page should show
//! [`StringView::html`], which cannot end the element that it stands in.
//!
//! Browsers nest elements some 500 levels deep and no deeper. A view of more than 256 levels is sent as a whole each time. Markup of more than
//! [`MOST_LEVELS`], or with a tag of more than [`MOST_ATTRIBUTES`], is not taken apart: the time for that would grow with their square. A component
//! that gives it fails; to [`diff`] and [`StringView`] it is markup whose nodes nobody knows.

mod diff;
mod mirror;
mod parse;
mod serialize;
mod tag;
mod tree;
mod write;

pub use mirror::{Mirror, Unfit};

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use html5ever::{QualName, ns};
use tree::{HOLDER, Tree};
use write::Ops;

/// Browsers nest some 500 levels, of which the page around a view needs some.
const DEEPEST: usize = 256;

/// A component's markup may have at most so many bytes.
pub const MOST_BYTES: usize = 1 << 20;

/// A component's markup may have at most so many nodes and attributes. (Badly nested markup can give far more nodes than it has bytes.)
pub const MOST_PARTS: usize = 1 << 17;

/// Elements may stand so deep in one another, which is what browsers bear too.
pub const MOST_LEVELS: u32 = 512;

/// A tag may have at most so many attributes.
pub const MOST_ATTRIBUTES: usize = 1 << 10;

/// Numbers may grow this far beyond twice the nodes before they are given anew.
const SLACK: usize = 64;

/// The patch that leads from one markup to another, as a JSON array; `[]` if they show the same.
///
/// The markup is what a `div` holds. The page shows `old_html` as it is, and has numbered its nodes. For a longer history see [`StringView`].
///
/// ```
/// use lazuli::html::diff;
///
/// assert_eq!(diff("<b>1</b>", "<b class=x>1</b>"), r#"[-7,2,"class","x"]"#);
/// assert_eq!(diff("<b>1</b>", "<B>1</B>"), "[]");
/// ```
pub fn diff(old_html: &str, new_html: &str) -> String {
    let mut patch = Vec::new();
    if !StringView::new(old_html).update(new_html, &mut patch) {
        return "[]".into();
    }
    String::from_utf8(patch).unwrap_or_default()
}

/// What one component shows that gives its markup as a string: the nodes, and the numbers by which the page knows them.
///
/// ```
/// use lazuli::html::StringView;
///
/// let mut view = StringView::new("<ul><li id=a>A</li><li id=b>B</li></ul>");
/// let mut patch = Vec::new();
/// assert!(view.update("<ul><li id=b>B</li><li id=a>A</li></ul>", &mut patch));
/// assert_eq!(patch, b"[-3,2,1,0]");
/// assert!(!view.update("<ul><li id=b>B</li><li id=a>A</li></ul>", &mut patch), "nothing has changed");
/// ```
pub struct StringView {
    holder: QualName,
    tree: Tree,
    /// The next number for a node.
    next: u32,
    /// Whether the nodes are not known: the markup is more than is taken apart.
    is_unknown: bool,
}

impl StringView {
    /// A view of what a page shows in a `div`.
    pub fn new(html: &str) -> StringView {
        StringView::new_in("div", html)
    }

    /// A view of what a page shows in an element of HTML with this name, in lower case. What it holds is parsed by its rules: only a `tbody` takes rows.
    pub fn new_in(element: &str, html: &str) -> StringView {
        let holder = tree::html_name(element);
        let (tree, is_unknown) = known(&holder, html);
        let (tree, next) = numbered(tree);
        StringView { holder, tree, next, is_unknown }
    }

    /// A view of what a page shows in a `div`, unless that is too large to be kept for a component.
    pub(super) fn small(html: &str) -> Option<StringView> {
        let holder = tree::html_name("div");
        let (tree, next) = numbered(parse::parse_at_most(&holder, Vec::new(), html, MOST_PARTS)?);
        Some(StringView { holder, tree, next, is_unknown: false })
    }

    /// Shows other markup. Appends the patch that leads there, a JSON array; `false` if nothing is to be done.
    pub fn update(&mut self, html: &str, out: &mut Vec<u8>) -> bool {
        let (new, is_unknown) = known(&self.holder, html);
        if is_unknown || self.is_unknown {
            self.is_unknown = is_unknown;
            self.show(new, html, out);
            return true;
        }
        self.update_to(new, html, out)
    }

    /// The same as [`StringView::update`], unless the markup is too large to be kept for a component.
    pub(super) fn update_small(&mut self, html: &str, out: &mut Vec<u8>) -> Option<bool> {
        let new = parse::parse_at_most(&self.holder, Vec::new(), html, MOST_PARTS)?;
        Some(self.update_to(new, html, out))
    }

    fn update_to(&mut self, mut new: Tree, html: &str, out: &mut Vec<u8>) -> bool {
        let matched = diff::compare(&self.tree, &new);
        let mut next = self.next;
        let ops = if self.tree.depth().max(new.depth()) > DEEPEST && !self.tree.same(HOLDER, &new, HOLDER) {
            None
        } else {
            write::write(&self.tree, &mut new, matched, &mut next)
        };
        let Some(mut ops) = ops else {
            self.show(new, html, out);
            return true;
        };
        if ops.is_empty() {
            self.tree = new;
            return false;
        }
        let live = new.numbered(HOLDER).count();
        if next as usize > 2 * live + SLACK {
            ops.put(&-5);
            next = new.renumber(HOLDER, 1);
        }
        let patch = ops.finish();
        if patch.len() > html.len() {
            let whole = whole(&new, html);
            if whole.len() < patch.len() {
                (self.tree, self.next) = numbered(new);
                out.extend(whole);
                return true;
            }
        }
        out.extend(patch);
        (self.tree, self.next) = (new, next);
        true
    }

    /// Shows other markup, and appends the patch that makes the whole view anew, whatever the page shows.
    pub fn whole(&mut self, html: &str, out: &mut Vec<u8>) {
        let (new, is_unknown) = known(&self.holder, html);
        self.is_unknown = is_unknown;
        self.show(new, html, out);
    }

    /// Appends the patch that makes anew what is shown, of which `html` is the markup.
    pub(super) fn append_whole(&self, html: &str, out: &mut Vec<u8>) {
        out.extend(whole(&self.tree, html));
    }

    fn show(&mut self, new: Tree, html: &str, out: &mut Vec<u8>) {
        out.extend(whole(&new, html));
        (self.tree, self.next) = numbered(new);
    }

    /// The markup of what is shown, for a page. It is well-formed: it does not end the element that it stands in. Nothing, if the nodes are
    /// not known.
    pub fn html(&self) -> String {
        let mut html = String::new();
        serialize::inside(&self.tree, HOLDER, &mut html);
        html
    }

    /// The same without what would do something in a page of its own accord, or reach beyond its end.
    pub(super) fn harmless_html(&self) -> String {
        let mut html = String::new();
        let all = HOLDER + 1..self.tree.len();
        serialize::write_but(&self.tree, HOLDER, all, |node| is_harmful(&self.tree, node), &mut html);
        html
    }

    pub(super) fn is_harmless(&self) -> bool {
        (0..self.tree.len()).all(|node| !is_harmful(&self.tree, node))
    }

    /// Whether two views show the same.
    pub(super) fn is_like(&self, other: &StringView) -> bool {
        self.tree.same(HOLDER, &other.tree, HOLDER)
    }

    /// About how many bytes of memory it takes.
    pub fn memory(&self) -> usize {
        size_of::<StringView>() + self.tree.memory()
    }

    /// The shape of the view, as JSON: with it a client sees whether its page has the nodes that the server thinks it has.
    pub fn shape(&self) -> String {
        alloc::format!("[\"\",{}]", self.tree.numbered(HOLDER).count() - 1)
    }

    /// A hash of what is shown. It is the same for two views that show the same, in one build of the program.
    pub fn fingerprint(&self) -> u64 {
        self.tree.hashes()[HOLDER]
    }
}

/// A node to a line: its depth, its number (0 if it has none), itself.
impl fmt::Debug for StringView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tree.fmt(f)
    }
}

/// A script runs where a page is parsed, and no tag ends a `plaintext`.
fn is_harmful(tree: &Tree, node: usize) -> bool {
    matches!(tree.kind(node), tree::Kind::Element { name, .. } if matches!(&*name.local, "script" | "plaintext"))
}

/// The nodes that markup gives. `true`: they are not known, and the tree is empty.
fn known(holder: &QualName, html: &str) -> (Tree, bool) {
    match parse::parse_at_most(holder, Vec::new(), html, usize::MAX) {
        Some(tree) => (tree, false),
        None => (parse::parse(holder, Vec::new(), ""), true),
    }
}

fn numbered(mut tree: Tree) -> (Tree, u32) {
    let next = tree.renumber(HOLDER, 1);
    (tree, next)
}

/// The patch that makes the whole view anew.
fn whole(tree: &Tree, html: &str) -> Vec<u8> {
    let mut ops = Ops::new();
    ops.items(&[-6]);
    ops.put("");
    ops.put(&*markup(tree, html));
    ops.finish()
}

/// The markup as it came gives its nodes, whatever they are. Only what a `noscript` holds is parsed in two ways, as scripts are on or off, so
/// it is left out, if what is left has markup.
fn markup<'a>(tree: &Tree, html: &'a str) -> Cow<'a, str> {
    let noscript = |node: usize| matches!(tree.kind(node), tree::Kind::Element { name, .. } if name.ns == ns!(html) && &*name.local == "noscript");
    if (0..tree.len()).any(noscript) {
        let mut written = String::new();
        serialize::inside(tree, HOLDER, &mut written);
        if parse::parse_like(tree, HOLDER, &written).is_some_and(|back| back.same(HOLDER, tree, HOLDER)) {
            return written.into();
        }
    }
    html.into()
}
