//! Laws of the table of connections: an id names one value for ever, and nothing after it.

use lazuli::ConnId;
use lazuli::id::Table;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Op {
    Insert,
    /// One of the ids given out so far, live or stale.
    Remove(prop::sample::Index),
    Change(prop::sample::Index),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Insert),
        2 => any::<prop::sample::Index>().prop_map(Op::Remove),
        1 => any::<prop::sample::Index>().prop_map(Op::Change),
    ]
}

proptest! {
    #[test]
    fn an_id_names_its_value_or_nothing(ops in prop::collection::vec(op(), 1..200)) {
        let mut table = Table::new();
        let mut model: BTreeMap<ConnId, usize> = BTreeMap::new();
        let mut given: Vec<ConnId> = Vec::new();
        let mut most = 0;
        for (value, op) in ops.into_iter().enumerate() {
            match op {
                Op::Insert => {
                    let id = table.insert(value);
                    prop_assert!(!given.contains(&id), "{} was given out before", id);
                    given.push(id);
                    model.insert(id, value);
                    most = most.max(model.len());
                    prop_assert!(id.index() < most, "places are dense");
                }
                Op::Remove(_) | Op::Change(_) if given.is_empty() => {}
                Op::Remove(which) => {
                    let id = *which.get(&given);
                    prop_assert_eq!(table.remove(id), model.remove(&id));
                }
                Op::Change(which) => {
                    let id = *which.get(&given);
                    if let Some(found) = table.get_mut(id) {
                        *found = value;
                    }
                    model.entry(id).and_modify(|found| *found = value);
                }
            }
            for id in &given {
                prop_assert_eq!(table.get(*id), model.get(id));
            }
            prop_assert_eq!((table.len(), table.is_empty()), (model.len(), model.is_empty()));
            let mut all: Vec<(ConnId, usize)> = table.iter().map(|(id, value)| (id, *value)).collect();
            prop_assert!(all.is_sorted_by_key(|(id, _)| id.index()));
            all.sort();
            prop_assert_eq!(all, model.iter().map(|(id, value)| (*id, *value)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_id_survives_as_a_number(number in any::<u64>()) {
        prop_assert_eq!(ConnId::from_u64(number).map(ConnId::as_u64), Some(number).filter(|number| *number != 0));
    }

    #[test]
    fn a_number_from_elsewhere_names_nothing_that_is_not_there(number in 1u64.., values in 0usize..5) {
        let mut table = Table::new();
        let ids: Vec<ConnId> = (0..values).map(|value| table.insert(value)).collect();
        let id = ConnId::from_u64(number).unwrap();
        prop_assert_eq!(table.get(id).is_some(), ids.contains(&id));
    }
}

#[test]
fn an_id_is_a_string_in_json() {
    let mut table = Table::new();
    let id = table.insert(());
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{id}\""));
}
