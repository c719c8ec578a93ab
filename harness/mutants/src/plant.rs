//! Mutants planted into a source file, all at once: a number chooses the one that is there when the program runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::list::{Mutant, Position};
use crate::places::{Place, places};

/// What the root of the crate needs besides: what asks for the number. With `cover` instead of a number none is there,
/// and each one that is reached is written down, once.
pub const SWITCH: &str = r#"
#[doc(hidden)]
pub(crate) fn mutant(number: usize) -> bool {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    static THERE: OnceLock<usize> = OnceLock::new();
    static REACHED: [AtomicBool; 1 << 16] = [const { AtomicBool::new(false) }; 1 << 16];
    let there = *THERE.get_or_init(|| match std::env::var("MUTANT").as_deref() {
        Ok("cover") => usize::MAX,
        Ok(number) => number.parse().expect("MUTANT is a number"),
        Err(_) => 0,
    });
    if there == usize::MAX && !REACHED[number].swap(true, Relaxed) {
        use std::io::Write;
        let path = std::env::var("MUTANT_REACHED").expect("MUTANT_REACHED is a file");
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(std::format!("{number}\n").as_bytes()).unwrap();
    }
    there == number
}
"#;

/// A file with its mutants in it.
pub struct Planted {
    pub text: String,
    /// Which part of the text is which mutant's alone, by its number.
    pub parts: Vec<(Range<usize>, usize)>,
    /// Those that are not Rust.
    pub unviable: Vec<usize>,
    /// Those that cannot be chosen at run time, and why.
    pub apart: Vec<(usize, &'static str)>,
}

/// Text to insert, in the order in which it stands where several things begin or end at one byte.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Insert {
    /// The end of an expression that begins at this byte; inner ones first.
    End(std::cmp::Reverse<usize>),
    Point(usize, String),
    /// The begin of an expression that ends at this byte, and its changed forms; outer ones first.
    Begin(std::cmp::Reverse<usize>, Vec<(usize, String)>),
}

/// Plants mutants with their numbers into `source`. Functions of the names `kept` stay `const`.
pub fn plant(source: &str, mutants: &[(usize, &Mutant)], kept: &BTreeSet<String>) -> syn::Result<Planted> {
    let found = places(&syn::parse_file(source)?, kept);
    let mut planted = Planted { text: String::new(), parts: Vec::new(), unviable: Vec::new(), apart: Vec::new() };
    let mut points = Vec::new();
    let mut wholes: BTreeMap<(usize, usize), Vec<(usize, String)>> = BTreeMap::new();
    for &(number, mutant) in mutants {
        let (start, end) = (offset(source, mutant.span.start), offset(source, mutant.span.end));
        match found.places.get(&(mutant.genre, start)) {
            Some(Place::Body(at)) if is_expression(&mutant.replacement) => {
                points.push((*at, Insert::Point(number, mutant.replacement.clone())));
            }
            Some(Place::Arm(at)) => points.push((*at, Insert::Point(number, String::new()))),
            Some(Place::Whole(whole)) => {
                let changed = [&source[whole.start..start], &mutant.replacement, &source[end..whole.end]].concat();
                match is_expression(&changed) {
                    true => wholes.entry((whole.start, whole.end)).or_default().push((number, changed)),
                    false => planted.unviable.push(number),
                }
            }
            Some(Place::Body(_) | Place::Unviable) => planted.unviable.push(number),
            Some(Place::Apart(why)) => planted.apart.push((number, why)),
            None => planted.apart.push((number, "not found in the syntax")),
        }
    }
    for ((start, end), changed) in wholes {
        points.push((start, Insert::Begin(std::cmp::Reverse(end), changed)));
        points.push((end, Insert::End(std::cmp::Reverse(start))));
    }
    points.sort();
    // A `const` that goes leaves as many blanks, so that no byte moves.
    let mut source = source.to_owned();
    for range in found.consts {
        source.replace_range(range.clone(), &" ".repeat(range.len()));
    }
    planted.write(&source, points);
    Ok(planted)
}

impl Planted {
    fn write(&mut self, source: &str, points: Vec<(usize, Insert)>) {
        let mut done = 0;
        for (at, insert) in points {
            self.text += &source[done..at];
            done = at;
            match insert {
                Insert::Point(number, value) if value.is_empty() => {
                    self.own(number, &format!(" if !crate::mutant({number})"));
                }
                Insert::Point(number, value) => {
                    self.text += &format!(" if crate::mutant({number}) {{ return ");
                    self.own(number, &value);
                    self.text += "; }";
                }
                Insert::Begin(_, changed) => {
                    self.text.push('(');
                    for (number, changed) in changed {
                        self.text += &format!("if crate::mutant({number}) {{ ");
                        self.own(number, &changed);
                        // On a line of its own: what is changed may end with a comment.
                        self.text += "\n} else ";
                    }
                    self.text += "{ ";
                }
                Insert::End(_) => self.text += " })",
            }
        }
        self.text += &source[done..];
    }

    /// Writes what is there with this mutant only.
    fn own(&mut self, number: usize, text: &str) {
        let start = self.text.len();
        self.text += text;
        self.parts.push((start..self.text.len(), number));
    }
}

fn is_expression(text: &str) -> bool {
    syn::parse_str::<syn::Expr>(text).is_ok()
}

/// The byte at a position; the file's length if it has none such.
fn offset(source: &str, position: Position) -> usize {
    let line: usize = source.split_inclusive('\n').take(position.line - 1).map(str::len).sum();
    let column = source[line..].char_indices().nth(position.column - 1);
    column.map_or(source.len(), |(at, _)| line + at)
}
