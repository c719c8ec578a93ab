//! What is shown, and how it becomes something else.

use super::fault::Fault;
use super::markup::Markup;
use super::nested::Stage;
use super::read::{Numbering, RAW, Reader};
use super::sink::{Pass, Render, Sink};
#[cfg(feature = "html-strings")]
use super::strings::StringView;
use super::template::{Slot, Template};
use super::texts::Texts;
use super::walk::{Place, Tree};
use super::word::Words;
use super::write::Writer;
use crate::canary::{Canary, is_planted};
#[cfg(feature = "html-strings")]
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What a browser shows of one component: one word for each value, and the numbers of the blocks. It holds no markup, unless that comes as
/// a string.
///
/// ```
/// use lazuli::html;
/// use lazuli::html::Renderer;
///
/// let rows = |names: &'static [&'static str]| html! { ul { @for name in names key=(name) { li { (name) } } } };
/// let mut renderer = Renderer::new(1);
/// let mut view = renderer.mount(&rows(&["a", "b"]), None)?;
/// let mut patch = Vec::new();
/// renderer.update(&mut view, &rows(&["b", "a"]), None, &mut patch)?;
/// assert_eq!(patch, b"[-3,1,1,0]", "of list 1, the row with index 1 goes to index 0");
/// assert!(view.memory() < 1_000, "bytes");
/// # Ok::<(), lazuli::html::Fault>(())
/// ```
pub struct View {
    /// The templates that it names; the first is its own.
    names: Vec<&'static Template>,
    pub(super) words: Vec<u64>,
    bases: Vec<u32>,
    next: u32,
    live: u32,
    texts: Texts,
    pub(super) fingerprint: u64,
    /// What is shown of a render that is a string; its one word is that of the string.
    #[cfg(feature = "html-strings")]
    pub(super) string: Option<Box<StringView>>,
}

/// A render as a page shows it first.
///
/// ```
/// use lazuli::html;
/// use lazuli::html::Renderer;
///
/// let page = Renderer::new(1).page(&html! { p { "Hello, " ("Ada") } })?;
/// assert_eq!(page.html, "<p>Hello, Ada</p>");
/// assert!(page.shape.starts_with("[\""), "{}", page.shape);
/// # Ok::<(), lazuli::html::Fault>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTML.
    pub html: String,
    /// The shape, as JSON: which structures are there.
    pub shape: String,
    /// The same for a view that shows the same, as far as this renderer and others of the same seed know.
    pub fingerprint: u64,
}

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
/// let mut view = renderer.mount(&counter(1), None)?;
/// let mut patch = Vec::new();
/// assert!(renderer.update(&mut view, &counter(2), None, &mut patch)?);
/// assert_eq!(patch, b"[1,2]");
/// assert_eq!(to_html(&counter(2))?, r#"<p class="counter">Counter: 2</p>"#);
/// # Ok::<(), lazuli::html::Fault>(())
/// ```
pub struct Renderer {
    templates: BTreeMap<&'static str, &'static Template>,
    pub(super) reader: Reader,
    writer: Writer,
}

/// More numbers than this may be lost before a view numbers its slots anew, besides as many as are in use.
const LOST: u32 = 200;

impl Renderer {
    /// One without any templates. The words of its views are hashed with a key that is made of `seed`.
    pub fn new(seed: u64) -> Renderer {
        let maker = Words::new(seed);
        Renderer { templates: BTreeMap::new(), reader: Reader::new(maker.clone()), writer: Writer::new(maker) }
    }

    /// A render as a page shows it first.
    ///
    /// ```
    /// use lazuli::html;
    /// use lazuli::html::Renderer;
    ///
    /// let (mut one, mut other) = (Renderer::new(1), Renderer::new(1));
    /// let show = |count: u32| html! { p { (count) } };
    /// assert_eq!(one.page(&show(3))?.fingerprint, other.page(&show(3))?.fingerprint);
    /// assert_ne!(one.page(&show(3))?.fingerprint, other.page(&show(4))?.fingerprint);
    /// # Ok::<(), lazuli::html::Fault>(())
    /// ```
    ///
    /// # Errors
    /// When the render is none; see [`Fault`].
    pub fn page(&mut self, render: &dyn Render) -> Result<Page, Fault> {
        let view = self.mount(render, None)?;
        #[cfg(feature = "html-strings")]
        if let Some(string) = &view.string {
            return Ok(super::raw::page(string, view.fingerprint));
        }
        Ok(Page { html: to_html(render)?, shape: view.shape(), fingerprint: view.fingerprint })
    }

    /// A view of what a page shows already. `stage`: where the components live that stand in it.
    ///
    /// # Errors
    /// When the render is none; see [`Fault`].
    pub fn mount(&mut self, render: &dyn Render, stage: Option<&mut dyn Stage>) -> Result<View, Fault> {
        let numbering = Numbering { bases: Vec::new(), next: 1, texts: Texts::default() };
        self.read(render, stage, Vec::new(), Some(numbering))?;
        #[cfg(feature = "html-strings")]
        if self.reader.root == RAW {
            return self.mount_raw();
        }
        let Reader { words, names, numbering, .. } = &mut self.reader;
        let mut names = core::mem::take(names);
        names.shrink_to_fit();
        let Numbering { mut bases, next, texts } = numbering.take().unwrap_or_default();
        bases.shrink_to_fit();
        let words = words.as_slice().into();
        self.note(&names);
        let fingerprint = self.fingerprint(&names);
        Ok(View {
            names,
            words,
            bases,
            next,
            live: next - 1,
            texts,
            fingerprint,
            #[cfg(feature = "html-strings")]
            string: None,
        })
    }

    /// Appends the patch that leads from what a view shows to what `render` says; nothing, and `false`, if that is the same.
    ///
    /// # Errors
    /// When the render is none; see [`Fault`]. The view has to be made anew then, by [`Renderer::whole`].
    pub fn update(
        &mut self,
        view: &mut View,
        render: &dyn Render,
        mut stage: Option<&mut dyn Stage>,
        patch: &mut Vec<u8>,
    ) -> Result<bool, Fault> {
        let known = view.names.len();
        let root = self.read(render, again(&mut stage), core::mem::take(&mut view.names), None);
        view.names = core::mem::take(&mut self.reader.names);
        let root = root?;
        if view.is_raw() != (root == RAW) {
            return self.whole(view, render, stage, patch).map(|()| true);
        }
        #[cfg(feature = "html-strings")]
        if root == RAW {
            return self.update_raw(view, patch);
        }
        if known == 0 && root == 0 {
            return Ok(false);
        }
        if root != 1 {
            return self.whole(view, render, stage, patch).map(|()| true);
        }
        if view.names.len() == known && self.reader.words == view.words {
            return Ok(false);
        }
        self.note(view.names.get(known..).unwrap_or_default());
        self.write(view, render, stage, known, patch).map(|()| true)
    }

    /// Appends the patch that makes a view anew, whatever the browser shows.
    ///
    /// ```
    /// use lazuli::html;
    /// use lazuli::html::{Renderer, View};
    ///
    /// let mut patch = Vec::new();
    /// Renderer::new(1).whole(&mut View::default(), &html! { p { ("Ada") } }, None, &mut patch)?;
    /// assert!(patch.starts_with(b"[-6,") && patch.ends_with(br#","Ada"]"#));
    /// # Ok::<(), lazuli::html::Fault>(())
    /// ```
    ///
    /// # Errors
    /// When the render is none; see [`Fault`].
    pub fn whole(
        &mut self,
        view: &mut View,
        render: &dyn Render,
        mut stage: Option<&mut dyn Stage>,
        patch: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        *view = View::default();
        self.read(render, again(&mut stage), Vec::new(), None)?;
        #[cfg(feature = "html-strings")]
        if self.reader.root == RAW {
            return self.whole_raw(view, patch);
        }
        view.names = core::mem::take(&mut self.reader.names);
        self.note(&view.names);
        self.write(view, render, stage, 0, patch)
    }

    /// The JSON of a template that was seen.
    ///
    /// ```
    /// use lazuli::html;
    /// use lazuli::html::Renderer;
    ///
    /// let mut renderer = Renderer::new(1);
    /// let shape = renderer.page(&html! { p { "Hello, " ("Ada") } })?.shape;
    /// let name = shape.split('"').nth(1).unwrap();
    /// assert_eq!(renderer.template(name), Some(r#"["<p>Hello, </p>",[[[[[],[0,"","Hello, ",""]]]]]]"#));
    /// assert_eq!(renderer.template("another"), None);
    /// # Ok::<(), lazuli::html::Fault>(())
    /// ```
    pub fn template(&self, name: &str) -> Option<&'static str> {
        self.templates.get(name).map(|template| template.source)
    }

    /// How many components are in the render that was read last.
    pub(crate) fn components(&self) -> usize {
        self.reader.components.len()
    }

    /// Reads a render, and gives the place of its own template among the names, from 1; 0 if it is nothing.
    fn read(
        &mut self,
        render: &dyn Render,
        stage: Option<&mut dyn Stage>,
        names: Vec<&'static Template>,
        numbering: Option<Numbering>,
    ) -> Result<usize, Fault> {
        self.reader.begin_view(names, numbering);
        render.render(&mut Sink { pass: Pass::Read(&mut self.reader), stage: stage.map(|stage| stage as _) });
        self.reader.finish().map_or(Ok(self.reader.root), |flaw| Err(Fault(flaw)))
    }

    /// Writes a patch to what was read. `known`: how many of the names the browser knows; none, if it does not show the view.
    fn write(
        &mut self,
        view: &mut View,
        render: &dyn Render,
        stage: Option<&mut dyn Stage>,
        known: usize,
        patch: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let Renderer { reader, writer, .. } = self;
        let View { names, words, bases, next, live, texts, .. } = core::mem::take(view);
        (writer.old_words, writer.old_bases, writer.names, writer.texts) = (words, bases, names, texts);
        (writer.next, writer.live) = (next, live);
        core::mem::swap(&mut writer.words, &mut reader.words);
        writer.begin_patch(known);
        writer.out.begin(core::mem::take(patch));
        render.render(&mut Sink { pass: Pass::Write(writer), stage: stage.map(|stage| stage as _) });
        if let Some(flaw) = writer.finish() {
            *patch = writer.out.end(false);
            return Err(Fault(flaw));
        }
        let is_sparse = writer.next > 2 * writer.live + LOST;
        if is_sparse {
            writer.out.int(-5);
        }
        *patch = writer.out.end(true);
        refill(&mut writer.old_words, &mut writer.words);
        refill(&mut writer.old_bases, &mut writer.bases);
        core::mem::swap(&mut writer.words, &mut reader.words);
        *view = View {
            names: core::mem::take(&mut writer.names),
            words: core::mem::take(&mut writer.old_words),
            bases: core::mem::take(&mut writer.old_bases),
            texts: core::mem::take(&mut writer.texts),
            next: writer.next,
            live: writer.live,
            fingerprint: 0,
            #[cfg(feature = "html-strings")]
            string: None,
        };
        if is_sparse {
            view.renumber();
        }
        Ok(())
    }

    /// A hash of what was read, but for the numbers of components, which are another time others.
    pub(super) fn fingerprint(&mut self, names: &[&'static Template]) -> u64 {
        let Reader { maker, words, components, .. } = &mut self.reader;
        for at in components.iter() {
            if let Some(number) = words.get_mut(*at) {
                *number = 0;
            }
        }
        names.iter().fold(maker.of_words(words), |hash, name| maker.of_words(&[hash, maker.of_text(name.name)]))
    }

    fn note(&mut self, names: &[&'static Template]) {
        for template in names {
            self.templates.insert(template.name, template);
        }
    }
}

/// A stage for one run of several.
fn again<'s>(stage: &'s mut Option<&mut dyn Stage>) -> Option<&'s mut dyn Stage> {
    match stage {
        Some(stage) => Some(&mut **stage),
        None => None,
    }
}

/// A render as HTML.
///
/// ```
/// use lazuli::html;
/// use lazuli::html::to_html;
///
/// assert_eq!(to_html(&html! { p title=("a \"b\"") { ("1 < 2") } })?, "<p title=\"a &quot;b&quot;\">1 &lt; 2</p>");
/// # Ok::<(), lazuli::html::Fault>(())
/// ```
///
/// # Errors
/// When the render is none; see [`Fault`].
pub fn to_html(render: &dyn Render) -> Result<String, Fault> {
    let mut markup = Markup::new();
    render.render(&mut Sink { pass: Pass::Markup(&mut markup), stage: None });
    markup.finish().map_or(Ok(markup.out), |flaw| Err(Fault(flaw)))
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

/// A view that shows nothing yet; see [`Renderer::whole`].
impl Default for View {
    fn default() -> Self {
        View {
            names: Vec::new(),
            words: Vec::new(),
            bases: Vec::new(),
            next: 1,
            live: 0,
            texts: Texts::default(),
            fingerprint: 0,
            #[cfg(feature = "html-strings")]
            string: None,
        }
    }
}

impl View {
    /// Of a view that was mounted and not yet changed: the same for each that shows the same, as far as renderers of the same
    /// seed know.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// About how many bytes of memory the view takes.
    pub fn memory(&self) -> usize {
        #[cfg(feature = "html-strings")]
        let string = self.string.as_ref().map_or(0, |string| string.memory());
        #[cfg(not(feature = "html-strings"))]
        let string = 0;
        size_of::<View>()
            + string
            + self.names.capacity() * size_of::<&Template>()
            + self.words.capacity() * size_of::<u64>()
            + self.bases.capacity() * size_of::<u32>()
            + self.texts.memory()
    }

    /// Whether it shows a render that is a string.
    fn is_raw(&self) -> bool {
        #[cfg(feature = "html-strings")]
        return self.string.is_some();
        #[cfg(not(feature = "html-strings"))]
        false
    }

    fn tree(&self) -> Tree<'_> {
        Tree { words: &self.words, names: &self.names }
    }

    /// Gives the blocks new numbers, in their order.
    fn renumber(&mut self) {
        let Some(root) = self.names.first() else { return };
        let first = 1 + u32::from(is_planted(Canary::UnevenNumbers));
        let (mut next, mut bases, mut texts) = (first, Vec::with_capacity(self.bases.len()), Texts::default());
        self.tree().walk(root, &mut Place::default(), &mut |place, template| {
            let from = self.bases.get(place.block).copied().unwrap_or(0);
            self.texts.renumber(from, template.numbered(), next, &mut texts);
            bases.push(next);
            next += template.numbered();
        });
        (self.next, self.bases, self.texts) = (next, bases, texts);
    }

    /// The numbers of the components in it, in the order of its shape.
    pub fn components(&self) -> Vec<u32> {
        let mut shape = Shape { tree: self.tree(), word: 0, known: 1, json: String::new(), components: Vec::new() };
        if let Some(root) = self.names.first() {
            shape.block(root);
        }
        shape.components
    }

    /// Which structures are there, as JSON.
    pub fn shape(&self) -> String {
        #[cfg(feature = "html-strings")]
        if let Some(string) = &self.string {
            return string.shape();
        }
        let mut shape = Shape { tree: self.tree(), word: 0, known: 1, json: String::new(), components: Vec::new() };
        let Some(root) = self.names.first() else { return "[0]".into() };
        shape.json += "[\"";
        shape.json += root.name;
        shape.json.push('"');
        shape.block(root);
        shape.json.push(']');
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
    /// The numbers of components.
    components: Vec<u32>,
}

impl Shape<'_> {
    fn item(&mut self, item: impl fmt::Display) {
        use fmt::Write;
        let _ = write!(self.json, ",{item}");
    }

    fn block(&mut self, template: &'static Template) {
        for slot in template.slots {
            if matches!(slot, Slot::Component) {
                self.components.push(self.tree.word(self.word) as u32);
                self.word += 1;
            }
            let word = self.tree.word(self.word) as usize;
            self.word += 1;
            let inner = match slot {
                Slot::Value => continue,
                Slot::Branch(alternatives) => {
                    self.item(word);
                    alternatives.get(word.wrapping_sub(1)).copied()
                }
                Slot::Embed | Slot::Component => {
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
