//! What a component reads from an event: whatever serde can say, with numbers and truth values that came as text.

use lazuli::log::{Level, Record};
use lazuli::{Event, Frame, Kind, Message, Time};
use serde::Deserialize;
use std::collections::BTreeMap;

fn read<'e, T: Deserialize<'e>>(data: &'e str) -> Result<T, String> {
    Event::new("e", data).read().map_err(|error| error.message().to_owned())
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    Nothing,
    Circle(f64),
    Line(i32, i32),
    Text { size: u8, bold: bool },
}

#[test]
fn texts_are_numbers_wherever_these_are_asked_for() {
    assert_eq!(read::<Vec<u32>>(r#"["1", 2, " 3 "]"#), Ok(vec![1, 2, 3]));
    assert_eq!(read::<(i8, bool, f32)>(r#"["-1", "true", "0.5"]"#), Ok((-1, true, 0.5)));
    let map = BTreeMap::from([("a".to_owned(), Some(7u64)), ("b".to_owned(), None)]);
    assert_eq!(read(r#"{"a":"7","b":null}"#), Ok(map));
    assert_eq!(read::<Vec<Vec<bool>>>(r#"[["false"], [], [true]]"#), Ok(vec![vec![false], vec![], vec![true]]));
    assert_eq!(read::<Option<i64>>(r#""-9""#), Ok(Some(-9)));
}

#[test]
fn an_enum_s_variants_are_read_whatever_they_hold() {
    let all = r#"["nothing", {"circle":"1.5"}, {"line":["-1","2"]}, {"text":{"size":"12","bold":"true"}}]"#;
    let shapes = [Shape::Nothing, Shape::Circle(1.5), Shape::Line(-1, 2), Shape::Text { size: 12, bold: true }];
    assert_eq!(read::<Vec<Shape>>(all).as_deref(), Ok(&shapes[..]));
    assert_eq!(Event::new("nothing", "null").parse::<Shape>().unwrap(), Shape::Nothing);
    assert_eq!(Event::new("circle", r#""2""#).parse::<Shape>().unwrap(), Shape::Circle(2.0));
    assert_eq!(Event::new("line", r#"["1","2"]"#).parse::<Shape>().unwrap(), Shape::Line(1, 2));
    // A unit variant holds nothing.
    assert_eq!(read(r#"{"nothing":null}"#), Ok(Shape::Nothing));
    assert!(read::<Shape>(r#"{"nothing":1}"#).is_err());
}

#[test]
fn what_is_wrong_is_said_with_the_field_and_what_was_expected() {
    let wrong = |data| read::<BTreeMap<String, u8>>(data).unwrap_err();
    assert_eq!(wrong(r#"{"a":1,"b":"x"}"#), "Invalid message format: `b`: invalid type: string \"x\", expected u8");
    assert_eq!(wrong(r#"{"a":"300"}"#), "Invalid message format: `a`: invalid value: integer `300`, expected u8");
    let wrong = read::<BTreeMap<String, Vec<u8>>>(r#"{"a":[],"b":7}"#).unwrap_err();
    assert_eq!(wrong, "Invalid message format: `b`: invalid type: integer `7`, expected a sequence");
    let wrong = read::<BTreeMap<String, bool>>(r#"{"a":"yes"}"#).unwrap_err();
    assert_eq!(wrong, "Invalid message format: `a`: invalid type: string \"yes\", expected a boolean");
}

#[test]
fn a_field_is_a_text_unless_it_is_a_thing_of_several_parts() {
    let event = Event::new("e", r#"{"a":"x","b":1.5,"c":false,"d":{},"e":[],"f":null}"#);
    let got: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"].iter().map(|name| event.get(name)).collect();
    let got: Vec<Option<&str>> = got.iter().map(Option::as_deref).collect();
    assert_eq!(got, [Some("x"), Some("1.5"), Some("false"), None, None, None, None]);
}

#[test]
fn a_message_is_empty_without_a_byte() {
    for (message, length) in [(Message::Text(""), 0), (Message::Text("é"), 2), (Message::Binary(&[0]), 1)] {
        assert_eq!((message.len(), message.is_empty()), (length, length == 0));
    }
}

#[test]
fn what_is_shown_of_a_frame_is_not_what_it_says() {
    let shown = format!("{:?}", Frame::new(Kind::Text, b"hunter2"));
    assert!(shown.contains("Text") && shown.contains('7') && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_record_can_be_read_and_forges_no_line() {
    let record =
        Record { detail: Some("café \u{202e}\n\\".into()), ..Record::new(Time::ZERO, Level::Warn, "refused") };
    assert_eq!(record.to_string(), "refused: café \\u{202e}\\n\\\\");
    let levels = [Level::Debug, Level::Info, Level::Warn, Level::Error].map(|level| level.to_string());
    assert!(levels.iter().all(|level| !level.is_empty()), "{levels:?}");
    assert_eq!(levels.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
}
