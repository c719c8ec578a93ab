//! Notifications for users who are offline: so many, and the oldest go.

use std::collections::{BTreeMap, VecDeque};

/// What may be kept.
struct Bounds {
    users: usize,
    /// For one user.
    messages: usize,
    /// For one user. Together with what else waits for a connection it has to fit into the connection's limit.
    bytes_each: usize,
    bytes: usize,
}

const BOUNDS: Bounds = Bounds { users: 10_000, messages: 100, bytes_each: 512 << 10, bytes: 32 << 20 };

/// Texts for users, in the order in which they came.
pub struct Kept {
    bounds: Bounds,
    users: BTreeMap<String, Queue>,
    /// The users by the number of their oldest text.
    oldest: BTreeMap<u64, String>,
    bytes: usize,
    next: u64,
}

#[derive(Default)]
struct Queue {
    /// Numbered over all users.
    texts: VecDeque<(u64, String)>,
    bytes: usize,
}

impl Default for Kept {
    fn default() -> Self {
        Kept { bounds: BOUNDS, users: BTreeMap::new(), oldest: BTreeMap::new(), bytes: 0, next: 0 }
    }
}

impl Kept {
    /// Keeps a text for a user.
    pub fn keep(&mut self, user: &str, text: String) {
        let number = self.next;
        self.next += 1;
        self.bytes += text.len();
        let queue = self.users.entry(user.into()).or_default();
        queue.bytes += text.len();
        queue.texts.push_back((number, text));
        if queue.texts.len() == 1 {
            self.oldest.insert(number, user.into());
        }
        while self
            .users
            .get(user)
            .is_some_and(|queue| queue.texts.len() > self.bounds.messages || queue.bytes > self.bounds.bytes_each)
        {
            self.drop_oldest_of(user);
        }
        while self.users.len() > self.bounds.users {
            let Some((_, user)) = self.oldest.first_key_value() else { break };
            self.take(&user.clone());
        }
        while self.bytes > self.bounds.bytes {
            let Some((_, user)) = self.oldest.first_key_value() else { break };
            self.drop_oldest_of(&user.clone());
        }
    }

    /// What is kept for a user, the oldest first.
    pub fn of<'a>(&'a self, user: &str) -> impl Iterator<Item = &'a str> {
        self.users.get(user).into_iter().flat_map(|queue| &queue.texts).map(|(_, text)| &**text)
    }

    /// Keeps nothing for a user any more.
    pub fn take(&mut self, user: &str) {
        let Some(queue) = self.users.remove(user) else { return };
        self.bytes -= queue.bytes;
        if let Some((number, _)) = queue.texts.front() {
            self.oldest.remove(number);
        }
    }

    fn drop_oldest_of(&mut self, user: &str) {
        let Some(queue) = self.users.get_mut(user) else { return };
        if let Some((number, text)) = queue.texts.pop_front() {
            queue.bytes -= text.len();
            self.bytes -= text.len();
            self.oldest.remove(&number);
        }
        match queue.texts.front() {
            Some((number, _)) => {
                self.oldest.insert(*number, user.into());
            }
            None => {
                self.users.remove(user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Kept {
        Kept { bounds: Bounds { users: 3, messages: 4, bytes_each: 40, bytes: 60 }, ..Kept::default() }
    }

    fn of(kept: &Kept, user: &str) -> Vec<String> {
        kept.of(user).map(Into::into).collect()
    }

    #[test]
    fn what_is_kept_comes_in_order_and_once() {
        let mut kept = Kept::default();
        kept.keep("ada", "1".into());
        kept.keep("bob", "2".into());
        kept.keep("ada", "3".into());
        assert_eq!((of(&kept, "ada"), of(&kept, "bob")), (vec!["1".into(), "3".into()], vec!["2".into()]));
        kept.take("ada");
        assert_eq!((of(&kept, "ada").len(), of(&kept, "bob").len(), kept.bytes), (0, 1, 1));
        kept.take("ada");
        kept.take("bob");
        assert!(kept.users.is_empty() && kept.oldest.is_empty() && kept.bytes == 0);
    }

    #[test]
    fn the_oldest_of_a_user_go() {
        let mut kept = small();
        for n in 0..6 {
            kept.keep("ada", n.to_string());
        }
        assert_eq!(of(&kept, "ada"), ["2", "3", "4", "5"]);
        kept.keep("ada", "x".repeat(38));
        assert_eq!(of(&kept, "ada"), ["4", "5", &"x".repeat(38)]);
        kept.keep("ada", "y".repeat(41));
        assert_eq!(of(&kept, "ada"), [""; 0], "too long by itself");
        assert!(kept.users.is_empty() && kept.oldest.is_empty() && kept.bytes == 0);
    }

    #[test]
    fn of_too_many_users_the_one_who_waits_longest_goes() {
        let mut kept = small();
        for user in ["ada", "bob", "cy", "ada", "dan"] {
            kept.keep(user, user.into());
        }
        assert_eq!(kept.users.keys().collect::<Vec<_>>(), ["bob", "cy", "dan"]);
    }

    /// Whatever is kept, it stays within its bounds, and the books are right.
    #[test]
    fn the_bounds_hold() {
        let mut kept = small();
        for n in 0..5_000_u32 {
            let mixed = n.wrapping_mul(2_654_435_761) >> 7;
            let user = format!("user {}", mixed % 5);
            if mixed % 11 == 0 {
                kept.take(&user);
            } else {
                kept.keep(&user, "z".repeat(mixed as usize / 64 % 30));
            }
            let texts = kept.users.values().flat_map(|queue| &queue.texts);
            assert_eq!(texts.map(|(_, text)| text.len()).sum::<usize>(), kept.bytes);
            assert!(kept.bytes <= 60 && kept.users.len() <= 3);
            let fronts = kept.users.iter().map(|(user, queue)| (queue.texts[0].0, user.clone()));
            assert_eq!(fronts.collect::<BTreeMap<_, _>>(), kept.oldest);
            for queue in kept.users.values() {
                assert!(queue.texts.len() <= 4 && queue.bytes <= 40);
            }
        }
    }
}
