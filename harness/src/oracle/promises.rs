//! What the oracles hold the product to: sentences of its documentation, and where they stand.

use super::Oracle;

/// A sentence that the documentation says, and an oracle checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promise {
    /// The sentence, as it stands there.
    pub sentence: &'static str,
    /// The file in which it stands, from the root of the workspace.
    pub file: &'static str,
}

impl Oracle {
    /// What the documentation says of what this family checks. A test sees to it that it does.
    ///
    /// ```
    /// use lazuli_harness::Oracle;
    ///
    /// let said = Oracle::Time.promises()[0];
    /// assert!(said.sentence.contains("later than") && said.file == "core/src/hub/mod.rs");
    /// ```
    pub fn promises(self) -> &'static [Promise] {
        match self {
            Oracle::Lifecycle => &[
                Promise {
                    sentence: "When an end is decided, the instance leaves its rooms and `on_close` runs at once",
                    file: ARCHITECTURE,
                },
                Promise { sentence: "A room without members is freed.", file: ARCHITECTURE },
                Promise { sentence: "The table is `core/src/life.rs`", file: ARCHITECTURE },
                Promise { sentence: "the client reads too slowly, or the server is overloaded", file: PROTOCOL },
            ],
            Oracle::Delivery => &[
                Promise {
                    sentence: "Every callback is a transaction: what it records in its context happens after it returned `Ok`, and not at all when it returns an error or panics.",
                    file: "core/src/channel.rs",
                },
                Promise {
                    sentence: "a named set of channel instances; a broadcast reaches each member once",
                    file: ARCHITECTURE,
                },
            ],
            Oracle::Order => &[Promise {
                sentence: "What the server sends for one subscription comes in the order in which it happened, and so does what it sends for one room to",
                file: PROTOCOL,
            }],
            Oracle::Bounds => &[
                Promise {
                    sentence: "At most so many bytes of one connection are handed to the transport and not yet written.",
                    file: CONFIG,
                },
                Promise { sentence: "What does not fit waits in the hub up to the route's limit", file: ARCHITECTURE },
            ],
            Oracle::Presence => &[Promise {
                sentence: "Members of a room are told of changes of its presence at once, and then at most so often.",
                file: CONFIG,
            }],
            Oracle::Silence => &[
                Promise { sentence: "A peer from which nothing came for so long is sent a ping.", file: CONFIG },
                Promise {
                    sentence: "If then nothing comes for so long either, the connection is closed with 1011.",
                    file: CONFIG,
                },
            ],
            Oracle::Shutdown => &[
                Promise {
                    sentence: "no new connection is opened, the open ones are closed with 1001 and a hint when to come back, each at its own moment.",
                    file: "core/src/hub/ending.rs",
                },
                Promise { sentence: "A second call changes nothing.", file: "core/src/hub/ending.rs" },
                Promise {
                    sentence: "Clients that are closed by a shutdown are asked to come back within this time",
                    file: CONFIG,
                },
            ],
            Oracle::Limits => &[
                Promise {
                    sentence: "One more gets an error and is not handled; after `burst` more in a row the connection is closed with 1008.",
                    file: CONFIG,
                },
                Promise {
                    sentence: "At most so many connections at once; one more is refused with 503.",
                    file: CONFIG,
                },
            ],
            Oracle::Batches => &[Promise {
                sentence: "It is also handed over before it holds more bytes than the largest message may have, and before the channel's end.",
                file: CONFIG,
            }],
            Oracle::Spark => &[
                Promise {
                    sentence: "A channel behind Spark is the same handler as on a path of its own, and what it does is the same",
                    file: PROTOCOL,
                },
                Promise { sentence: "A message with a `ref` is answered exactly once", file: PROTOCOL },
            ],
            Oracle::Dom => &[Promise {
                sentence: "patch | what leads from one render of a view to the next",
                file: "docs/patches.md",
            }],
            Oracle::Components => &[Promise {
                sentence: "So long after a page was rendered its components can be mounted; later the page has to be loaded anew.",
                file: CONFIG,
            }],
            Oracle::Pace => &[Promise {
                sentence: "A page's first change goes out at once, and then changes go out at most so often, all of them in one frame.",
                file: CONFIG,
            }],
            Oracle::Rest => &[Promise {
                sentence: "Does everything that there is to do: takes the hub's outputs, writes, closes, until nothing is left.",
                file: "core/src/driver/write.rs",
            }],
            Oracle::Chunking => &[
                Promise {
                    sentence: "The same inputs give the same outputs, in debug and release, and whenever they are polled.",
                    file: ARCHITECTURE,
                },
                Promise {
                    sentence: "Reads bytes that arrived at `now`, split anywhere.",
                    file: "core/src/driver/guard.rs",
                },
            ],
            Oracle::Time => &[
                Promise {
                    sentence: "Does what is due. Afterwards `Hub::poll_timeout` is later than `now`.",
                    file: "core/src/hub/mod.rs",
                },
                Promise {
                    sentence: "by a clock that never goes back; one that does is taken to stand still.",
                    file: "core/src/driver/mod.rs",
                },
            ],
            Oracle::Determinism => &[Promise {
                sentence: "time, the wall clock's start and the seed of its randomness come in.",
                file: ARCHITECTURE,
            }],
            Oracle::Backplane => &[
                Promise {
                    sentence: "A publication that is not behind it, or of an older epoch, is a duplicate and ignored",
                    file: "core/src/backplane/mod.rs",
                },
                Promise {
                    sentence: "Then what waited is published: orders to close users, and broadcasts in the order in which they were said.",
                    file: "core/src/backplane/mod.rs",
                },
            ],
            Oracle::Panics => &[Promise {
                sentence: "a panic | the internal error, then a close with 1011; only for this channel",
                file: "docs/guide.md",
            }],
        }
    }
}

const ARCHITECTURE: &str = "docs/architecture.md";
const PROTOCOL: &str = "docs/protocol.md";
const CONFIG: &str = "core/src/config.rs";

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    /// The words of a text, without what comments, tables and links put between them.
    fn words(text: &str) -> String {
        let lines = text.lines().map(|line| line.trim_start().trim_start_matches("///").trim_start_matches("//!"));
        let mut plain = lines.collect::<Vec<_>>().join(" ").replace("**", "");
        while let Some(at) = plain.find("](") {
            let end = plain[at..].find(')').map_or(plain.len(), |length| at + length + 1);
            plain.replace_range(at..end, "");
        }
        plain.replace(['[', ']'], "").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_documentation_says_what_the_oracles_check() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        for oracle in Oracle::ALL {
            assert!(!oracle.promises().is_empty());
            for Promise { sentence, file } in oracle.promises() {
                let text = words(&fs::read_to_string(root.join(file)).unwrap()).to_lowercase();
                assert!(text.contains(&sentence.to_lowercase()), "{oracle}: {file} does not say: {sentence}");
            }
        }
    }
}
