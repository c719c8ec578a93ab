//! What was seen, by kind: a run in which one of them never comes has not tried it.

use crate::tally::counters;

counters! {
    /// Something that the product did, and that a run should have seen.
    Mark, Coverage {
        /// A member of a room was told who is there.
        PresenceState = "presence states",
        /// The members of a room were told what has changed.
        PresenceDiff = "presence diffs",
        /// Views of rooms that were compared with what is true, at rest.
        ViewCompared = "views compared",
        /// A message went to a connection because of its user.
        ToUser = "sends to users",
        /// A connection was closed because of its user.
        ClosedUser = "closes of users",
        /// A connection was one too many of its user.
        TooManyOfUser = "too many of a user",
        /// A peer was sent a ping because it was silent.
        Heartbeat = "heartbeats",
        /// A connection was closed because its peer was silent.
        Silent = "silent peers",
        /// A message was over the rate.
        RateRefused = "over the rate",
        /// A connection was closed because it went on.
        RateClosed = "closed for the rate",
        /// A message came after the permission had expired.
        NotAuthenticated = "unauthenticated messages",
        /// A connection was closed because its permission had expired.
        Expired = "expired connections",
    }
}
