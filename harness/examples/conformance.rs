//! Runs the transport conformance suite against a server: `conformance HOST:PORT ECHO_PATH
//! LIMITED_PATH [FILTER]`.

use std::process::ExitCode;

use lazuli_harness::conformance::{Target, run_only};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (addr, echo, limited, filter) = match args.as_slice() {
        [addr, echo, limited] => (addr, echo, limited, ""),
        [addr, echo, limited, filter] => (addr, echo, limited, filter.as_str()),
        _ => {
            eprintln!("usage: conformance HOST:PORT ECHO_PATH LIMITED_PATH [PART_OF_A_CASE'S_NAME]");
            return ExitCode::from(2);
        }
    };
    let Ok(addr) = addr.parse() else {
        eprintln!("{addr:?} is not an address such as 127.0.0.1:4000");
        return ExitCode::from(2);
    };
    let report = run_only(&Target::new(addr, echo, limited), |name| name.contains(filter));
    println!("{report}");
    let all_well = report.failed() == 0 && report.passed() > 0;
    if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
