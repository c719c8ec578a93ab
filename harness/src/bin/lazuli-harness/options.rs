//! What stands behind a command.

use lazuli_harness::Tape;

/// What is run once.
pub(crate) enum What {
    Seed(u64),
    Mixed(u64),
    Tape(Tape),
}

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) what: Option<What>,
    pub(crate) seeds: Option<u64>,
    pub(crate) start: Option<u64>,
    pub(crate) minutes: Option<u64>,
    pub(crate) tries: Option<u64>,
    pub(crate) jobs: Option<u64>,
    pub(crate) to: Option<String>,
    pub(crate) plant: Option<String>,
    pub(crate) mixed: bool,
    pub(crate) raw: bool,
    pub(crate) all_seen: bool,
}

/// The commands that take options, with those that they take, and whether there is a seed or a file beside them.
const COMMANDS: &[(&str, &str, bool)] = &[
    ("run", "--seeds --start --jobs --all-seen --plant", false),
    ("soak", "--minutes --start --jobs --all-seen --plant", false),
    ("mixed", "--seeds --start --jobs --plant", false),
    ("replay", "--mixed --raw --plant", true),
    ("shrink", "--tries --to --raw --plant", true),
    ("canaries", "--seeds --start --jobs", false),
];

impl Options {
    /// # Errors
    /// In words, what the command does not take, or lacks.
    pub(crate) fn parse(command: &str, args: &[String]) -> Result<Options, String> {
        let Some((_, known, takes_one)) = COMMANDS.iter().find(|(name, ..)| *name == command) else {
            return Err(format!("{command} is no command"));
        };
        let mut options = Options::default();
        let mut what = None;
        let mut args = args.iter();
        while let Some(name) = args.next() {
            let mut text = || args.next().cloned().ok_or(format!("{name} lacks its value"));
            let number = |text: String| text.parse::<u64>().map_err(|_| format!("{name}: {text} is no number"));
            if name.starts_with("--") && !known.split(' ').any(|option| option == name) {
                return Err(format!("{command} has no option {name}; it has {known}"));
            }
            match name.as_str() {
                "--seeds" => match number(text()?)? {
                    0 => return Err("--seeds has to be 1 at least".to_owned()),
                    seeds => options.seeds = Some(seeds),
                },
                "--start" => options.start = Some(number(text()?)?),
                "--minutes" => options.minutes = Some(number(text()?)?),
                "--tries" => options.tries = Some(number(text()?)?),
                "--jobs" => options.jobs = Some(number(text()?)?),
                "--to" => options.to = Some(text()?),
                "--plant" => options.plant = Some(text()?),
                "--all-seen" => options.all_seen = true,
                "--mixed" => options.mixed = true,
                "--raw" => options.raw = true,
                _ if !takes_one => return Err(format!("{command} takes options only, and not {name}")),
                _ if what.is_some() => return Err(format!("{name} is one too many")),
                _ => what = Some(name),
            }
        }
        match what {
            Some(what) => options.what = Some(What::parse(what, &options)?),
            None if *takes_one => return Err(format!("{command} needs a seed, or the file of a tape")),
            None => {}
        }
        Ok(options)
    }

    pub(crate) fn jobs(&self) -> usize {
        self.jobs.unwrap_or(1).clamp(1, 256) as usize
    }
}

impl What {
    fn parse(text: &str, options: &Options) -> Result<What, String> {
        match text.parse() {
            Ok(seed) if options.mixed => return Ok(What::Mixed(seed)),
            Ok(seed) if !options.raw => return Ok(What::Seed(seed)),
            _ if options.mixed => return Err(format!("--mixed goes with a seed, and {text} is none")),
            _ => {}
        }
        let file = std::fs::read(text).map_err(|error| format!("{text} is no seed, and no file: {error}"))?;
        if options.raw {
            return Ok(What::Tape(Tape::from_raw(&file)));
        }
        let tape = Tape::from_file(&file).map(What::Tape);
        tape.ok_or_else(|| match file.starts_with(b"lazuli journal") {
            true => format!(
                "{text} is a journal: `lazuli-harness journal {text}` tells it, and lazuli_harness::replay_journal plays it in its application"
            ),
            false => format!("{text} is no tape that `shrink --to` has written (with --raw, any bytes are one)"),
        })
    }

    pub(crate) fn name(&self) -> String {
        match self {
            What::Seed(seed) => format!("seed {seed}"),
            What::Mixed(seed) => format!("mixed scenario of seed {seed}"),
            What::Tape(tape) => format!("tape of {} bytes for {}", tape.bytes().len(), tape.part().name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        Options::parse(&words[0], &words[1..]).err().unwrap_or_else(|| panic!("{line} was taken"))
    }

    #[test]
    fn what_a_command_does_not_take_is_refused_in_words() {
        assert_eq!(refused("sing --seeds 3"), "sing is no command");
        assert!(refused("run --minutes 3").starts_with("run has no option --minutes; it has --seeds "));
        assert_eq!(refused("run 7"), "run takes options only, and not 7");
        assert_eq!(refused("run --seeds 0"), "--seeds has to be 1 at least");
        assert_eq!(refused("run --seeds many"), "--seeds: many is no number");
        assert_eq!(refused("run --seeds"), "--seeds lacks its value");
        assert_eq!(refused("replay"), "replay needs a seed, or the file of a tape");
        assert_eq!(refused("replay 7 8"), "8 is one too many");
        assert_eq!(refused("replay Cargo.toml --mixed"), "--mixed goes with a seed, and Cargo.toml is none");
        assert!(refused("replay Cargo.toml").contains("is no tape"));
        assert!(refused("replay tests/journals/panic.journal").contains("is a journal"));
        assert!(refused("replay tests/nothing").contains("is no seed, and no file"));
    }

    #[test]
    fn what_it_takes_is_taken() {
        let options = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            Options::parse(&words[0], &words[1..]).unwrap_or_else(|why| panic!("{line}: {why}"))
        };
        assert!(matches!(options("replay 7").what, Some(What::Seed(7))));
        assert!(matches!(options("replay 7 --mixed").what, Some(What::Mixed(7))));
        assert!(matches!(options("shrink --raw Cargo.toml").what, Some(What::Tape(_))));
        let run = options("run --seeds 5 --start 3 --jobs 900 --all-seen");
        assert_eq!((run.seeds, run.start, run.jobs(), run.all_seen), (Some(5), Some(3), 256, true));
    }
}
