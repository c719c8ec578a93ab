//! The pages of the documentation, made of live components: one a file.

mod counter;
mod layout;

use crate::app::Showcase;
use crate::pages::POLICY;
use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{Response, Result, Routes};

/// Adds them all.
pub fn add(routes: &mut Routes<Showcase>) -> Result<(), PatternError> {
    let counter = routes.component("counter", |_, ()| Ok(counter::Counter::default()))?;
    routes.get("/counter", move |cx, request| {
        let shown = cx.show(&counter, request, &())?;
        page("Counter", include_str!("counter.rs"), &shown)
    })
}

/// A page with this content. `source`: the code that made it, for who wants to read it.
fn page(title: &str, source: &str, content: &dyn Render) -> Result<Response> {
    let response = Response::page(&layout::page(title, source, content))?;
    Ok(response.with_header("Content-Security-Policy", POLICY)?)
}
