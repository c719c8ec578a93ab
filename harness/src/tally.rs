//! What happened in a run, counted by kind.

macro_rules! counters {
    ($(#[$about:meta])* $Kind:ident, $Counts:ident { $($(#[$doc:meta])* $name:ident = $words:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $Kind {
            $($(#[$doc])* $name,)*
        }

        impl $Kind {
            /// Every kind.
            pub const ALL: &[$Kind] = &[$($Kind::$name,)*];

            /// What it is called in a report.
            pub fn name(self) -> &'static str {
                match self {
                    $($Kind::$name => $words,)*
                }
            }
        }

        /// How often each kind happened.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $Counts([u64; $Kind::ALL.len()]);

        impl Default for $Counts {
            fn default() -> Self {
                $Counts([0; $Kind::ALL.len()])
            }
        }

        impl $Counts {
            pub(crate) fn add(&mut self, kind: $Kind, count: u64) {
                self.0[kind as usize] += count;
            }

            /// How often this kind happened.
            pub fn get(&self, kind: $Kind) -> u64 {
                self.0[kind as usize]
            }

            /// Adds other counts to these.
            pub fn merge(&mut self, other: &$Counts) {
                for (count, more) in self.0.iter_mut().zip(other.0) {
                    *count += more;
                }
            }
        }

        impl std::fmt::Display for $Counts {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for (place, kind) in $Kind::ALL.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(f, "{comma}{} {}", self.get(*kind), kind.name())?;
                }
                Ok(())
            }
        }
    };
}
pub(crate) use counters;

counters! {
    /// A kind of trouble that the simulator makes, or that follows from it.
    Fault, Tally {
        /// A link was reset; what was on its way is lost.
        Reset = "resets",
        /// A client was gone without a word.
        Vanished = "half-open links",
        /// A client ended its direction of the stream and goes on reading.
        HalfClose = "half-closes",
        /// A client stopped reading for a while.
        Stall = "stalls",
        /// A client reads slowly.
        SlowReader = "slow readers",
        /// A socket took less than it was offered.
        ShortWrite = "short writes",
        /// The server learned of a reset by writing.
        BrokenWrite = "broken writes",
        /// A frame or message that breaks the protocol or a limit.
        Hostile = "hostile frames",
        /// A message that is never completed.
        Dawdle = "unfinished messages",
        /// A request that is none, or breaks a rule.
        Garbage = "bad requests",
        /// A callback failed when asked to.
        Failed = "failed callbacks",
        /// A callback panicked when asked to.
        Panicked = "panics",
        /// A connection was closed because it was too slow.
        Overflow = "overflows",
        /// Messages that a policy dropped.
        Dropped = "dropped messages",
        /// A client sent more pings and pongs than it may.
        Flooded = "control floods",
        /// Many clients left or came at once.
        Storm = "storms",
        /// The clock jumped ahead: the machine slept, or was held up.
        Jump = "clock jumps",
        /// The server shut down amid everything.
        Shutdown = "sudden shutdowns",
        /// A publication was lost on its way to a hub.
        LostDelivery = "lost publications",
        /// A publication came to a hub twice.
        Doubled = "doubled publications",
        /// A publication was overtaken by later ones.
        Overtaken = "overtaken publications",
        /// What a hub asked of the backplane was lost.
        Swallowed = "requests lost to the backplane",
        /// A hub asked for something while its link was broken.
        Unheard = "requests to a backplane away",
        /// Nothing went on between a hub and the backplane for a while.
        StalledLine = "stalled backplane links",
        /// The link of a hub to the backplane broke.
        CutLine = "broken backplane links",
        /// Another broker took the place of the one before it.
        BrokerAnew = "brokers anew",
        /// Bytes that no hub wrote were published.
        ForeignBytes = "foreign bytes published",
        /// A hub died without a word.
        DeadHub = "dead hubs",
        /// A hub started with a clock that was set back.
        ClockSetBack = "clocks set back",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_place() {
        let mut tally = Tally::default();
        for (count, &fault) in Fault::ALL.iter().enumerate() {
            tally.add(fault, count as u64);
        }
        let mut twice = tally.clone();
        twice.merge(&tally);
        assert!(Fault::ALL.iter().enumerate().all(|(count, &fault)| twice.get(fault) == 2 * count as u64));
        assert!(tally.to_string().starts_with("0 resets, 1 half-open links"));
    }
}
