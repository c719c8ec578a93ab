use super::*;
use lazuli::driver::guard::{FrameLimits, Guard};
use lazuli::{Frame, Kind, Time};

/// Everything that a reader makes of `bytes`, fed in pieces of `size`.
fn read(bytes: &[u8], size: usize) -> Result<Vec<String>, String> {
    let (mut reader, mut all) = (Reader::default(), Vec::new());
    for piece in bytes.chunks(size) {
        reader.feed(piece);
        while let Some(incoming) = reader.next()? {
            all.push(format!("{incoming:?}"));
        }
    }
    Ok(all)
}

#[test]
fn what_a_server_writes_is_read_however_it_is_cut() {
    let mut wire = Vec::new();
    for length in [0, 1, 125, 126, 0xffff, 0x1_0000] {
        wire.extend(Frame::new(Kind::Binary, &vec![7; length]).wire());
        wire.extend(Frame::new(Kind::Text, "ä".repeat(length / 2).as_bytes()).wire());
    }
    // A text in two fragments with a ping between them.
    wire.extend(b"\x01\x02ab\x89\x01!\x80\x01c\x88\x05\x03\xe8bye");
    let whole = read(&wire, wire.len()).unwrap();
    assert_eq!(whole.len(), 15);
    assert_eq!(whole[12..], ["Ping([33])", "Text(\"abc\")", "Close(Some(1000), \"bye\")"]);
    for size in [1, 7, 1_000] {
        assert_eq!(read(&wire, size).unwrap(), whole);
    }
}

#[test]
fn what_a_server_must_not_write_is_refused() {
    for wrong in [
        &b"\x81\x81\0\0\0\0a"[..],
        b"\xc1\x00",
        b"\x83\x00",
        b"\x09\x00",
        b"\x89\x7e\x00\x7e",
        b"\x80\x00",
        b"\x01\x00\x01\x00",
        b"\x82\x7e\x00\x01a",
        b"\x82\x7f\0\0\0\0\0\0\xff\xff",
        b"\x88\x01a",
        b"\x88\x03\x03\xe8\xff",
        b"\x81\x01\xff",
        b"\x88\x00\x81\x00",
    ] {
        assert!(read(wrong, 100).is_err(), "{wrong:x?}");
    }
}

#[test]
fn what_a_client_writes_is_valid() {
    let mut wire = Vec::new();
    for length in [0, 125, 126, 0xffff, 0x1_0000] {
        push_frame(&mut wire, FIN | opcode(Kind::Binary), 0x0102_0304, &vec![1; length]);
    }
    push_frame(&mut wire, TEXT, 9, "h".as_bytes());
    push_frame(&mut wire, FIN | PING, 8, b"?");
    push_frame(&mut wire, FIN | CONTINUATION, 7, "i".as_bytes());
    push_frame(&mut wire, FIN | CLOSE, 6, &close_payload(Some(1000), "bye"));
    let mut guard = Guard::new();
    assert_eq!(guard.inspect(&FrameLimits::default(), Time::ZERO, &wire), Ok(wire.len()));
    assert!(guard.closed());
}

#[test]
fn an_answer_is_read_however_it_is_cut() {
    let wire = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-Y:z\r\n\r\n\x81\x00";
    for cut in 0..wire.len() - 2 {
        let mut reader = AnswerReader::default();
        assert_eq!(reader.feed(&wire[..cut]), Ok(None), "{cut}");
        let (answer, rest) = reader.feed(&wire[cut..]).unwrap().unwrap();
        assert_eq!((answer.status, &*rest), (101, &b"\x81\x00"[..]));
        assert_eq!(answer.headers["x-y"], "z");
    }
    assert!(AnswerReader::default().feed(b"SSH-2.0\r\n\r\n").is_err());
}
