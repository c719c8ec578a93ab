//! The ways in which the server can be wrong, and the cases of the suite that must notice.

macro_rules! bugs {
    ($($bug:ident: $($case:literal)*;)*) => {
        /// One thing that the server gets wrong. What begins with `Quirk` is unusual and right.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bug {
            None,
            QuirkPingsFirst,
            QuirkSpeaksFirst,
            QuirkAnswersInFragments,
            QuirkAnswersOncePerRead,
            QuirkAnswersSlowHeads,
            QuirkRepeatsNoReason,
            QuirkWaitsForTheAnswer,
            $($bug,)*
        }

        /// Each bug with the cases that must fail because of it; a name that ends in `*` stands for
        /// all that begin so.
        pub const BUGS: &[(Bug, &[&str])] = &[$((Bug::$bug, &[$($case),*]),)*];
    };
}

pub const QUIRKS: [Bug; 7] = [
    Bug::QuirkPingsFirst,
    Bug::QuirkSpeaksFirst,
    Bug::QuirkAnswersInFragments,
    Bug::QuirkAnswersOncePerRead,
    Bug::QuirkAnswersSlowHeads,
    Bug::QuirkRepeatsNoReason,
    Bug::QuirkWaitsForTheAnswer,
];

bugs! {
    // The opening handshake.
    RepeatsTheKey: "handshake/accept-key-*";
    AnswersEveryKeyAlike: "handshake/accept-key-1" "handshake/accept-key-2" "handshake/accept-key-3"
        "handshake/accept-key-4";
    NamesHaveCase: "handshake/names-in-*";
    TokensHaveCase: "handshake/tokens-in-any-case";
    ConnectionIsNoList: "handshake/connection-list";
    OrderMatters: "handshake/upgrade-last";
    FewFields: "handshake/unknown-fields";
    SmallHeads: "handshake/large-cookie";
    ValuesUntrimmed: "handshake/blank-values";
    QueryBelongsToThePath: "handshake/query";
    HeadInOneRead: "handshake/byte-by-byte" "handshake/unhurried-head";
    DropsEarlyFrames: "handshake/frames-in-the-same-segment"
        "handshake/half-a-frame-in-the-same-segment" "handshake/pipelined";
    AgreesToAProtocol: "handshake/protocol-not-offered";
    AgreesToExtensions: "handshake/extension-not-agreed-on";
    AnyKeyPasses: "handshake/no-key" "handshake/empty-key" "handshake/short-key"
        "handshake/long-key" "handshake/key-not-base64";
    ManyKeysPass: "handshake/two-keys";
    AnyVersionPasses: "handshake/no-version" "handshake/version-*";
    NamesNoVersion: "handshake/version-*";
    AnyMethodPasses: "handshake/post";
    OldHttpPasses: "handshake/http-1.0";
    AnyUpgradePasses: "handshake/no-upgrade" "handshake/other-upgrade" "handshake/no-connection"
        "http/channel-without-upgrade";
    AnyConnectionPasses: "handshake/no-connection" "handshake/connection-close";
    AnyHostPasses: "handshake/no-host" "handshake/two-hosts";
    EveryPathIsAChannel: "handshake/unknown-path" "http/unknown-path";
    PathsAreBeginnings: "handshake/path-prefix";
    ImpatientHead: "handshake/unhurried-head";
    HeadWithoutTimeout: "handshake/slow-head" "handshake/no-head" "handshake/many-slow-heads";
    TimeoutForEachRead: "handshake/slow-head" "handshake/many-slow-heads";

    // HTTP.
    BareLineFeedsPass: "http/bare-lf" "http/bare-lf-everywhere" "http/bare-lf-at-the-end";
    BareCarriageReturnsPass: "http/bare-cr";
    FoldedLinesPass: "http/folded";
    NamesAreTrimmed: "http/folded-first" "http/blank-before-colon";
    AnyNamePasses: "http/blank-before-colon" "http/blank-in-name" "http/nul-in-name" "http/no-name";
    AnyValuePasses: "http/nul-in-value" "http/control-in-value";
    AnyPathPasses: "http/nul-in-path" "http/blank-in-path";
    LinesWithoutColonPass: "http/no-colon";
    AnyHttpPasses: "http/not-a-version";
    BodiesPass: "http/length-and-encoding" "http/two-lengths" "http/body" "http/chunked-body";
    GoesOnAfterRefusal: "http/no-colon" "http/body" "http/body-that-is-a-request";
    RefusesInSilence: "http/no-colon" "http/not-http" "http/http-2" "http/unknown-path"
        "robustness/random-heads";
    HeadsUnlimited: "http/field-of-1-mib" "http/value-without-end" "http/name-without-end"
        "http/path-without-end";
    TooLargeIsMalformed: "http/fields-*" "http/field-of-1-mib" "http/*-without-end";
    FieldsUnlimited: "http/fields-2000";
    AnswersHeadWithABody: "http/head-has-no-body";
    ServesAnything: "http/unknown-path" "http/path-0" "http/path-1" "http/path-2" "http/path-3"
        "http/path-4" "http/path-5";
    DiscardsForEver: "http/flood-after-refusal" "close/flood-after-*" "close/peer-stays";

    // Frames.
    AppendsAByte: "framing/text-*" "framing/binary-*" "framing/mask-*" "framing/length-*"
        "utf8/valid-*" "fragments/1000-of-text" "fragments/65536-of-64-bytes" "limits/echo-exactly"
        "robustness/slow-reader";
    DropsAByte: "framing/text-1" "framing/binary-65536";
    LosesTheKind: "framing/binary-*" "framing/text-and-binary" "fragments/3-of-binary"
        "fragments/large" "fragments/one-message-after-another";
    NoEmptyMessages: "framing/text-0" "framing/binary-0" "fragments/empty-all";
    SetsReservedBits: "framing/text-1*";
    WastesLengths: "framing/text-1" "framing/text-125";
    MasksItsFrames: "framing/text-1" "framing/text-125";
    MaskRestartsWithEachRead: "framing/byte-by-byte" "framing/cut-anywhere"
        "framing/frame-and-a-half";
    MasksWithTheFirstByte: "framing/mask-first-byte" "framing/mask-last-byte"
        "framing/mask-looks-like-text";
    FrameForEachRead: "framing/many-in-one-segment" "framing/text-and-binary";
    ReservedBitsPass: "framing/reserved-*" "handshake/extension-not-agreed-on";
    OpcodesPass: "framing/opcode-3" "framing/opcode-7" "framing/opcode-11" "framing/opcode-15"
        "framing/opcode-*-empty";
    UnmaskedPasses: "framing/unmasked-*";
    NoCloseFrame: "framing/reserved-*" "framing/opcode-*" "framing/unmasked-*" "close/violation-*"
        "close/violations-in-a-row" "robustness/end-after-violation";
    CloseOvertakes: "framing/reserved-after-a-text" "framing/opcode-after-a-text"
        "framing/unmasked-after-a-text" "close/after-messages" "close/after-large-messages"
        "close/after-large-messages-then-end" "close/violation-behind-answers";

    // Fragments.
    EachFragmentIsAMessage: "fragments/2-of-text" "fragments/3-of-text" "fragments/10-of-text"
        "fragments/byte-by-byte" "fragments/ping-between*" "fragments/empty-*";
    FewFragments: "fragments/1000-of-text" "fragments/65536-of-64-bytes";
    NoEmptyFragments: "fragments/empty-first" "fragments/empty-between" "fragments/empty-all";
    PongsAfterTheMessage: "fragments/ping-between";
    PongsEndMessages: "fragments/pong-between";
    OrphansPass: "fragments/orphan-*";
    NestedMessagesPass: "fragments/text-*" "fragments/binary-in-text";
    FragmentsUnlimited: "robustness/empty-fragments" "robustness/fragments-of-a-byte";

    // Control frames.
    NoPongs: "control/ping-empty" "control/ping-text" "control/ping-10" "control/ping-in-turn";
    EmptyPongs: "control/ping-text" "control/ping-binary" "control/ping-125-bytes"
        "control/ping-looks-like-a-frame" "control/ping-byte-by-byte"
        "control/ping-between-messages";
    PongsTwice: "control/ping-10";
    KeepsTheOldestPong: "robustness/pings-unread";
    PongsMustBeAskedFor: "control/pong-unasked";
    LongControlPasses: "control/ping-126-bytes*" "control/pong-126-bytes*"
        "control/ping-65536-bytes" "control/ping-16-bit-length" "control/ping-64-bit-length"
        "close/reason-of-124-bytes" "close/long-length-field";
    FragmentedControlPasses: "control/ping-fragment*" "control/pong-fragment" "close/fragment";
    LooksAtLengthsLate: "control/ping-126-bytes-at-the-header"
        "control/pong-126-bytes-at-the-header" "limits/text-of-*" "limits/binary-of-*"
        "limits/fragment-of-*" "limits/echo-*-over" "limits/*-at-the-header" "limits/*-sum-over*";

    // Text.
    NoUtf8: "utf8/invalid-*" "utf8/incomplete-*" "utf8/fragments-*";
    ChecksUtf8AtTheEnd: "utf8/invalid-overlong-3-at-the-byte" "utf8/invalid-ff-at-the-byte"
        "utf8/fragments-first-is-wrong" "utf8/fragments-second-is-wrong"
        "utf8/fragments-ping-between" "utf8/fragments-second-is-wrong-at-the-byte";
    ChecksUtf8InEachFragment: "utf8/valid-cut-by-fragments" "utf8/valid-fragment-a-byte";
    OverlongPasses: "utf8/invalid-overlong-*" "utf8/fragments-overlong";
    SurrogatesPass: "utf8/invalid-surrogate-*" "utf8/fragments-surrogate";
    AboveUnicodePasses: "utf8/invalid-above-10ffff" "utf8/invalid-above-10ffff-at-the-byte"
        "utf8/invalid-lead-f5-at-the-byte" "utf8/invalid-lead-f8-of-5-bytes-at-the-byte";
    IncompleteCharactersPass: "utf8/incomplete-*" "utf8/fragments-incomplete*";
    NoncharactersFail: "utf8/valid-no-characters";
    OnlyAsciiPasses: "utf8/valid-two-bytes" "utf8/valid-byte-by-byte" "utf8/valid-mixed";
    NulFails: "utf8/valid-one-byte";
    StripsByteOrderMarks: "utf8/valid-byte-order-mark";
    ChecksBinaryToo: "utf8/binary-is-anything";

    // The closing handshake.
    AnswersWith1000: "close/code-1002" "close/code-1001" "close/code-3000" "close/code-4999"
        "close/byte-by-byte";
    NoCodesOfApplications: "close/code-3000" "close/code-3999" "close/code-4000" "close/code-4999";
    FewCodes: "close/code-1003" "close/code-1007" "close/code-1008" "close/code-1009"
        "close/code-1010" "close/code-1011";
    AnyCodePasses: "close/code-0" "close/code-1" "close/code-999" "close/code-1004"
        "close/code-1005" "close/code-1006" "close/code-1015" "close/code-1016" "close/code-1100"
        "close/code-2000" "close/code-2999" "close/code-5000" "close/code-65535";
    AnswersEmptyWith1005: "close/empty";
    OneByteClosePasses: "close/1-byte";
    GarblesReasons: "close/reason-of-123-bytes";
    AnyReasonPasses: "close/reason-invalid" "close/reason-surrogate" "close/reason-incomplete";
    NoCloseAnswer: "close/code-1000" "close/code-1001" "close/empty" "close/inside-*";
    CloseInsideAMessageIsWrong: "close/inside-*";
    GoesOnAfterClose: "close/then-*";
    StaysAfterClose: "close/code-1000" "close/then-32-kib" "framing/opcode-3";
    ClosesAbruptly: "close/violation-then-32-kib" "close/then-32-kib"
        "close/violation-then-more-in-flight";
    ViolationsAre1011: "framing/reserved-*" "close/violation*" "robustness/random-bytes"
        "robustness/random-frames";

    EndsLate: "close/end-comes-soon" "close/violation-end-comes-soon" "http/end-comes-soon";
    EndsAreResets: "close/after-large-messages-then-end";

    // Limits.
    NoLimits: "limits/text-of-2^40" "limits/fragment-of-2^32" "limits/echo-*-over"
        "limits/text-over" "limits/*-at-the-header";
    TopBitIsALength: "limits/*-of-2^63" "limits/*-of-2^64-1";
    TooLongIsAViolation: "limits/*-of-2^32" "limits/*-of-2^40" "limits/*-of-2^63-1";
    OneLimitForBoth: "limits/text-over" "limits/text-over-at-the-header" "limits/text-sum-over*";
    TextLimitForBoth: "limits/binary-over-the-text-limit" "limits/binary-exactly";
    LimitsAreExclusive: "limits/echo-exactly" "limits/text-exactly" "limits/text-fragments-exactly"
        "limits/binary-exactly";
    LooksAtSingleFrames: "limits/echo-sum-over" "limits/text-sum-over*" "limits/binary-sum-over";
    SumIsNeverReset: "limits/texts-in-a-row";
    ControlCountsInTheSum: "limits/text-fragments-exactly";
    ControlResetsTheSum: "limits/text-sum-over-with-pongs";

    // Peers that misbehave.
    IgnoresTheEnd: "robustness/end-without-close" "robustness/end-inside-*"
        "robustness/end-anywhere" "robustness/random-heads";
    DiesOfAReset: "robustness/reset-with-answers-unread";
    DropsSlowReaders: "robustness/slow-reader" "close/violation-behind-answers";
    NoAnswers: "framing/*" "limits/text-exactly" "limits/texts-in-a-row";

    // What others are told.
    TimersAreLate: "watch/timer";
    TimersAreEarly: "watch/timer";
    ResetsGoUntold: "watch/reset-is-told";
    EndsGoUntold: "watch/end-is-told";
    EveryoneIsLost: "watch/close-is-told";
}
