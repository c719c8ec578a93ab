//! A copy of the tree with all mutants in it, built without those that do not compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Fault;
use crate::list::Mutant;
use crate::plant::{SWITCH, plant};

/// How everything is built: as for tests, optimized a little, or the simulator takes too long.
const PROFILE: &[&str] = &[
    "--profile=mutants",
    "--config=profile.mutants.inherits='dev'",
    "--config=profile.mutants.opt-level=1",
    "--config=profile.mutants.debug=0",
    "--features=lazuli/html-strings,lazuli/tls,lazuli/tracing",
    "--message-format=json",
];

/// The copy, and what became of the mutants.
pub struct Copy {
    pub tree: PathBuf,
    pub learnt: Learnt,
    pub apart: BTreeMap<usize, &'static str>,
}

/// What the compiler taught.
#[derive(Default, Serialize, Deserialize)]
pub struct Learnt {
    /// Of which sources.
    seal: u64,
    pub unviable: BTreeSet<usize>,
    /// Functions that the compiler calls.
    kept: BTreeSet<String>,
}

/// An executable of the build.
pub struct Program {
    pub path: PathBuf,
    pub package: String,
    /// What it is named after: `lib`, a file of tests.
    pub name: String,
    pub test: bool,
}

/// Plants all mutants into a copy of `root`, and builds it until nothing is left that does not compile.
pub fn build(root: &Path, work: &Path, mutants: &[Mutant]) -> Result<(Copy, Vec<Program>), Fault> {
    let mut copy = Copy { tree: work.join("tree"), learnt: Learnt::default(), apart: BTreeMap::new() };
    let seal = copy.take(root, mutants)?;
    // What was learnt of the same sources holds, and they need not be built again.
    let file = work.join("learnt.json");
    let learnt = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    copy.learnt = learnt.filter(|learnt: &Learnt| learnt.seal == seal).unwrap_or_default();
    copy.learnt.seal = seal;
    loop {
        let parts = copy.plant(root, mutants)?;
        let (ok, messages) = copy.cargo(&["test", "--no-run", "-p=lazuli", "-p=lazuli-harness"])?;
        fs::write(&file, serde_json::to_vec(&copy.learnt)?)?;
        if ok {
            return Ok((copy, messages.iter().filter_map(Program::of).collect()));
        }
        let size = |copy: &Copy| (copy.learnt.unviable.len(), copy.learnt.kept.len());
        let before = size(&copy);
        messages.iter().filter(|message| message["level"] == "error").for_each(|message| copy.blame(message, &parts));
        if size(&copy) == before {
            let errors = messages.iter().filter_map(|message| message["rendered"].as_str());
            return Err(format!("errors that are no mutant's:\n{}", errors.collect::<String>()).into());
        }
        eprintln!("{} mutants do not compile", copy.learnt.unviable.len());
    }
}

/// By file, which bytes are which mutant's alone.
type Parts = BTreeMap<String, Vec<(std::ops::Range<usize>, usize)>>;

impl Copy {
    /// Copies what git knows, except the files that get mutants; of these, a number that no other sources have.
    fn take(&self, root: &Path, mutants: &[Mutant]) -> Result<u64, Fault> {
        let with: BTreeSet<&str> = mutants.iter().map(|mutant| &*mutant.file).collect();
        let known = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()?;
        for file in String::from_utf8(known.stdout)?.split_terminator('\0').filter(|file| !with.contains(file)) {
            if let Ok(bytes) = fs::read(root.join(file)) {
                let text = if file == "core/src/lib.rs" { [&bytes, SWITCH.as_bytes()].concat() } else { bytes };
                write(&self.tree.join(file), &text)?;
            }
        }
        let mut hasher = DefaultHasher::new();
        for file in with {
            (file, fs::read(root.join(file))?).hash(&mut hasher);
        }
        Ok(hasher.finish())
    }

    fn plant(&mut self, root: &Path, mutants: &[Mutant]) -> Result<Parts, Fault> {
        let mut files: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
        for (at, mutant) in mutants.iter().enumerate() {
            let those = files.entry(&mutant.file).or_default();
            if !self.learnt.unviable.contains(&number(at)) {
                those.push((number(at), mutant));
            }
        }
        let mut parts = Parts::new();
        for (file, those) in files {
            let source = fs::read_to_string(root.join(file))?;
            let planted = plant(&source, &those, &self.learnt.kept).map_err(|error| format!("{file}: {error}"))?;
            write(&self.tree.join(file), planted.text.as_bytes())?;
            self.learnt.unviable.extend(planted.unviable);
            self.apart.extend(planted.apart);
            parts.insert(file.to_owned(), planted.parts);
        }
        Ok(parts)
    }

    /// Takes out the mutant that an error is about.
    fn blame(&mut self, message: &Value, parts: &Parts) {
        // A function that is called where the compiler evaluates stays as it was.
        if message["code"]["code"] == "E0015" {
            let path = message["message"].as_str().and_then(|text| text.split('`').nth(1)).unwrap_or_default();
            let name = path.rsplit("::").next().unwrap_or_default();
            if name != "mutant" {
                self.learnt.kept.insert(name.to_owned());
                return;
            }
        }
        let spans = message["spans"].as_array().map_or(&[][..], Vec::as_slice);
        for primary in [true, false] {
            let those = spans.iter().filter(|span| span["is_primary"] == primary);
            let blamed: Vec<usize> = those.filter_map(|span| blamed(span, parts)).collect();
            self.learnt.unviable.extend(&blamed);
            if !blamed.is_empty() {
                return;
            }
        }
    }

    /// Runs cargo; whether all is well, and what the compiler says.
    fn cargo(&self, args: &[&str]) -> Result<(bool, Vec<Value>), Fault> {
        let out = Command::new("cargo")
            .args(args)
            .args(PROFILE)
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", self.tree.with_file_name("build"))
            .env("RUSTFLAGS", "-Awarnings")
            .stderr(Stdio::inherit())
            .output()?;
        let lines = out.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let messages = lines.map(serde_json::from_slice).collect::<Result<Vec<Value>, _>>()?;
        let plain = messages.into_iter().map(|message| match message["reason"] == "compiler-message" {
            true => message["message"].clone(),
            false => message,
        });
        Ok((out.status.success(), plain.collect()))
    }
}

impl Program {
    fn of(message: &Value) -> Option<Program> {
        let path = message["executable"].as_str()?;
        let package = Path::new(message["manifest_path"].as_str()?).parent()?;
        let target = &message["target"];
        let kind = target["kind"][0].as_str()?;
        let name = if kind == "lib" { "lib" } else { target["name"].as_str()? };
        Some(Program {
            path: path.into(),
            package: package.file_name()?.to_str()?.to_owned(),
            name: name.to_owned(),
            test: message["profile"]["test"] == true,
        })
    }
}

/// The number that a mutant has in the build; 0 is none.
pub fn number(index: usize) -> usize {
    index + 1
}

/// The mutant that an error's place belongs to.
fn blamed(span: &Value, parts: &Parts) -> Option<usize> {
    // What a macro of another crate makes of a mutant is that mutant's all the same.
    let outer = &span["expansion"]["span"];
    if !outer.is_null()
        && let Some(number) = blamed(outer, parts)
    {
        return Some(number);
    }
    let start = usize::try_from(span["byte_start"].as_u64()?).ok()?;
    let those = parts.get(span["file_name"].as_str()?)?;
    those.iter().find(|(part, _)| part.contains(&start)).map(|&(_, number)| number)
}

/// Writes what differs only, so that cargo builds no more than it has to.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    if fs::read(path).is_ok_and(|before| before == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(fs::write(path, bytes)?)
}
