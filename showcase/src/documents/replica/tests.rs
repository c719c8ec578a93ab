//! Copies of a text, and what becomes of them.

use super::*;
use lazuli::Timestamp;

fn sync(one: &Replica, other: &Replica) {
    other.learn(&one.news(&other.knows()));
    one.learn(&other.news(&one.knows()));
}

/// What a browser shows that follows the changes.
fn follow(shown: &mut Vec<u16>, changes: Vec<Splice>) {
    for Splice(at, delete, insert) in changes {
        shown.splice(at as usize..(at + delete) as usize, insert.encode_utf16());
    }
}

#[test]
fn changes_at_different_places_both_survive() {
    let (ada, ben) = (Replica::for_browser(1), Replica::for_browser(2));
    ada.splice(&Splice(0, 0, "one three".into())).unwrap();
    sync(&ada, &ben);
    ada.splice(&Splice(0, 3, "ONE".into())).unwrap();
    ben.splice(&Splice(4, 0, "two ".into())).unwrap();
    sync(&ada, &ben);
    assert_eq!((ada.text(), ben.text()), ("ONE two three".into(), "ONE two three".into()));
    let all = Replica::of(0);
    for news in [ada.take_news(), ben.take_news()].into_iter().flatten() {
        all.learn(&news);
    }
    assert_eq!(all.text(), "ONE two three");
}

#[test]
fn undo_takes_back_what_is_ones_own() {
    let (mut ada, ben) = (Replica::for_browser(3), Replica::for_browser(4));
    ben.splice(&Splice(0, 0, "Ben".into())).unwrap();
    sync(&ada, &ben);
    ada.splice(&Splice(0, 0, "Ada, ".into())).unwrap();
    ben.splice(&Splice(3, 0, "!".into())).unwrap();
    sync(&ada, &ben);
    ada.undo();
    assert_eq!(ada.text(), "Ben!");
    ada.redo();
    sync(&ada, &ben);
    assert_eq!(ben.text(), "Ada, Ben!");
}

#[test]
fn a_mark_stays_between_its_letters_in_every_copy() {
    let (ada, ben) = (Replica::for_browser(5), Replica::for_browser(6));
    ada.splice(&Splice(0, 0, "ab".into())).unwrap();
    sync(&ada, &ben);
    let mark = ada.mark(1).unwrap();
    ben.splice(&Splice(0, 0, "😀".into())).unwrap();
    assert_eq!((ada.find(&mark), ben.find(&mark)), (Some(1), Some(3)));
    assert_eq!(ben.length(), 4);
    for at in [0, 1, 2, 99] {
        assert_eq!(ada.find(&ada.mark(at).unwrap()), Some(at.min(2)));
    }
    let empty = Replica::of(0);
    assert_eq!(empty.find(&empty.mark(0).unwrap()), Some(0));
}

#[test]
fn what_is_no_change_of_the_text_is_refused() {
    let ada = Replica::for_browser(7);
    ada.splice(&Splice(0, 0, "a😀b".into())).unwrap();
    for (at, delete) in [(2, 0), (1, 1), (5, 0), (0, 5), (u32::MAX, 1), (4, u32::MAX)] {
        ada.splice(&Splice(at, delete, "x".into())).unwrap_err();
    }
    ada.splice(&Splice(0, 0, "a\r\n".into())).unwrap_err();
    ada.splice(&Splice(1, 2, String::new())).unwrap();
    assert_eq!(ada.text(), "ab");
}

/// Whoever changes what, and whenever they meet: in the end all have the same text, and so has who follows the changes.
#[test]
fn all_copies_converge() {
    let mut copies = [Replica::for_browser(8), Replica::for_browser(9), Replica::for_browser(10)];
    let mut shown = [const { Vec::new() }; 3];
    let mut state = 7_u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for step in 0..2_000 {
        let who = random(3);
        copies[who].clock.set(Timestamp::from_unix_micros(step * 200_000));
        let text: Vec<char> = copies[who].text().chars().collect();
        let (from, to) = (random(text.len() + 1), random(text.len() + 1));
        let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 4));
        let count = |chars: &[char]| chars.iter().map(|char| char.len_utf16() as u32).sum();
        let insert = ["", "x", "😀", "line\n", "äöü"][random(5)].into();
        match random(6) {
            0 => copies[who].undo(),
            1 => copies[who].redo(),
            2 => {
                let other = (who + 1) % 3;
                sync(&copies[who], &copies[other]);
            }
            _ => copies[who].splice(&Splice(count(&text[..from]), count(&text[from..to]), insert)).unwrap(),
        }
        for (copy, shown) in copies.iter().zip(&mut shown) {
            follow(shown, copy.take_changes());
            assert_eq!(String::from_utf16(shown).unwrap(), copy.text());
        }
    }
    for (one, other) in [(0, 1), (1, 2), (2, 0)] {
        sync(&copies[one], &copies[other]);
    }
    assert!(copies[0].text().len() > 100 && copies.iter().all(|copy| copy.text() == copies[0].text()));
}
