//! `floor [ADDR] [--joined] [--wrong HOW]`: serves the floor at `ADDR`, or on a port that the system chooses.
//!
//! `--wrong drop|double|swap|stray` does one thing wrong, once; `--wrong leak|keep|deaf` does one whenever a peer goes. The load
//! generator has to notice.

use floor::{Wrong, serve};
use lexopt::{Arg, ValueExt};
use std::error::Error;
use std::net::TcpListener;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut addr, mut joined, mut wrong) = ("127.0.0.1:0".to_owned(), false, None);
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Arg::Value(value) => addr = value.string()?,
            Arg::Long("joined") => joined = true,
            Arg::Long("wrong") => wrong = Some(args.value()?.parse_with(Wrong::by_name)?),
            other => return Err(other.unexpected().into()),
        }
    }
    if joined && wrong.is_some() {
        return Err("only the plain floor can be wrong".into());
    }
    let listener = TcpListener::bind(addr)?;
    println!("listening on {}", listener.local_addr()?);
    Ok(serve(&listener, joined, wrong)?)
}
