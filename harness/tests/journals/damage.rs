//! Journals that break off, or are not what was written.

use super::file::{self, assert_same, last_hash, replay};
use super::lab;
use lazuli::journal::{Reader, Unreadable, VERSION};
use lazuli_harness::journal::{Memory, Unplayable};
use std::sync::OnceLock;

/// A journal of a few hundred entries.
fn journal() -> &'static [u8] {
    static JOURNAL: OnceLock<Vec<u8>> = OnceLock::new();
    JOURNAL.get_or_init(|| {
        let file = Memory::default();
        super::day(lab::smol, file::journal(&file).at_most(16 << 10));
        file.bytes()
    })
}

#[test]
fn a_journal_that_breaks_off_replays_up_to_its_last_whole_entry() {
    let bytes = journal();
    let first = Reader::new(bytes).unwrap().entries().next().unwrap().unwrap().at;
    let mut ends: Vec<usize> = Reader::new(bytes).unwrap().entries().map(|placed| placed.unwrap().at).collect();
    ends.push(bytes.len());
    for cut in (0..first).step_by(7) {
        assert_eq!(replay(&bytes[..cut]).unwrap_err(), Unplayable::Unreadable(Unreadable::NoJournal));
    }
    for cut in (first..bytes.len()).step_by(131).chain(ends.iter().copied().step_by(40)) {
        let whole = ends.iter().rposition(|&end| end <= cut).unwrap();
        let replayed = replay(&bytes[..cut]).unwrap();
        assert!(replayed.difference.is_none(), "{replayed}");
        assert_eq!((replayed.entries, replayed.left), (whole as u64, cut - ends[whole]), "cut at {cut}");
        assert_eq!(replayed.end.is_some(), cut == bytes.len());
        // What is left proves something still.
        assert_eq!(last_hash(&bytes[..cut]).unwrap_or(replayed.hash), replayed.hash);
    }
}

/// Whatever bit is another one, reading ends with an error that says where, or before it: in the length of the last entry. It
/// never panics.
#[test]
fn a_flipped_bit_is_found_and_its_place_is_told() {
    let bytes = journal();
    let starts: Vec<usize> = Reader::new(bytes).unwrap().entries().map(|placed| placed.unwrap().at).collect();
    for at in (0..bytes.len()).step_by(5) {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 1 << (at % 8);
        let read = Reader::new(&damaged).and_then(|reader| reader.entries().try_for_each(|placed| placed.map(drop)));
        match read {
            Err(Unreadable::Damaged { at: found }) => {
                let entry = starts.iter().rposition(|&start| start <= at).map_or(0, |entry| starts[entry]);
                assert!(found == entry || at < starts[0], "byte {at}: found at {found}, not at {entry}");
            }
            Err(Unreadable::NoJournal) => assert!(at < 15),
            Err(Unreadable::Version { form }) => assert!((15..17).contains(&at) && form != VERSION),
            Ok(()) => panic!("nobody saw that byte {at} is another one"),
        }
    }
}

/// Other bytes under a right checksum come from no recorder. They are refused, or read as something that was never there, and
/// then the driver takes it as it takes anything.
#[test]
fn entries_that_were_never_written_harm_nobody() {
    let bytes = journal();
    let mut random = 7_u64;
    let mut draw = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let starts: Vec<usize> = Reader::new(bytes).unwrap().entries().map(|placed| placed.unwrap().at).collect();
    for _ in 0..60 {
        let mut forged = bytes.to_vec();
        for _ in 0..5 {
            let entry = draw(starts.len() - 1);
            let (start, end) = (starts[entry] + 8, starts[entry + 1]);
            forged[start + draw(end - start)] ^= 1 << draw(8);
            lazuli::journal::mend(&mut forged[starts[entry]..end]);
        }
        if let Ok(replayed) = replay(&forged) {
            assert!(replayed.panics.is_empty(), "{replayed}");
        }
    }
}

#[test]
fn a_journal_of_another_form_is_refused_in_words() {
    let mut bytes = journal().to_vec();
    bytes[15..17].copy_from_slice(&(VERSION + 1).to_le_bytes());
    let error = replay(&bytes).unwrap_err();
    assert_eq!(error.to_string(), "the journal has form 2, and this version of lazuli reads form 1 alone");
}

#[test]
fn a_journal_that_is_whole_is_the_same() {
    assert_same(journal());
}
