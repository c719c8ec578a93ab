//! Long texts change by splices, which are short and right, and what is kept for that has bounds.

use lazuli::html;
use lazuli::html::{Render, Renderer, View};
use proptest::prelude::*;
use serde_json::Value;

fn two(texts: &[String; 2]) -> impl Render {
    let [first, second] = texts.clone();
    html! { p { (first) } p { (second) } }
}

struct Page {
    renderer: Renderer,
    view: View,
}

impl Page {
    fn new(texts: &[String; 2]) -> Page {
        let mut renderer = Renderer::new(1);
        let view = renderer.mount(&two(texts), None).unwrap();
        Page { renderer, view }
    }

    /// The patch that leads to these texts.
    fn update(&mut self, texts: &[String; 2]) -> String {
        let mut patch = Vec::new();
        self.renderer.update(&mut self.view, &two(texts), None, &mut patch).unwrap();
        String::from_utf8(patch).unwrap()
    }
}

/// What a browser makes of the first text.
fn applied(old: &str, patch: &str) -> String {
    let patch: Value = serde_json::from_str(patch).unwrap();
    assert_eq!(patch[0], 1);
    let units: Vec<u16> = old.encode_utf16().collect();
    match &patch[1] {
        Value::String(text) => text.clone(),
        Value::Array(splice) if splice.len() == 1 => old.to_owned() + splice[0].as_str().unwrap(),
        splice => {
            let number = |at: usize| splice[at].as_u64().unwrap() as usize;
            let (keep, delete) = (number(0), number(1));
            let come = splice[2].as_str().unwrap().encode_utf16();
            let all: Vec<u16> =
                units[..keep].iter().copied().chain(come).chain(units[keep + delete..].iter().copied()).collect();
            String::from_utf16(&all).expect("no character is cut in two")
        }
    }
}

#[test]
fn a_change_in_the_middle_is_sent_alone_and_cuts_no_character() {
    let around = |middle: &str| [format!("{}{middle}{}", "é".repeat(40), "è".repeat(40)), String::new()];
    // Characters that begin or end with the same bytes, with one, two, three and four of them.
    let middles = ["", "é", "è", "ĩ", "éé", "€", "₭", "😀", "😁", "a", "ab", "b", "😀é", "é😁"];
    for old in middles {
        for new in middles.into_iter().filter(|new| *new != old) {
            let mut page = Page::new(&around(old));
            let patch = page.update(&around(new));
            assert_eq!(applied(&around(old)[0], &patch), around(new)[0], "{old} to {new}: {patch}");
            assert!(patch.len() < 40, "{old} to {new}: {patch}");
        }
    }
}

#[test]
fn what_is_not_shorter_as_a_splice_is_sent_whole() {
    let mut page = Page::new(&["x".repeat(60), String::new()]);
    assert_eq!(page.update(&["y".repeat(60), String::new()]), format!(r#"[1,"{}"]"#, "y".repeat(60)));
    assert_eq!(page.update(&["y".repeat(61), String::new()]), r#"[1,["y"]]"#);
    assert_eq!(page.update(&["short".into(), String::new()]), r#"[1,"short"]"#);
}

#[test]
fn a_view_keeps_so_much_of_its_texts_and_no_more() {
    let [a, b] = ["a", "b"].map(|letter| letter.repeat(10_000));
    let in_the_middle = |text: &str, what: &str| format!("{}{what}{}", &text[..5_000], &text[5_000..]);
    let mut page = Page::new(&[a.clone(), b.clone()]);
    // The first is kept. Both together would be too much.
    assert!(page.update(&[in_the_middle(&a, "X"), b.clone()]).len() < 30);
    assert!(page.update(&[in_the_middle(&a, "X"), in_the_middle(&b, "X")]).len() > 10_000);
    assert!(page.update(&[in_the_middle(&a, "X"), in_the_middle(&b, "Y")]).len() > 10_000);
    // When the first is gone there is room for the second, from its next change on.
    assert!(page.update(&["short".into(), in_the_middle(&b, "Y")]).len() < 30);
    assert!(page.update(&["short".into(), in_the_middle(&b, "Z")]).len() > 10_000);
    assert!(page.update(&["short".into(), in_the_middle(&b, "ZZ")]).len() < 30);
    // And the first has none now.
    assert!(page.update(&[a.clone(), in_the_middle(&b, "ZZ")]).len() > 10_000);
    assert!(page.update(&[in_the_middle(&a, "X"), in_the_middle(&b, "ZZ")]).len() > 10_000);
}

#[test]
fn a_view_says_about_how_much_memory_it_takes() {
    let rows = |rows: usize| html! { ul { @for row in 0..rows key=(row) { li { (row) "." (row) } } } };
    let mut renderer = Renderer::new(1);
    let mut memory = |count: usize| renderer.mount(&rows(count), None).unwrap().memory();
    let (none, thousand) = (memory(0), memory(1_000));
    assert!(none >= size_of::<View>() && none < size_of::<View>() + 100, "{none}");
    // Two words a row, and the number of its first slot.
    let each = (thousand - none) as f64 / 1_000.0;
    assert!((19.5..21.0).contains(&each), "{each} bytes a row");
    let texts = |length| Page::new(&["x".repeat(length), "y".repeat(length)]).view.memory();
    assert_eq!(texts(1_000) - texts(500), 1_000);
    assert!((texts(500) - texts(0)).abs_diff(1_000 + 2 * 32) <= 8, "{}", texts(500) - texts(0));
}

proptest! {
    #[test]
    fn any_change_of_a_long_text_leads_where_it_should(
        start in "[aé€😀😁]{40,60}", gone in "[aèé₭😁]{0,6}", come in "[aèé₭😀]{0,6}", end in "[aé€😀ĩ]{0,60}",
    ) {
        let text = |middle: &str| [format!("{start}{middle}{end}"), String::new()];
        let mut page = Page::new(&text(&gone));
        let patch = page.update(&text(&come));
        if gone != come {
            prop_assert_eq!(applied(&text(&gone)[0], &patch), text(&come)[0].clone());
        }
    }
}
