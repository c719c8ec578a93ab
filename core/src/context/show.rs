//! The first paint: pages that show components.

use super::Scope;
use crate::channel::App;
use crate::component::{Bound, Claim, Mount, NotMade, Registered, session_of, until};
use crate::error::{Error, Result};
use crate::html::value::Datum;
use crate::html::{Piece, Render, Root, Sink, Slot, Template};
use crate::request::Request;
use crate::spark::Session;
use alloc::format;
use alloc::string::String;
use core::fmt;
use serde::Serialize;

/// A component on its first paint: to be put into a page, by `html!` (it is a [`Render`]) or as text (it is
/// [`Display`](fmt::Display), and HTML then).
///
/// ```
/// use lazuli::{Response, Shown, html};
///
/// fn page(counter: &Shown) -> Result<Response, lazuli::html::Fault> {
///     Response::page(&html! { html { head { title { "Counter" } } body { main { @(counter) } } } })
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "put it into the page"]
pub struct Shown {
    token: String,
    shape: String,
    html: String,
}

/// The element around a component.
static ELEMENT: Template = Template {
    name: "DjFnJtKBCNo",
    source: r#"["<div></div>",[[[],[0,"data-spark"],[1,"data-shape"],[2]]]]"#,
    slots: &[Slot::Value, Slot::Value, Slot::Value],
    hidden_key: false,
    pieces: &[
        Piece::Html("<div"),
        Piece::Attr { slot: 0, name: "data-spark", before: "", after: "" },
        Piece::Attr { slot: 1, name: "data-shape", before: "", after: "" },
        Piece::Html(">"),
        Piece::Raw(2),
        Piece::Html("</div>"),
    ],
    roots: &[Root::Element("div", &[])],
};

impl Render for Shown {
    fn render(&self, sink: &mut Sink<'_>) {
        if sink.open(&ELEMENT) {
            sink.value(Datum::Str(&self.token));
            sink.value(Datum::Str(&self.shape));
            sink.value(Datum::Str(&self.html));
            sink.close();
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shown { token, shape, html } = self;
        // A token is base64url, and a shape JSON of numbers and names.
        write!(f, "<div data-spark=\"{token}\" data-shape=\"")?;
        for part in shape.split_inclusive(['"', '&', '<']) {
            let special = part.chars().next_back();
            let (text, escaped) = match special {
                Some('"') => (part.strip_suffix('"'), "&quot;"),
                Some('&') => (part.strip_suffix('&'), "&amp;"),
                Some('<') => (part.strip_suffix('<'), "&lt;"),
                _ => (None, ""),
            };
            write!(f, "{}{escaped}", text.unwrap_or(part))?;
        }
        write!(f, "\">{html}</div>")
    }
}

impl<A: App> Scope<'_, A> {
    /// Shows a component in the page that answers `request`: makes it from `props` and renders it. What comes back belongs into
    /// the page; the browser's client mounts it from there.
    ///
    /// It can be mounted only by the browser session for which it was rendered. A request without one gets its cookie,
    /// `lazuli_session`, with the page, which is marked as not to be cached.
    ///
    /// # Errors
    /// When the component's maker refuses, when the render is not well-formed, and without [`Config::secret`](crate::Config::secret).
    ///
    /// ```
    /// use lazuli::{Registered, Request, Response, Result, Scope};
    ///
    /// /// An answer to `/counter?start=5`, whose component takes a number as its props.
    /// fn answer(cx: &mut Scope, request: &Request, counter: &Registered<i64>) -> Result<Response> {
    ///     let start = request.query("start").and_then(|start| start.parse().ok()).unwrap_or(0);
    ///     Ok(Response::page(&cx.show(counter, request, &start)?)?)
    /// }
    /// ```
    pub fn show<P: Serialize>(&mut self, component: &Registered<P, A>, request: &Request, props: &P) -> Result<Shown> {
        self.show_maybe_to(None, component, request, props)
    }

    /// Shows a component to somebody who is known: the maker sees this session, and only a Spark socket whose session has the
    /// same user can mount it.
    ///
    /// # Errors
    /// As [`Scope::show`].
    ///
    /// ```
    /// use lazuli::{Registered, Request, Response, Result, Scope, Session};
    ///
    /// fn answer(cx: &mut Scope, request: &Request, inbox: &Registered<()>) -> Result<Response> {
    ///     let user = request.cookie("user").map(str::to_owned); // an application looks at something that is signed
    ///     let shown = cx.show_to(&Session { user, expires: None }, inbox, request, &())?;
    ///     Ok(Response::page(&shown)?)
    /// }
    /// ```
    pub fn show_to<P: Serialize>(
        &mut self,
        session: &Session,
        component: &Registered<P, A>,
        request: &Request,
        props: &P,
    ) -> Result<Shown> {
        self.show_maybe_to(Some(session), component, request, props)
    }

    fn show_maybe_to<P: Serialize>(
        &mut self,
        session: Option<&Session>,
        component: &Registered<P, A>,
        request: &Request,
        props: &P,
    ) -> Result<Shown> {
        let now = self.state.timestamp();
        let props = serde_json::to_string(props)?;
        let limits = self.state.spark_limits;
        // A token is base64, a third longer.
        let most = limits.text / 2;
        if props.len() > most {
            return Err(Error::internal(format!(
                "the props have {} bytes; at most {most} travel in a token, which a socket takes in one message: give what they are made \
                 of, such as an id",
                props.len()
            )));
        }
        let mount = Mount { app: self.app, session, is_connected: false, request, now };
        let mut instance = (component.make)(&mount, &props).map_err(|error| match error {
            NotMade::Refused(refused) => Error::refused(refused),
            NotMade::Props => Error::internal("the props cannot be read back from the JSON that they were written as"),
        })?;
        let mut page = None;
        if let Some(part) = instance.component() {
            part.render(&mut |render| page = Some(self.state.renderer.page(render)));
        }
        let page = page.ok_or_else(|| Error::internal("this is no component"))?.map_err(Error::internal)?;
        let components = 1 + self.state.renderer.components();
        if limits.components > 0 && components > limits.components {
            return Err(Error::internal(format!(
                "{components} components, with those in its markup, are more than a socket may have: `Limits::components` is {}",
                limits.components
            )));
        }
        let id = match (self.fx.shown, session_of(request)) {
            (Some((id, _)), _) => id,
            (None, Some(id)) => self.fx.shown.insert((id, false)).0,
            (None, None) => {
                let id = self.state.tokens.new_session().ok_or_else(no_secret)?;
                self.fx.shown.insert((id, true)).0
            }
        };
        let claim = Claim { component: &component.name, props: &props, fingerprint: page.fingerprint };
        let bound = Bound { session: id, user: session.map(|session| session.user.as_deref().unwrap_or_default()) };
        let end = until(now, self.state.config.token_life);
        let token = self.state.tokens.issue(&claim, bound, end).ok_or_else(no_secret)?;
        Ok(Shown { token, shape: page.shape, html: page.html })
    }
}

fn no_secret() -> Error {
    Error::internal("components are signed: give `Config::secret`, 32 bytes of the system's randomness")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_element_has_the_name_of_its_content() {
        let hash = Sha256::digest(ELEMENT.source);
        assert_eq!(URL_SAFE_NO_PAD.encode(&hash[..8]), ELEMENT.name);
    }

    #[test]
    fn a_shape_cannot_leave_its_attribute() {
        let shown = Shown { token: "t".into(), shape: r#"["a\"&<",1]"#.into(), html: "<b>x</b>".into() };
        assert_eq!(
            shown.to_string(),
            r#"<div data-spark="t" data-shape="[&quot;a\&quot;&amp;&lt;&quot;,1]"><b>x</b></div>"#
        );
    }
}
