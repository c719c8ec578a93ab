//! A counter, complete: `cargo run -p lazuli-smol --example counter`, and open <http://127.0.0.1:4000/>.

use lazuli::{Component, Context, Event, Response, Result, Routes, client, html};

struct Counter(i64);
impl Component for Counter {
    fn render(&self) -> impl html::Render {
        html! { p { "Counter: " (self.0) } button on:click="add" data-by="1" { "+1" } }
    }
    fn on_event(&mut self, _: &mut Context, event: &Event) -> Result {
        event.number("by").map(|by: i64| self.0 += by).ok_or(event.unknown())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut routes = Routes::new();
    routes.spark("/spark")?;
    routes.get("/spark.js", |_, request| Ok(client::script(request)))?;
    let counter = routes.component("counter", |_, start| Ok(Counter(start)))?;
    routes.get("/", move |cx, request| {
        let shown = cx.show(&counter, request, &0)?;
        Ok(Response::html(format!("<!doctype html><script src=/spark.js data-spark-url=/spark defer></script>{shown}")))
    })?;
    println!("Open http://127.0.0.1:4000/");
    Ok(lazuli_smol::serve("127.0.0.1:4000", routes, ())?)
}
