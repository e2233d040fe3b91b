use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use super::reader::StreamReader;
use crate::otlp::Signal;

/// A stream read from a file or a pipe.
pub type Input = StreamReader<File>;

/// What a pipe is asked to hold, in bytes: the most that an unprivileged process may ask for on Linux by default.
pub(super) const PIPE_SIZE: usize = 1 << 20;

/// Opens an operand; `-` is stdin. Frames that do not say their signal are taken as `unnamed`.
///
/// # Errors
/// The file cannot be opened, or stdin is a terminal.
pub fn open(operand: &str, unnamed: Signal) -> io::Result<Input> {
    if operand != "-" {
        return Ok(StreamReader::new(operand, File::open(operand)?, unnamed));
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "stdin is a terminal; pipe a stream into it or name a FILE",
        ));
    }
    let file = File::from(stdin.as_fd().try_clone_to_owned()?);
    enlarge(&file);
    Ok(StreamReader::new("stdin", file, unnamed))
}

/// Makes a pipe hold as much as a large batch, so that its two processes take turns less often.
pub(super) fn enlarge(file: &File) {
    // Not a pipe, or over the user's limit: the size it has does too.
    #[cfg(target_os = "linux")]
    let _ = rustix::pipe::fcntl_setpipe_size(file, PIPE_SIZE);
    #[cfg(not(target_os = "linux"))]
    let _ = (file, PIPE_SIZE);
}
