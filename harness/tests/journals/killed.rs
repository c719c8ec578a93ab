//! A process that is killed leaves a journal of everything that it was told.

use super::file::{assert_same, journal_to};
use super::lab::{self, Wish};
use lazuli::journal::{Entry, Reader};
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Where the child writes, if this process is one.
const FILE: &str = "LAZULI_TEST_JOURNAL";

#[test]
#[ignore = "it is the process that another test kills"]
fn child() {
    let Ok(path) = std::env::var(FILE) else { return };
    let journal = journal_to(File::create_new(path).expect("it is not there yet"));
    let server = lab::smol(Wish { journal: Some(journal), ..Wish::default() });
    // Not through the test's own output, which is held back.
    writeln!(std::io::stderr(), "listens at {}", server.addr).expect("somebody reads");
    loop {
        std::thread::park();
    }
}

#[test]
fn a_process_that_is_killed_leaves_what_it_was_told() {
    let path = std::env::temp_dir().join(format!("lazuli-killed-{}.journal", std::process::id()));
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["killed::child", "--exact", "--ignored", "--nocapture"])
        .env(FILE, &path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let addr = lines.find_map(|line| line.strip_prefix("listens at ")?.parse().ok()).expect("it listens");
    let mut client = super::Client::join(addr, "x");
    for n in 0..50 {
        client.send(&format!("message {n}"));
        assert_eq!(client.text(), format!("message {n}"));
    }
    child.kill().expect("it is there");
    child.wait().expect("it was");
    let bytes = fs::read(&path).expect("a journal");
    fs::remove_file(&path).expect("it is there");
    let replayed = assert_same(&bytes);
    assert_eq!((replayed.end, replayed.left), (None, 0));
    let received = |entry: &Entry<'_>| matches!(entry, Entry::Received { .. });
    let entries = Reader::new(&bytes).expect("a journal").entries();
    assert_eq!(entries.flatten().filter(|placed| received(&placed.entry)).count(), 51);
}
