//! The chat of the README is the example that runs, and as short as it says.

const README: &str = include_str!("../../README.md");
const EXAMPLE: &str = include_str!("../examples/chat.rs");

#[test]
fn the_chat_of_the_readme_is_the_example() {
    let code = EXAMPLE.split_once("\n\n").map(|(_, code)| code.trim_end());
    assert!(
        code.is_some_and(|code| README.contains(&format!("```rust\n{code}\n```"))),
        "copy the example into README.md"
    );
}

#[test]
fn the_chat_has_under_60_lines() {
    assert!(EXAMPLE.lines().count() < 60);
}
