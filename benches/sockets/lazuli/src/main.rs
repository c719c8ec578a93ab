//! `lazuli smol|std [ADDR]`: serves over this transport at `ADDR`, or on a port that the system chooses.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let transport = args.next().unwrap_or_default();
    let addr = args.next().unwrap_or("127.0.0.1:0".into());
    match transport.as_str() {
        "smol" => {
            let server = lazuli_smol::Server::bind(addr, served::routes()?, ())?;
            println!("listening on {}", server.local_addr()?);
            Ok(server.run()?)
        }
        "std" => {
            let server = lazuli_std::Server::bind(addr, served::routes()?, ())?;
            println!("listening on {}", server.local_addr()?);
            Ok(server.run()?)
        }
        _ => Err("over which transport? smol or std".into()),
    }
}
