//! Laws of paths, patterns and the router.

use lazuli::request::Request;
use lazuli::route::{BadPath, MAX_VALUE, PatternProblem, RouteError, Router};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A path decoded the plain way: whether it is fit to be matched, and its segments.
fn reference_segments(path: &str) -> Result<Vec<String>, ()> {
    let rest = path.strip_prefix('/').ok_or(())?;
    if rest.is_empty() {
        return Ok(Vec::new());
    }
    rest.split('/').map(reference_decode).collect()
}

fn reference_decode(raw: &str) -> Result<String, ()> {
    let mut bytes = Vec::new();
    let mut at = 0;
    while at < raw.len() {
        if raw.as_bytes()[at] == b'%' {
            let digits = raw.get(at + 1..at + 3).filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
            bytes.push(u8::from_str_radix(digits.ok_or(())?, 16).map_err(drop)?);
            at += 3;
        } else {
            bytes.push(raw.as_bytes()[at]);
            at += 1;
        }
    }
    let text = String::from_utf8(bytes).map_err(drop)?;
    let fit = !raw.contains(['?', '#'])
        && !text.contains(['/', '\\'])
        && !text.chars().any(char::is_control)
        && text != "."
        && text != ".."
        && text.len() <= MAX_VALUE;
    if fit { Ok(text) } else { Err(()) }
}

/// How specific a segment of a pattern is; patterns of equal ranks and literals have the same shape.
fn rank(segment: &str) -> (u8, &str) {
    match segment.as_bytes().first() {
        Some(b':') => (1, ""),
        Some(b'*') => (2, ""),
        _ => (0, segment),
    }
}

fn parts(pattern: &str) -> Vec<&str> {
    pattern.split('/').skip(1).filter(|part| !part.is_empty()).collect()
}

fn shape(pattern: &str) -> Vec<(u8, &str)> {
    parts(pattern).into_iter().map(rank).collect()
}

/// What one pattern makes of a path, looked at alone.
fn reference_match(pattern: &str, segments: &[String]) -> Option<Vec<(String, String)>> {
    let parts = parts(pattern);
    let mut params = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let segment = segments.get(at)?;
        if let Some(name) = part.strip_prefix('*') {
            params.push((name.to_owned(), segments[at..].join("/")));
            return Some(params);
        } else if let Some(name) = part.strip_prefix(':') {
            params.push((name.to_owned(), segment.clone()));
        } else if part != segment {
            return None;
        }
    }
    (parts.len() == segments.len()).then_some(params)
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Found(String, Vec<(String, String)>),
    NotFound,
    BadPath,
}

/// All patterns are tried, and of those that match the one with the lowest ranks from the left wins.
fn reference_find(patterns: &[String], path: &str) -> Outcome {
    let Ok(segments) = reference_segments(path) else { return Outcome::BadPath };
    if segments.iter().any(String::is_empty) {
        return Outcome::NotFound;
    }
    let matching = patterns.iter().filter_map(|pattern| Some((pattern, reference_match(pattern, &segments)?)));
    let ranks = |pattern: &str| shape(pattern).into_iter().map(|(rank, _)| rank).collect::<Vec<_>>();
    match matching.min_by_key(|(pattern, _)| ranks(pattern)) {
        Some((_, params)) if params.iter().any(|(_, value)| value.len() > MAX_VALUE) => Outcome::BadPath,
        Some((pattern, params)) => Outcome::Found(pattern.clone(), params),
        None => Outcome::NotFound,
    }
}

fn find(router: &Router<String>, path: &str) -> Outcome {
    match router.find(path) {
        Ok(found) => {
            let params = found.params.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            Outcome::Found(found.value.clone(), params.collect())
        }
        Err(RouteError::NotFound) => Outcome::NotFound,
        Err(RouteError::BadPath(_)) => Outcome::BadPath,
    }
}

/// Few words, so that patterns and paths often meet.
fn pattern() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        4 => select(vec!["a", "b", "é"]).prop_map(str::to_owned),
        3 => Just(":".to_owned()),
    ];
    (vec(segment, 0..4), prop::bool::weighted(0.25), select(vec!["p", "q"])).prop_map(|(segments, wildcard, name)| {
        // Names are numbered, so that none stands twice, and vary, so that equal shapes have different names.
        let mut text = String::new();
        for (number, segment) in segments.iter().enumerate() {
            text += &if segment == ":" { format!("/:{name}{number}") } else { format!("/{segment}") };
        }
        if wildcard {
            text += &format!("/*{name}");
        }
        if text.is_empty() { "/".to_owned() } else { text }
    })
}

fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        30 => select(vec!["a", "b", "c", "%61", "é", "%C3%A9", "%c3%a9", "a%20b", "%2525"]).prop_map(str::to_owned),
        1 => select(vec!["", ".", "..", "%2e%2E", "%2f", "%5c", "\\", "%00", "%zz", "%", "%ff", "?", "#", "\u{85}"])
            .prop_map(str::to_owned),
        1 => (MAX_VALUE - 1..MAX_VALUE + 2).prop_map(|length| "x".repeat(length)),
    ];
    prop_oneof![
        40 => vec(segment, 0..6).prop_map(|segments| format!("/{}", segments.join("/"))),
        1 => Just(String::new()),
        1 => Just("a/b".to_owned()),
    ]
}

/// Each byte escaped or, where a path may hold it plain, perhaps not; in digits of either case.
fn encode(text: &str, choices: &[Index]) -> String {
    let mut encoded = String::new();
    for (at, byte) in text.bytes().enumerate() {
        let choice = choices[at % choices.len()].index(3);
        let plain = byte.is_ascii_graphic() && !b"%?#/\\".contains(&byte);
        match choice {
            0 if plain => encoded.push(char::from(byte)),
            0 | 1 => encoded += &format!("%{byte:02x}"),
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}

proptest! {
    #[test]
    fn the_router_agrees_with_trying_every_pattern(patterns in vec(pattern(), 0..12), paths in vec(path(), 1..12)) {
        let mut router = Router::new();
        let mut kept: Vec<String> = Vec::new();
        for pattern in patterns {
            let other = kept.iter().find(|other| shape(other) == shape(&pattern));
            match router.insert(&pattern, pattern.clone()) {
                Ok(()) => {
                    prop_assert_eq!(other, None);
                    kept.push(pattern);
                }
                Err(error) => {
                    let conflict = other.map(|other| PatternProblem::Conflict(other.as_str().into()));
                    prop_assert_eq!(Some(error.problem()), conflict.as_ref());
                }
            }
        }
        let mut reversed = Router::new();
        for pattern in kept.iter().rev() {
            reversed.insert(pattern, pattern.clone()).unwrap();
        }
        for path in paths {
            let expected = reference_find(&kept, &path);
            prop_assert_eq!(&find(&router, &path), &expected, "{}", path);
            prop_assert_eq!(&find(&reversed, &path), &expected, "{}, reversed", path);
        }
    }

    #[test]
    fn decoding_undoes_encoding(text in ".{1,90}", choices in vec(any::<Index>(), 1..9)) {
        let mut router = Router::new();
        router.insert("/x/:value", ()).unwrap();
        let path = format!("/x/{}", encode(&text, &choices));
        let forbidden = |c: char| c.is_control() || c == '/' || c == '\\';
        if text.contains(forbidden) || text == "." || text == ".." || text.len() > MAX_VALUE {
            prop_assert!(matches!(router.find(&path), Err(RouteError::BadPath(_))));
            prop_assert!(Request::get(&path).is_err());
        } else {
            let found = router.find(&path).unwrap();
            prop_assert_eq!(found.params.get("value"), Some(text.as_str()));
            let request = Request::get(&path).unwrap();
            prop_assert_eq!(request.path(), format!("/x/{text}"));
        }
    }

    #[test]
    fn a_query_decodes_to_what_was_encoded(
        pairs in vec((".{0,12}", ".{0,12}"), 0..6),
        choices in vec(any::<Index>(), 1..9),
    ) {
        let form = |text: &str| text.split(' ').map(|word| {
            encode(word, &choices).replace('+', "%2B").replace('&', "%26").replace('=', "%3D")
        }).collect::<Vec<_>>().join("+");
        let encoded: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", form(name), form(value))).collect();
        let request = Request::get(&format!("/?{}", encoded.join("&"))).unwrap();
        let decoded: Vec<_> = request.query_pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        prop_assert_eq!(&decoded, &pairs);
        for (name, _) in &pairs {
            let first = pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
            prop_assert_eq!(request.query(name), first);
        }
    }

    #[test]
    fn any_text_is_a_path_or_is_not(text in "/?[ -~é%./\\\\\u{0}]{0,40}") {
        let mut router = Router::new();
        router.insert("/:a", ()).unwrap();
        router.insert("/:a/*rest", ()).unwrap();
        match router.find(&text) {
            Ok(found) => for (_, value) in found.params.iter() {
                prop_assert!(!value.is_empty() && value.len() <= MAX_VALUE);
                prop_assert!(!value.contains(|c: char| c.is_control() || c == '\\'));
                prop_assert!(value.split('/').all(|part| !["", ".", ".."].contains(&part)));
            },
            // The two routes match any path but the root and those with an empty segment.
            Err(RouteError::NotFound) => prop_assert!(text == "/" || text.contains("//") || text.ends_with('/')),
            Err(RouteError::BadPath(_)) => prop_assert!(reference_segments(&text).is_err()),
        }
    }

    #[test]
    fn any_text_is_a_pattern_or_says_why_not(text in "/?[a-c:*/._%é\u{0}]{0,12}") {
        let mut router = Router::new();
        match router.insert(&text, ()) {
            Ok(()) => {
                let again = router.insert(&text, ()).unwrap_err();
                prop_assert_eq!(again.problem(), &PatternProblem::Conflict(text.into()));
            }
            Err(error) => {
                prop_assert_eq!(error.pattern(), &text);
                let named = error.to_string().contains(&format!("{text:?}"));
                prop_assert!(named, "{}", error);
                prop_assert_eq!(router.find("/").unwrap_err(), RouteError::NotFound);
            }
        }
    }
}

#[test]
fn many_routes_are_told_apart() {
    let mut router = Router::new();
    for number in 0..20_000_u32 {
        router.insert(&format!("/r{number}/:id"), number).unwrap();
    }
    for number in 0..40_000 {
        let found = router.find(&format!("/r{number}/x")).map(|found| *found.value);
        assert_eq!(found, if number < 20_000 { Ok(number) } else { Err(RouteError::NotFound) });
    }
}

#[test]
fn attacks_on_paths_are_refused_or_find_nothing() {
    let mut router = Router::new();
    router.insert("/files/*rest", ()).unwrap();
    for (path, expected) in [
        ("/../etc/passwd", RouteError::BadPath(BadPath::Dots)),
        ("/files/../etc/passwd", RouteError::BadPath(BadPath::Dots)),
        ("/files/%2e%2e%2f%2e%2e%2fetc", RouteError::BadPath(BadPath::Separator)),
        ("/files/%2e%2e/etc", RouteError::BadPath(BadPath::Dots)),
        ("/files/..%5cetc", RouteError::BadPath(BadPath::Separator)),
        ("/files/a%00.txt", RouteError::BadPath(BadPath::Control)),
        ("/files/%c0%ae%c0%ae/etc", RouteError::BadPath(BadPath::NotUtf8)),
        ("/files//etc", RouteError::NotFound),
    ] {
        assert_eq!(router.find(path).unwrap_err(), expected, "{path}");
    }
    // Decoded once: an escape that was escaped is text.
    assert_eq!(router.find("/files/%252e%252e").unwrap().params.get("rest"), Some("%2e%2e"));
}

#[test]
fn a_path_that_is_none_is_told_what_would_be_right() {
    let messages = [
        ("chat", BadPath::MissingSlash, "must begin with a slash"),
        ("/%zz", BadPath::Escape, "write %25 for a plain %"),
        ("/%ff", BadPath::NotUtf8, "must be UTF-8"),
        ("/a%2fb", BadPath::Separator, "encoded slash or a backslash"),
        ("/a%00", BadPath::Control, "control characters"),
        ("/a/../b", BadPath::Dots, "write it resolved"),
    ];
    for (path, problem, right) in messages {
        assert_eq!(Request::get(path).unwrap_err(), problem, "{path}");
        assert!(problem.to_string().contains(right), "{problem}");
        assert_eq!(problem.to_string(), problem.message());
    }
}
