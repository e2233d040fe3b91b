//! The reader of streams, fed as pipes do: in pieces.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::mpsc;
use std::time::Duration;

use obs::otlp::Signal;
use obs::stream::{Event, Source, StreamReader};

/// Gives out at most so many bytes at a time.
struct Pieces {
    bytes: Vec<u8>,
    given: usize,
    size: usize,
}

impl Source for Pieces {
    fn fill(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        let end = self.bytes.len().min(self.given + self.size);
        let piece = &self.bytes[self.given..end];
        buffer.extend_from_slice(piece);
        self.given = end;
        Ok(piece.len())
    }

    fn waits_on(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}

/// Items of the batches in `text`, read in pieces of `size` bytes.
fn items(text: &str, size: usize) -> Vec<usize> {
    let source = Pieces { bytes: text.into(), given: 0, size };
    let mut reader = StreamReader::new("test", source, Signal::Traces);
    let mut items = Vec::new();
    loop {
        match reader.next_event().expect("memory can be read") {
            Event::Batch(batch) => items.push(batch.items()),
            Event::Rejected(rejection) => panic!("{rejection}"),
            Event::Idle => panic!("there is nothing to wait for"),
            Event::End => return items,
        }
    }
}

/// A pretty-printed object with so many spans.
fn pretty(spans: usize) -> String {
    let spans = vec!["{\n  \"name\": \"GET /\"\n}"; spans].join(",\n");
    format!("{{\n\"resourceSpans\": [{{ \"scopeSpans\": [{{ \"spans\": [\n{spans}\n]}}]}}]\n}}\n")
}

#[test]
fn pieces_of_any_size_give_the_same_objects() {
    let text = format!("{}\n\n  {}{}", pretty(3), pretty(0), pretty(1));
    for size in [1, 2, 7, 64, 4096] {
        assert_eq!(items(&text, size), [3, 0, 1], "{size}");
    }
}

#[test]
fn a_long_object_over_many_lines_is_not_read_anew_with_every_piece() {
    // 40 000 pieces of a document of 2.5 MB: reading it with each would be 50 GB of text.
    let (done, wait) = mpsc::channel();
    std::thread::spawn(move || done.send(items(&pretty(100_000), 64)));
    assert_eq!(wait.recv_timeout(Duration::from_secs(20)), Ok(vec![100_000]));
}
