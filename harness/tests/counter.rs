//! The test that the guide shows, as it stands there.

mod counter_page;
use counter_page::routes;

// The guide begins here.
use lazuli_harness::page::{Failed, Site};

#[test]
fn the_counter_counts_in_steps() -> Result<(), Failed> {
    let site = Site::new(routes(), ());
    let page = site.visit("/counter")?;
    page.click_text("+1");
    page.change("input", "5");
    page.click_text("+5");
    assert_eq!(page.text("h2"), "Counter: 6");
    Ok(())
}
// The guide ends here.

#[test]
fn the_guide_shows_this_very_test() {
    let (source, guide) = (include_str!("counter.rs"), include_str!("../../docs/guide.md"));
    let shown = source
        .split("// The guide begins here.\n")
        .nth(1)
        .and_then(|rest| rest.split("// The guide ends here.").next());
    assert!(guide.contains(shown.expect("it is marked")), "docs/guide.md has another test than this file");
}
