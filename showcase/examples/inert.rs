//! A page that shows one text wherever a page can show it: what `showcase/tests/browser/inert.mjs` says to it must stay a text.
//!
//! ```text
//! cargo run -p showcase --example inert    # serves, and prints its address
//! ```
//!
//! `POST /say` sets the text: pages that are open are patched, and those that are loaded later are rendered with it.
//! `/page` shows it, `/page?policy=strict` under a strict Content-Security-Policy, and `/raw`, for comparison, behind the
//! words that say that nothing is checked.

use lazuli::html::Render;
use lazuli::route::PatternError;
use lazuli::{
    App, ChannelMessage, Component, Context, Mount, Refused, Registered, Request, Response, Result, Routes, Scope, html,
};
use std::error::Error;
use std::io::Write;

const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'";

/// What was said last, and how often something was said.
#[derive(Clone, Default)]
struct Said {
    number: u64,
    text: String,
}

impl App for Said {
    type Event = ();
    type Effect = ();
}

const ROOM: &str = "pages";

/// Shows the text in every context.
struct Everywhere {
    said: Said,
    /// Whether a style may come with the page: a strict policy would report it.
    styled: bool,
}

impl Component<Said> for Everywhere {
    fn render(&self) -> impl Render {
        let Said { number, text } = &self.said;
        html! {
            p id="number" { (number) }
            @(texts(text))
            @(attributes(text))
            @(addresses(text))
            @(foreign(text))
            @if self.styled { p class="styled" style=(text) { "styled" } }
            @(fresh(*number, text))
            @component(Inner { text: text.into() }) uses=(text)
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_, Said>) -> Result {
        cx.join(ROOM);
        Ok(())
    }

    fn on_channel_message(&mut self, _cx: &mut Context<'_, Said>, message: &ChannelMessage<'_>) -> Result {
        self.said = Said { number: self.said.number + 1, text: message.text().unwrap_or_default().into() };
        // From the first patch on the client sets styles, which no policy forbids.
        self.styled = true;
        Ok(())
    }
}

fn texts(text: &str) -> impl Render {
    html! {
        p { (text) }
        p { "before " (text) " behind" }
        pre { (text) }
        textarea rows=2 { (text) }
        select { option value=(text) { (text) } }
        ul { li { (text) b { (text) } (text) } }
    }
}

fn attributes(text: &str) -> impl Render {
    html! {
        p class=(text) title=(text) data-text=(text) lang=(text) aria-label=(text) { "attributes" }
        p class={"one " (text)} title={(text) " behind"} { "parts" }
        input value=(text) placeholder=(text) name=(text);
        button type="button" on:click="none" data-text=(text) spark-confirm=(text) { "no event" }
    }
}

/// Addresses that are followed on a click, and those that are loaded at once.
fn addresses(text: &str) -> impl Render {
    html! {
        a href=(text) { "a" }
        a href={"/search?q=" (text)} { "fixed" }
        map { area href=(text) alt="area"; }
        form action=(text) { button formaction=(text) { "button" } input type="submit" formaction=(text) value="input"; }
        blockquote cite=(text) { "cited" }
        img src=(text) alt=(text);
        input type="image" src=(text) alt="image" formaction=(text);
        iframe src=(text) title=(text) { }
        object data=(text) { }
        embed src=(text);
        video src=(text) poster=(text) { track src=(text); }
    }
}

fn foreign(text: &str) -> impl Render {
    html! {
        svg viewBox="0 0 9 9" {
            title { (text) }
            desc { (text) }
            text { (text) }
            a href=(text) { text { "svg" } }
            use href=(text);
            image href=(text);
            foreignObject { p title=(text) { (text) } }
        }
        math {
            mtext { (text) }
            mi href=(text) { (text) }
            ms title=(text) { (text) }
        }
    }
}

/// With each text come a new row, another alternative, and a block of another template.
fn fresh(number: u64, text: &str) -> impl Render {
    html! {
        table {
            tbody {
                @for row in [number] key=(row) {
                    tr title=(text) { td { (text) } td { a href=(text) { (text) } } }
                }
            }
        }
        @if number.is_multiple_of(2) {
            section title=(text) { (text) a href=(text) { "even" } }
        } @else {
            article title=(text) { (text) a href=(text) { "odd" } }
        }
        div { @(one_of_two(number, text)) }
    }
}

fn one_of_two(number: u64, text: &str) -> Box<dyn Render + '_> {
    if number.is_multiple_of(2) {
        Box::new(html! { dl { dt { (text) } dd title=(text) { a href=(text) { (text) } } } })
    } else {
        Box::new(html! { ol { li title=(text) { a href=(text) { (text) } } } })
    }
}

/// A component in another's markup.
struct Inner {
    text: String,
}

impl Component<Said> for Inner {
    fn render(&self) -> impl Render {
        html! { p title=(&self.text) { (&self.text) a href=(&self.text) { "inner" } } }
    }

    fn on_props(&mut self, new: Self) {
        *self = new;
    }
}

/// Shows the text behind the words that say that nothing is checked.
struct Raw {
    text: String,
}

impl Component<Said> for Raw {
    fn render(&self) -> impl Render {
        html! {
            div { @raw(&self.text) }
            a href=@trusted(&self.text) { "trusted" }
        }
    }

    fn on_mount(&mut self, cx: &mut Context<'_, Said>) -> Result {
        cx.join(ROOM);
        Ok(())
    }

    fn on_channel_message(&mut self, _cx: &mut Context<'_, Said>, message: &ChannelMessage<'_>) -> Result {
        self.text = message.text().unwrap_or_default().into();
        Ok(())
    }
}

fn page<P: serde::Serialize>(
    cx: &mut Scope<'_, Said>,
    component: &Registered<P, Said>,
    request: &Request,
    props: &P,
) -> Result<Response> {
    let shown = cx.show(component, request, props)?;
    let page = Response::page(&html! {
        html {
            head {
                title { "Inert" }
                script src="/watch.js" { }
                script src="/js/spark.js" data-spark-url="/spark" defer { }
            }
            body { main { @(&shown) } }
        }
    })?;
    let is_strict = request.query("policy") == Some("strict");
    if is_strict { Ok(page.with_header("Content-Security-Policy", POLICY)?) } else { Ok(page) }
}

/// Notes what was executed: a script that got into the page posts a message to it, from wherever it runs.
const WATCH: &str = "window.executed = []; addEventListener('message', ({ data }) => window.executed.push(data));";

fn routes() -> std::result::Result<Routes<Said>, PatternError> {
    let mut routes = Routes::new();
    routes.spark("/spark")?;
    let everywhere = routes.component("everywhere", |mount: &Mount<'_, Said>, styled: bool| {
        Ok::<_, Refused>(Everywhere { said: mount.app.clone(), styled })
    })?;
    let raw = routes
        .component("raw", |mount: &Mount<'_, Said>, (): ()| Ok::<_, Refused>(Raw { text: mount.app.text.clone() }))?;
    routes.get("/page", move |cx, request| {
        let styled = request.query("styled") == Some("yes");
        page(cx, &everywhere, request, &styled)
    })?;
    routes.get("/raw", move |cx, request| page(cx, &raw, request, &()))?;
    routes.get("/js/spark.js", |_, request| Ok(lazuli::client::script(request)))?;
    routes.get("/watch.js", |_, _| Ok(Response::javascript(WATCH)))?;
    routes.post("/say", |cx, request| {
        let text = String::from_utf8_lossy(request.body()).into_owned();
        cx.to_room(ROOM).text(&text);
        cx.update(move |said: &mut Said| *said = Said { number: said.number + 1, text });
        Ok(Response::status(204))
    })?;
    // Wherever a text leads as an address of this site, there is something, so that the console stays empty.
    routes.get("/*path", |_, _| Ok(Response::text("nothing")))?;
    Ok(routes)
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let server = lazuli_smol::Server::bind("127.0.0.1:0", routes()?, Said::default())?;
    println!("{}", server.local_addr()?);
    std::io::stdout().flush()?;
    let stopper = server.stopper();
    std::thread::spawn(move || {
        // The end of the input is the end.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        stopper.stop(std::time::Duration::from_secs(1));
    });
    Ok(server.run()?)
}
