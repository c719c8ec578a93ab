//! A page, for tests to play with.

use super::tab::Tab;
use super::world::World;
use super::{Command, field};
use crate::dom::{Dom, NodeId, Selector};
use lazuli::Flash;
use serde_json::Map;
use std::cell::RefCell;
use std::rc::Rc;

/// A page in a browser. It is closed when it is dropped.
///
/// A selector is one of those that [`Selector`] knows. Where one element is meant, finding none or several fails the test.
///
/// ```
/// # use lazuli::html::Render;
/// # use lazuli::{Component, Context, Event, Flash, Response, Result, Routes, html};
/// # use lazuli_harness::page::Site;
/// # use std::time::Duration;
/// # #[derive(Default)]
/// # struct Notes { all: Vec<String>, draft: String }
/// # impl Component for Notes {
/// #     fn render(&self) -> impl Render {
/// #         html! {
/// #             form on:submit="add" spark-reset { input name="note" on:input="typed" spark-debounce="300"; button { "Add" } }
/// #             i { (self.draft) }
/// #             ul { @for (n, note) in self.all.iter().enumerate() key=(n) { li { (note) } } }
/// #             button on:click="clear" spark-confirm="Forget all?" { "Clear" }
/// #         }
/// #     }
/// #     fn on_event(&mut self, cx: &mut Context, event: &Event) -> Result {
/// #         #[derive(serde::Deserialize)]
/// #         #[serde(rename_all = "snake_case")]
/// #         enum Said { Add { fields: Fields }, Typed { value: String }, Clear }
/// #         #[derive(serde::Deserialize)]
/// #         struct Fields { note: String }
/// #         match event.parse()? {
/// #             Said::Add { fields } if fields.note.is_empty() => return Err(lazuli::Error::reply("Write something")),
/// #             Said::Add { fields } => { self.all.push(fields.note); cx.flash(Flash::Success, "Added"); }
/// #             Said::Typed { value } => self.draft = value,
/// #             Said::Clear => self.all.clear(),
/// #         }
/// #         Ok(())
/// #     }
/// # }
/// # let mut routes: Routes = Routes::new();
/// # routes.spark("/spark")?;
/// # let notes = routes.component("notes", |_, (): ()| Ok(Notes::default()))?;
/// # routes.get("/notes", move |cx, request| Response::page(&cx.show(&notes, request, &())?).map_err(Into::into))?;
/// # let site = Site::new(routes, ());
/// let page = site.visit("/notes")?;
/// page.type_into("input", "milk"); // four keys
/// assert_eq!(page.text("i"), "", "what is typed waits for silence");
/// site.wait(Duration::from_millis(300));
/// assert_eq!(page.text("i"), "milk");
///
/// page.key("input", "Enter");
/// assert_eq!(page.texts("li"), ["milk"]);
/// assert_eq!(page.flashes(), [(Flash::Success, "Added".into())]);
/// assert_eq!(page.value("input"), "");
///
/// page.submit("form"); // with nothing in it
/// assert_eq!(page.errors(), ["Write something"], "an error that nobody takes fails the next step or look");
///
/// page.accept_confirm(false);
/// page.click_text("Clear");
/// assert_eq!(page.count("li"), 1);
/// page.accept_confirm(true);
/// page.click_text("Clear");
/// assert!(!page.has("li"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Page {
    world: Rc<RefCell<World>>,
    id: usize,
}

impl Page {
    pub(super) fn new(world: Rc<RefCell<World>>, id: usize) -> Page {
        Page { world, id }
    }

    // What it shows.

    /// The text of an element, as somebody reads it: blanks and line ends are one blank.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        self.see(|tab| tab.dom.words(one(tab, selector)))
    }

    /// The texts of all elements that a selector finds, in their order.
    #[track_caller]
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.see(|tab| all(tab, selector).into_iter().map(|node| tab.dom.words(node)).collect())
    }

    /// An element as HTML.
    #[track_caller]
    pub fn html(&self, selector: &str) -> String {
        self.see(|tab| tab.dom.outer_html(one(tab, selector)))
    }

    /// An attribute of an element.
    #[track_caller]
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.see(|tab| tab.dom.attribute(one(tab, selector), name).map(str::to_owned))
    }

    /// Whether a selector finds anything.
    #[track_caller]
    pub fn has(&self, selector: &str) -> bool {
        self.count(selector) > 0
    }

    /// How many elements a selector finds.
    #[track_caller]
    pub fn count(&self, selector: &str) -> usize {
        self.see(|tab| all(tab, selector).len())
    }

    /// What a field holds: what was typed, or what the page says.
    #[track_caller]
    pub fn value(&self, selector: &str) -> String {
        self.see(|tab| field::value(&tab.dom, &tab.fields, one(tab, selector)))
    }

    /// Whether a checkbox or a radio button is checked.
    #[track_caller]
    pub fn is_checked(&self, selector: &str) -> bool {
        self.see(|tab| field::is_checked(&tab.dom, &tab.fields, one(tab, selector)))
    }

    /// Whether an element has the focus.
    #[track_caller]
    pub fn is_focused(&self, selector: &str) -> bool {
        self.see(|tab| tab.focus == Some(one(tab, selector)))
    }

    /// Where the page is: its path and query, after redirects too; or the URL of another site that it was sent to.
    #[track_caller]
    pub fn url(&self) -> String {
        self.see(|tab| tab.url.clone())
    }

    /// The messages that were flashed since the last time.
    #[track_caller]
    pub fn flashes(&self) -> Vec<(Flash, String)> {
        self.see_mut(|tab| std::mem::take(&mut tab.flashes))
    }

    /// What components asked the page to do since the last time.
    #[track_caller]
    pub fn commands(&self) -> Vec<Command> {
        self.see_mut(|tab| std::mem::take(&mut tab.commands))
    }

    /// What went wrong since the last time: errors that components gave, mounts that were refused, patches that did not fit. What is not taken by
    /// this fails the next step, and the next look at what the page shows.
    pub fn errors(&self) -> Vec<String> {
        self.take_errors()
    }

    /// What the page shows, an element to a line.
    pub fn describe(&self) -> String {
        self.world.borrow().tabs.get(&self.id).map(Tab::describe).unwrap_or_default()
    }

    // What a user does.

    /// Clicks an element. What a browser does then happens too: a checkbox changes, a label clicks its field, a submit button sends its form, a link
    /// leads on.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        self.act(selector, Tab::click);
    }

    /// Clicks the button, the link, or whatever has `spark-click`, whose text this is.
    #[track_caller]
    pub fn click_text(&self, text: &str) {
        let found = self.see(|tab| {
            let can = "button, a, summary, label, option, input[type=submit], input[type=button], [spark-click]";
            let read = |node: NodeId| {
                if tab.dom.is(node, "input") { field::value(&tab.dom, &tab.fields, node) } else { tab.dom.words(node) }
            };
            let found: Vec<NodeId> = all(tab, can).into_iter().filter(|node| read(*node) == text).collect();
            match found[..] {
                // Around a button there may be something else with the same text.
                [.., last] if found.iter().all(|node| tab.dom.ancestors(last).any(|around| around == *node)) => last,
                [] => panic!("nothing that can be clicked reads {text:?}\n{}", tab.describe()),
                _ => panic!("{} things that can be clicked read {text:?}\n{}", found.len(), tab.describe()),
            }
        });
        self.act_on(text, found, Tab::click);
    }

    /// Types behind what a field holds, character by character; each is an `input` event and takes a step.
    #[track_caller]
    pub fn type_into(&self, selector: &str, text: &str) {
        self.act(selector, |tab, world, node| {
            if !field::is_writable(&tab.dom, node) || field::is_disabled(&tab.dom, node) {
                return Err("nobody can write in it".into());
            }
            tab.move_focus(world, Some(node));
            Ok(())
        });
        for letter in text.chars() {
            let field = self.see(|tab| tab.focus);
            let field =
                field.filter(|_| self.see(|tab| all(tab, selector) == tab.focus.into_iter().collect::<Vec<_>>()));
            let Some(field) = field else {
                panic!("{selector} has lost the focus before {letter:?} of {text:?} was typed\n{}", self.describe());
            };
            self.act_on(selector, field, |tab, world, node| {
                tab.type_text(world, node, letter);
                Ok(())
            });
        }
    }

    /// Gives a field another value: what was written is replaced, of a `select` the option with this value or text is chosen. An `input` and a
    /// `change` event.
    #[track_caller]
    pub fn change(&self, selector: &str, value: &str) {
        self.act(selector, |tab, world, node| {
            if field::is_disabled(&tab.dom, node) {
                return Err("it is disabled".into());
            }
            if field::kind(&tab.dom, node).is_none() || field::is_checkable(&tab.dom, node) {
                return Err("it is no field that holds a text or a choice".into());
            }
            tab.change(world, node, value)
        });
    }

    /// Sees to it that a checkbox is checked or not, or a radio button is: by a click, if need be.
    #[track_caller]
    pub fn check(&self, selector: &str, checked: bool) {
        self.act(selector, |tab, world, node| {
            if !field::is_checkable(&tab.dom, node) {
                return Err("it is no checkbox and no radio button".into());
            }
            if field::is_checked(&tab.dom, &tab.fields, node) == checked { Ok(()) } else { tab.click(world, node) }
        });
    }

    /// Sends a form with what its fields hold. The selector finds the form, or something in it.
    #[track_caller]
    pub fn submit(&self, selector: &str) {
        self.act(selector, |tab, world, node| {
            let form = field::form_of(&tab.dom, node).ok_or("it is in no form")?;
            tab.submit(world, form)
        });
    }

    /// Presses a key (`Enter`, `Escape`, `a`, as `event.key` has them) in an element, which gets the focus. Nothing is written; Enter in a field
    /// sends its form.
    #[track_caller]
    pub fn key(&self, selector: &str, key: &str) {
        self.act(selector, |tab, world, node| tab.press(world, node, key));
    }

    /// Gives an element the focus.
    #[track_caller]
    pub fn focus(&self, selector: &str) {
        self.act(selector, |tab, world, node| {
            tab.move_focus(world, Some(node));
            Ok(())
        });
    }

    /// The focus leaves an element, which has to have it. What was typed in it is a `change` event first.
    #[track_caller]
    pub fn blur(&self, selector: &str) {
        self.act(selector, |tab, world, node| {
            if tab.focus != Some(node) {
                return Err("it does not have the focus".into());
            }
            tab.move_focus(world, None);
            Ok(())
        });
    }

    /// Lets a DOM event of any name happen at an element, as a script or a pointer would.
    #[track_caller]
    pub fn fire(&self, selector: &str, event: &str) {
        self.act(selector, |tab, world, node| {
            tab.fire(world, node, event, Map::new());
            Ok(())
        });
    }

    /// What is answered from now on where `spark-confirm` asks; yes, unless this says otherwise.
    pub fn accept_confirm(&self, answer: bool) {
        self.see_mut(|tab| tab.confirms = answer);
    }

    /// Loads the page anew.
    #[track_caller]
    pub fn reload(&self) {
        self.play("the reload", |tab, world| {
            let url = tab.url.clone();
            tab.load(world, &url).map_err(|failed| failed.0)
        });
    }

    /// Goes to another page of the site.
    #[track_caller]
    pub fn go(&self, path: &str) {
        self.play(path, |tab, world| tab.load(world, path).map_err(|failed| failed.0));
    }

    /// Loses the connection, as a network does. Events wait from now on.
    #[track_caller]
    pub fn disconnect(&self) {
        self.play("the loss", |tab, world| {
            tab.hang_up(world, None);
            Ok(())
        });
    }

    /// Connects again, and mounts all components anew, as the browser's client does.
    #[track_caller]
    pub fn reconnect(&self) {
        self.play("the reconnect", |tab, world| tab.connect(world).map_err(|failed| failed.0));
    }

    pub(super) fn take_errors(&self) -> Vec<String> {
        let mut world = self.world.borrow_mut();
        world.tabs.get_mut(&self.id).map(|tab| std::mem::take(&mut tab.errors)).unwrap_or_default()
    }

    #[track_caller]
    fn act(&self, selector: &str, what: impl FnOnce(&mut Tab, &mut World, NodeId) -> Result<(), String>) {
        let node = self.see(|tab| one(tab, selector));
        self.act_on(selector, node, what);
    }

    #[track_caller]
    fn act_on(&self, name: &str, node: NodeId, what: impl FnOnce(&mut Tab, &mut World, NodeId) -> Result<(), String>) {
        self.play(name, |tab, world| what(tab, world, node));
    }

    /// One step: somebody does something, and all pages show what comes of it.
    #[track_caller]
    fn play(&self, name: &str, what: impl FnOnce(&mut Tab, &mut World) -> Result<(), String>) {
        self.look_at_errors();
        let mut world = self.world.borrow_mut();
        let done = world.with_tab(self.id, |world, tab| what(tab, world));
        if let Some(Err(wrong)) = done {
            let page = world.tabs.get(&self.id).map(Tab::describe).unwrap_or_default();
            panic!("{name}: {wrong}\n{page}");
        }
        world.step();
    }

    /// Fails a test that has not looked at what went wrong: what the page shows then is not what the step was to lead to.
    #[track_caller]
    fn look_at_errors(&self) {
        let errors = self.take_errors();
        if !errors.is_empty() {
            let said = errors.join("\n");
            panic!("something went wrong before, and `errors` was not asked for:\n{said}\n{}", self.describe());
        }
    }

    #[track_caller]
    fn see<T>(&self, look: impl FnOnce(&Tab) -> T) -> T {
        self.look_at_errors();
        let world = self.world.borrow();
        look(world.tabs.get(&self.id).expect("a page is there until it is dropped"))
    }

    #[track_caller]
    fn see_mut<T>(&self, look: impl FnOnce(&mut Tab) -> T) -> T {
        let mut world = self.world.borrow_mut();
        look(world.tabs.get_mut(&self.id).expect("a page is there until it is dropped"))
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The world may be in use by what panics.
            let errors = self
                .world
                .try_borrow_mut()
                .ok()
                .and_then(|mut world| world.tabs.get_mut(&self.id).map(|tab| std::mem::take(&mut tab.errors)));
            for error in errors.into_iter().flatten() {
                eprintln!("before that, and not asked for by `errors`: {error}");
            }
            return;
        }
        self.look_at_errors();
        let mut world = self.world.borrow_mut();
        if let Some(mut tab) = world.tabs.remove(&self.id) {
            tab.leave(&mut world);
            world.settle();
        }
    }
}

#[track_caller]
fn all(tab: &Tab, selector: &str) -> Vec<NodeId> {
    match Selector::parse(selector) {
        Ok(selector) => tab.dom.select(Dom::ROOT, &selector),
        Err(unsupported) => panic!("{unsupported}"),
    }
}

#[track_caller]
fn one(tab: &Tab, selector: &str) -> NodeId {
    match all(tab, selector)[..] {
        [node] => node,
        [] => panic!("{selector} finds nothing\n{}", tab.describe()),
        ref more => panic!("{selector} finds {} elements\n{}", more.len(), tab.describe()),
    }
}
