//! The programs of the README are the examples that run, and as short as it says.

const README: &str = include_str!("../../README.md");
const GUIDE: &str = include_str!("../../docs/components.md");
const CHAT: &str = include_str!("../examples/chat.rs");
const COUNTER: &str = include_str!("../examples/counter.rs");

/// An example without the comment at its head.
fn code(example: &'static str) -> &'static str {
    example.split_once("\n\n").expect("a comment comes first").1.trim_end()
}

#[test]
fn the_chat_of_the_readme_is_the_example() {
    assert!(README.contains(&format!("```rust\n{}\n```", code(CHAT))), "copy the example into README.md");
}

#[test]
fn the_counter_of_the_readme_and_the_guide_is_the_example() {
    for (page, block) in [(README, "```rust"), (GUIDE, "```rust,ignore")] {
        assert!(page.contains(&format!("{block}\n{}\n```", code(COUNTER))), "copy the example into {}", &page[..40]);
    }
}

#[test]
fn they_are_as_short_as_the_readme_says() {
    assert!(CHAT.lines().count() < 60);
    assert!(code(COUNTER).lines().count() < 25);
}
