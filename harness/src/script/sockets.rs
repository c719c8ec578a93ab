//! A script over real sockets.

use super::player::{Wire, play};
use super::{Script, ScriptError, Streams};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Plays a script against a server that listens at `addr`, and returns what each client saw.
///
/// # Errors
/// A [`ScriptError`] when the script cannot be played, the server breaks the protocol, or it says nothing for 20 s when
/// it should.
pub fn run_over_sockets(script: &Script, addr: SocketAddr) -> Result<Streams, ScriptError> {
    play(script, &mut Sockets(addr))
}

struct Sockets(SocketAddr);

impl Wire for Sockets {
    type Stream = TcpStream;

    fn open(&mut self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(self.0)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_write_timeout(Some(Duration::from_secs(20)))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn send(&mut self, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes)
    }

    fn read(&mut self, stream: &mut TcpStream, out: &mut Vec<u8>) -> io::Result<bool> {
        let mut buffer = [0; 16 << 10];
        loop {
            match stream.read(&mut buffer) {
                Ok(length) => {
                    out.extend_from_slice(&buffer[..length]);
                    return Ok(length > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
