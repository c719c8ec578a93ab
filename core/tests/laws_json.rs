//! Laws of reading messages: one clear error for each thing that can be wrong, and never a panic.

use lazuli::json::{parse, parse_tagged};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Message {
    Say { text: String, volume: Option<u8> },
    Paint { color: Color },
    Leave,
}

#[derive(Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Color {
    Red,
    Blue,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Action {
    Go,
}

#[derive(Debug, Deserialize)]
struct Plain {
    #[expect(dead_code, reason = "only whether it can be read matters")]
    name: String,
}

fn error(text: &str) -> (String, Option<String>) {
    let error = parse::<Message>(text).unwrap_err();
    assert_eq!((error.close_code(), error.detail()), (None, None), "the peer reads it, and the connection stays open");
    (error.message().into(), error.code().map(Into::into))
}

#[test]
fn messages_are_read_by_their_type() {
    assert_eq!(parse::<Message>(r#"{"type":"leave"}"#).unwrap(), Message::Leave);
    assert_eq!(
        parse::<Message>(r#" {"volume":3,"text":"hi","type":"say","more":[]} "#).unwrap(),
        Message::Say { text: "hi".into(), volume: Some(3) }
    );
}

#[test]
fn what_is_no_json_says_so() {
    for text in ["", " ", "{", "hello", r#"{"type":"say""#, r#"{"type":"leave"} x"#, "{'a':1}", "\u{0}"] {
        assert_eq!(error(text), ("Invalid JSON format".into(), Some("INVALID_JSON".into())), "{text:?}");
    }
}

#[test]
fn nesting_without_end_is_no_crash() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        assert!(parse::<Message>(&text).is_err());
        assert!(parse::<serde_json::Value>(&text).is_err());
    }
}

#[test]
fn an_unknown_type_is_named() {
    assert_eq!(error(r#"{"type":"sing"}"#), ("Unknown message type: sing".into(), None));
    assert_eq!(error(r#"{"type":""}"#), ("Unknown message type: ".into(), None));
    assert_eq!(error(r#"{"type":"a`, b"}"#), ("Unknown message type: a`, b".into(), None));
    assert_eq!(
        parse_tagged::<Action>(r#"{"action":"stop"}"#, "action").unwrap_err().message(),
        "Unknown message type: stop"
    );
}

#[test]
fn an_unknown_type_is_named_whatever_its_name_is() {
    assert_eq!(error(r#"{"type":"look at line 3"}"#), ("Unknown message type: look at line 3".into(), None));
}

#[test]
fn a_bad_field_is_not_taken_for_an_unknown_type() {
    assert_eq!(
        error(r#"{"type":"paint","color":"green"}"#).0,
        "Invalid message format: `color`: unknown variant `green`, expected `red` or `blue`"
    );
}

#[test]
fn a_bad_field_that_is_called_like_the_type_is_not_taken_for_an_unknown_type() {
    assert_eq!(
        error(r#"{"type":"paint","color":"paint"}"#).0,
        "Invalid message format: `color`: unknown variant `paint`, expected `red` or `blue`"
    );
}

#[test]
fn bad_fields_say_what_is_wrong() {
    let cases = [
        (r#"{"type":"say"}"#, "Invalid message format: missing field `text`"),
        (r#"{"text":"hi"}"#, "Invalid message format: missing field `type`"),
        (r#"{}"#, "Invalid message format: missing field `type`"),
        (r#"{"type":"say","text":1}"#, "Invalid message format: `text`: invalid type: integer `1`, expected a string"),
        (
            r#"{"type":"say","text":"x","volume":256}"#,
            "Invalid message format: `volume`: invalid value: integer `256`, expected u8",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(error(text), (message.into(), None), "{text}");
    }
    let many: String = (0..20).map(|n| format!("\"f{n}\":0,")).collect();
    assert_eq!(
        error(&format!("{{{many}\"type\":\"say\",\"text\":1}}")).0,
        "Invalid message format: invalid type: integer `1`, expected a string",
        "among many fields nobody looks for the one"
    );
    assert!(error(r#"{"type":7}"#).0.starts_with("Invalid message format: "));
}

#[test]
fn what_is_no_object_says_so() {
    for text in ["1", "null", "\"say\"", "[]", "[1]", "true"] {
        assert_eq!(error(text), ("Invalid message format: a message is a JSON object".into(), None), "{text}");
    }
}

#[test]
fn an_array_is_never_a_message() {
    for text in [r#"["leave"]"#, r#"["leave",null]"#, r#"["say",null]"#, r#"["say","hi",1]"#] {
        assert_eq!(error(text), ("Invalid message format: a message is a JSON object".into(), None), "{text}");
    }
    assert_eq!(error("[1,]").0, "Invalid JSON format");
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        prop_oneof![Just("say".to_owned()), Just("type".into()), Just("paint".into()), ".*"].prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 30, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(
                prop_oneof![Just("type".to_owned()), Just("text".into()), Just("color".into()), ".{0,4}"],
                inner,
                0..6
            )
            .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_panics(text in ".*", tag in ".{0,4}") {
        let _ = parse::<Message>(&text);
        let _ = parse_tagged::<Message>(&text, &tag);
        let _ = parse::<Plain>(&text);
    }

    #[test]
    fn no_json_panics_and_none_is_called_invalid_json(value in json()) {
        // Arrays have a test of their own.
        let text = if value.is_array() { format!("{{\"list\":{value}}}") } else { value.to_string() };
        for error in [parse::<Message>(&text).err(), parse::<Plain>(&text).err()].into_iter().flatten() {
            prop_assert!(error.message().starts_with("Unknown message type: ")
                || error.message().starts_with("Invalid message format: "), "{}", error.message());
            prop_assert_eq!(error.code(), None);
        }
    }

    #[test]
    fn every_unknown_type_is_named(name in "[^\"\\\\\\p{Cc}]{0,20}") {
        prop_assume!(!["say", "paint", "leave"].contains(&name.as_str()));
        let text = serde_json::json!({ "type": name }).to_string();
        prop_assert_eq!(error(&text).0, format!("Unknown message type: {name}"));
    }

    #[test]
    fn what_was_written_is_read_again(text in ".*", volume in any::<Option<u8>>()) {
        let message = Message::Say { text, volume };
        let written = serde_json::to_string(&message).unwrap();
        prop_assert_eq!(parse::<Message>(&written).unwrap(), message);
    }
}
