//! How long the patches between pairs of renders are: `string_patches DIRECTORY`, which holds `NAME.old.html` and `NAME.new.html`.
//!
//! Each patch is applied, too, and what comes of it is compared with the new render. Times are the least of five, in microseconds.

#![expect(clippy::disallowed_methods, clippy::disallowed_types, reason = "it measures")]

use lazuli::html::StringView;
use lazuli::html::strings::Mirror;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = std::env::args().nth(1).ok_or("usage: string_patches DIRECTORY")?;
    let mut names: Vec<String> = std::fs::read_dir(&directory)?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".old.html")?.to_owned()))
        .collect();
    names.sort();
    println!("| case | new HTML | patch | parse old | update |\n|---|---|---|---|---|");
    for name in names {
        let old = std::fs::read_to_string(format!("{directory}/{name}.old.html"))?;
        let new = std::fs::read_to_string(format!("{directory}/{name}.new.html"))?;
        let (mut parse, mut update) = (Duration::MAX, Duration::MAX);
        let mut patch = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            let mut view = StringView::new(&old);
            parse = parse.min(began.elapsed());
            patch.clear();
            let began = Instant::now();
            view.update(&new, &mut patch);
            update = update.min(began.elapsed());
        }
        let mut page = Mirror::new(&old);
        if !patch.is_empty() {
            page.apply(str::from_utf8(&patch)?)?;
        }
        assert_eq!(page.html(), StringView::new(&new).html(), "{name}");
        println!("| {name} | {} | {} | {} | {} |", new.len(), patch.len(), parse.as_micros(), update.as_micros());
    }
    Ok(())
}
