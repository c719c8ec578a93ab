//! Components in the markup of others.

use super::sink::{Render, Sink};
use alloc::boxed::Box;
use core::any::Any;

/// A component that was made to stand in the markup of another, and what it is to code that does not know its type.
///
/// ```
/// use lazuli::html::{Nested, Render, to_html};
/// use lazuli::html;
///
/// fn greeting(name: &str) -> impl Render {
///     html! { b { "Hello, " (name) } }
/// }
///
/// let nested = Nested::new("Ada", |name, sink| greeting(name.downcast_ref::<&str>().unwrap()).render(sink));
/// assert_eq!(to_html(&nested).unwrap(), "<b>Hello, Ada</b>");
/// assert_eq!(nested.take::<&str>(), Some("Ada"));
/// ```
pub struct Nested {
    component: Box<dyn Any + Send>,
    render: fn(&(dyn Any + Send), &mut Sink<'_>),
    keep: fn(Box<dyn Any + Send>) -> Box<dyn Any + Send>,
}

impl Nested {
    /// A component that `render` renders; it gets what `component` is.
    pub fn new<C: Send + 'static>(component: C, render: fn(&(dyn Any + Send), &mut Sink<'_>)) -> Nested {
        Nested { component: Box::new(component), render, keep: |component| component }
    }

    /// The same, kept by a stage as what `keep` makes of it.
    pub(crate) fn kept(self, keep: fn(Box<dyn Any + Send>) -> Box<dyn Any + Send>) -> Nested {
        Nested { keep, ..self }
    }

    /// The component, if it is of this type.
    pub fn take<C: 'static>(self) -> Option<C> {
        self.component.downcast().ok().map(|component| *component)
    }

    /// What a stage keeps, if it is of this type.
    pub(crate) fn keep<K: 'static>(self) -> Option<K> {
        (self.keep)(self.component).downcast().ok().map(|kept| *kept)
    }
}

impl Render for Nested {
    fn render(&self, sink: &mut Sink<'_>) {
        (self.render)(&*self.component, sink);
    }
}

/// Where the components live that stand in the markup of another.
pub trait Stage {
    /// The number of the component at a place. It is made if there is none; if it uses something else than before, it hears of it.
    fn find(&mut self, place: u64, uses: u64, make: &dyn Fn() -> Nested) -> u32;

    /// Runs the render of a component, with the stage for those in it.
    fn render(&mut self, number: u32, run: &mut dyn FnMut(&dyn Render, &mut dyn Stage));
}
