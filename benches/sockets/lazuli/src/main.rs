//! `lazuli smol|std [ADDR] [--shards N]`: serves over this transport at `ADDR`, or on a port that the system chooses. With shards,
//! which transport-smol has, so many hubs share the address, each on a thread of its own.

use lexopt::prelude::*;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut parser = lexopt::Parser::from_env();
    let (mut transport, mut addr, mut shards) = (None, "127.0.0.1:0".to_owned(), 1);
    while let Some(argument) = parser.next()? {
        match argument {
            Value(value) if transport.is_none() => transport = Some(value.string()?),
            Value(value) => addr = value.string()?,
            Long("shards") => shards = parser.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    match transport.as_deref() {
        Some("smol") => {
            let mut server = lazuli_smol::Server::bind(addr, served::routes()?, ())?;
            println!("listening on {}", server.local_addr()?);
            let others = (1..shards).map(|_| Ok(server.shard(served::routes()?, ())?));
            let others = others.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
            Ok(server.run_with(others)?)
        }
        Some("std") if shards == 1 => {
            let server = lazuli_std::Server::bind(addr, served::routes()?, ())?;
            println!("listening on {}", server.local_addr()?);
            Ok(server.run()?)
        }
        Some("std") => Err("transport-std has one hub; shards are transport-smol's".into()),
        _ => Err("over which transport? smol or std".into()),
    }
}
