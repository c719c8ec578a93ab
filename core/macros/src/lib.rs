//! The macro of Lazuli: [`html!`], which makes templates when the program is compiled.
//!
//! Tokens are read into what was written (`parse`, `ast`), which is checked (`check`), becomes templates with slots
//! (`lower`), and then code (`codegen`).

#![forbid(unsafe_code)]

mod ast;
mod check;
mod codegen;
mod errors;
mod escape;
mod json;
mod lower;
mod parse;
mod pieces;
#[cfg(test)]
mod tests;

use errors::Errors;
use proc_macro2::TokenStream;
use syn::parse::Parser as _;

/// Makes markup that knows what can change in it.
///
/// It gives a value that implements `lazuli::html::Render`: a component's `render` returns one, and so does a function
/// for a part of a page. What is fixed in it is a template, made when the program is compiled. What can change are its
/// expressions; only what they give travels when the page changes.
///
/// ```
/// use lazuli::html;
/// use lazuli::html::{Render, to_html};
///
/// struct Counter {
///     count: i64,
///     step: i64,
/// }
///
/// impl Counter {
///     fn render(&self) -> impl Render {
///         html! {
///             div class="counter" {
///                 h2 { "Counter: " (self.count) }
///                 button type="button" on:click="decrement" { "-" (self.step) }
///                 input type="number" value=(self.step) on:change="set_step" min="1";
///             }
///         }
///     }
/// }
///
/// let html = to_html(&Counter { count: 3, step: 1 }.render()).unwrap();
/// assert!(html.starts_with("<div class=\"counter\"><h2>Counter: 3</h2>"));
/// ```
///
/// The value takes over what its expressions name, as a `move` closure does, and evaluates them whenever it is
/// rendered. That can be several times for one update, so they should have no effects. What leaves a block early
/// (`return`, `break`, `continue` around markup) makes the render fail.
///
/// # Elements
///
/// `name attributes { children }`, or `name attributes;` where there are no children. Elements without an end tag, such
/// as `br` and `input`, always end with `;`. Names are checked; only those of custom elements (`my-element`) are free.
/// SVG and MathML are known too, with their names as they are (`foreignObject`).
///
/// Where a parser would not leave an element where it stands, that is an error: a `div` in a `p`, a `tr` directly in a
/// `table`, a link in a link.
///
/// A whole page is one `html` with a `head` and a `body`. A `template` and a `noscript` hold only what is fixed.
///
/// # Text
///
/// A literal, or an expression in parentheses. It may be whatever implements `lazuli::html::Value` (texts, numbers,
/// `bool`, options of these) or [`Display`](std::fmt::Display). Everything is escaped; `None` and `false` are nothing.
///
/// ```
/// # use lazuli::html;
/// # use lazuli::html::to_html;
/// let (name, unread) = ("<Ann>", 3);
/// let markup = html! { p { "Hello, " (name) "! " (unread) " new" br; } };
/// assert_eq!(to_html(&markup).unwrap(), "<p>Hello, &lt;Ann&gt;! 3 new<br></p>");
/// ```
///
/// # Attributes
///
/// | written | meaning |
/// |---|---|
/// | `class="a"`, `min=1`, `step=0.5` | a fixed value |
/// | `disabled`, `disabled=true` | an attribute without a value; `=false` leaves it out. Where `true` and `false` are words (see below), it gets the word instead |
/// | `value=(expr)` | a value, as in text; `None` and `false` leave the attribute out, `true` gives it without a value |
/// | `aria-pressed=(expr)` | where `true` and `false` are words (`aria-…`, `contenteditable`, `draggable`, `spellcheck`, `writingsuggestions`), a `bool` becomes the word; `None` leaves it out |
/// | `id={"row-" (id)}` | literals and expressions as one value |
/// | `class:done=(expr)` | the class `done` if `expr: bool` is true; beside `class=…`, as often as wanted. `class:"w-1/2"=(expr)` for other names |
/// | `on:click="save"` | the component's event `save`, when clicked; any event of the browser |
/// | `on:keydown.enter="send"` | only for this key; with `keydown` and `keyup` |
/// | `href=@trusted(expr)` | an address that is not checked |
///
/// Names may have `-`, `:` and `.` in them. An attribute that holds an address (`href`, `src`, `action`, …) is checked
/// when it is rendered: one that would run a script becomes `about:blank#blocked`. If it has several parts, the first
/// must say where it leads (`href={"/users/" (id)}`).
///
/// The browser's own handlers (`onclick="…"`) and a literal `style="…"` are errors: a strict content security policy
/// blocks them. `style=(expr)` is allowed, as the client sets it in a way that is not blocked.
///
/// ```
/// # use lazuli::html;
/// # use lazuli::html::to_html;
/// let (id, done, hint, to) = (7, true, None::<&str>, "javascript:alert(1)");
/// let markup = html! {
///     li id={"todo-" (id)} class="todo" class:done=(done) title=(hint) hidden=(!done) {
///         a href=(to) on:click="open" { "Open" }
///     }
/// };
/// assert_eq!(
///     to_html(&markup).unwrap(),
///     "<li id=\"todo-7\" class=\"todo done\"><a href=\"about:blank#blocked\" spark-click=\"open\">Open</a></li>"
/// );
/// ```
///
/// The keys are `enter`, `escape`, `tab`, `backspace`, `delete`, `up`, `down`, `left`, `right`, `home`, `end`,
/// `page-up`, `page-down`, and single letters and digits. The client has more options for events, which are plain
/// attributes: `spark-key="F1 F2"`, `spark-debounce="300"` and `spark-throttle="100"` (milliseconds),
/// `spark-confirm="Sure?"`. `data-ignore` marks an element whose inside the client leaves alone.
///
/// # Alternatives
///
/// `@if`, with `let` and chains as in Rust; `@else if`; `@else`; and `@match`, whose arms are in braces. An alternative
/// in empty braces shows nothing.
///
/// ```
/// # use lazuli::html;
/// # use lazuli::html::to_html;
/// enum Tab { List(u32), Detail { name: &'static str }, Closed }
///
/// let show = |tab: Tab, note: Option<&'static str>| {
///     to_html(&html! {
///         @match &tab {
///             Tab::List(0) => { p { "Nothing yet" } }
///             Tab::List(n) if *n > 99 => { p { "Many" } }
///             Tab::List(n) => { p { (n) } }
///             Tab::Detail { name } => { h2 { (name) } }
///             Tab::Closed => {}
///         }
///         @if let Some(note) = note { em { (note) } } @else { hr; }
///     })
///     .unwrap()
/// };
/// assert_eq!(show(Tab::Detail { name: "Tea" }, None), "<!----><h2>Tea</h2><!----><hr><!---->");
/// assert_eq!(show(Tab::List(3), Some("!")), "<!----><p>3</p><!----><em>!</em><!---->");
/// # let _ = Tab::Closed;
/// ```
///
/// The comments keep texts apart that a parser would join, so that the client finds what changes.
///
/// # Rows
///
/// `@for pattern in rows key=(expr) { … }`. The key tells the rows apart, so that a row which moves, comes or goes is
/// told as such; it is evaluated for each row and must differ between them. An id is a good key, an index is not.
///
/// ```
/// # use lazuli::html;
/// # use lazuli::html::to_html;
/// struct Row { id: u64, name: String }
///
/// let rows = vec![Row { id: 1, name: "one".into() }, Row { id: 2, name: "two".into() }];
/// let markup = html! {
///     ul { @for row in &rows key=(row.id) { li data-id=(row.id) { (row.name) } } }
/// };
/// assert_eq!(to_html(&markup).unwrap(), "<ul><li data-id=\"1\">one</li><li data-id=\"2\">two</li></ul>");
/// ```
///
/// # Names
///
/// `@let name = expr;` is in force from there to the end of the block: the whole `html!`, the alternative or the row.
///
/// ```
/// # use lazuli::html;
/// # use lazuli::html::to_html;
/// let price = 1250;
/// let markup = html! { @let euros = f64::from(price) / 100.0; b { (euros) " €" } };
/// assert_eq!(to_html(&markup).unwrap(), "<b>12.5 €</b>");
/// ```
///
/// # Other markup
///
/// `@(expr)` puts in whatever implements `Render`: what a function returns, a `Box<dyn Render>` (for recursion), an
/// `Option`.
///
/// ```
/// # use lazuli::html;
/// # use lazuli::html::{Render, to_html};
/// struct Folder { name: &'static str, inside: Vec<Folder> }
///
/// fn tree(folder: &Folder) -> Box<dyn Render + '_> {
///     Box::new(html! {
///         li {
///             b { (folder.name) }
///             ul { @for inner in &folder.inside key=(inner.name) { @(tree(inner)) } }
///         }
///     })
/// }
///
/// fn page(title: &str, content: impl Render) -> impl Render {
///     html! { h1 { (title) } ul { @(content) } }
/// }
///
/// let root = Folder { name: "/", inside: vec![] };
/// assert_eq!(to_html(&page("Files", tree(&root))).unwrap(), "<h1>Files</h1><ul><li><b>/</b><ul></ul></li></ul>");
/// ```
///
/// `@component(expr)` puts in a component of its own, which lives as long as it is shown there. `uses=(…)` behind it says
/// what of its surroundings it depends on.
///
/// `@raw(expr)` puts in a text as markup, as it is. It must be alone in its element. What comes from a user must not go
/// there.
///
/// ```
/// # use lazuli::html;
/// # use lazuli::html::to_html;
/// let rendered = "<b>safe</b>";
/// assert_eq!(to_html(&html! { article { @raw(rendered) } }).unwrap(), "<article><b>safe</b></article>");
/// ```
///
/// # Errors
///
/// What is misplaced, misspelt, unsafe or without effect does not compile, and the message says what would be right.
/// All errors of one `html!` are told at once.
///
/// ```compile_fail
/// # use lazuli::html;
/// let markup = html! { p { div { "a parser ends the paragraph before the `div`" } } };
/// ```
#[proc_macro]
pub fn html(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand(input.into()).into()
}

fn expand(input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let nodes = read(input, &mut errors).unwrap_or_else(|error| {
        errors.push(error);
        Vec::new()
    });
    check::check(&nodes, &mut errors);
    match errors.into_code() {
        // With markup behind the errors, no others follow from what is missing.
        Some(errors) => {
            let nothing = codegen::markup(None);
            quote::quote!({ #errors #nothing })
        }
        None => codegen::markup(lower::lower(&nodes).as_ref()),
    }
}

fn read(input: TokenStream, errors: &mut Errors) -> syn::Result<Vec<ast::Node>> {
    (|input: syn::parse::ParseStream<'_>| Ok(parse::nodes(input, errors))).parse2(input)
}
