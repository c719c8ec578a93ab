//! What does not compile, and what the compiler says of it.

#[test]
fn errors_are_told_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
