//! What is the same on a Spark socket and on a path of its own.

use super::client::Heard;
use super::side::Sent;
use serde_json::Value;

/// Whether a channel heard the same. Of its own leaving it hears nothing by Spark; and with a `ref`, an error that ends it
/// is an answer and an end.
pub(super) fn same(heard: &[Heard], right: &[Sent], in_any_order: bool, is_batch: bool) -> bool {
    let text = |text: &str| match serde_json::from_str::<Value>(text) {
        Ok(value) if value.is_object() || value.is_array() => value,
        _ => Value::from(text),
    };
    let mut right: Vec<Heard> = right
        .iter()
        .map(|sent| match sent {
            Sent::Text(sent) => Heard::Text(text(sent)),
            Sent::Binary(bytes) => Heard::Binary(bytes.clone()),
            Sent::Close(code, reason) => Heard::Closed(*code, reason.clone()),
        })
        .collect();
    let mut heard = heard.to_vec();
    if let Some(Heard::Closed(_, reason)) = right.last() {
        // Where the code of a close may not be sent, its reason stays out of it too.
        let is_reason = |error: &Value| error["message"] == reason.as_str() || error["message"] == "out with you";
        heard
            .retain(|one| !matches!(one, Heard::Error(error) if is_reason(error) && error["code"] != "INTERNAL_ERROR"));
    }
    let is_over_rate = |one: &Heard| match one {
        Heard::Text(error) | Heard::Error(error) => error["code"] == "RATE_LIMITED",
        _ => false,
    };
    let count = |all: &[Heard]| all.iter().filter(|one| is_over_rate(one)).count();
    if matches!(right.last(), Some(Heard::Closed(..)))
        && count(&heard) == count(&right) + 1
        && let Some(place) = heard.iter().rposition(is_over_rate)
    {
        // The message that was one too many ended the channel, and its `ref` was answered.
        heard.remove(place);
    }
    for one in &mut heard {
        if let Heard::Error(error) = one {
            *one = Heard::Text(error.take());
        }
    }
    if is_batch {
        // A batch that fails answers each of its messages; on a path of its own that is once.
        let is_error = |one: &Heard| matches!(one, Heard::Text(text) if text["type"] == "error");
        heard.dedup_by(|one, before| one == before && is_error(one));
        right.dedup_by(|one, before| one == before && is_error(one));
    }
    if right.last() == Some(&Heard::Closed(1000, String::new())) && heard.last() != right.last() {
        right.pop();
    }
    if in_any_order {
        let mut left = right;
        return heard.len() == left.len()
            && heard
                .iter()
                .all(|one| left.iter().position(|other| other == one).map(|place| left.swap_remove(place)).is_some());
    }
    heard == right
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_the_same_and_what_is_not() {
        let text = |text: &str| Sent::Text(text.to_owned());
        let over = Sent::Close(1000, String::new());
        let heard = [Heard::Text(json!("a")), Heard::Text(json!({ "b": 1 }))];
        let is_same = |right: &[Sent]| same(&heard, right, false, false);
        assert!(is_same(&[text("a"), text("{\"b\":1}")]));
        assert!(is_same(&[text("a"), text("{\"b\":1}"), over]), "of its own leaving it hears nothing");
        assert!(!is_same(&[text("{\"b\":1}"), text("a")]));
        assert!(same(&heard, &[text("{\"b\":1}"), text("a")], true, false));
        assert!(!is_same(&[text("a"), text("{\"b\":1}"), text("c")]) && !is_same(&[text("a")]));
        assert!(!is_same(&[text("a"), text("\"{\\\"b\\\":1}\"")]), "a string is no object");
        let error = json!({ "type": "error", "message": "out", "code": null });
        let ended = [Heard::Error(error.clone()), Heard::Closed(4_000, "out".into())];
        assert!(same(&ended, &[Sent::Close(4_000, "out".into())], false, false), "an answer, and an end");
        assert!(!same(&ended[..1], &[], false, false));
        let twice = [Heard::Error(error.clone()), Heard::Text(error.clone())];
        assert!(
            same(&twice, &[text(&error.to_string())], false, true)
                && !same(&twice, &[text(&error.to_string())], false, false)
        );
    }
}
