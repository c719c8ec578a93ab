//! Pages played without a browser: what they show, what users do, what can go wrong.

mod clock;
mod counter;
mod faults;
mod generated;
mod law;
mod nested;
mod readme;
mod rooms;
mod strings;
mod todos;

use lazuli::{Registered, Response, Routes, html};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// A path that shows one component.
fn show<P: Serialize + DeserializeOwned + Clone + Send + Sync + 'static>(
    routes: &mut Routes,
    path: &str,
    component: Registered<P>,
    props: P,
) {
    let page = move |cx: &mut lazuli::Scope<'_>, request: &lazuli::Request| {
        let shown = cx.show(&component, request, &props)?;
        Ok(Response::page(&html! { html { head { title { "Test" } } body { main { @(shown) } } } })?)
    };
    routes.get(path, page).expect("a new pattern");
}

fn routes() -> Routes {
    let mut routes = Routes::new();
    routes.spark("/spark").expect("a new pattern");
    routes
}

/// What a call says that fails.
fn failure(call: impl FnOnce()) -> String {
    let failed = catch_unwind(AssertUnwindSafe(call)).expect_err("it fails");
    failed
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| failed.downcast_ref::<&str>().map(|text| text.to_string()))
        .expect("a text")
}
