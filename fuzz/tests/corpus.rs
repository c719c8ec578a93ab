//! Replays the corpus: what a fuzzer found once stays found.

use std::fs;
use std::path::Path;

fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("the corpus is there") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        if std::panic::catch_unwind(|| target(&bytes)).is_err() {
            panic!("{} fails", path.display());
        }
        count += 1;
    }
    assert!(count > 0, "the corpus is empty");
}

#[test]
fn head() {
    replay("head", lazuli_fuzz::head);
}

#[test]
fn guard() {
    replay("guard", lazuli_fuzz::guard);
}

#[test]
fn spark() {
    replay("spark", lazuli_fuzz::spark);
}

#[test]
fn driver() {
    replay("driver", lazuli_fuzz::driver);
}

#[test]
#[cfg(feature = "html-strings")]
fn diff() {
    replay("diff", lazuli_fuzz::diff);
}

#[test]
fn applier() {
    replay("applier", lazuli_fuzz::applier);
}

#[test]
fn simulator() {
    replay("simulator", lazuli_fuzz::simulator);
}
