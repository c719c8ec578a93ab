//! What is shown, and how it becomes something else.

use super::markup::Markup;
use super::patch::Out;
use super::read::{Level, Numbering, Reader};
use super::sink::{Flaw, Pass, Render, Sink};
use super::template::{Slot, Template};
use super::texts::Texts;
use super::walk::{Place, Tree};
use super::word::Words;
use super::write::{Memory, Writer};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What a browser shows of one component: one word for each value, and the numbers of the blocks. It holds no markup.
pub struct View {
    /// The templates that it names; the first is its own.
    names: Vec<&'static Template>,
    words: Vec<u64>,
    bases: Vec<u32>,
    next: u32,
    live: u32,
    texts: Texts,
}

/// A render as a page shows it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTML.
    pub html: String,
    /// The shape, as JSON: which structures are there.
    pub shape: String,
    /// The same for a view that shows the same, as far as this renderer and others of the same seed know.
    pub fingerprint: u64,
}

/// Why a render cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(Flaw);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Flaw::Left => "the render left a block before its end; leave no `html!` by `return`, `break` or `?`",
            Flaw::NotOne => "where `@(…)` stands, one `html!` or none has to be rendered; this rendered several, or forgot to say that it is none",
            Flaw::TooDeep => "blocks stand in one another more than 256 times",
            Flaw::NotTheSame => "the render said something else when it ran a second time; it has to depend on the component's fields alone",
        })
    }
}

impl core::error::Error for Fault {}

/// Renders: memory that is used again, and the templates that were seen.
///
/// ```
/// use lazuli::html::{Render, Renderer, to_html};
///
/// fn counter(count: u32) -> impl Render {
///     lazuli::html! { p class="counter" { "Counter: " (count) } }
/// }
///
/// let mut renderer = Renderer::new(7);
/// let mut view = renderer.mount(&counter(1))?;
/// let mut patch = Vec::new();
/// assert!(renderer.update(&mut view, &counter(2), &mut patch)?);
/// assert_eq!(patch, b"[1,2]");
/// assert_eq!(to_html(&counter(2))?, r#"<p class="counter">Counter: 2</p>"#);
/// # Ok::<(), lazuli::html::Fault>(())
/// ```
pub struct Renderer {
    maker: Words,
    templates: BTreeMap<&'static str, &'static Template>,
    words: Vec<u64>,
    bases: Vec<u32>,
    levels: Vec<Level>,
    memory: Memory,
}

/// More numbers than this may be lost before a view numbers its slots anew, besides as many as are in use.
const LOST: u32 = 200;

impl Renderer {
    /// One without any templates. The words of its views are hashed with a key that is made of `seed`.
    pub fn new(seed: u64) -> Renderer {
        Renderer {
            maker: Words::new(seed),
            templates: BTreeMap::new(),
            words: Vec::new(),
            bases: Vec::new(),
            levels: Vec::new(),
            memory: Memory::default(),
        }
    }

    /// A render as a page shows it first.
    ///
    /// # Errors
    /// When the render is none; see [`Fault`].
    pub fn page(&mut self, render: &dyn Render) -> Result<Page, Fault> {
        let view = self.mount(render)?;
        Ok(Page { html: to_html(render)?, shape: view.shape(), fingerprint: self.fingerprint(&view) })
    }

    /// A view of what a page shows already.
    ///
    /// # Errors
    /// When the render is none; see [`Fault`].
    pub fn mount(&mut self, render: &dyn Render) -> Result<View, Fault> {
        let mut names = Vec::new();
        let (mut bases, mut next, mut texts) = (Vec::new(), 1, Texts::default());
        let numbering = Numbering { bases: &mut bases, next: &mut next, texts: &mut texts };
        self.read(render, &mut names, Some(numbering))?;
        self.note(&names);
        names.shrink_to_fit();
        bases.shrink_to_fit();
        Ok(View { names, words: self.words.as_slice().into(), bases, next, live: next - 1, texts })
    }

    /// Appends the patch that leads from what a view shows to what `render` says; nothing, and `false`, if that is the same.
    ///
    /// # Errors
    /// When the render is none; see [`Fault`]. The view has to be made anew then, by [`Renderer::whole`].
    pub fn update(&mut self, view: &mut View, render: &dyn Render, patch: &mut Vec<u8>) -> Result<bool, Fault> {
        let known = view.names.len();
        let root = self.read(render, &mut view.names, None)?;
        if root != 1 {
            return self.whole(view, render, patch).map(|()| true);
        }
        if view.names.len() == known && self.words == view.words {
            return Ok(false);
        }
        self.note(view.names.get(known..).unwrap_or_default());
        self.write(view, render, known, patch).map(|()| true)
    }

    /// Appends the patch that makes a view anew, whatever the browser shows.
    ///
    /// # Errors
    /// When the render is none; see [`Fault`].
    pub fn whole(&mut self, view: &mut View, render: &dyn Render, patch: &mut Vec<u8>) -> Result<(), Fault> {
        let mut names = Vec::new();
        self.read(render, &mut names, None)?;
        self.note(&names);
        *view = View { names, words: Vec::new(), bases: Vec::new(), next: 1, live: 0, texts: Texts::default() };
        self.write(view, render, 0, patch)
    }

    /// The JSON of a template that was seen.
    pub fn template(&self, name: &str) -> Option<&'static str> {
        self.templates.get(name).map(|template| template.source)
    }

    /// Reads a render into [`Renderer::words`], and gives the place of its own template among the names, from 1.
    fn read(
        &mut self,
        render: &dyn Render,
        names: &mut Vec<&'static Template>,
        numbering: Option<Numbering<'_>>,
    ) -> Result<usize, Fault> {
        self.words.clear();
        self.levels.clear();
        let reader = Reader {
            maker: &mut self.maker,
            words: &mut self.words,
            names,
            at: Level::OUTSIDE,
            around: &mut self.levels,
            numbering,
            scratch: &mut self.memory.scratch,
            root: 0,
            awaited: true,
            flaw: None,
        };
        let mut sink = Sink { pass: Pass::Read(reader) };
        render.render(&mut sink);
        match &sink.pass {
            Pass::Read(reader) => reader.finish().map_or(Ok(reader.root), |flaw| Err(Fault(flaw))),
            _ => Ok(0),
        }
    }

    /// Writes a patch to what was read. `known`: how many of the names the browser knows; none, if it does not show the view.
    fn write(&mut self, view: &mut View, render: &dyn Render, known: usize, patch: &mut Vec<u8>) -> Result<(), Fault> {
        let start = patch.len();
        self.bases.clear();
        self.memory.clear();
        let names = &view.names[..];
        let writer = Writer {
            out: Out::new(patch),
            maker: &mut self.maker,
            old: Tree { words: &view.words, names },
            old_bases: &view.bases,
            new: Tree { words: &self.words, names },
            was: Place::default(),
            is: 0,
            bases: &mut self.bases,
            next: view.next,
            live: view.live,
            texts: &mut view.texts,
            known,
            memory: &mut self.memory,
            awaited: true,
            flaw: None,
        };
        let mut sink = Sink { pass: Pass::Write(writer) };
        render.render(&mut sink);
        let Pass::Write(mut writer) = sink.pass else { return Ok(()) };
        if let Some(flaw) = writer.finish() {
            drop(writer);
            patch.truncate(start);
            return Err(Fault(flaw));
        }
        let (next, live) = (writer.next, writer.live);
        let is_sparse = next > 2 * live + LOST;
        if is_sparse {
            writer.out.int(-5);
        }
        writer.out.end();
        (view.next, view.live) = (next, live);
        refill(&mut view.words, &mut self.words);
        refill(&mut view.bases, &mut self.bases);
        if is_sparse {
            view.renumber();
        }
        Ok(())
    }

    /// The same for views that show the same, as far as this renderer and others of the same seed know.
    pub fn fingerprint(&self, view: &View) -> u64 {
        let own = view.names.first().map_or(0, |own| self.maker.of_text(own.name));
        self.maker.of_words(&view.words) ^ own
    }

    fn note(&mut self, names: &[&'static Template]) {
        for template in names {
            self.templates.insert(template.name, template);
        }
    }
}

/// A render as HTML.
///
/// # Errors
/// When the render is none; see [`Fault`].
pub fn to_html(render: &dyn Render) -> Result<String, Fault> {
    let mut html = String::new();
    let mut sink = Sink { pass: Pass::Markup(Markup::new(&mut html)) };
    render.render(&mut sink);
    let flaw = match &sink.pass {
        Pass::Markup(markup) => markup.finish(),
        _ => None,
    };
    drop(sink);
    flaw.map_or(Ok(html), |flaw| Err(Fault(flaw)))
}

/// As many words are worth not being copied.
const LARGE: usize = 512;

/// Makes `held` what `new` is, with little more memory than that takes; `new` holds anything afterwards.
fn refill<T: Copy>(held: &mut Vec<T>, new: &mut Vec<T>) {
    if new.capacity() - new.len() <= new.len() / 16 {
        return core::mem::swap(held, new);
    }
    held.clear();
    if held.capacity() < new.len() || held.capacity() - new.len() > new.len() {
        *held = Vec::with_capacity(new.len());
    }
    held.extend_from_slice(new);
    // Most updates leave the size as it is: then the next one takes what this one leaves.
    if new.len() >= LARGE {
        *new = Vec::with_capacity(held.capacity());
    }
}

impl View {
    /// About how many bytes of memory the view takes.
    pub fn memory(&self) -> usize {
        size_of::<View>()
            + self.names.capacity() * size_of::<&Template>()
            + self.words.capacity() * size_of::<u64>()
            + self.bases.capacity() * size_of::<u32>()
            + self.texts.memory()
    }

    fn tree(&self) -> Tree<'_> {
        Tree { words: &self.words, names: &self.names }
    }

    /// Gives the blocks new numbers, in their order.
    fn renumber(&mut self) {
        let Some(root) = self.names.first() else { return };
        let (mut next, mut bases, mut texts) = (1, Vec::with_capacity(self.bases.len()), Texts::default());
        self.tree().walk(root, &mut Place::default(), &mut |place, template| {
            let from = self.bases.get(place.block).copied().unwrap_or(0);
            self.texts.renumber(from, template.numbered(), next, &mut texts);
            bases.push(next);
            next += template.numbered();
        });
        (self.next, self.bases, self.texts) = (next, bases, texts);
    }

    /// Which structures are there, as JSON.
    pub fn shape(&self) -> String {
        let mut shape = Shape { tree: self.tree(), word: 0, known: 1, json: String::new() };
        if let Some(root) = self.names.first() {
            shape.json += "[\"";
            shape.json += root.name;
            shape.json.push('"');
            shape.block(root);
            shape.json.push(']');
        }
        shape.json
    }
}

/// Writes a shape.
struct Shape<'a> {
    tree: Tree<'a>,
    word: usize,
    /// How many names were written.
    known: usize,
    json: String,
}

impl Shape<'_> {
    fn item(&mut self, item: impl fmt::Display) {
        use fmt::Write;
        let _ = write!(self.json, ",{item}");
    }

    fn block(&mut self, template: &'static Template) {
        for slot in template.slots {
            let word = self.tree.word(self.word) as usize;
            self.word += 1;
            let inner = match slot {
                Slot::Value => continue,
                Slot::Branch(alternatives) => {
                    self.item(word);
                    alternatives.get(word.wrapping_sub(1)).copied()
                }
                Slot::Embed => {
                    let inner = self.tree.names.get(word.wrapping_sub(1)).copied();
                    match inner {
                        Some(named) if word > self.known => {
                            self.known = word;
                            self.item(format_args!("\"{}\"", named.name));
                        }
                        _ => self.item(word),
                    }
                    inner
                }
                Slot::List(row) => {
                    self.item(word);
                    (0..word).for_each(|_| self.block(row));
                    None
                }
            };
            if let Some(inner) = inner {
                self.block(inner);
            }
        }
    }
}
