//! What the other hubs say of a room.

use super::{Meta, Presence};
use crate::config::Node;
use crate::time::Time;
use crate::timer::TimerKey;
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Users with what one hub shows of each; nothing: it has no connection of theirs.
pub(crate) type Users = Vec<(Arc<str>, Vec<Meta>)>;

/// The other hubs, as one room knows them.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    /// This hub, which has its place in the order of all.
    pub(super) node: Node,
    /// Hubs that said something, and whether it is in doubt: something may have been missed since.
    hubs: BTreeMap<Node, bool>,
    /// Until when the hubs that are in doubt may say anew what they show.
    pub(crate) asked: Option<TimerKey>,
    /// Whether something was missed after that was asked.
    pub(crate) again: bool,
    /// When this hub said all that it shows, as long as that has not come back.
    pub(crate) stated: Option<Time>,
}

impl Elsewhere {
    pub(super) fn new(node: Option<Node>) -> Elsewhere {
        let node = node.unwrap_or(Node(0));
        Elsewhere { node, hubs: BTreeMap::new(), asked: None, again: false, stated: None }
    }

    pub(crate) fn knows(&self, node: Node) -> bool {
        self.hubs.contains_key(&node)
    }

    pub(crate) fn doubt(&mut self, node: Node) {
        self.hubs.entry(node).and_modify(|doubted| *doubted = true);
    }

    pub(crate) fn doubt_all(&mut self) {
        self.hubs.values_mut().for_each(|doubted| *doubted = true);
    }

    /// The hubs that have not said anew what they show.
    pub(crate) fn doubted(&self) -> Vec<Node> {
        self.hubs.iter().filter(|(_, doubted)| **doubted).map(|(node, _)| *node).collect()
    }
}

impl Presence {
    /// What this hub shows of a user.
    pub(crate) fn own(&self, user: &str) -> Vec<Meta> {
        let mut metas: Vec<Meta> = Vec::new();
        for (_, meta) in self.users.get(user).into_iter().flat_map(|user| &user.conns) {
            if !metas.contains(meta) {
                metas.push(meta.clone());
            }
        }
        metas
    }

    /// Whether this hub shows anybody.
    pub(crate) fn shows_own(&self) -> bool {
        self.own > 0
    }

    /// Whether this hub shows nobody but perhaps this user.
    pub(crate) fn shows_no_other(&self, user: &str) -> bool {
        self.own <= self.users.get(user).map_or(0, |found| usize::from(!found.conns.is_empty()))
    }

    /// All that this hub shows.
    pub(crate) fn all_own(&self) -> Users {
        let own = self.users.iter().filter(|(_, user)| !user.conns.is_empty());
        own.map(|(name, _)| (name.clone(), self.own(name))).collect()
    }

    /// Another hub says what it shows of some users.
    pub(crate) fn set(&mut self, node: Node, users: Users) {
        self.elsewhere.hubs.entry(node).or_insert(false);
        for (user, metas) in users {
            self.set_user(node, &user, metas);
        }
    }

    /// Another hub says all that it shows.
    pub(crate) fn replace(&mut self, node: Node, users: Users) {
        let all: BTreeMap<Arc<str>, Vec<Meta>> = users.into_iter().filter(|(_, metas)| !metas.is_empty()).collect();
        for user in self.shown_by(node) {
            if !all.contains_key(&user) {
                self.set_user(node, &user, Vec::new());
            }
        }
        if all.is_empty() {
            self.elsewhere.hubs.remove(&node);
        } else {
            self.elsewhere.hubs.insert(node, false);
        }
        for (user, metas) in all {
            self.set_user(node, &user, metas);
        }
    }

    /// Another hub is gone, or shows nobody here any more.
    pub(crate) fn drop_hub(&mut self, node: Node) {
        if self.elsewhere.hubs.remove(&node).is_some() {
            for user in self.shown_by(node) {
                self.set_user(node, &user, Vec::new());
            }
        }
    }

    fn shown_by(&self, node: Node) -> Vec<Arc<str>> {
        let shown = self.users.iter().filter(|(_, user)| user.elsewhere.iter().any(|(hub, _)| *hub == node));
        shown.map(|(name, _)| name.clone()).collect()
    }

    fn set_user(&mut self, node: Node, user: &Arc<str>, metas: Vec<Meta>) {
        let hubs = self.users.get(user).map_or(&[][..], |user| &user.elsewhere);
        let place = hubs.binary_search_by_key(&node, |(hub, _)| *hub);
        let known = place.ok().and_then(|place| hubs.get(place)).map_or(&[][..], |(_, metas)| metas);
        if *known == *metas {
            return;
        }
        self.touch(user);
        let hubs = &mut self.users.entry(user.clone()).or_default().elsewhere;
        match place {
            Ok(place) if metas.is_empty() => {
                hubs.remove(place);
            }
            Ok(place) => {
                if let Some((_, known)) = hubs.get_mut(place) {
                    *known = metas;
                }
            }
            Err(place) => hubs.insert(place, (node, metas)),
        }
        self.forget_if_gone(user);
    }
}
