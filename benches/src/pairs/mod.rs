//! Pairs of renders, made by chance: what a page shows, the patch, and what it must show then. For the page in
//! `benches/browser` that tries the law of patches in a browser.

mod dice;
mod parts;
#[cfg(feature = "html-strings")]
pub mod strings;

use crate::patches::names;
use dice::{Dice, Vary};
use lazuli::html::{Fault, Nested, Render, Renderer, Stage, View, to_html};
use parts::{Part, shown};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The numbers of components begin here, so that none is that of a whole view.
const FIRST: u32 = 1_000_000;

/// Where the components live that stand in a part: one for each place.
#[derive(Default)]
struct Places {
    numbers: BTreeMap<u64, u32>,
    components: BTreeMap<u32, Nested>,
}

impl Stage for Places {
    fn find(&mut self, place: u64, _: u64, make: &dyn Fn() -> Nested) -> u32 {
        let next = FIRST + self.numbers.len() as u32;
        let number = *self.numbers.entry(place).or_insert(next);
        // Its state is its surroundings'.
        self.components.insert(number, make());
        number
    }

    fn render(&mut self, number: u32, run: &mut dyn FnMut(&dyn Render, &mut dyn Stage)) {
        let Some(component) = self.components.remove(&number) else { return };
        run(&component, self);
        self.components.insert(number, component);
    }
}

/// Writes patches of one view.
struct Server {
    renderer: Renderer,
    view: View,
    places: Places,
}

impl Server {
    fn patch(&mut self, part: &Part, is_whole: bool) -> Result<String, Fault> {
        let mut patch = Vec::new();
        let Server { renderer, view, places } = self;
        let render = shown(part);
        if is_whole {
            renderer.whole(view, &*render, Some(places), &mut patch)?;
        } else {
            renderer.update(view, &*render, Some(places), &mut patch)?;
        }
        Ok(String::from_utf8_lossy(&patch).into_owned())
    }
}

/// A history: a page, and so many patches of it, one after the other.
///
/// # Errors
/// When a render is none, which would be a mistake of its template.
pub fn history(seed: u64, steps: usize) -> Result<Value, Fault> {
    let mut dice = Dice::new(seed);
    dice.is_built = dice.once_in(2);
    let mut part = Part::make(&mut dice);
    let mut server = Server { renderer: Renderer::new(seed), view: View::default(), places: Places::default() };
    let whole = server.patch(&part, true)?;
    let old = to_html(&*shown(&part))?;
    let shape = server.view.shape();
    let components = server.view.components();
    if !dice.is_built {
        // What a page shows that came as HTML is known in the same way as what a patch brought.
        let Server { renderer, view, places } = &mut server;
        *view = renderer.mount(&*shown(&part), Some(places))?;
    }
    let mut named = names(&shape);
    let mut all = Vec::new();
    while all.len() < steps {
        part.vary(&mut dice);
        let is_whole = dice.once_in(25);
        let patch = server.patch(&part, is_whole)?;
        if !patch.is_empty() {
            named.extend(names(&server.view.shape()));
            all.push(json!({ "patch": patch, "new": to_html(&*shown(&part))? }));
        }
    }
    let mut templates = Map::new();
    for name in named {
        if let Some(source) = server.renderer.template(&name) {
            templates.insert(name, serde_json::from_str(source).unwrap_or_default());
        }
    }
    Ok(json!({
        "name": format!("view {seed}"),
        "isBuilt": dice.is_built,
        "old": old,
        "shape": shape,
        "components": components,
        "whole": whole,
        "templates": templates,
        "steps": all,
    }))
}
