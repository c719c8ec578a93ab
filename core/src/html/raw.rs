//! Components whose markup is a string.
//!
//! In the first pass the string is one word, so a render that says the same costs a hash of it. Where it is another one, it is parsed and
//! compared with the nodes that the view keeps; there is no second pass.

use super::fault::{Fault, Flaw};
use super::sink::{Pass, Render, Sink};
use super::strings::StringView;
use super::template::{Piece, Root, Slot, Template};
use super::value::Datum;
use super::view::{Page, Renderer, View};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

/// Markup that is a string already: what a template engine or Markdown gave. A component whose `render` returns it works like any other.
///
/// ```
/// use lazuli::html::{Raw, Render};
/// use lazuli::{Component, Context, Event, Result};
///
/// struct Article { text: String }
///
/// impl Component for Article {
///     fn render(&self) -> impl Render {
///         Raw(format!("<article>{}</article><button spark-click=clear>Clear</button>", markdown(&self.text)))
///     }
///
///     fn on_event(&mut self, _: &mut Context, _: &Event) -> Result {
///         self.text.clear();
///         Ok(())
///     }
/// }
/// # fn markdown(text: &str) -> String { format!("<p>{text}</p>") }
/// ```
///
/// The string is parsed as a browser would, compared with what the page shows, and what differs goes out as a patch. [`strings`](super::strings)
/// says which nodes stay: give those of a list a `data-key`, an `id` or a `key`. Events are named by attributes, as `html!` writes them:
/// `spark-click="save"`.
///
/// # It is trusted
///
/// Nothing is escaped or taken out, but for scripts: a `script` never runs, neither from the first page nor from a patch. Everything else
/// that markup can do it does as far as the page's `Content-Security-Policy` lets it: handlers in attributes (`onclick`), `javascript:`
/// addresses, frames, forms. So whatever users wrote has to be escaped or sanitised before it gets here. A policy of `script-src 'self'`
/// stops both handlers and such addresses.
///
/// # What it costs
///
/// A view keeps the nodes, some two to three times the bytes of the markup: 24 bytes a node, 12 an attribute, and the texts.
/// [`MOST_BYTES`](super::strings::MOST_BYTES) of markup and [`MOST_PARTS`](super::strings::MOST_PARTS) nodes and attributes are the
/// most; that is at most 8 MiB. A render with more fails, the log says why, and the page keeps what it shows. What `html!` makes has no
/// such limit, keeps a tenth, and is not parsed: prefer it where you can choose.
///
/// In the markup of another, by `@(…)` or `@component(…)`, it stands in a `div` of its own and is not compared: if it changes, it comes anew.
#[derive(Clone, Copy, Debug)]
pub struct Raw<S>(pub S);

impl<S: AsRef<str>> Render for Raw<S> {
    fn render(&self, sink: &mut Sink<'_>) {
        sink.raw(self.0.as_ref());
    }
}

/// The element around a string in other markup: what `html! { div { @raw(x) } }` makes.
static HOLDER: Template = Template {
    name: "sm0ZhUVrXMQ",
    source: r#"["<div></div>",[[[],[0]]]]"#,
    slots: &[Slot::Value],
    hidden_key: false,
    pieces: &[Piece::Html("<div>"), Piece::Raw(0), Piece::Html("</div>")],
    roots: &[Root::Element("div", &[])],
};

impl Sink<'_> {
    fn raw(&mut self, html: &str) {
        let is_whole = match &mut self.pass {
            Pass::Read(reader) => reader.raw(html),
            Pass::Markup(markup) => markup.raw(html),
            Pass::Write(_) => false,
        };
        if !is_whole && self.open(&HOLDER) {
            self.value(Datum::Str(html));
            self.close();
        }
    }
}

fn too_large() -> Fault {
    Fault(Flaw::TooLarge)
}

impl Renderer {
    /// A view of the string that was read.
    pub(super) fn mount_raw(&mut self) -> Result<View, Fault> {
        let string = StringView::small(&self.reader.raw).ok_or_else(too_large)?;
        let mut view = View::default();
        (view.words, view.string) = (self.reader.words.clone(), Some(Box::new(string)));
        view.fingerprint = self.fingerprint(&[]);
        Ok(view)
    }

    /// Appends the patch to the string that was read, for a view of one.
    pub(super) fn update_raw(&mut self, view: &mut View, patch: &mut Vec<u8>) -> Result<bool, Fault> {
        if view.words == self.reader.words {
            return Ok(false);
        }
        let string = view.string.as_mut().ok_or_else(too_large)?;
        let is_changed = string.update_small(&self.reader.raw, patch).ok_or_else(too_large)?;
        view.words.clone_from(&self.reader.words);
        Ok(is_changed)
    }

    /// Appends the patch that makes anew a view of the string that was read.
    pub(super) fn whole_raw(&mut self, view: &mut View, patch: &mut Vec<u8>) -> Result<(), Fault> {
        *view = self.mount_raw()?;
        if let Some(string) = &view.string {
            string.append_whole(&self.reader.raw, patch);
        }
        Ok(())
    }
}

/// A string as a page shows it first: without what would run or go on behind it. Where that is something else than the string gives, its
/// fingerprint is another, so that the mount brings the whole view.
pub(super) fn page(string: &StringView, fingerprint: u64) -> Page {
    let (html, shown) = first(string);
    let is_same = shown.is_like(string);
    Page { html, shape: shown.shape(), fingerprint: if is_same { fingerprint } else { !fingerprint } }
}

fn first(string: &StringView) -> (String, StringView) {
    // Parsing what was badly nested may give other nodes, and so again what is to be left out.
    let mut html = string.harmless_html();
    for _ in 0..4 {
        let shown = StringView::new(&html);
        if shown.is_harmless() {
            return (html, shown);
        }
        html = shown.harmless_html();
    }
    (String::new(), StringView::new(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_element_has_the_name_of_its_content() {
        assert_eq!(URL_SAFE_NO_PAD.encode(&Sha256::digest(HOLDER.source)[..8]), HOLDER.name);
    }
}
