//! A run that is another one the second time, in words.

use super::run::{Wrong, is_story};
use super::{Application, Found, Simulation, World};
use crate::oracle::Oracle;
use crate::rng::Rng;
use lazuli::Time;

/// How often a run is told again until it is another one: a map of two has the same order every other time.
const AGAIN: usize = 8;

impl Simulation {
    /// What the first step is in which two runs of a seed differ, from both, and what happened before. Where the words never differ it
    /// stays what `wrong` says, in numbers.
    pub(super) fn differing<P: Application>(
        &self,
        seed: u64,
        wrong: Wrong,
        make: &impl Fn() -> P,
        test: &impl Fn(&World<P::App>),
    ) -> Found {
        let told = || self.told(seed, Rng::new(seed), make, test, |_| true).0;
        let (mut once, mut sentence) = (told(), wrong.sentence);
        for _ in 0..AGAIN {
            let again = told();
            let differs = |at: &usize| once.get(*at) != again.get(*at);
            if let Some(at) = (0..once.len().max(again.len())).find(differs) {
                let [one, other] = [&once, &again].map(|lines| lines.get(at).map_or("nothing", String::as_str));
                let oracle = Oracle::Determinism;
                sentence = format!(
                    "{oracle}: step {at} of two runs differs:\n    {one}\n  and then\n    {other}\n  after this:"
                );
                once.truncate(at);
                break;
            }
        }
        once.retain(|line| self.is_whole || is_story(line));
        Found { seed, at: wrong.at.saturating_since(Time::ZERO), sentence, words: once }
    }
}
