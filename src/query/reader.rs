//! Segments read on all cores, while the order in which they come stays.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};

use crate::error::CommandError;
use crate::otlp::Signal;
use crate::store::{Columns, Damage, Database, Part, Payload, Selection, Stored, trace_ids};

/// A database as it stands when reading begins, whatever others write.
#[derive(Debug)]
pub struct Reader {
    /// One connection, so that all see the same; it is only held to copy a part.
    database: Mutex<Database>,
    threads: usize,
    /// What people know it as, where that is not its path.
    stream: Option<String>,
    /// Items that could not be read, by segment: it may be looked at more than once.
    unreadable: Mutex<BTreeMap<i64, u64>>,
}

/// Most threads; each needs the memory of a segment or two.
const MOST_THREADS: usize = 8;

/// Segments that are read ahead of the one that is waited for, for each thread.
const AHEAD: usize = 2;

impl Reader {
    /// Reads a database from now on.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn new(database: Database) -> Result<Reader, CommandError> {
        database.hold()?;
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MOST_THREADS));
        Ok(Reader { database: Mutex::new(database), threads, stream: None, unreadable: Mutex::default() })
    }

    /// Says that the database was made of a stream of this name.
    pub fn of_stream(self, name: String) -> Reader {
        Reader { stream: Some(name), ..self }
    }

    /// Whether it was made of a stream.
    pub fn is_of_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// What is read, for messages.
    pub fn name(&self) -> String {
        self.stream.clone().unwrap_or_else(|| self.database().path().display().to_string())
    }

    /// Reads the database as it is now from now on.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn refresh(&self) -> Result<(), CommandError> {
        self.database().refresh()
    }

    /// Lets go of the database as it was: nothing more is read of it before [`Reader::refresh`].
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn release(&self) -> Result<(), CommandError> {
        self.database().release()
    }

    /// The database, for what is read at once.
    pub fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Threads that read.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The segments that may hold what is selected, in the order in which they were written.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn segments(&self, selection: &Selection) -> Result<Vec<Stored>, CommandError> {
        self.database().segments(selection)
    }

    /// Those of them whose set of traces may hold what is looked for; sooner done than to read an index.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn segments_holding(
        &self,
        signal: Signal,
        may_hold: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<Stored>, CommandError> {
        let mut holding = Vec::new();
        self.database().each_trace_set(signal, |segment, set| {
            if may_hold(set) {
                holding.push(segment);
            }
        })?;
        holding.sort_unstable();
        let mut segments = self.segments(&Selection { signal: Some(signal), ..Selection::default() })?;
        segments.retain(|segment| holding.binary_search(&segment.id).is_ok());
        Ok(segments)
    }

    /// Items that were left out because they are damaged.
    pub fn unreadable(&self) -> u64 {
        self.unreadable.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    /// The columns of a segment; `None` where they are damaged, which costs time but no items.
    pub fn columns(&self, segment: &Stored) -> Option<Columns> {
        let compressed = self.database().compressed(segment.id, Part::Columns);
        let columns = compressed.and_then(|compressed| compressed.columns(segment));
        columns.inspect_err(|damage| tracing::debug!("segment {}: {damage}", segment.id)).ok()
    }

    /// The batches of a segment; `None` where they are damaged, which is told and counted.
    pub fn payload(&self, segment: &Stored) -> Option<Payload> {
        let compressed = self.database().compressed(segment.id, Part::Payload);
        match compressed.and_then(|compressed| compressed.payload()) {
            Ok(payload) => Some(payload),
            Err(damage) => {
                self.left_out(segment, &damage);
                None
            }
        }
    }

    fn left_out(&self, segment: &Stored, damage: &Damage) {
        let mut unreadable = self.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        if unreadable.insert(segment.id, segment.items).is_some() {
            return;
        }
        tracing::warn!(
            "segment {}: {damage}; its {} {} are left out",
            segment.id,
            segment.items,
            segment.signal.items()
        );
    }

    /// A filter of a segment; `None` where there is none or it is damaged.
    pub fn filter(&self, segment: &Stored, part: Part) -> Option<Vec<u8>> {
        self.database().part(segment.id, part).ok().flatten()
    }

    /// All texts of the spans in a segment, each between zero bytes; `None` where they are not kept or damaged.
    pub fn texts(&self, segment: &Stored) -> Option<Vec<u8>> {
        let compressed = self.database().compressed(segment.id, Part::Texts);
        compressed.and_then(|compressed| compressed.bytes()).ok()
    }

    /// Whether a segment may have anything of the trace with this [`trace_ids::key`].
    pub fn may_hold_trace(&self, segment: &Stored, key: u32) -> bool {
        self.database().may_hold_trace(segment.id, key).unwrap_or(true)
    }

    /// Reads segments with `read` on all threads and hands over what comes of them with `take`, in their order, until it
    /// says that it has enough.
    pub fn in_order<T: Send>(
        &self,
        segments: &[Stored],
        read: impl Fn(&Stored) -> T + Sync,
        mut take: impl FnMut(usize, T) -> ControlFlow<()>,
    ) {
        let threads = self.threads.min(segments.len());
        if threads <= 1 {
            for (index, segment) in segments.iter().enumerate() {
                if take(index, read(segment)).is_break() {
                    return;
                }
            }
            return;
        }
        let next = AtomicUsize::new(0);
        let taken = Taken::default();
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (sender, next, taken, read) = (sender.clone(), &next, &taken, &read);
                scope.spawn(move || {
                    let _ends = taken.on_panic();
                    loop {
                        let index = next.fetch_add(1, Relaxed);
                        let Some(segment) = segments.get(index) else { return };
                        if !taken.wait_for(index, threads * AHEAD)
                            || sender.send((index, read(segment))).is_err()
                        {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            let mut waiting = BTreeMap::new();
            let mut turn = 0;
            for (index, found) in receiver {
                waiting.insert(index, found);
                while let Some(found) = waiting.remove(&turn) {
                    if take(turn, found).is_break() {
                        taken.stop();
                        return;
                    }
                    turn += 1;
                    taken.set(turn);
                }
            }
        });
    }
}

/// How many were taken, which others wait for: what was read ahead of them takes memory.
#[derive(Default)]
struct Taken {
    count: Mutex<usize>,
    changed: Condvar,
    stopped: AtomicBool,
}

/// Stops the others when a thread panics.
struct StopOnPanic<'a>(&'a Taken);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

impl Taken {
    fn on_panic(&self) -> StopOnPanic<'_> {
        StopOnPanic(self)
    }

    /// Waits until `index` is no more than `ahead` of what was taken; returns false where nothing more is wanted.
    fn wait_for(&self, index: usize, ahead: usize) -> bool {
        let count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = |count: &mut usize| !self.stopped.load(Relaxed) && index > *count + ahead;
        drop(self.changed.wait_while(count, waits).unwrap_or_else(PoisonError::into_inner));
        !self.stopped.load(Relaxed)
    }

    fn set(&self, taken: usize) {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner) = taken;
        self.changed.notify_all();
    }

    fn stop(&self) {
        let _count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        self.stopped.store(true, Relaxed);
        self.changed.notify_all();
    }
}

/// Which segments hold which traces.
#[derive(Debug)]
pub struct TraceIndex {
    sets: Vec<(i64, Vec<u8>)>,
    occurrences: OnceLock<Occurrences>,
}

/// Which keys may be in more than one set, by their last bits.
#[derive(Debug)]
struct Occurrences {
    /// A bit each for what is in a set, and for what is in another one too.
    bits: [Vec<u64>; 2],
    /// Whether all sets could be read.
    is_whole: bool,
}

impl Occurrences {
    /// Most bits of each kind.
    const MOST: usize = 1 << 25;

    fn of(sets: &[(i64, Vec<u8>)]) -> Occurrences {
        let keys: usize =
            sets.iter().filter_map(|(_, set)| trace_ids::keys(set)).map(|keys| keys.len()).sum();
        // One in sixteen is taken for another one that has the same last bits.
        let words = (keys * 16).next_power_of_two().clamp(64, Occurrences::MOST) / 64;
        let mut occurrences = Occurrences { bits: [vec![0; words], vec![0; words]], is_whole: true };
        for (_, set) in sets {
            let keys = trace_ids::keys(set);
            occurrences.is_whole &= keys.is_some();
            for key in keys.into_iter().flatten() {
                let (word, bit) = occurrences.place(key);
                let [once, again] = &mut occurrences.bits;
                again[word] |= once[word] & bit;
                once[word] |= bit;
            }
        }
        occurrences
    }

    fn place(&self, key: u32) -> (usize, u64) {
        ((key >> 6) as usize & (self.bits[0].len() - 1), 1 << (key & 63))
    }

    fn may_be_in_several(&self, key: u32) -> bool {
        let (word, bit) = self.place(key);
        !self.is_whole || self.bits[1][word] & bit != 0
    }
}

impl TraceIndex {
    /// Reads the sets of all segments of a signal.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn read(reader: &Reader, signal: Signal) -> Result<TraceIndex, CommandError> {
        let mut sets = Vec::new();
        reader.database().each_trace_set(signal, |segment, set| sets.push((segment, set.to_vec())))?;
        sets.sort_unstable_by_key(|(segment, _)| *segment);
        Ok(TraceIndex { sets, occurrences: OnceLock::new() })
    }

    /// The segments that may hold any of the traces with these keys, in ascending order.
    pub fn segments_of(&self, mut keys: Vec<u32>) -> Vec<i64> {
        keys.sort_unstable();
        let holding = self.sets.iter().filter(|(_, set)| trace_ids::may_hold_any(set, &keys));
        holding.map(|(segment, _)| *segment).collect()
    }

    /// Whether no more than one segment can hold the trace with this key.
    pub fn is_in_one(&self, key: u32) -> bool {
        let occurrences = self.occurrences.get_or_init(|| Occurrences::of(&self.sets));
        !occurrences.may_be_in_several(key)
            || self.sets.iter().filter(|(_, set)| trace_ids::may_hold(set, key)).nth(1).is_none()
    }
}
