//! A live component whose markup comes as a string, as from a template engine, beside one that `html!` makes.
//!
//! `cargo run -p lazuli-std --example strings`, then open the address that it prints. `/scripts` begins with markup that has scripts in it,
//! none of which runs.

use lazuli::html::{Raw, Render};
use lazuli::{Component, Context, Event, Request, Response, Result, Routes, Scope, html};
use lazuli_std::Server;
use std::fmt::Write;

struct Notes {
    rows: Vec<(u32, String)>,
    last: u32,
    scripts: bool,
}

/// Whatever users wrote is escaped before it becomes markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

const SCRIPTS: &str = "<script>window.ran = 'inline'</script><script src=/ran.js></script>
    <svg width=1 height=1><script>window.ran = 'svg'</script></svg>";

impl Component for Notes {
    fn render(&self) -> impl Render {
        let mut html = format!("<h2>{} notes</h2><ul>", self.rows.len());
        for (id, text) in &self.rows {
            let text = escaped(text);
            let _ = write!(html, "<li data-key={id}>{text} <button spark-click=remove data-id={id}>×</button></li>");
        }
        html += "</ul><form spark-submit=add spark-reset><input name=text aria-label=Note><button>Add</button></form>
            <button spark-click=reverse>Reverse</button> <button spark-click=scripts>Scripts</button>
            <table><tbody><tr><td>1<td>2</table>";
        if self.scripts {
            html += SCRIPTS;
        }
        Raw(html)
    }

    fn on_event(&mut self, _: &mut Context, event: &Event) -> Result {
        match event.name() {
            "add" => {
                let data: serde_json::Value = event.read()?;
                self.last += 1;
                self.rows.push((self.last, data["fields"]["text"].as_str().unwrap_or_default().into()));
            }
            "remove" => self.rows.retain(|(id, _)| Some(*id) != event.number("id")),
            "reverse" => self.rows.reverse(),
            "scripts" => self.scripts = !self.scripts,
            _ => return Err(event.unknown()),
        }
        Ok(())
    }
}

struct Counter(u32);

impl Component for Counter {
    fn render(&self) -> impl Render {
        html! { p { "Clicked " (self.0) } button on:click="add" { "Click" } }
    }

    fn on_event(&mut self, _: &mut Context, _: &Event) -> Result {
        self.0 += 1;
        Ok(())
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut routes: Routes = Routes::new();
    routes.spark("/spark")?;
    routes.get("/js/spark.js", |_, request| Ok(lazuli::client::script(request)))?;
    let rows = || [(1, "milk".into()), (2, "bread".into()), (3, "tea".into())].into();
    let notes = routes.component("notes", move |_, scripts| Ok(Notes { rows: rows(), last: 3, scripts }))?;
    let counter = routes.component("counter", |_, start| Ok(Counter(start)))?;
    for (path, scripts) in [("/", false), ("/scripts", true)] {
        let (notes, counter) = (notes.clone(), counter.clone());
        let page = move |cx: &mut Scope<'_>, request: &Request| {
            let (notes, counter) = (cx.show(&notes, request, &scripts)?, cx.show(&counter, request, &0)?);
            let head =
                html! { link rel="icon" href="data:,"; script src="/js/spark.js" data-spark-url="/spark" defer {} };
            Ok(Response::page(&html! {
                html { head { title { "Notes" } @(&head) } body { main { @(notes) } aside { @(counter) } } }
            })?)
        };
        routes.get(path, page)?;
    }
    routes.get("/ran.js", |_, _| Ok(Response::javascript("window.ran = 'src'")))?;
    let server = Server::bind("127.0.0.1:0", routes, ())?;
    println!("http://{}/", server.local_addr()?);
    server.run()?;
    Ok(())
}
