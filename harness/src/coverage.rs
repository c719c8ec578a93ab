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
        /// A request was one too many of its address.
        AddressFull = "refused for the address",
        /// A request was over the rate.
        AcceptRefused = "requests over the rate",
        /// An address had failed too often.
        LockedOut = "locked out",
        /// A message was handed over in a batch.
        Batched = "batched messages",
        /// A batch was handed over because it was full.
        FullBatch = "full batches",
        /// A batch was handed over because its time had come.
        TimedBatch = "timed batches",
        /// A batch was handed over after an end that could not wait.
        LateBatch = "late batches",
        /// A channel was joined on a Spark socket.
        Subscribed = "subscriptions",
        /// A channel could not be joined on a Spark socket.
        SparkRefused = "refused subscriptions",
        /// A message for a channel on a Spark socket.
        SparkMessage = "messages by Spark",
        /// Something that a Spark socket answers with an error.
        SparkMistake = "mistakes on Spark sockets",
        /// A message came after the permission had expired.
        NotAuthenticated = "unauthenticated messages",
        /// A connection was closed because its permission had expired.
        Expired = "expired connections",
        /// A component changed whose page had to be shown it in time.
        PaceJudged = "changes judged by their pace",
        /// A component changed whose page had a socket that owed something.
        PaceOwed = "changes for slow sockets",
        /// A page's socket was closed because its peer was silent.
        PageSilent = "silent pages",
        /// A page's socket was closed because it reads too slowly.
        PageSlow = "slow pages closed",
        /// A page's socket was closed because more was made for it at once than may wait.
        PageFlooded = "flooded pages closed",
        /// A page's socket was closed that did not even take its close frame.
        PageUntold = "slow pages closed untold",
        /// A component's tree that was compared with what is true, at rest.
        PageCompared = "components compared",
        /// A component was mounted, and its page was right as it was.
        MountedAsIs = "mounts without a patch",
        /// A patch was applied to a page.
        Patched = "patches",
        /// Both ends began to count anew.
        Renumbered = "renumberings",
        /// A browser came back with a page whose socket was lost.
        CameBack = "pages that came back",
        /// A page asked for all that a component shows.
        Resynced = "resyncs",
        /// A component in another's markup was mounted.
        Nested = "components in components",
        /// A component was told what was said in a room.
        ComponentHeard = "components that heard",
        /// A component was told something by another one of its page.
        KinTold = "events among components",
        /// A component panicked while it handled an event.
        ComponentPanicked = "components that panicked",
        /// A render panicked.
        RenderPanicked = "renders that panicked",
        /// A page was told that a component was made anew.
        MadeAnew = "components made anew",
        /// A page was told that a component is gone.
        ComponentGone = "components gone",
        /// A component did not want to be mounted.
        MountFailed = "mounts that failed",
        /// A component failed to bring itself up to date.
        UpdateFailed = "updates that failed",
        /// A page was told to do something.
        PageCommand = "commands for pages",
        /// A token was tried that was shown to somebody else, or forged.
        ForeignToken = "foreign tokens",
        /// A token was too old.
        TokenExpired = "expired tokens",
        /// A broadcast came to a hub over the backplane.
        CastCame = "broadcasts between hubs",
        /// A publication came twice, or after a later one.
        DuplicateCame = "duplicate publications",
        /// Publications before one that came were missed.
        Gap = "gaps",
        /// A publication came to a hub whose room is gone.
        Stray = "stray publications",
        /// Bytes came over the backplane that no hub wrote.
        ForeignCame = "foreign publications",
        /// A hub subscribed anew, and the topic's epoch was another.
        EpochAnew = "epochs anew",
        /// A hub subscribed anew, and there was something that it had missed.
        CaughtUp = "hubs that caught up",
        /// A link to the backplane was lost and came back.
        LinkBack = "links that came back",
        /// A hub was told of its link's state though it had not changed.
        LinkTwice = "links told twice",
        /// A broadcast waited for the link.
        CastWaited = "broadcasts that waited",
        /// The order to close a user waited for the link.
        CloseWaited = "closes that waited",
        /// A broadcast was dropped because too much waited.
        TooMuchWaited = "broadcasts dropped unpublished",
        /// A hub was silent for too long, and its users left.
        HubSilent = "hubs fallen silent",
        /// A hub was told that others have forgotten what it showed.
        HubForgotten = "hubs told that they are forgotten",
        /// A hub began a new life because of that.
        LifeAnew = "lives begun anew",
        /// A hub ended in order.
        HubLeft = "hubs shut down",
        /// Views of rooms of several hubs that were compared with what is true, at rest.
        FarViewCompared = "views over hubs compared",
    }
}
