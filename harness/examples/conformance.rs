//! Runs the transport conformance suite against a server: `conformance HOST:PORT ECHO_PATH
//! LIMITED_PATH [WATCH_PATH] [FILTER]`. Without a watch channel, what needs one is left out.

use std::process::ExitCode;

use lazuli_harness::conformance::{Target, run_only};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (addr, echo, limited, watch, filter) = match args.as_slice() {
        [addr, echo, limited] => (addr, echo, limited, None, ""),
        [addr, echo, limited, watch] if watch.starts_with('/') => (addr, echo, limited, Some(watch), ""),
        [addr, echo, limited, filter] => (addr, echo, limited, None, filter.as_str()),
        [addr, echo, limited, watch, filter] => (addr, echo, limited, Some(watch), filter.as_str()),
        _ => {
            eprintln!("usage: conformance HOST:PORT ECHO_PATH LIMITED_PATH [WATCH_PATH] [PART_OF_A_CASE'S_NAME]");
            return ExitCode::from(2);
        }
    };
    let Ok(addr) = addr.parse() else {
        eprintln!("{addr:?} is not an address such as 127.0.0.1:4000");
        return ExitCode::from(2);
    };
    let target = Target { watch: watch.cloned(), ..Target::new(addr, echo, limited) };
    let report = run_only(&target, |name| name.contains(filter));
    println!("{report}");
    let all_well = report.failed() == 0 && report.passed() > 0;
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
