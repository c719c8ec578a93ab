//! Steps of a live component: its state changed, and it is rendered, compared and patched. No hub and no socket.

use crate::corpus::{Case, case};
use crate::scenario::Operation;
use lazuli::html::{Renderer, to_html};

/// A view goes from the state before an update to the state after it, and back, in turns: one step at a time.
pub fn in_turns(update: &str) -> Operation {
    let Case { old, new, .. } = case(update).expect("an update of the corpus");
    let mut renderer = Renderer::new(7);
    let mut view = renderer.mount(&*old.render(), None).expect("a render");
    let (mut patch, mut is_new) = (Vec::new(), false);
    Box::new(move || {
        is_new = !is_new;
        let state = if is_new { &new } else { &old };
        patch.clear();
        usize::from(renderer.update(&mut view, &*state.render(), None, &mut patch).expect("a render"))
    })
}

/// The state before an update, as HTML.
pub fn html(update: &str) -> Operation {
    let old = case(update).expect("an update of the corpus").old;
    Box::new(move || usize::from(!to_html(&*old.render()).expect("a render").is_empty()))
}

/// The state before an update, as a view of a page that shows it.
pub fn mounted(update: &str) -> Operation {
    let old = case(update).expect("an update of the corpus").old;
    let mut renderer = Renderer::new(7);
    Box::new(move || usize::from(renderer.mount(&*old.render(), None).expect("a render").memory() > 0))
}
