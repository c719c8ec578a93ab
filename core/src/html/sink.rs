//! What the code of `html!` talks to.

use super::template::Template;
use super::value::Datum;

/// Something that renders: what `html!` makes, and what refers to that.
///
/// A component's `render` gives one, and so does a function for a part of a page. It may be run several times for one update, and has to
/// say the same each time.
pub trait Render {
    /// Runs it: it opens exactly one block, or says that there is nothing.
    fn render(&self, sink: &mut Sink<'_>);
}

/// What `html!` expands to.
#[doc(hidden)]
pub fn from_fn<F: Fn(&mut Sink<'_>)>(render: F) -> impl Render {
    FromFn(render)
}

struct FromFn<F>(F);

impl<F: Fn(&mut Sink<'_>)> Render for FromFn<F> {
    fn render(&self, sink: &mut Sink<'_>) {
        (self.0)(sink)
    }
}

/// The run of a render: its code says here, slot by slot, what it shows. Its methods are for the code that `html!` makes.
pub struct Sink<'s> {
    state: &'s mut (),
}

#[doc(hidden)]
#[allow(missing_docs, unused_variables, dead_code)]
impl Sink<'_> {
    pub fn open(&mut self, template: &'static Template) -> bool {
        true
    }
    pub fn close(&mut self) {}
    pub fn value(&mut self, datum: Datum<'_>) {}
    pub fn url(&mut self, datum: Datum<'_>) {}
    pub fn joined(&mut self, parts: &dyn Fn(&mut Joiner<'_>)) {}
    pub fn nothing(&mut self) {}
    pub fn branch(&mut self, alternative: usize) -> bool {
        true
    }
    pub fn embed(&mut self, render: &dyn Render) {
        render.render(self);
    }
    pub fn list(&mut self) {}
    pub fn row(&mut self) -> bool {
        true
    }
    pub fn end_list(&mut self) {}
}

/// Joins the parts of one value.
#[doc(hidden)]
pub struct Joiner<'a> {
    text: &'a mut alloc::string::String,
}

#[doc(hidden)]
#[allow(missing_docs)]
impl Joiner<'_> {
    pub fn lit(&mut self, text: &str) {
        self.text.push_str(text);
    }
    pub fn put(&mut self, datum: Datum<'_>) {
        let _ = (&self.text, datum);
    }
}
