//! Which nodes or rows stay where they are when their order changes, and in which steps the others move.

use alloc::vec::Vec;

/// The positions of a longest increasing subsequence of different numbers.
pub(super) fn longest_increasing(numbers: &[u32]) -> Vec<usize> {
    // For each length: the position where the subsequence of that length with the least end ends.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous = alloc::vec![usize::MAX; numbers.len()];
    for (position, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers[*end] < *number);
        if length > 0 {
            previous[position] = ends[length - 1];
        }
        match ends.get_mut(length) {
            Some(end) => *end = position,
            None => ends.push(position),
        }
    }
    let mut found = alloc::vec![0; ends.len()];
    let mut at = ends.last().copied().unwrap_or(usize::MAX);
    for place in found.iter_mut().rev() {
        *place = at;
        at = previous[at];
    }
    found
}

/// The steps that bring nodes into order. `order[i]` is where the node stands now that shall stand at `i`. A step takes the node at
/// the first index out, and puts it in so that it has the second. None come if more than `limit` would be needed.
pub(super) fn steps(order: &[u32], limit: usize) -> Option<Vec<(usize, usize)>> {
    let stay = longest_increasing(order);
    if order.len() - stay.len() > limit {
        return None;
    }
    // Those that stay, and where they stand now, in both orders at once.
    let stands: Vec<u32> = stay.iter().map(|position| order[*position]).collect();
    // Those that have not moved yet, by where they stand now.
    let mut waiting = Waiting::new(order.len());
    let mut stays = alloc::vec![false; order.len()];
    stay.iter().for_each(|position| stays[*position] = true);
    for (position, old) in order.iter().enumerate() {
        if !stays[position] {
            waiting.add(*old as usize, 1);
        }
    }
    // How many of those that stay stand before each of those that have moved; it never falls.
    let mut moved: Vec<usize> = Vec::new();
    let mut steps = Vec::new();
    let mut passed = 0;
    for (position, old) in order.iter().enumerate() {
        if stays[position] {
            passed += 1;
            continue;
        }
        waiting.add(*old as usize, -1);
        let before = stands.partition_point(|stand| stand < old);
        let from = before + moved.partition_point(|it| *it <= before) + waiting.before(*old as usize);
        let anchor = if passed == 0 { 0 } else { stands[passed - 1] as usize };
        let to = passed + moved.len() + waiting.before(anchor);
        moved.push(passed);
        if from != to {
            steps.push((from, to));
        }
    }
    Some(steps)
}

/// Counts of what stands before an index (a Fenwick tree).
struct Waiting(Vec<i32>);

impl Waiting {
    fn new(len: usize) -> Waiting {
        Waiting(alloc::vec![0; len + 1])
    }

    fn add(&mut self, index: usize, change: i32) {
        let mut at = index + 1;
        while at < self.0.len() {
            self.0[at] += change;
            at += at & at.wrapping_neg();
        }
    }

    fn before(&self, index: usize) -> usize {
        let mut at = index;
        let mut sum = 0;
        while at > 0 {
            sum += self.0[at];
            at &= at - 1;
        }
        sum.max(0) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn steps_bring_nodes_into_order(order in (0u32..40).prop_flat_map(|n| Just((0..n).collect::<Vec<u32>>()).prop_shuffle())) {
            let mut nodes: Vec<u32> = (0..order.len() as u32).collect();
            let steps = steps(&order, usize::MAX).unwrap();
            prop_assert!(steps.len() <= order.len() - longest_increasing(&order).len());
            for (from, to) in steps {
                let node = nodes.remove(from);
                nodes.insert(to, node);
            }
            prop_assert_eq!(nodes, order);
        }
    }
}
