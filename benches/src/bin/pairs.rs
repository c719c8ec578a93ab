//! Writes pairs of renders for the page in `benches/browser` that tries the law of patches in a browser, a history a line.
//!
//! ```text
//! pairs views|strings FIRST COUNT STEPS    so many histories, from this seed on, each of so many patches
//! ```

use lazuli_benches::pairs;
use std::env;
use std::error::Error;
use std::io::{BufWriter, Write, stdout};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kind, numbers @ ..] = &arguments[..] else {
        return Err("usage: pairs views|strings FIRST COUNT STEPS".into());
    };
    let numbers = numbers.iter().map(|number| number.parse()).collect::<Result<Vec<u64>, _>>()?;
    let ([first, count, steps], "views" | "strings") = (&numbers[..], kind.as_str()) else {
        return Err("usage: pairs views|strings FIRST COUNT STEPS".into());
    };
    let mut out = BufWriter::new(stdout().lock());
    for seed in *first..first + count {
        let history = match kind.as_str() {
            "views" => pairs::history(seed, *steps as usize)?,
            _ => pairs::strings::history(seed, *steps as usize),
        };
        writeln!(out, "{history}")?;
    }
    Ok(())
}
