//! Patterns: how a route is written.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::str::FromStr;

use super::path::{check_decoded, split};
use super::{MAX_SEGMENTS, MAX_VALUE};

/// A route pattern such as `/chat/:room_id`.
///
/// ```
/// use lazuli::route::Pattern;
///
/// let pattern: Pattern = "/files/:owner/*rest".parse().unwrap();
/// assert_eq!(pattern.names().collect::<Vec<_>>(), ["owner", "rest"]);
/// assert!("/files/*rest/more".parse::<Pattern>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    pub(super) text: Box<str>,
    pub(super) segments: Box<[Segment]>,
    pub(super) names: Arc<[Box<str>]>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Literal(Box<str>),
    Parameter,
    Wildcard,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A [`PatternError`] that says what is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let fail = |problem| PatternError { pattern: text.into(), problem };
        let Some(path) = text.strip_prefix('/') else {
            return Err(fail(PatternProblem::MissingSlash));
        };
        let mut segments = Vec::new();
        let mut names: Vec<Box<str>> = Vec::new();
        for part in split(path) {
            if segments.len() == MAX_SEGMENTS {
                return Err(fail(PatternProblem::TooManySegments));
            }
            if let Some(Segment::Wildcard) = segments.last() {
                return Err(fail(PatternProblem::WildcardNotLast));
            }
            let (segment, name) = if let Some(name) = part.strip_prefix(':') {
                (Segment::Parameter, name)
            } else if let Some(name) = part.strip_prefix('*') {
                (Segment::Wildcard, name)
            } else {
                check_literal(part).map_err(fail)?;
                segments.push(Segment::Literal(part.into()));
                continue;
            };
            if !is_name(name) {
                return Err(fail(PatternProblem::BadName(part.into())));
            }
            if names.iter().any(|earlier| &**earlier == name) {
                return Err(fail(PatternProblem::DuplicateName(name.into())));
            }
            names.push(name.into());
            segments.push(segment);
        }
        Ok(Self { text: text.into(), segments: segments.into(), names: names.into() })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names of its parameters and wildcard, from the left.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn check_literal(part: &str) -> Result<(), PatternProblem> {
    if part.is_empty() {
        return Err(PatternProblem::EmptySegment);
    }
    if part.contains([':', '*']) {
        return Err(PatternProblem::NotWholeSegment(part.into()));
    }
    // What no path can decode to would be a route that is never found.
    if part.contains(['?', '#']) || check_decoded(part).is_err() {
        return Err(PatternProblem::BadLiteral(part.into()));
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let begins_well = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    begins_well && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A pattern that cannot be used. Its `Display` names the pattern, what is wrong and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    pub(super) pattern: Box<str>,
    pub(super) problem: PatternProblem,
}

impl PatternError {
    pub(crate) fn new(pattern: &str, problem: PatternProblem) -> PatternError {
        PatternError { pattern: pattern.into(), problem }
    }

    /// The pattern, as it was written; a component's name.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// What is wrong with it.
    pub fn problem(&self) -> &PatternProblem {
        &self.problem
    }
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternProblem {
    /// It does not begin with `/`.
    MissingSlash,
    /// It has two slashes in a row, or ends with one.
    EmptySegment,
    /// It has more than [`MAX_SEGMENTS`] segments.
    TooManySegments,
    /// Something follows the wildcard.
    WildcardNotLast,
    /// This parameter or wildcard has no name, or one that is not letters, digits and `_`.
    BadName(Box<str>),
    /// This name stands for two segments.
    DuplicateName(Box<str>),
    /// This segment has `:` or `*` somewhere else than at its start.
    NotWholeSegment(Box<str>),
    /// This literal is one that no path can have, such as `..`.
    BadLiteral(Box<str>),
    /// It matches the same paths as this other pattern, which the router has already.
    Conflict(Box<str>),
    /// It is the name of a component, and not of 1 to 64 letters, digits, `-`, `_` and `.`.
    ComponentName,
    /// It is the name of a component, and another one has it already.
    ComponentTaken,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.problem {
            PatternProblem::ComponentName | PatternProblem::ComponentTaken => "component",
            _ => "route pattern",
        };
        write!(f, "{what} {:?}: ", self.pattern)?;
        match &self.problem {
            PatternProblem::MissingSlash => write!(f, "it must begin with a slash, as in \"/{}\"", self.pattern),
            PatternProblem::EmptySegment => {
                f.write_str("a segment is empty; write one slash between segments and none at the end")
            }
            PatternProblem::TooManySegments => {
                write!(f, "it has too many segments; {MAX_SEGMENTS} are allowed, or end it with a wildcard")
            }
            PatternProblem::WildcardNotLast => f.write_str(
                "something follows the wildcard; it must be the last segment, or use a parameter such as \":name\"",
            ),
            PatternProblem::BadName(segment) => write!(
                f,
                "{segment:?} needs a name of letters, digits and _ that begins with no digit, as in \":room_id\""
            ),
            PatternProblem::DuplicateName(name) => {
                write!(f, "the name {name:?} is used twice; each parameter needs a name of its own")
            }
            PatternProblem::NotWholeSegment(segment) => write!(
                f,
                "{segment:?} mixes text with \":\" or \"*\"; a parameter is a whole segment, as in \"/:name/text\""
            ),
            PatternProblem::BadLiteral(segment) => write!(
                f,
                "no path can have the segment {segment:?}; leave out \".\", \"..\", \"\\\", \"?\", \"#\" and control \
                 characters, and keep it within {MAX_VALUE} bytes"
            ),
            PatternProblem::Conflict(other) => write!(
                f,
                "it matches the same paths as {other:?}; remove one of them, or make a literal segment differ"
            ),
            PatternProblem::ComponentName => {
                f.write_str("a component's name has 1 to 64 letters, digits, \"-\", \"_\" and \".\"")
            }
            PatternProblem::ComponentTaken => f.write_str("another component has this name; choose another one"),
        }
    }
}

impl Error for PatternError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[track_caller]
    fn problem(pattern: &str) -> PatternProblem {
        let error = Pattern::parse(pattern).unwrap_err();
        assert_eq!(error.pattern(), pattern);
        error.problem().clone()
    }

    #[test]
    fn a_pattern_is_literals_parameters_and_a_last_wildcard() {
        let pattern = Pattern::parse("/a/:b/c_é/*d_1").unwrap();
        let (a, c) = (Segment::Literal("a".into()), Segment::Literal("c_é".into()));
        assert_eq!(*pattern.segments, [a, Segment::Parameter, c, Segment::Wildcard]);
        assert_eq!(pattern.names().collect::<Vec<_>>(), ["b", "d_1"]);
        assert_eq!(pattern.to_string(), "/a/:b/c_é/*d_1");
        assert!(Pattern::parse("/").unwrap().segments.is_empty());
    }

    #[test]
    fn a_pattern_must_begin_with_a_slash() {
        assert_eq!(problem(""), PatternProblem::MissingSlash);
        assert_eq!(problem("chat/:id"), PatternProblem::MissingSlash);
    }

    #[test]
    fn a_segment_must_not_be_empty() {
        for pattern in ["//", "/a//b", "/a/", "//a"] {
            assert_eq!(problem(pattern), PatternProblem::EmptySegment);
        }
    }

    #[test]
    fn a_name_is_letters_digits_and_underscores() {
        for segment in [":", "*", ":1", ":a-b", "*a.b", ":é", "::a", ":a:b", ":a*", "*{a}"] {
            assert_eq!(problem(&["/x/", segment].concat()), PatternProblem::BadName(segment.into()));
        }
        assert!(Pattern::parse("/:_/:a1/*Z").is_ok());
    }

    #[test]
    fn a_name_stands_once() {
        assert_eq!(problem("/:a/b/:a"), PatternProblem::DuplicateName("a".into()));
        assert_eq!(problem("/:a/*a"), PatternProblem::DuplicateName("a".into()));
    }

    #[test]
    fn nothing_follows_a_wildcard() {
        for pattern in ["/*a/b", "/*a/:b", "/*a/*b", "/*a/"] {
            assert_eq!(problem(pattern), PatternProblem::WildcardNotLast);
        }
    }

    #[test]
    fn a_parameter_is_a_whole_segment() {
        for segment in ["user-:id", "x*", "a:b"] {
            assert_eq!(problem(&["/", segment].concat()), PatternProblem::NotWholeSegment(segment.into()));
        }
    }

    #[test]
    fn a_literal_that_no_path_can_have_is_refused() {
        let long = "x".repeat(MAX_VALUE + 1);
        for segment in [".", "..", "a\\b", "a?b", "a#b", "a\nb", "\0", "\u{85}", &long] {
            assert_eq!(problem(&["/", segment].concat()), PatternProblem::BadLiteral(segment.into()));
        }
        assert!(Pattern::parse(&["/", &long[1..]].concat()).is_ok());
    }

    #[test]
    fn segments_are_bounded() {
        assert!(Pattern::parse(&"/a".repeat(MAX_SEGMENTS)).is_ok());
        assert_eq!(problem(&"/a".repeat(MAX_SEGMENTS + 1)), PatternProblem::TooManySegments);
    }

    #[test]
    fn an_error_names_the_pattern_the_fault_and_the_remedy() {
        let message = |pattern| Pattern::parse(pattern).unwrap_err().to_string();
        assert_eq!(message("chat"), r#"route pattern "chat": it must begin with a slash, as in "/chat""#);
        assert_eq!(
            message("/:a/:a"),
            r#"route pattern "/:a/:a": the name "a" is used twice; each parameter needs a name of its own"#
        );
    }
}
