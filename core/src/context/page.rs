//! What a component can do to its page beyond what it shows.

use super::Context;
use crate::channel::App;
use crate::effects::Effect;
use crate::error::Error;
use alloc::format;
use serde::Serialize;

/// What a [`Context::flash`] is about.
///
/// ```
/// use lazuli::{Context, Flash};
///
/// fn deleted(cx: &mut Context, files: usize) {
///     match files {
///         0 => cx.flash(Flash::Warning, "Nothing was chosen"),
///         _ => cx.flash(Flash::Success, &format!("{files} files deleted")),
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flash {
    /// Something to know.
    Info,
    /// Something has been done.
    Success,
    /// Something to look after.
    Warning,
    /// Something has failed.
    Error,
}

/// Where a [`Context::scroll`] goes.
///
/// ```
/// use lazuli::{Context, Scroll};
///
/// fn came(cx: &mut Context) {
///     cx.scroll(".messages", Scroll::Bottom);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scroll {
    /// The element's content to its top.
    Top,
    /// The element's content to its bottom.
    Bottom,
    /// The page so that the element can be seen.
    IntoView,
}

#[derive(Serialize)]
struct FlashCommand<'a> {
    r#type: &'static str,
    level: Flash,
    message: &'a str,
}

#[derive(Serialize)]
struct Goto<'a> {
    r#type: &'static str,
    url: &'a str,
    /// Whether another site is meant, which the client checks as well.
    #[serde(skip_serializing_if = "is_false")]
    external: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A command for an element, or for the page's code.
#[derive(Serialize)]
struct Command<'a, D: Serialize + ?Sized> {
    r#type: &'static str,
    component_id: u32,
    command: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    target: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Scroll>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a D>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a D>,
}

impl<D: Serialize + ?Sized> Command<'_, D> {
    fn new(component_id: u32, command: &'static str) -> Self {
        Command {
            r#type: "component_command",
            component_id,
            command,
            target: "",
            to: None,
            value: None,
            event: None,
            name: None,
            detail: None,
            data: None,
        }
    }
}

/// Commands for the page of a component. They go out after the patch that shows what the same callback changed, in their order.
/// In a channel they fail the callback.
///
/// A `target` is a CSS selector, looked up inside the component; the empty one is the component's own element.
impl<A: App> Context<'_, A> {
    /// Shows a message on the page for a while.
    ///
    /// ```
    /// fn saved(cx: &mut lazuli::Context) {
    ///     cx.flash(lazuli::Flash::Success, "Saved");
    /// }
    /// ```
    pub fn flash(&mut self, level: Flash, message: &str) {
        self.command(|_| FlashCommand { r#type: "component_flash", level, message });
    }

    /// Leads the page to another one of this site: `/orders/7`, with query and fragment if need be.
    ///
    /// The callback fails for anything that could lead elsewhere; see [`Context::redirect_external`].
    ///
    /// ```
    /// fn ordered(cx: &mut lazuli::Context, order: u32) {
    ///     cx.redirect(&format!("/orders/{order}"));
    /// }
    /// ```
    pub fn redirect(&mut self, path: &str) {
        if self.check_path(path) {
            self.command(|_| Goto { r#type: "component_redirect", url: path, external: false });
        }
    }

    /// Leads the page to another site, by an `https://` or `http://` URL. Do not take one from a peer.
    ///
    /// ```
    /// fn pay(cx: &mut lazuli::Context) {
    ///     cx.redirect_external("https://pay.example/checkout");
    /// }
    /// ```
    pub fn redirect_external(&mut self, url: &str) {
        let is_plain = !url.chars().any(|char| char.is_control() || char.is_whitespace() || char == '\\');
        let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        if is_plain && host.is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?', '#'])) {
            return self.command(|_| Goto { r#type: "component_redirect", url, external: true });
        }
        self.fx
            .fail(Error::internal(format!("{url:?} is no URL to lead a page to; one begins with https:// or http://")));
    }

    /// Shows another page of this site without a reload. Paths are as with [`Context::redirect`].
    ///
    /// ```
    /// fn next(cx: &mut lazuli::Context, page: u32) {
    ///     cx.navigate(&format!("/list?page={page}"));
    /// }
    /// ```
    pub fn navigate(&mut self, path: &str) {
        if self.check_path(path) {
            self.command(|_| Goto { r#type: "component_navigate", url: path, external: false });
        }
    }

    /// Gives an element the focus.
    ///
    /// ```
    /// fn wrong(cx: &mut lazuli::Context) {
    ///     cx.focus("[aria-invalid=true]");
    /// }
    /// ```
    pub fn focus(&mut self, target: &str) {
        self.command(|number| Command::<()> { target, ..Command::new(number, "focus") });
    }

    /// Scrolls an element.
    ///
    /// ```
    /// fn found(cx: &mut lazuli::Context, row: u32) {
    ///     cx.scroll(&format!("#row-{row}"), lazuli::Scroll::IntoView);
    /// }
    /// ```
    pub fn scroll(&mut self, target: &str, to: Scroll) {
        self.command(|number| Command::<()> { target, to: Some(to), ..Command::new(number, "scroll") });
    }

    /// Sets the value of an input, even where the user has typed another one.
    ///
    /// ```
    /// fn sent(cx: &mut lazuli::Context) {
    ///     cx.set_value("[name=message]", "");
    /// }
    /// ```
    pub fn set_value(&mut self, target: &str, value: &str) {
        self.command(|number| Command::<()> { target, value: Some(value), ..Command::new(number, "set_value") });
    }

    /// Dispatches a DOM event at an element, with a detail for those who listen.
    ///
    /// ```
    /// fn measured(cx: &mut lazuli::Context, values: &[f64]) {
    ///     cx.dispatch("canvas", "chart:data", values); // a listener finds them in `event.detail`
    /// }
    /// ```
    pub fn dispatch(&mut self, target: &str, event: &str, detail: &(impl Serialize + ?Sized)) {
        self.command(|number| Command {
            target,
            event: Some(event),
            detail: Some(detail),
            ..Command::new(number, "dispatch")
        });
    }

    /// Calls a function that the page's code has registered under this name.
    ///
    /// ```
    /// fn won(cx: &mut lazuli::Context) {
    ///     cx.call("confetti", &"gold"); // spark.register('confetti', (data, element) => …)
    /// }
    /// ```
    pub fn call(&mut self, name: &str, data: &(impl Serialize + ?Sized)) {
        self.command(|number| Command { name: Some(name), data: Some(data), ..Command::new(number, "call") });
    }

    /// Sends an event to the other components of the same page that are registered as `name`: to their
    /// [`Component::on_event`](crate::Component::on_event), where [`Event::is_from_component`](crate::Event::is_from_component) says whose it
    /// is. On this hub alone, and nobody hears of it where no such component is mounted yet.
    ///
    /// ```
    /// fn chosen(cx: &mut lazuli::Context, id: u32) {
    ///     cx.to_page("cart", "added", &serde_json::json!({ "id": id }));
    /// }
    /// ```
    pub fn to_page(&mut self, name: &str, event: &str, data: &(impl Serialize + ?Sized)) {
        if self.number().is_some()
            && let Some(data) = self.encode_json(data)
        {
            let (name, event) = (self.fx.name(name), self.fx.name(event));
            self.fx.list.push(Effect::PageEvent { name, event, data });
        }
    }

    /// Sends an event to the component in whose markup this one stands: to its
    /// [`Component::on_event`](crate::Component::on_event), as [`Context::to_page`] does. One that stands in no other's has nobody to tell.
    ///
    /// ```
    /// fn closed(cx: &mut lazuli::Context) {
    ///     cx.to_parent("closed", &());
    /// }
    /// ```
    pub fn to_parent(&mut self, event: &str, data: &(impl Serialize + ?Sized)) {
        self.tell_kin(true, event, data);
    }

    /// Sends an event to the components that stand right in this one's markup.
    ///
    /// ```
    /// fn reset(cx: &mut lazuli::Context) {
    ///     cx.to_children("reset", &());
    /// }
    /// ```
    pub fn to_children(&mut self, event: &str, data: &(impl Serialize + ?Sized)) {
        self.tell_kin(false, event, data);
    }

    fn tell_kin(&mut self, outwards: bool, event: &str, data: &(impl Serialize + ?Sized)) {
        if self.number().is_some()
            && let Some(data) = self.encode_json(data)
        {
            let event = self.fx.name(event);
            self.fx.list.push(Effect::KinEvent { outwards, event, data });
        }
    }

    /// Records a command, which is made from the component's number on its socket.
    fn command<C: Serialize>(&mut self, make: impl FnOnce(u32) -> C) {
        if let Some(number) = self.number()
            && let Some(frame) = self.encode_json(&make(number))
        {
            self.fx.list.push(Effect::Page(frame));
        }
    }

    /// The component's number on its socket. A channel has none, and its callback fails; one that is unmounted has none
    /// either, and what it says goes nowhere.
    fn number(&mut self) -> Option<u32> {
        let found = self.state.conns.get(self.conn)?;
        let number = found.mounted().map(|mounted| mounted.number);
        if number.is_none() {
            self.fx.fail(Error::internal("only a component has a page; a channel can send messages"));
        }
        number
    }

    fn check_path(&mut self, path: &str) -> bool {
        let is_own = is_own_path(path);
        if !is_own {
            let said = format!(
                "{path:?} may lead away from this site; a path begins with one slash and has no backslash and no control \
                 characters, as in \"/orders/7\", and another site takes `redirect_external`"
            );
            self.fx.fail(Error::internal(said));
        }
        is_own
    }
}

/// Whether a browser that goes there stays at the site. It drops tabs and line ends, and takes `\` for `/`.
fn is_own_path(path: &str) -> bool {
    path.starts_with('/') && !path.starts_with("//") && !path.chars().any(|char| char.is_control() || char == '\\')
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn a_path_of_this_site_leads_nowhere_else() {
        for path in ["/", "/orders/7?x=1#y", "/a//b", "/caf%C3%A9", "/café", "/./x"] {
            assert!(is_own_path(path), "{path:?}");
        }
        for path in [
            "",
            "orders",
            "//evil",
            "/\t/evil",
            "\\evil",
            "/\\evil",
            "\\\\evil",
            "/\n/evil",
            "/\r/evil",
            "\t//evil",
            " //evil",
            "https://evil",
            "javascript:alert(1)",
            "/a\\b",
            "/\u{85}/evil",
            "///evil",
            "/\0/evil",
            "?x",
            "#y",
            "data:,",
        ] {
            assert!(!is_own_path(path), "{path:?}");
        }
    }
}
