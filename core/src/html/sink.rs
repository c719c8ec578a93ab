//! What the code of `html!` talks to: one of three passes over the same render.

use super::markup::Markup;
use super::nested::{Nested, Stage};
use super::read::Reader;
use super::template::Template;
use super::value::Datum;
use super::word::write_text;
use super::write::Writer;
use alloc::boxed::Box;
use alloc::string::String;
use core::mem;

/// Something that renders: what `html!` makes, and what refers to that.
///
/// A component's `render` gives one, and so does a function for a part of a page. It may be run several times for one
/// update, and has to say the same each time.
///
/// ```
/// use lazuli::html;
/// use lazuli::html::{Render, to_html};
///
/// fn badge(count: u32) -> impl Render {
///     html! { b class="badge" { (count) } }
/// }
///
/// /// A part that takes parts.
/// fn title(text: &str, mark: Option<impl Render>) -> impl Render {
///     html! { h1 { (text) " " @(mark) } }
/// }
///
/// assert_eq!(to_html(&badge(3)).unwrap(), r#"<b class="badge">3</b>"#);
/// assert!(to_html(&title("Inbox", Some(badge(3)))).unwrap().contains(r#"<b class="badge">3</b>"#));
/// ```
pub trait Render {
    /// Runs it: it opens one block, or says that there is nothing.
    fn render(&self, sink: &mut Sink<'_>);
}

impl<R: Render + ?Sized> Render for &R {
    fn render(&self, sink: &mut Sink<'_>) {
        (**self).render(sink);
    }
}

impl<R: Render + ?Sized> Render for Box<R> {
    fn render(&self, sink: &mut Sink<'_>) {
        (**self).render(sink);
    }
}

/// `None` is nothing.
impl<R: Render> Render for Option<R> {
    fn render(&self, sink: &mut Sink<'_>) {
        match self {
            Some(render) => render.render(sink),
            None => sink.nothing(),
        }
    }
}

/// What `html!` expands to.
#[doc(hidden)]
pub fn from_fn<F: Fn(&mut Sink<'_>)>(render: F) -> impl Render {
    FromFn(render)
}

struct FromFn<F>(F);

impl<F: Fn(&mut Sink<'_>)> Render for FromFn<F> {
    fn render(&self, sink: &mut Sink<'_>) {
        (self.0)(sink);
    }
}

/// The run of a render: its code says here, slot by slot, what it shows. Its methods are for the code that `html!`
/// makes.
pub struct Sink<'s> {
    pub(super) pass: Pass<'s>,
    /// Where the components live that stand in this one; `None` for a page that is rendered for the first time.
    pub(super) stage: Option<&'s mut (dyn Stage + 's)>,
}

/// What is made of the render.
pub(super) enum Pass<'s> {
    /// Its words.
    Read(&'s mut Reader),
    /// A patch.
    Write(&'s mut Writer),
    /// HTML.
    Markup(&'s mut Markup),
}

impl Pass<'_> {
    fn again(&mut self) -> Pass<'_> {
        match self {
            Pass::Read(reader) => Pass::Read(reader),
            Pass::Write(writer) => Pass::Write(writer),
            Pass::Markup(markup) => Pass::Markup(markup),
        }
    }
}

/// How deep blocks may stand in one another.
pub(super) const DEEPEST: usize = 256;

macro_rules! each_pass {
    ($sink:expr, $pass:ident => $call:expr) => {
        match &mut $sink.pass {
            Pass::Read($pass) => $call,
            Pass::Write($pass) => $call,
            Pass::Markup($pass) => $call,
        }
    };
}

#[doc(hidden)]
#[allow(missing_docs)]
impl Sink<'_> {
    /// The block of an `html!` begins. `false`: it is skipped, and not closed.
    #[inline]
    pub fn open(&mut self, template: &'static Template) -> bool {
        each_pass!(self, pass => pass.open(template))
    }

    #[inline]
    pub fn close(&mut self) {
        each_pass!(self, pass => pass.close());
    }

    // The first pass runs over everything, so what it does with a value is made for each kind of value where it stands.
    #[inline(always)]
    pub fn value(&mut self, datum: Datum<'_>) {
        match &mut self.pass {
            Pass::Read(reader) => reader.value(datum),
            _ => self.later_value(datum),
        }
    }

    fn later_value(&mut self, datum: Datum<'_>) {
        match &mut self.pass {
            Pass::Read(reader) => reader.value(datum),
            Pass::Write(writer) => writer.value(datum),
            Pass::Markup(markup) => markup.value(datum),
        }
    }

    /// A value that is where a browser expects a URL.
    pub fn url(&mut self, datum: Datum<'_>) {
        let mut text = String::new();
        let datum = match datum {
            Datum::Shown(_) => {
                let _ = write_text(datum, &mut text);
                Datum::Str(&text)
            }
            other => other,
        };
        let is_bad = matches!(datum, Datum::Str(text) if !super::url::is_harmless(text));
        self.value(if is_bad { Datum::Str(super::url::BLOCKED) } else { datum });
    }

    /// Several values and texts as one value.
    pub fn joined(&mut self, parts: &dyn Fn(&mut Joiner<'_>)) {
        let mut text = each_pass!(self, pass => mem::take(pass.scratch()));
        text.clear();
        parts(&mut Joiner { text: &mut text });
        self.value(Datum::Str(&text));
        each_pass!(self, pass => *pass.scratch() = text);
    }

    /// A structure is empty.
    #[inline]
    pub fn nothing(&mut self) {
        each_pass!(self, pass => pass.nothing());
    }

    /// One of a structure's alternatives begins. `false`: it is skipped, and not closed.
    #[inline]
    pub fn branch(&mut self, alternative: usize) -> bool {
        each_pass!(self, pass => pass.branch(alternative))
    }

    /// A structure is what this renders.
    #[inline]
    pub fn embed(&mut self, render: &dyn Render) {
        if each_pass!(self, pass => pass.await_block()) {
            render.render(self);
            each_pass!(self, pass => pass.came());
        }
    }

    #[inline]
    /// A structure is a component of its own. `uses`: what of the surroundings it depends on.
    pub fn component(&mut self, uses: Datum<'_>, make: &dyn Fn() -> Nested) {
        let Some(stage) = self.stage.take() else { return self.first_component(make) };
        let number = match &mut self.pass {
            Pass::Read(reader) => {
                let (place, uses) = (reader.place(), reader.maker.word(uses));
                let number = stage.find(place, uses, make);
                reader.component(number);
                number
            }
            Pass::Write(writer) => writer.component(),
            Pass::Markup(_) => 0,
        };
        if each_pass!(self, pass => pass.await_block()) {
            stage.render(number, &mut |render, stage| {
                render.render(&mut Sink { pass: self.pass.again(), stage: Some(stage) });
            });
            each_pass!(self, pass => pass.came());
        }
        self.stage = Some(stage);
    }

    /// A component of a page that nobody has mounted: it is made for this render alone.
    fn first_component(&mut self, make: &dyn Fn() -> Nested) {
        match &mut self.pass {
            Pass::Read(reader) => reader.component(reader.components.len() as u32 + 1),
            Pass::Write(writer) => drop(writer.component()),
            Pass::Markup(_) => {}
        }
        if each_pass!(self, pass => pass.await_block()) {
            make().render(self);
            each_pass!(self, pass => pass.came());
        }
    }

    pub fn list(&mut self) {
        each_pass!(self, pass => pass.list());
    }

    /// A row begins. `false`: it is skipped, and not closed.
    #[inline]
    pub fn row(&mut self) -> bool {
        each_pass!(self, pass => pass.row())
    }

    #[inline]
    pub fn end_list(&mut self) {
        each_pass!(self, pass => pass.end_list());
    }
}

/// Joins the parts of one value.
#[doc(hidden)]
pub struct Joiner<'a> {
    text: &'a mut String,
}

#[doc(hidden)]
#[allow(missing_docs)]
impl Joiner<'_> {
    pub fn lit(&mut self, text: &str) {
        self.text.push_str(text);
    }

    pub fn put(&mut self, datum: Datum<'_>) {
        let _ = write_text(datum, self.text);
    }
}
