//! Markup, patches, and whoever applies them.

use lazuli_harness::dom::{Dom, Templates, View};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// As many versions of a page are compared, one after the other.
#[cfg(feature = "html-strings")]
const VERSIONS: usize = 8;

/// A page that follows the patches from one string to the next shows what it would parse from it. Zeros stand between the strings.
#[cfg(feature = "html-strings")]
pub fn diff(bytes: &[u8]) {
    use lazuli::html::StringView;
    use lazuli::html::strings::Mirror;

    let text = String::from_utf8_lossy(bytes);
    let mut versions = text.split('\0').take(VERSIONS);
    let first = versions.next().unwrap_or_default();
    let (mut view, mut page) = (StringView::new(first), Mirror::new(first));
    for html in versions {
        let mut patch = Vec::new();
        let changed = view.update(html, &mut patch);
        assert_eq!(changed, !patch.is_empty());
        if changed {
            let patch = String::from_utf8(patch).expect("a patch is text");
            page.apply(&patch).unwrap_or_else(|unfit| panic!("{unfit}: {patch}"));
        }
        assert_eq!(format!("{page:?}"), format!("{view:?}"));
        assert!(!view.update(html, &mut Vec::new()), "nothing has changed");
    }
}

/// A page with what came for it, as the program `pairs` writes it down.
#[derive(Deserialize)]
struct History {
    #[serde(default)]
    templates: BTreeMap<String, Value>,
    old: String,
    shape: String,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    patch: String,
}

/// Whatever stands in a template, a shape and a patch, who applies it says what does not fit, or does it.
pub fn applier(bytes: &[u8]) {
    let Ok(History { templates: sources, old, shape, steps }) = serde_json::from_slice(bytes) else { return };
    let mut templates = Templates::default();
    for (name, source) in &sources {
        drop(templates.add(name, &source.to_string()));
    }
    let mut library = |name: &str| templates.find(name);
    let mut dom = Dom::document("<div></div>");
    let Some(host) = dom.descendants(Dom::ROOT).find(|node| dom.is(*node, "div")) else { return };
    dom.set_inner_html(host, &old);
    let shape = serde_json::from_str(&shape).unwrap_or_default();
    let mut view = View::hydrate(&mut dom, host, &shape, &mut library).unwrap_or_else(|_| View::empty(host));
    for Step { patch } in steps {
        let Ok(patch) = serde_json::from_str(&patch) else { continue };
        if view.apply(&mut dom, &patch, &mut library).is_err() {
            view = View::empty(host);
        }
    }
    // Whatever came of it is a tree that can be written out.
    dom.inner_html(host);
}
