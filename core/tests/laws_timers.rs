//! Laws of the timer queue: the same as a sorted list.

use lazuli::Time;
use lazuli::timer::{TimerKey, TimerQueue};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    /// Few different times, so that many are equal.
    Insert(u64),
    /// Of those that are set, one.
    Cancel(prop::sample::Index),
    PopDue(u64),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        5 => (0u64..20).prop_map(Op::Insert),
        1 => Just(Op::Insert(u64::MAX)),
        3 => any::<prop::sample::Index>().prop_map(Op::Cancel),
        3 => (0u64..20).prop_map(Op::PopDue),
    ]
}

proptest! {
    #[test]
    fn a_timer_queue_is_a_sorted_list(ops in prop::collection::vec(op(), 1..300)) {
        let mut timers = TimerQueue::new();
        // In the order of insertion, which is what sorting by time keeps among equals.
        let mut model: Vec<(Time, usize, TimerKey)> = Vec::new();
        for (value, op) in ops.into_iter().enumerate() {
            match op {
                Op::Insert(at) => {
                    let at = Time::from_micros(at);
                    let key = timers.insert(at, value);
                    prop_assert!(model.iter().all(|(_, _, other)| *other != key), "a key names one timer");
                    model.push((at, value, key));
                }
                Op::Cancel(which) => {
                    if !model.is_empty() {
                        let (_, value, key) = model.remove(which.index(model.len()));
                        prop_assert_eq!(timers.cancel(key), Some(value));
                        prop_assert_eq!(timers.cancel(key), None, "it leaves nothing behind");
                    }
                }
                Op::PopDue(now) => {
                    let now = Time::from_micros(now);
                    let first = (0..model.len()).min_by_key(|&nth| model[nth].0).filter(|&nth| model[nth].0 <= now);
                    let expected = first.map(|nth| model.remove(nth).1);
                    prop_assert_eq!(timers.pop_due(now), expected);
                }
            }
            prop_assert_eq!(timers.next(), model.iter().map(|(at, _, _)| *at).min());
            prop_assert_eq!((timers.len(), timers.is_empty()), (model.len(), model.is_empty()));
        }
        model.sort_by_key(|(at, _, _)| *at);
        let rest: Vec<usize> = std::iter::from_fn(|| timers.pop_due(Time::MAX)).collect();
        prop_assert_eq!(rest, model.into_iter().map(|(_, value, _)| value).collect::<Vec<_>>());
        prop_assert_eq!((timers.next(), timers.len()), (None, 0));
    }
}
