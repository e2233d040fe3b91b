//! A stream on stdin that nobody asked for: `cat traces.jsonl | obs query traces` reads the database.
//!
//! Scripts inherit all kinds of stdin. So it is looked at and not read, without waiting, and only what begins as a stream
//! does is told of.

use std::fs::File;
use std::io::Seek;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::Path;

/// Bytes that are enough to know a stream.
const HEAD: usize = 512;

/// Tells of a stream on stdin that is at hand and is not read, as the database is.
pub(super) fn warn(database: &Path) {
    if head().is_some_and(|head| is_stream(&head)) {
        let database = database.display();
        tracing::warn!(
            "{database} is searched, the stream on stdin is not read; with - as the last argument it is, instead of the database"
        );
    }
}

/// What stdin has at hand; it stays there.
fn head() -> Option<Vec<u8>> {
    let stdin = File::from(rustix::stdio::stdin().try_clone_to_owned().ok()?);
    let kind = stdin.metadata().ok()?.file_type();
    if kind.is_fifo() {
        return of_pipe(&stdin);
    }
    let mut head = vec![0; HEAD];
    let position = (&stdin).stream_position().ok().filter(|_| kind.is_file())?;
    let length = stdin.read_at(&mut head, position).ok()?;
    head.truncate(length);
    Some(head)
}

/// What is in a pipe, as a copy.
#[cfg(target_os = "linux")]
fn of_pipe(pipe: &File) -> Option<Vec<u8>> {
    use std::io::Read;

    use rustix::pipe::{PipeFlags, SpliceFlags, pipe_with, tee};
    let (reading, writing) = pipe_with(PipeFlags::CLOEXEC).ok()?;
    let length = tee(pipe, &writing, HEAD, SpliceFlags::NONBLOCK).ok()?;
    let mut head = vec![0; length];
    File::from(reading).read_exact(&mut head).ok()?;
    Some(head)
}

/// Elsewhere whoever looks takes it.
#[cfg(not(target_os = "linux"))]
fn of_pipe(_: &File) -> Option<Vec<u8>> {
    None
}

fn is_stream(head: &[u8]) -> bool {
    let is_json = head.trim_ascii_start().starts_with(b"{")
        && head.windows(br#""resource"#.len()).any(|part| part == br#""resource"#);
    // A frame: its signal and length, then the first resource.
    is_json || matches!(head, [1..=3, _, _, _, 0x0a, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_known_by_its_beginning() {
        for head in [&b"{\"resourceSpans\":[]}"[..], b"\n{ \"resource_logs\": [", b"\x01\0\0\x05\x0a\x03"] {
            assert!(is_stream(head), "{head:?}");
        }
        for head in [
            &b""[..],
            b"a list\nof names",
            b"{\"name\": 1}",
            b"\"resourceSpans\"",
            b"\0\0\0\x05\x0a",
            b"\x01",
        ] {
            assert!(!is_stream(head), "{head:?}");
        }
    }
}
