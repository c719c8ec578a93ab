//! The attack list of `docs/security.md`, played against a real server on both transports.
//!
//! Each row is a test of its name. Its server is a process of its own. While the row runs, and after it, a client that knows
//! nothing of it comes and is served; after it, the server has given back what it took.
//!
//! ```text
//! cargo test --release -p lazuli-harness --test attacks            # all rows
//! cargo test --release -p lazuli-harness --test attacks -- 13 /std # those whose name has all of these in it
//! ```
//!
//! The last line is `N passed, N failed`.

#[cfg(target_os = "linux")]
mod app;
#[cfg(target_os = "linux")]
mod board;
#[cfg(target_os = "linux")]
mod browser;
#[cfg(target_os = "linux")]
mod peer;
#[cfg(target_os = "linux")]
mod process;
#[cfg(target_os = "linux")]
mod rows;
#[cfg(target_os = "linux")]
mod runner;
#[cfg(target_os = "linux")]
mod server;

/// Whatever went wrong, in words.
type Trouble = Box<dyn std::error::Error + Send + Sync>;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["--serve", transport, setup] = words[..] {
        return match server::serve(transport, setup) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    if std::env::var_os("ATTACKS").is_some_and(|when| when == "later") {
        println!("0 passed, 0 failed: the attacks have a step of their own");
        return ExitCode::SUCCESS;
    }
    // Whoever runs all tests of a workspace hands the options of the usual test runner to this one, too.
    let wanted: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let tests = runner::tests(&wanted);
    if words.contains(&"--list") {
        tests.iter().for_each(|test| println!("{}: test", test.name()));
        return ExitCode::SUCCESS;
    }
    if runner::play(tests) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What a process holds is read from `/proc`.
#[cfg(not(target_os = "linux"))]
fn main() {
    println!("0 passed, 0 failed: the attacks are played on Linux only");
}
