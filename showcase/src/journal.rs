//! Journals: what came in, written down and played again.

use crate::app::Showcase;
use crate::auth::key;
use lazuli::journal::{Journal, Redaction};
use lazuli_harness::journal::Replay;
use std::error::Error;
use std::fs::{self, OpenOptions};

/// A new file for a journal, for nobody else to read.
pub fn create(path: &str, redacted: bool) -> Result<Journal<Showcase>, Box<dyn Error>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| format!("cannot write a journal to {path}: {error}"))?;
    let journal = Journal::to(file);
    Ok(if redacted { journal.redacted(Redaction::default()) } else { journal })
}

/// Plays a journal and tells what came of it; whether all of it came out as it did.
pub fn replay(path: &str, secret: Option<String>) -> Result<bool, Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?;
    let mut replay = Replay::new(&bytes)?;
    if let Some(secret) = &secret {
        replay = replay.secret(key::of_pages(secret));
    }
    let replayed = replay.run(crate::routes()?, crate::showcase(secret.as_deref())?)?;
    for record in &replayed.records {
        println!("{} {record}", record.level);
    }
    println!("{replayed}");
    Ok(replayed.difference.is_none() && replayed.panics.is_empty())
}
