use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use super::DEADLINE;

/// What a process writes to one of its descriptors, as it comes.
#[derive(Debug)]
pub struct Output {
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: Vec<u8>,
    ended: bool,
}

impl Output {
    /// Reads `source` to its end on a thread of its own.
    pub fn read(mut source: impl Read + Send + 'static) -> Output {
        let shared = Arc::new(Shared::default());
        let filled = shared.clone();
        let reader = std::thread::spawn(move || {
            let mut chunk = vec![0; 1 << 16];
            while let Ok(count @ 1..) = source.read(&mut chunk) {
                filled.state.lock().unwrap().bytes.extend_from_slice(&chunk[..count]);
                filled.changed.notify_all();
            }
            filled.state.lock().unwrap().ended = true;
            filled.changed.notify_all();
        });
        Output { shared, reader: Some(reader) }
    }

    /// What has come so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.shared.state.lock().unwrap().bytes).into_owned()
    }

    /// Waits until `find` finds something in what has come.
    pub fn wait_for<T>(&self, what: &str, find: impl Fn(&[u8]) -> Option<T>) -> T {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.shared.state.lock().unwrap();
        loop {
            if let Some(found) = find(&state.bytes) {
                return found;
            }
            let so_far = || String::from_utf8_lossy(&state.bytes[..state.bytes.len().min(4000)]).into_owned();
            assert!(!state.ended, "no {what} in the whole output:\n{}", so_far());
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no {what} after {DEADLINE:?} in:\n{}", so_far());
            state = self.shared.changed.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits for a line that contains `text`, and returns it.
    pub fn line(&self, text: &str) -> String {
        self.wait_for(&format!("line with {text:?}"), |bytes| {
            let whole = &bytes[..bytes.iter().rposition(|byte| *byte == b'\n')? + 1];
            let whole = String::from_utf8_lossy(whole);
            whole.lines().find(|line| line.contains(text)).map(str::to_owned)
        })
    }

    /// Everything, when it has ended.
    pub fn finish(mut self) -> Vec<u8> {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        std::mem::take(&mut self.shared.state.lock().unwrap().bytes)
    }
}
