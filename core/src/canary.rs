//! Bugs that are planted on purpose, so that a test can see whether the tests find them.
//!
//! Without the feature `canary` none of them can be planted, and asking for them costs nothing.

#[cfg(feature = "canary")]
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// A bug that can be planted.
// Not every feature has all of the places in which they are.
#[allow(dead_code)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// A broadcast leaves out the last member of a room.
    SkippedMember = 1,
    /// Of each report of written bytes, one byte of credit is not given back.
    LostCredit,
    /// What a callback recorded happens though it failed.
    SurvivingEffects,
    /// The id of a connection that is gone names the next one in its place.
    StaleId,
    /// A timer that was cancelled comes all the same.
    DeadTimer,
    /// A message that has to wait goes before those that wait already.
    Overtaking,
    /// A channel whose connection was lost is not told.
    UntoldClose,
    /// A room stays when its last member has left.
    EmptyRoom,
    /// A pong is written into the middle of a frame.
    PongInFrame,
    /// A socket that takes bytes again is forgotten, now and then.
    ForgottenSocket,
    /// More may wait for a connection than its limit says.
    NoLimit,
    /// Randomness comes from somewhere else than the seed.
    AmbientRandomness,
    /// A peer that goes on after the end brings the driver down.
    Panic,
    /// A user is said to have left when one of several connections has.
    LeftTab,
    /// Changes of a presence that had to wait are told to nobody.
    LostDiff,
    /// One more passes than a rate allows at once.
    OneMore,
    /// Who answers a ping is closed all the same.
    ClosedActive,
    /// Who does not is left.
    LeftSilent,
    /// The last message that waited for its batch is lost when a connection is closed.
    LostBatched,
    /// Over Spark, a message is answered twice.
    TwoAnswers,
    /// Something comes of a subscription after its end.
    AfterEnd,
    /// The way to put a channel's messages into frames is forgotten while somebody is subscribed.
    LostForm,
    /// A page that had no credit when a component changed is not told of it later.
    LostPatch,
    /// A page that has no credit is sent patches all the same, one after the other.
    QueuedPatch,
    /// Patches go out whenever something has changed, however soon after the latest.
    TwoFrames,
    /// Where both ends number anew, the server begins one too high.
    UnevenNumbers,
    /// A row that moves forward comes to stand one place too early.
    WrongPlace,
    /// What a failed callback has changed is shown.
    ShownFailure,
    /// When a socket is lost, one of its components stays.
    LeftComponent,
    /// A token is good for whoever has it, and whatever it says.
    AnyToken,
    /// A page is not told that a component was made anew.
    SilentAnew,
    /// In a long text, what comes before a change is counted one short.
    WrongSplice,
    /// A clock that goes back is believed.
    ClockBack,
    /// What counts against a flood of pings are reads, and not pings.
    CountedPieces,
    /// A shutdown forgets the connection that came last.
    LeftOpen,
    /// A publication that comes a second time is delivered again.
    TwiceHeard,
    /// A hub delivers what it publishes to a room at once, and again when it comes back.
    EarlyEcho,
    /// A user that is excepted is so only on the hub that said it.
    NearExcept,
    /// When the link is back, a hub has forgotten what it had heard last.
    LostPlace,
    /// Orders to close users that waited for the link are lost.
    LostOrder,
    /// Where something was missed, nobody is asked what they show.
    UnaskedGap,
    /// The users of a hub that has fallen silent stay.
    KeptSilent,
    /// Users that nobody confirms stay.
    KeptDoubt,
    /// A hub that others have given up is not told.
    UntoldForgotten,
    /// What a hub broadcasts is published twice.
    PublishedTwice,
    /// Over a backplane, members are told of every change of a presence at once.
    HastyNews,
    /// A hub asks for the time a second too late.
    LateTimer,
    /// As many sockets are taken as come.
    NoSocketLimit,
    /// Now and then a Spark socket is closed for nothing.
    ClosedPage,
    /// Silent peers of Spark sockets are sent no pings, and are not closed.
    UnwatchedPage,
    /// A page is not told to show a message.
    LostFlash,
    /// A page is told twice to show a message.
    TwiceFlash,
    /// A page is told twice that a component was made anew.
    TwiceAnew,
    /// Where windows are small, patches that keep their distance come late.
    LatePatch,
}

#[cfg(feature = "canary")]
impl Canary {
    /// All of them.
    pub const ALL: &[Canary] = &[
        Canary::SkippedMember,
        Canary::LostCredit,
        Canary::SurvivingEffects,
        Canary::StaleId,
        Canary::DeadTimer,
        Canary::Overtaking,
        Canary::UntoldClose,
        Canary::EmptyRoom,
        Canary::PongInFrame,
        Canary::ForgottenSocket,
        Canary::NoLimit,
        Canary::AmbientRandomness,
        Canary::Panic,
        Canary::LeftTab,
        Canary::LostDiff,
        Canary::OneMore,
        Canary::ClosedActive,
        Canary::LeftSilent,
        Canary::LostBatched,
        Canary::TwoAnswers,
        Canary::AfterEnd,
        Canary::LostForm,
        Canary::LostPatch,
        Canary::QueuedPatch,
        Canary::TwoFrames,
        Canary::UnevenNumbers,
        Canary::WrongPlace,
        Canary::ShownFailure,
        Canary::LeftComponent,
        Canary::AnyToken,
        Canary::SilentAnew,
        Canary::WrongSplice,
        Canary::ClockBack,
        Canary::CountedPieces,
        Canary::LeftOpen,
        Canary::TwiceHeard,
        Canary::EarlyEcho,
        Canary::NearExcept,
        Canary::LostPlace,
        Canary::LostOrder,
        Canary::UnaskedGap,
        Canary::KeptSilent,
        Canary::KeptDoubt,
        Canary::UntoldForgotten,
        Canary::PublishedTwice,
        Canary::HastyNews,
        Canary::LateTimer,
        Canary::NoSocketLimit,
        Canary::ClosedPage,
        Canary::UnwatchedPage,
        Canary::LostFlash,
        Canary::TwiceFlash,
        Canary::TwiceAnew,
        Canary::LatePatch,
    ];
}

#[cfg(feature = "canary")]
static PLANTED: AtomicU8 = AtomicU8::new(0);

#[cfg(feature = "canary")]
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Plants a bug in every hub and driver of this process, instead of the one before.
#[cfg(feature = "canary")]
pub fn set(canary: Option<Canary>) {
    PLANTED.store(canary.map_or(0, |canary| canary as u8), Relaxed);
}

/// Whether this bug is planted.
#[inline]
pub(crate) fn is_planted(canary: Canary) -> bool {
    #[cfg(feature = "canary")]
    return PLANTED.load(Relaxed) == canary as u8;
    #[cfg(not(feature = "canary"))]
    {
        let _ = canary;
        false
    }
}

/// A number that no seed decides; 0 unless that bug is planted.
#[inline]
pub(crate) fn ambient() -> u64 {
    if !is_planted(Canary::AmbientRandomness) {
        return 0;
    }
    #[cfg(feature = "canary")]
    return COUNT.fetch_add(1, Relaxed);
    #[cfg(not(feature = "canary"))]
    0
}
