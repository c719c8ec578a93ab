//! Route patterns and the router.
//!
//! A pattern is a path whose segments are literal (`chat`), a parameter (`:room_id`, one segment) or, at the end only,
//! a wildcard (`*rest`, one segment or more). Literals are written plain, never percent-encoded: `/café`, `/100%`.
//!
//! What a path must be, before any pattern is asked:
//! - It begins with `/`, holds no `?` or `#`, and is matched segment by segment *after* percent-decoding.
//! - A segment that has a broken escape, is not UTF-8, is `.` or `..`, holds `/`, `\` or a control character, or is
//!   longer than [`MAX_VALUE`] bytes makes the whole path a [`BadPath`], whichever routes there are.
//! - No pattern matches a path with an empty segment: `/chat/` is not `/chat`, and `/a//b` is nothing.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

mod path;
mod pattern;

pub use path::BadPath;
pub(crate) use path::{decode_path, hex_pair};
use pattern::Segment;
pub use pattern::{Pattern, PatternError, PatternProblem};

/// The longest value of a parameter or wildcard, and the longest segment of a path, in bytes after decoding.
pub const MAX_VALUE: usize = 255;

/// The most segments that a pattern may have. It bounds the depth of a lookup; paths may be deeper, for a wildcard.
pub const MAX_SEGMENTS: usize = 32;

/// Routes by pattern. The most specific pattern wins, whatever the order of registration: from the left, segment by
/// segment, a literal beats a parameter and a parameter beats a wildcard.
///
/// A lookup walks a tree from segment to segment; each step is one map lookup, so that the number of routes matters
/// only by its logarithm. Where both a literal and a parameter fit, the second is tried if the first leads nowhere:
/// only routes that fit the beginning of the path are ever looked at, and none twice.
///
/// ```
/// use lazuli::route::{RouteError, Router};
///
/// let mut router = Router::new();
/// router.insert("/chat/:room_id", 1)?;
/// router.insert("/chat/lobby", 2)?;
///
/// assert_eq!(*router.find("/chat/lobby").unwrap().value, 2);
/// let found = router.find("/chat/caf%C3%A9").unwrap();
/// assert_eq!((*found.value, found.params.get("room_id")), (1, Some("café")));
/// assert_eq!(router.find("/chat").unwrap_err(), RouteError::NotFound);
/// assert_eq!(router.find("/chat/%2e%2e").unwrap_err().status(), 400);
/// # Ok::<(), lazuli::route::PatternError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Router<T> {
    root: Node<T>,
}

#[derive(Clone, Debug)]
struct Node<T> {
    literals: BTreeMap<Box<str>, Node<T>>,
    parameter: Option<Box<Node<T>>>,
    wildcard: Option<Route<T>>,
    /// The pattern that ends here.
    end: Option<Route<T>>,
}

#[derive(Clone, Debug)]
struct Route<T> {
    // Names belong to the route, not to the nodes: `/a/:x/b` and `/a/:y/c` share theirs.
    pattern: Pattern,
    value: T,
}

impl<T> Node<T> {
    const fn new() -> Self {
        Self { literals: BTreeMap::new(), parameter: None, wildcard: None, end: None }
    }

    /// The best route below this node, and what its wildcard took. Recursion is as deep as the deepest pattern.
    fn find<'p>(
        &self,
        segments: &'p [Cow<'_, str>],
        taken: &mut Vec<&'p str>,
    ) -> Option<(&Route<T>, &'p [Cow<'p, str>])> {
        let Some((first, rest)) = segments.split_first() else {
            return self.end.as_ref().map(|route| (route, segments));
        };
        if let Some(found) = self.literals.get(&**first).and_then(|node| node.find(rest, taken)) {
            return Some(found);
        }
        if let Some(node) = &self.parameter {
            taken.push(first);
            if let Some(found) = node.find(rest, taken) {
                return Some(found);
            }
            taken.pop();
        }
        self.wildcard.as_ref().map(|route| (route, segments))
    }
}

impl<T> Router<T> {
    /// A router without routes.
    pub const fn new() -> Self {
        Self { root: Node::new() }
    }

    /// Adds a route.
    ///
    /// # Errors
    /// A [`PatternError`] if the pattern is malformed, or if one of the same shape is there already (which it names).
    /// The router is then as it was.
    pub fn insert(&mut self, pattern: &str, value: T) -> Result<(), PatternError> {
        let pattern = Pattern::parse(pattern)?;
        let mut node = &mut self.root;
        let mut wildcard = false;
        for segment in &pattern.segments {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text.clone()).or_insert_with(Node::new),
                Segment::Parameter => node.parameter.get_or_insert_with(|| Box::new(Node::new())),
                Segment::Wildcard => {
                    wildcard = true;
                    break;
                }
            };
        }
        let place = if wildcard { &mut node.wildcard } else { &mut node.end };
        if let Some(other) = place {
            let problem = PatternProblem::Conflict(other.pattern.text.clone());
            return Err(PatternError { pattern: pattern.text, problem });
        }
        *place = Some(Route { pattern, value });
        Ok(())
    }

    /// Finds the route for a path: percent-encoded as in a URL, without its query.
    ///
    /// # Errors
    /// [`RouteError::BadPath`] if the path is malformed (400), or if a wildcard took more than [`MAX_VALUE`] bytes;
    /// otherwise [`RouteError::NotFound`] if no pattern matches (404).
    pub fn find(&self, path: &str) -> Result<Match<'_, T>, RouteError> {
        let mut segments = Vec::new();
        let mut empty = false;
        for segment in decode_path(path)? {
            let segment = segment?;
            // Go on, so that whether a path is bad never depends on what stands before the fault.
            empty |= segment.is_empty();
            if !empty {
                segments.push(segment);
            }
        }
        if empty {
            return Err(RouteError::NotFound);
        }
        let mut taken = Vec::new();
        let (route, rest) = self.root.find(&segments, &mut taken).ok_or(RouteError::NotFound)?;
        let mut values: Vec<Box<str>> = taken.into_iter().map(Box::from).collect();
        if !rest.is_empty() {
            let rest = rest.join("/");
            if rest.len() > MAX_VALUE {
                return Err(RouteError::BadPath(BadPath::TooLong));
            }
            values.push(rest.into());
        }
        let params = Params { names: Arc::clone(&route.pattern.names), values: values.into() };
        Ok(Match { value: &route.value, pattern: &route.pattern, params })
    }
}

impl<T> Default for Router<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A route that was found.
#[derive(Clone, Debug)]
pub struct Match<'r, T> {
    /// What was inserted with the pattern.
    pub value: &'r T,
    /// The pattern that matched.
    pub pattern: &'r Pattern,
    /// What its parameters and wildcard stand for in this path, decoded.
    pub params: Params,
}

/// The parameters of a path: names from the pattern, decoded values from the path. The names are shared, not copied.
///
/// A value is never empty, has at most [`MAX_VALUE`] bytes, no control character and no `\`; only a wildcard's has `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    names: Arc<[Box<str>]>,
    values: Box<[Box<str>]>,
}

impl Params {
    /// The value of a parameter or wildcard.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// All of them, in the order of the pattern.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.iter().zip(&self.values).map(|(name, value)| (&**name, &**value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// Why no route was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouteError {
    /// No pattern matches the path.
    NotFound,
    /// The path is malformed.
    BadPath(BadPath),
}

impl RouteError {
    /// The HTTP status that says so: 404 or 400.
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::BadPath(_) => 400,
        }
    }
}

impl From<BadPath> for RouteError {
    fn from(bad: BadPath) -> Self {
        Self::BadPath(bad)
    }
}

impl fmt::Display for RouteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no route matches this path"),
            Self::BadPath(bad) => bad.fmt(f),
        }
    }
}

impl Error for RouteError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};
    use alloc::{format, vec};

    fn router(patterns: &[&'static str]) -> Router<&'static str> {
        let mut router = Router::new();
        for pattern in patterns {
            router.insert(pattern, *pattern).unwrap();
        }
        router
    }

    type Found = (&'static str, Vec<(String, String)>);

    fn find(router: &Router<&'static str>, path: &str) -> Result<Found, RouteError> {
        let found = router.find(path)?;
        assert_eq!(found.pattern.as_str(), *found.value);
        Ok((*found.value, found.params.iter().map(|(name, value)| (name.into(), value.into())).collect()))
    }

    fn found(pattern: &'static str, params: &[(&str, &str)]) -> Result<Found, RouteError> {
        Ok((pattern, params.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()))
    }

    #[test]
    fn parameters_are_named_and_decoded() {
        let router = router(&["/", "/chat/:room_id", "/a/:b/c/:d", "/files/*rest"]);
        assert_eq!(find(&router, "/"), found("/", &[]));
        assert_eq!(find(&router, "/chat/a%20b"), found("/chat/:room_id", &[("room_id", "a b")]));
        assert_eq!(find(&router, "/a/1/c/2"), found("/a/:b/c/:d", &[("b", "1"), ("d", "2")]));
        assert_eq!(find(&router, "/files/x"), found("/files/*rest", &[("rest", "x")]));
        assert_eq!(find(&router, "/files/x/%79/z"), found("/files/*rest", &[("rest", "x/y/z")]));
    }

    #[test]
    fn what_matches_nothing_is_not_found() {
        let router = router(&["/chat/:room_id", "/files/*rest"]);
        for path in ["/", "/chat", "/chat/a/b", "/Chat/a", "/files", "/nothing"] {
            assert_eq!(find(&router, path), Err(RouteError::NotFound), "{path}");
        }
        assert_eq!(find(&Router::default(), "/"), Err(RouteError::NotFound));
    }

    #[test]
    fn an_empty_segment_matches_nothing() {
        let router = router(&["/", "/chat/:room_id", "/chat", "/files/*rest", "/:a/:b/:c"]);
        for path in ["//", "/chat/", "//chat", "/files/", "/files//", "/files/a/", "/files/a//b", "/a//c"] {
            assert_eq!(find(&router, path), Err(RouteError::NotFound), "{path}");
        }
    }

    #[test]
    fn a_bad_path_is_bad_wherever_its_fault_is() {
        let router = router(&["/chat/:room_id"]);
        for path in ["/../etc/passwd", "/chat/%2e%2e%2f", "/chat/%5c", "/chat/%00", "/no/such/%zz", "//%", "chat"] {
            let error = router.find(path).unwrap_err();
            assert!(matches!(error, RouteError::BadPath(_)), "{path}");
            assert_eq!(error.status(), 400);
        }
        assert_eq!(RouteError::NotFound.status(), 404);
    }

    #[test]
    fn a_literal_beats_a_parameter_beats_a_wildcard() {
        let mut patterns = ["/a/b", "/a/:x", "/:x/b", "/:x/:y", "/a/*r", "/*r"];
        for _ in 0..2 {
            let router = router(&patterns);
            assert_eq!(find(&router, "/a/b").unwrap().0, "/a/b");
            assert_eq!(find(&router, "/a/z").unwrap().0, "/a/:x");
            assert_eq!(find(&router, "/z/b").unwrap().0, "/:x/b");
            assert_eq!(find(&router, "/z/z").unwrap().0, "/:x/:y");
            assert_eq!(find(&router, "/a/b/c").unwrap().0, "/a/*r");
            assert_eq!(find(&router, "/z/b/c").unwrap().0, "/*r");
            patterns.reverse();
        }
    }

    #[test]
    fn a_literal_that_leads_nowhere_gives_way() {
        let router = router(&["/a/:x/c", "/:y/b/d", "/:y/*r"]);
        assert_eq!(find(&router, "/a/b/d"), found("/:y/b/d", &[("y", "a")]));
        assert_eq!(find(&router, "/a/b/e"), found("/:y/*r", &[("y", "a"), ("r", "b/e")]));
    }

    #[test]
    fn the_same_shape_twice_is_a_conflict_that_names_both() {
        for (first, second) in [("/a/:x", "/a/:y"), ("/", "/"), ("/f/*a", "/f/*b"), ("/:a/b/:c", "/:x/b/:y")] {
            let mut router = Router::new();
            router.insert(first, 1).unwrap();
            let error = router.insert(second, 2).unwrap_err();
            assert_eq!((error.pattern(), error.problem()), (second, &PatternProblem::Conflict(first.into())));
            let message = error.to_string();
            assert!(message.contains(&format!("{first:?}")) && message.contains(&format!("{second:?}")), "{message}");
        }
        let mut router = router(&["/a/:x"]);
        assert!(router.insert("/a/:y/b", "names differ, and so do the shapes").is_ok());
        assert!(router.insert("/a/*x", "").is_ok());
    }

    #[test]
    fn what_a_wildcard_takes_is_bounded() {
        let router = router(&["/*rest"]);
        let part = "x".repeat(127);
        let longest = format!("/{part}/{part}");
        assert_eq!(find(&router, &longest), found("/*rest", &[("rest", &longest[1..])]));
        assert_eq!(find(&router, &format!("{longest}y")), Err(RouteError::BadPath(BadPath::TooLong)));
    }

    #[test]
    fn a_literal_is_compared_decoded() {
        let router = router(&["/100%/café"]);
        assert_eq!(find(&router, "/100%25/caf%C3%A9"), found("/100%/café", &[]));
        assert_eq!(find(&router, "/100%2525/caf%C3%A9"), Err(RouteError::NotFound));
    }

    #[test]
    fn params_are_looked_up_by_name() {
        let router = router(&["/:a/:b"]);
        let params = router.find("/1/2").unwrap().params;
        assert_eq!((params.get("a"), params.get("b"), params.get("c")), (Some("1"), Some("2"), None));
        assert_eq!((params.len(), params.is_empty()), (2, false));
        assert!(Params::default().is_empty());
        assert_eq!(params.iter().collect::<Vec<_>>(), vec![("a", "1"), ("b", "2")]);
    }
}
