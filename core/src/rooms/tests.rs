use super::*;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use core::cell::Cell;
use core::cmp::Ordering;
use proptest::prelude::*;

const SOCKET: ConnId = match ConnId::from_u64(1 << 32 | 99) {
    Some(socket) => socket,
    None => panic!("not zero"),
};

proptest! {
    /// Rooms agree with sets of pairs, and both sides of each membership name each other; in few rooms and in many.
    #[test]
    fn rooms_are_sets(steps in prop::collection::vec((0u8..20, 0u32..6, 0u8..12), 0..200)) {
        let mut rooms = Rooms::default();
        let mut model: BTreeSet<(u32, String)> = BTreeSet::new();
        for (what, instance, room) in steps {
            let name = format!("room {room:02}");
            let conn = ConnId::from_u64(1 << 32 | u64::from(instance)).unwrap_or_else(|| unreachable!());
            match what {
                0..14 => {
                    let made = !model.iter().any(|(_, n)| *n == name);
                    // Some are subscriptions, on one socket and two paths.
                    let form = Form(instance % 3);
                    let socket = if form == Form::RAW { conn } else { SOCKET };
                    let change = rooms.join(&name, instance, Seat { conn, socket, form });
                    prop_assert_eq!(made, matches!(change, Change::Made(_)));
                    model.insert((instance, name));
                }
                14..19 => {
                    model.remove(&(instance, name.clone()));
                    rooms.leave(&name, instance);
                }
                _ => {
                    while rooms.leave_last(instance).is_some() {}
                    model.retain(|(i, _)| *i != instance);
                }
            }
            for (instance, room) in (0..6).flat_map(|instance| (0..12).map(move |room| (instance, room))) {
                let name = format!("room {room:02}");
                let is_member = model.contains(&(instance, name.clone()));
                prop_assert_eq!(rooms.is_member(instance, &name), is_member);
                prop_assert_eq!(rooms.own(instance, &name), rooms.find(&name).filter(|_| is_member));
            }
            let names: BTreeSet<_> = model.iter().map(|(_, name)| name.clone()).collect();
            prop_assert_eq!(rooms.len(), names.len());
            for name in names {
                let expected: BTreeSet<_> = model.iter().filter(|(_, n)| *n == name).map(|(i, _)| *i).collect();
                prop_assert_eq!(rooms.conns(&name).count(), expected.len());
                prop_assert_eq!(rooms.count(&name), expected.len());
                prop_assert_eq!(rooms.under(&name).collect::<Vec<_>>(), [(&*name, expected.len())]);
                prop_assert_eq!(rooms.members(&name).map(|(instance, _)| instance).collect::<BTreeSet<_>>(), expected);
                prop_assert!(rooms.members(&name).all(|(instance, conn)| conn.index() == instance as usize));
                let room = rooms.find(&name).and_then(|room| rooms.get(room)).unwrap();
                for (form, group) in room.groups() {
                    prop_assert!(!group.members.is_empty());
                    prop_assert_eq!((group.sockets().len(), group.conns().len()), (group.members.len(), group.members.len()));
                    for (position, member) in group.members.iter().enumerate() {
                        let side = rooms.memberships(member.instance)[member.slot as usize];
                        prop_assert_eq!((side.form, side.position as usize), (form, position));
                        prop_assert_eq!(form, Form(member.instance % 3));
                        prop_assert_eq!(group.sockets()[position] == SOCKET, form != Form::RAW);
                    }
                }
            }
        }
    }
}

std::thread_local! {
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// A name that counts how often it is compared.
#[derive(PartialEq, Eq)]
struct Counted(String);

impl Ord for Counted {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// 100,000 names that have one hash where characters are added up or multiplied by 31: a look-up compares with a few
/// dozen of them.
#[test]
fn names_that_collide_cost_a_logarithm() {
    const MANY: usize = 100_000;
    let name = |n: usize| Counted((0..17).map(|bit| if n >> bit & 1 == 0 { "Aa" } else { "BB" }).collect());
    let mut index: Index<Counted> = Index::new();
    let mut worst = 0;
    for n in 0..MANY {
        COMPARED.set(0);
        index.insert(name(n), n as u32);
        worst = worst.max(COMPARED.get());
    }
    for n in 0..MANY + 1_000 {
        COMPARED.set(0);
        assert_eq!(index.get(&name(n)), (n < MANY).then_some(n as u32).as_ref());
        worst = worst.max(COMPARED.get());
    }
    // A node has 11 names at most, and but for the first at least six branches.
    let levels = MANY.ilog(6) as usize + 1;
    assert!(worst <= 11 * levels, "{worst} comparisons");
}
