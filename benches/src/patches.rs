//! The bytes of a patch, beside what others send for the same update.

use crate::corpus::Case;
use lazuli::html::{Fault, Renderer};
use std::collections::BTreeSet;

/// What an update of the corpus sends.
pub struct Sent {
    /// The patch, empty if nothing changed.
    pub patch: Vec<u8>,
    /// The bytes of the templates that the patch names and the page before it did not.
    pub new_templates: usize,
    /// The bytes of the templates that the page before it needs. A browser has them by HTTP, once and for ever.
    pub templates: usize,
}

impl Sent {
    /// Does an update.
    ///
    /// # Errors
    /// When the render is none.
    pub fn of(case: &Case) -> Result<Sent, Fault> {
        let mut renderer = Renderer::new(7);
        let mut view = renderer.mount(&*case.old.render(), None)?;
        let before = names(&view.shape());
        let mut patch = Vec::new();
        renderer.update(&mut view, &*case.new.render(), None, &mut patch)?;
        let after = names(&view.shape());
        let bytes = |name: &String| renderer.template(name).map_or(0, str::len);
        Ok(Sent {
            patch,
            new_templates: after.difference(&before).map(bytes).sum(),
            templates: before.iter().map(bytes).sum(),
        })
    }

    /// The bytes of the patch, deflated by itself.
    pub fn deflated(&self) -> usize {
        if self.patch.is_empty() { 0 } else { miniz_oxide::deflate::compress_to_vec(&self.patch, 6).len() }
    }
}

/// The templates that a shape names.
pub fn names(shape: &str) -> BTreeSet<String> {
    // No name holds a quotation mark.
    shape.split('"').skip(1).step_by(2).map(String::from).collect()
}

/// What others send for an update: bytes, and bytes deflated.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Phoenix LiveView 1.2.10, the best of its four ways.
    pub liveview: [usize; 2],
    /// dioxus-core 0.7.10.
    pub dioxus: [usize; 2],
    /// The change of the state itself, as JSON.
    pub floor: [usize; 2],
}

impl Published {
    /// What is known about an update.
    pub fn of(name: &str) -> Option<Published> {
        let lines = include_str!("../data/published.tsv").lines().filter(|line| !line.starts_with('#'));
        let rest = lines.filter_map(|line| line.split_once('\t')).find(|(found, _)| *found == name)?.1;
        let numbers: Vec<usize> = rest.split('\t').map_while(|number| number.parse().ok()).collect();
        let [liveview, dioxus, floor, liveview_deflated, dioxus_deflated, floor_deflated] = numbers[..] else {
            return None;
        };
        Some(Published {
            liveview: [liveview, liveview_deflated],
            dioxus: [dioxus, dioxus_deflated],
            floor: [floor, floor_deflated],
        })
    }
}

/// The geometric mean of ratios.
pub fn mean(ratios: &[f64]) -> f64 {
    (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp()
}
