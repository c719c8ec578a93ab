//! What holds of a room's presence, whoever comes and goes.

use super::*;
use crate::config::Node;
use alloc::format;
use alloc::string::String;
use proptest::prelude::*;
use serde_json::{Map, Value};

fn conn(number: u64) -> ConnId {
    ConnId::from_u64(1 << 32 | number).unwrap_or_else(|| unreachable!())
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> serde_json::Result<()>) -> Value {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

type View = Map<String, Value>;

fn state(presence: &mut Presence) -> View {
    match written(|bytes| presence.write_state("r\"", bytes)) {
        Value::Object(mut fields) => match fields.remove("users") {
            Some(Value::Object(users)) => users,
            other => panic!("{other:?}"),
        },
        other => panic!("{other}"),
    }
}

/// What is true, without telling anybody.
fn truth(presence: &Presence) -> View {
    let metas = |metas: Vec<Meta>| metas.iter().map(|meta| serde_json::from_str(meta).unwrap()).collect::<Vec<Value>>();
    presence.users().map(|(user, m)| (user.as_ref().into(), serde_json::json!({ "metas": metas(m) }))).collect()
}

fn apply(view: &mut View, diff: &Value) {
    for key in ["joins", "updates"] {
        for (user, metas) in diff.get(key).and_then(Value::as_object).into_iter().flatten() {
            view.insert(user.clone(), metas.clone());
        }
    }
    for user in diff["leaves"].as_object().unwrap().keys() {
        view.remove(user);
    }
}

proptest! {
    /// Whoever applies the diffs to the state that they once got has the state that is true, however many changes a
    /// diff stands for, and whenever they came.
    #[test]
    fn states_and_diffs_converge(steps in prop::collection::vec((0u8..4, 0u64..6, 0u8..3), 0..100)) {
        let mut presence = Presence::new(Some(Node(5)));
        let mut views: BTreeMap<ConnId, View> = BTreeMap::new();
        for (what, number, meta) in steps {
            let user: Arc<str> = format!("user {}", number % 3).into();
            match what {
                0 | 1 => {
                    if presence.track(&user, conn(number), format!("{{\"m\":{meta}}}").into()) {
                        views.insert(conn(number), state(&mut presence));
                    }
                }
                2 => {
                    presence.untrack(&user, conn(number));
                }
                _ => {
                    if let Some((diff, except)) = presence.take_diff() {
                        let diff = written(|bytes| diff.write("r", bytes));
                        for (conn, view) in &mut views {
                            if Some(*conn) != except {
                                apply(view, &diff);
                            }
                        }
                    }
                    for view in views.values() {
                        prop_assert_eq!(view, &truth(&presence));
                    }
                }
            }
        }
    }
}

#[test]
fn a_user_leaves_with_the_last_connection() {
    let (mut presence, ada): (_, Arc<str>) = (Presence::new(Some(Node(5))), "ada".into());
    assert!(presence.track(&ada, conn(1), "{}".into()));
    let (diff, except) = presence.take_diff().unwrap();
    assert_eq!((diff.joins.len(), except), (1, Some(conn(1))));
    assert!(presence.track(&ada, conn(2), "{}".into()));
    assert!(presence.take_diff().is_none(), "a second tab changes nothing that is shown");
    assert!(presence.untrack(&ada, conn(1)));
    assert!(presence.take_diff().is_none());
    assert!(!presence.untrack(&ada, conn(1)));
    assert!(presence.untrack(&ada, conn(2)));
    assert_eq!(presence.take_diff().map(|(diff, _)| diff.leaves.len()), Some(1));
}
