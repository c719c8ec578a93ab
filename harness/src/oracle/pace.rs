//! A page's first change goes out at once, the next ones in one frame for all, and a slow page gets one to the present.
//!
//! `docs/protocol.md`: "The first change comes at once, the next ones at most every 16 ms. A client that reads slowly gets one patch
//! to the present when it reads again." Known are the callbacks and renders of components, and the frames as the server writes
//! them.

use super::{Check, Oracle, complain};
use crate::net::Text;
use crate::trace::Seconds;
use lazuli::Time;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub(crate) struct Pace {
    every: Duration,
    window: usize,
    pages: BTreeMap<u32, Page>,
    /// When the clock jumped: what had been made before is written after it, behind its time.
    jumped: Option<Time>,
    /// How many changes had to be shown in time, and how many not, because their socket owed something.
    judged: [u64; 2],
}

/// A session.
#[derive(Default)]
struct Page {
    /// When patches were written last.
    patched: Option<Time>,
    /// Since when something has changed that was not rendered.
    since: Option<Time>,
    /// Frames of patches that were made, and not seen to be written: when, and what had been written then. And when the latest was made.
    made: VecDeque<(Time, Written)>,
    made_at: Option<Time>,
    written: Written,
    /// The largest frame of patches.
    largest: usize,
    /// Patches came too early, unless a command follows.
    hurried: Option<String>,
    /// Its socket has not taken everything.
    owes: bool,
    /// When it had, after it had not.
    freed: Option<Time>,
}

impl Page {
    /// What is made for it goes out at once, and so has what was made an interval ago.
    fn is_brisk(&self, now: Time, every: Duration) -> bool {
        !self.owes && self.freed.is_none_or(|freed| freed + every <= now)
    }
}

/// Frames of patches that were written, and their bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    frames: u64,
    bytes: usize,
}

/// No frame of patches, with its header, is smaller.
const SMALLEST: usize = 10;

impl Pace {
    /// For patches that come so often, and a window of so many bytes.
    pub(crate) fn new(every: Duration, window: u32) -> Pace {
        Pace { every, window: window as usize, pages: BTreeMap::new(), jumped: None, judged: [0; 2] }
    }

    /// The clock has jumped, and it is this late now.
    pub(crate) fn jumped(&mut self, now: Time) {
        self.jumped = Some(now);
    }

    fn page(&mut self, session: u32) -> &mut Page {
        self.pages.entry(session).or_default()
    }

    /// The socket of a session was written to, and has taken everything, or owes some of it.
    pub(crate) fn took(&mut self, now: Time, session: u32, owes: bool) {
        let page = self.page(session);
        if std::mem::replace(&mut page.owes, owes) && !owes {
            page.freed = Some(now);
        }
    }

    /// Something of a session has changed.
    pub(crate) fn changed(&mut self, now: Time, session: u32) {
        let every = self.every;
        let page = self.page(session);
        page.since.get_or_insert(now);
        let is_passed_over = !page.is_brisk(now, every);
        self.judged[usize::from(is_passed_over)] += 1;
    }

    /// How many changes had to be shown in time since the last call, and how many not, because their socket owed something.
    pub(crate) fn take_judged(&mut self) -> [u64; 2] {
        std::mem::take(&mut self.judged)
    }

    /// The server lets a component of a session bring itself up to date. If that fails, what had changed is shown with the next change.
    pub(crate) fn looked(&mut self, session: u32) {
        self.page(session).since = None;
    }

    /// Something of a session is rendered because it has changed.
    pub(crate) fn rendered(&mut self, now: Time, session: u32, is_changed: bool) {
        let page = self.page(session);
        if is_changed && page.made_at.replace(now) != Some(now) {
            page.made.push_back((now, page.written));
        }
        page.since = None;
    }

    /// A render of a session has panicked: whether there is a frame is not known, nor which of those that come is the next.
    pub(crate) fn blown(&mut self, session: u32) {
        self.page(session).made.clear();
    }

    /// A text frame of so many bytes was written.
    pub(crate) fn wrote(&mut self, now: Time, session: u32, text: Text, length: usize) -> Check {
        let (every, window, jumped) = (self.every, self.window, self.jumped);
        let page = self.page(session);
        match (text, page.hurried.take()) {
            (Text::Patches, Some(hurried)) => return complain(Oracle::Pace, hurried),
            (Text::Patches, None) => {
                page.largest = page.largest.max(length);
                let Written { frames, bytes } = page.written;
                let (made_at, made) = page.made.pop_front().unwrap_or((now, page.written));
                // Patches are made when nothing waits. So before one are at most a window and what is half written; and what has
                // waited may have been written in the same turn.
                let (before, most) = (bytes - made.bytes, window + 2 * page.largest);
                if before > most {
                    let sentence = format!(
                        "patches were made for session {session} when {} frames of them with {before} bytes were on their way, \
                         more than {most} bytes",
                        frames - made.frames
                    );
                    return complain(Oracle::Pace, sentence);
                }
                page.written = Written { frames: frames + 1, bytes: bytes + length };
                // Behind a jump of the clock, what is written now was made before it.
                let at = if jumped == Some(now) { made_at } else { now };
                let before = page.patched.replace(at).filter(|before| now < *before + every);
                let is_brisk = page.is_brisk(now, every);
                page.hurried = before.filter(|_| is_brisk && jumped != Some(now)).map(|before| {
                    format!("session {session} got patches at {} and at {}", Seconds(before), Seconds(now))
                });
            }
            (Text::Component, _) => {}
            (Text::Other, hurried) => return hurried.map_or(Ok(()), |hurried| complain(Oracle::Pace, hurried)),
        }
        Ok(())
    }

    /// The driver has taken its turn; `is_due` says whether something of a session has changed and was not rendered. The clock
    /// may be so late.
    pub(crate) fn turned(&mut self, now: Time, late: Duration, is_due: impl Fn(u32) -> bool) -> Check {
        // What the driver holds is in the window, or on its way to a socket that takes it in parts; the frame that has
        // filled the window waits in the hub. Within a turn, frames are made before others are seen to be written.
        let most = self.window / SMALLEST + 3;
        for (session, page) in &mut self.pages {
            if page.made.len() > most {
                let sentence = format!(
                    "{} frames of patches are on their way to session {session}, more than {most}",
                    page.made.len()
                );
                return complain(Oracle::Pace, sentence);
            }
            if !is_due(*session) {
                page.since = None;
            }
            let Some(since) = page.since.filter(|_| page.is_brisk(now, self.every)) else { continue };
            if now > page.freed.map_or(since, |freed| freed.max(since)) + self.every + late {
                let sentence =
                    format!("session {session} has changed at {} and got nothing by {}", Seconds(since), Seconds(now));
                return complain(Oracle::Pace, sentence);
            }
            if since == now && page.patched.is_none_or(|at| at + self.every <= now) {
                let sentence =
                    format!("session {session} has changed at {} and was not shown it at once", Seconds(since));
                return complain(Oracle::Pace, sentence);
            }
        }
        Ok(())
    }

    /// A session's page is gone. If its socket has only ended its stream, it still takes what was made before.
    pub(crate) fn gone(&mut self, session: u32) {
        let page = self.page(session);
        page.since = None;
        page.made.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_micros(1_000 * millis)
    }

    fn pace(window: u32) -> Pace {
        Pace::new(Duration::from_millis(16), window)
    }

    fn turned(pace: &mut Pace, millis: u64, is_due: bool) -> bool {
        pace.turned(at(millis), Duration::ZERO, |_| is_due).is_ok()
    }

    #[test]
    fn the_first_change_goes_out_at_once_and_the_next_ones_in_time() {
        let mut pace = pace(64 << 10);
        pace.changed(at(100), 1);
        assert!(!turned(&mut pace, 100, true) && turned(&mut pace, 100, false));
        pace.rendered(at(100), 1, true);
        pace.wrote(at(100), 1, Text::Patches, 30).unwrap();
        pace.changed(at(105), 1);
        assert!(turned(&mut pace, 105, true) && turned(&mut pace, 121, true) && !turned(&mut pace, 122, true));
    }

    #[test]
    fn patches_keep_their_distance_unless_a_command_follows() {
        let frames = |pace: &mut Pace, last| {
            pace.wrote(at(100), 1, Text::Patches, 30)?;
            pace.wrote(at(110), 1, Text::Patches, 30)?;
            pace.wrote(at(110), 1, last, 30)
        };
        assert!(frames(&mut pace(64 << 10), Text::Other).is_err());
        assert!(frames(&mut pace(64 << 10), Text::Patches).is_err());
        assert!(frames(&mut pace(64 << 10), Text::Component).is_ok());
        let mut slow = pace(64 << 10);
        slow.took(at(90), 1, true);
        assert!(frames(&mut slow, Text::Other).is_ok(), "a slow socket takes them when it can");
        let freed = |millis| {
            let mut pace = pace(64 << 10);
            pace.took(at(60), 1, true);
            pace.took(at(millis), 1, false);
            frames(&mut pace, Text::Other)
        };
        assert!(freed(95).is_ok() && freed(94).is_err(), "once it owes nothing, it has to keep up");
    }

    #[test]
    fn a_socket_that_was_slow_has_its_time_from_then_on() {
        let mut pace = pace(64 << 10);
        pace.took(at(90), 1, true);
        pace.changed(at(100), 1);
        assert!(turned(&mut pace, 200, true), "it owes something");
        pace.took(at(300), 1, false);
        assert!(turned(&mut pace, 316, true) && !turned(&mut pace, 317, true));
        assert_eq!(pace.take_judged(), [0, 1]);
    }

    #[test]
    fn what_a_page_that_is_gone_still_takes_came_at_no_pace() {
        let mut pace = pace(64 << 10);
        pace.took(at(90), 1, true);
        pace.changed(at(100), 1);
        pace.gone(1);
        let mut patches = || pace.wrote(at(300), 1, Text::Patches, 30).is_ok();
        assert!(patches() && patches() && patches() && turned(&mut pace, 400, true));
    }

    /// What is written behind a jump of the clock keeps its distance from when it was made.
    #[test]
    fn a_clock_that_jumps_makes_no_hurry() {
        let second = |jumps: bool| {
            let mut pace = pace(64 << 10);
            pace.rendered(at(100), 1, true);
            if jumps {
                pace.jumped(at(104));
            }
            pace.wrote(at(104), 1, Text::Patches, 30).unwrap();
            pace.wrote(at(117), 1, Text::Patches, 30).unwrap();
            pace.wrote(at(117), 1, Text::Other, 30)
        };
        assert!(second(true).is_ok() && second(false).is_err());
    }

    /// Seed 2801: an event, an update that fails, and an event at the same moment, which has its time from there.
    #[test]
    fn a_change_behind_an_update_that_failed_has_its_own_time() {
        let mut pace = pace(64 << 10);
        pace.wrote(at(90), 1, Text::Patches, 30).unwrap();
        pace.changed(at(100), 1);
        pace.looked(1);
        pace.changed(at(105), 1);
        assert!(turned(&mut pace, 121, true) && !turned(&mut pace, 122, true));
    }

    #[test]
    fn what_is_on_its_way_has_an_end() {
        let mut pace = pace(1);
        let mut shown = |millis, is_changed| {
            pace.rendered(at(millis), 1, is_changed);
            turned(&mut pace, millis, false)
        };
        assert!((100..103).all(|millis| shown(millis, true)) && shown(110, false) && !shown(120, true));
    }

    #[test]
    fn patches_are_made_when_nothing_waits() {
        let slow = |window| {
            let mut pace = pace(window);
            pace.took(at(0), 1, true);
            (0..5).for_each(|millis| pace.rendered(at(20 * millis), 1, true));
            (0..5).try_for_each(|_| pace.wrote(at(200), 1, Text::Patches, 30)).is_ok()
        };
        assert!(!slow(40) && slow(60), "four of them were on their way before the last");
        let mut pace = pace(40);
        let mut prompt = |millis| {
            pace.rendered(at(millis), 1, true);
            pace.wrote(at(millis), 1, Text::Patches, 30).is_ok()
        };
        assert!((0..20).all(|count| prompt(20 * count)));
    }
}
