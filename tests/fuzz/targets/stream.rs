//! Any bytes as a stream: it ends, reads the same in pieces of any size, and what is written of it reads back.
#![no_main]

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use obs::otlp::{Batch, Signal};
use obs::stream::{Encoding, Event, Ledger, Rejection, Source, StreamReader, StreamWriter};

/// Gives out at most so many bytes at a time.
struct Pieces<'a> {
    bytes: &'a [u8],
    size: usize,
}

impl Source for Pieces<'_> {
    fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let count = self.size.min(self.bytes.len());
        let (head, tail) = self.bytes.split_at(count);
        buffer.extend_from_slice(head);
        self.bytes = tail;
        Ok(count)
    }

    fn waits_on(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

fn read(source: impl Source, unnamed: Signal, length: usize) -> (Vec<Batch>, Vec<Rejection>) {
    let mut reader = StreamReader::new("fuzz", source, unnamed);
    let (mut batches, mut rejections) = (Vec::new(), Vec::new());
    loop {
        match reader.next_event().expect("reading memory does not fail") {
            Event::Batch(batch) => batches.push(batch),
            Event::Rejected(rejection) => rejections.push(rejection),
            Event::Idle => unreachable!("there is nothing to wait for"),
            Event::End => return (batches, rejections),
        }
        assert!(batches.len() + rejections.len() <= length, "an event takes at least a byte");
    }
}

/// A rejection without what was found, of which a message shows as much as has come in.
fn essence(rejection: &Rejection) -> (&str, &str) {
    let expected = rejection.reason.split(", found ").next();
    (&rejection.place, expected.unwrap_or_default())
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, stream)) = data.split_first() else { return };
    let unnamed = Signal::ALL[usize::from(choice % 3)];
    let whole = read(stream, unnamed, stream.len());
    let pieces = Pieces { bytes: stream, size: usize::from(choice >> 2) + 1 };
    let in_pieces = read(pieces, unnamed, stream.len());
    assert_eq!(in_pieces.0, whole.0);
    assert_eq!(
        in_pieces.1.iter().map(essence).collect::<Vec<_>>(),
        whole.1.iter().map(essence).collect::<Vec<_>>()
    );

    for encoding in [Encoding::Ndjson, Encoding::Frames] {
        let ledger = Arc::new(Ledger::new("fuzz"));
        let mut out = Vec::new();
        let mut writer = StreamWriter::new(&mut out, encoding, ledger);
        for batch in &whole.0 {
            writer.write(batch).expect("memory takes all");
        }
        writer.flush().expect("memory takes all");
        drop(writer);
        let (again, rejected) = read(&out[..], unnamed, out.len());
        assert_eq!(rejected, []);
        let signals = |batches: &[Batch]| batches.iter().map(Batch::signal).collect::<Vec<_>>();
        assert_eq!(signals(&again), signals(&whole.0));
        if encoding == Encoding::Frames {
            assert_eq!(again, whole.0);
        }
    }
});
