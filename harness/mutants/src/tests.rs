//! Mutants planted into a small program, which is built and run.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::list::{Genre, Mutant, Position, Span};
use crate::plant::{Planted, SWITCH, plant};

/// Says what it calculates, so that each mutant shows.
const PROGRAM: &str = r#"
const LIMIT: u32 = 2 * 5;

struct Options { wide: bool, deep: bool }

const fn half(number: u32) -> u32 {
    number / 2
}

fn kind(number: u32) -> &'static str {
    match number {
        0 => "none",
        1..=9 if number != 7 => "few",
        _ => "many",
    }
}

fn odd() -> impl Iterator<Item = u32> {
    [1, 3].into_iter()
}

fn options() -> Options {
    let base = Options { wide: false, deep: false };
    Options { wide: true, ..base }
}

fn main() {
    let sum = 8 - 2 // a comment
        + 3;
    let Options { wide, deep } = options();
    let narrow = !wide;
    let chained = if let Some(first) = odd().next() && first > 1 { 1 } else { 0 };
    print!("{} {} {} {} ", sum, half(LIMIT), kind(0), kind(5));
    print!("{} {wide} {deep} {narrow} {chained}", kind(7));
}
"#;

/// The mutant at the first place that reads `old`.
fn mutant(genre: Genre, old: &str, replacement: &str) -> Mutant {
    let at = PROGRAM.find(old).expect("the program has it");
    let position = |at: usize| {
        let before = &PROGRAM[..at];
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        Position { line: before.matches('\n').count() + 1, column: before[line..].chars().count() + 1 }
    };
    let span = Span { start: position(at), end: position(at + old.len()) };
    Mutant { name: old.to_owned(), file: "main.rs".to_owned(), genre, span, replacement: replacement.to_owned() }
}

/// Of all kinds, and what the program says with each.
fn mutants() -> Vec<(Mutant, &'static str)> {
    use Genre::*;
    vec![
        (mutant(BinaryOperator, "- 2", "+ 2"), "13 5 none few many true false false 0"),
        // Which operand belongs to which changes with the operator: 8 - 2 * 3.
        (mutant(BinaryOperator, "+ 3", "* 3"), "2 5 none few many true false false 0"),
        (mutant(FnValue, "number / 2", "1"), "9 1 none few many true false false 0"),
        (mutant(BinaryOperator, "/ 2", "* 2"), "9 20 none few many true false false 0"),
        (mutant(MatchArm, "0 => \"none\",", ""), "9 5 many few many true false false 0"),
        (mutant(MatchArmGuard, "number != 7", "true"), "9 5 none few few true false false 0"),
        (mutant(MatchArmGuard, "number != 7", "false"), "9 5 none many many true false false 0"),
        (mutant(BinaryOperator, "!= 7", "== 7"), "9 5 none many few true false false 0"),
        (mutant(StructField, "wide: true,", ""), "9 5 none few many false false true 0"),
        (mutant(UnaryOperator, "!wide", "wide"), "9 5 none few many true false true 0"),
        (mutant(BinaryOperator, "> 1", ">= 1"), "9 5 none few many true false false 1"),
    ]
}

fn planted(mutants: &[Mutant], kept: &[&str]) -> Planted {
    let numbered: Vec<(usize, &Mutant)> = mutants.iter().enumerate().map(|(at, mutant)| (at + 1, mutant)).collect();
    plant(PROGRAM, &numbered, &kept.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>()).expect("it is Rust")
}

#[test]
fn each_mutant_is_there_when_its_number_is_named() {
    let (mutants, said): (Vec<_>, Vec<_>) = mutants().into_iter().unzip();
    let planted = planted(&mutants, &[]);
    assert_eq!((&planted.unviable, &planted.apart), (&vec![], &vec![]));

    let folder = std::env::temp_dir().join(format!("lazuli-mutants-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (source, program) = (folder.join("planted.rs"), folder.join("planted"));
    fs::write(&source, planted.text + SWITCH).unwrap();
    let built = Command::new("rustc").args(["--edition=2024", "-Awarnings", "-o"]).arg(&program).arg(&source).status();
    assert!(built.unwrap().success());

    let run = |number: &str| {
        let out = Command::new(&program).env("MUTANT", number).env("MUTANT_REACHED", folder.join("reached")).output();
        String::from_utf8(out.unwrap().stdout).unwrap()
    };
    let _ = fs::remove_file(folder.join("reached"));
    assert_eq!(run("cover"), "9 5 none few many true false false 0");
    let reached = fs::read_to_string(folder.join("reached")).unwrap();
    assert_eq!(reached.lines().count(), mutants.len());
    for (at, said) in said.into_iter().enumerate() {
        assert_eq!(run(&(at + 1).to_string()), said, "with {}", mutants[at].name);
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn what_cannot_be_chosen_at_run_time_is_told_apart() {
    let mutants = [
        mutant(Genre::BinaryOperator, "* 5", "+ 5"),
        mutant(Genre::FnValue, "[1, 3].into_iter()", "::std::iter::empty()"),
        mutant(Genre::BinaryOperator, "&& first > 1", "|| first > 1"),
        mutant(Genre::FnValue, "number / 2", "1"),
        mutant(Genre::BinaryOperator, "- 2", "- 2 =="),
        mutant(Genre::BinaryOperator, "+ 3", "=> 3"),
    ];
    let planted = planted(&mutants, &["half"]);
    let apart: Vec<usize> = planted.apart.iter().map(|(number, _)| *number).collect();
    assert_eq!((apart, planted.unviable), (vec![1, 2, 4], vec![3, 5, 6]));
    assert!(planted.text.contains("const fn half"));
}

#[test]
fn an_error_is_blamed_on_the_mutant_that_has_it() {
    let mutants = [mutant(Genre::FnValue, "number / 2", "\"text\""), mutant(Genre::BinaryOperator, "+ 3", "<< 3")];
    let planted = planted(&mutants, &[]);
    for (part, number) in planted.parts {
        let own = ["\"text\"", "8 - 2 // a comment\n        << 3"][number - 1];
        assert_eq!(planted.text[part], *own);
    }
}
