//! Splitting, joining and filtering batches on the wire.
//!
//! All three signals have the same shape: a list of resources (field 1), each a list of scopes (field 2), each a
//! list of records (field 2), whatever else stands beside the lists being a header. Metrics go two levels further:
//! the data of a metric (one of five fields) is a list of points (field 1).

use super::batch::{Batch, Signal};
use super::schema::wire_type;
use super::view::{Fields, Nested, Value};
use super::wire::{Length, put_bytes, put_tag};

/// Field of a resource in a batch.
pub(crate) const RESOURCE: u32 = 1;
/// Field of a scope in a resource, and of a record in a scope.
pub(crate) const CHILD: u32 = 2;
/// Field of a point in the data of a metric.
pub(crate) const POINT: u32 = 1;
/// The fields of a metric that hold its points.
pub(crate) const METRIC_DATA: [u32; 5] = [5, 7, 9, 10, 11];

/// Writes a batch anew, record by record; resources and scopes are opened when their first record comes, so that
/// those of which nothing is kept vanish.
#[derive(Debug, Default)]
pub struct Rebuild<'a> {
    /// The batch whose fields beside the list, if it has any, go into the first batch that is written.
    root: &'a [u8],
    out: Vec<u8>,
    items: usize,
    levels: Vec<Level<'a>>,
}

#[derive(Debug)]
struct Level<'a> {
    number: u32,
    child: u32,
    bytes: &'a [u8],
    length: Option<Length>,
}

impl<'a> Rebuild<'a> {
    /// Begins to write `batch` anew, with room for `capacity` bytes.
    pub fn of(batch: &'a Batch, capacity: usize) -> Self {
        Rebuild::over(batch.bytes(), capacity)
    }

    /// Begins to write the batch in these bytes anew, which must be valid.
    pub(crate) fn over(batch: &'a [u8], capacity: usize) -> Self {
        Rebuild { root: batch, out: Vec::with_capacity(capacity), ..Default::default() }
    }

    /// Goes on in another container: field `number` of its parent at depth `depth`, whose list is field `child`.
    pub fn enter(&mut self, depth: usize, number: u32, child: u32, bytes: &'a [u8]) {
        self.leave(depth);
        self.levels.push(Level { number, child, bytes, length: None });
    }

    /// Ends the containers from `depth` inwards.
    pub fn leave(&mut self, depth: usize) {
        self.close(depth);
        self.levels.truncate(depth);
    }

    /// Copies a record that counts as `items`.
    #[inline]
    pub fn record(&mut self, record: &[u8], items: usize) {
        let number = self.open();
        put_bytes(&mut self.out, number, record);
        self.items += items;
    }

    /// Writes one record with `write`, which appends its fields.
    pub fn edited(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let number = self.open();
        put_tag(&mut self.out, number, wire_type::LEN);
        let length = Length::reserve(&mut self.out, 2);
        write(&mut self.out);
        length.patch(&mut self.out);
        self.items += 1;
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether nothing has been written yet.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Ends the batch; the containers that are open are opened again in the next one.
    pub fn cut(&mut self, signal: Signal) -> Option<Batch> {
        self.close(0);
        let bytes = std::mem::take(&mut self.out);
        let items = std::mem::take(&mut self.items);
        (!bytes.is_empty()).then(|| Batch::built(signal, bytes, items))
    }

    /// Bytes that opening all that is not open yet takes, without tags and lengths.
    fn headers(&self) -> usize {
        let closed = self.levels.iter().filter(|level| level.length.is_none());
        closed.flat_map(|level| header(level.bytes, level.child)).map(<[u8]>::len).sum()
    }

    fn open(&mut self) -> u32 {
        let root = std::mem::take(&mut self.root);
        header(root, RESOURCE).for_each(|field| self.out.extend_from_slice(field));
        let mut number = RESOURCE;
        for level in &mut self.levels {
            if level.length.is_none() {
                put_tag(&mut self.out, level.number, wire_type::LEN);
                level.length = Some(Length::reserve(&mut self.out, 3));
                header(level.bytes, level.child).for_each(|field| self.out.extend_from_slice(field));
            }
            number = level.child;
        }
        number
    }

    fn close(&mut self, depth: usize) {
        for level in self.levels.iter_mut().skip(depth).rev() {
            if let Some(length) = level.length.take() {
                length.patch(&mut self.out);
            }
        }
    }
}

/// All fields of a container but the list.
pub(crate) fn header(container: &[u8], list: u32) -> impl Iterator<Item = &[u8]> {
    let mut fields = Fields::new(container);
    std::iter::from_fn(move || {
        loop {
            let start = fields.position();
            let (number, _) = fields.next()?;
            if number != list {
                return Some(&container[start..fields.position()]);
            }
        }
    })
}

/// Cuts a batch into batches of at most `max_items` and, where a single record allows it, `max_bytes`.
///
/// Every piece repeats the resource and scope of its records; the order is kept. Resources and scopes without a
/// record are left out, unless nothing needs cutting.
pub fn split(batch: &Batch, max_items: usize, max_bytes: usize) -> Vec<Batch> {
    if batch.items() <= max_items && batch.bytes().len() <= max_bytes {
        return vec![batch.clone()];
    }
    let signal = batch.signal();
    let mut splitter =
        Splitter { rebuild: Rebuild::of(batch, 0), pieces: Vec::new(), signal, max_items, max_bytes };
    for resource in Nested::new(batch.bytes(), RESOURCE) {
        splitter.rebuild.enter(0, RESOURCE, CHILD, resource);
        for scope in Nested::new(resource, CHILD) {
            splitter.rebuild.enter(1, CHILD, CHILD, scope);
            for record in Nested::new(scope, CHILD) {
                match signal {
                    Signal::Metrics => splitter.metric(record),
                    Signal::Traces | Signal::Logs => splitter.push(record, 1),
                }
            }
        }
    }
    splitter.pieces.extend(splitter.rebuild.cut(signal));
    splitter.pieces
}

struct Splitter<'a> {
    rebuild: Rebuild<'a>,
    pieces: Vec<Batch>,
    signal: Signal,
    max_items: usize,
    max_bytes: usize,
}

impl<'a> Splitter<'a> {
    fn push(&mut self, record: &[u8], items: usize) {
        // Tags and lengths of the open containers and of the record.
        const OVERHEAD: usize = 32;
        let full = self.rebuild.items + items > self.max_items
            || self.rebuild.len() + self.rebuild.headers() + record.len() + OVERHEAD > self.max_bytes;
        if full && !self.rebuild.is_empty() {
            self.pieces.extend(self.rebuild.cut(self.signal));
        }
        self.rebuild.record(record, items);
    }

    fn metric(&mut self, metric: &'a [u8]) {
        let mut data = Fields::new(metric).filter_map(|(number, value)| match value {
            Value::Len(data) if METRIC_DATA.contains(&number) => Some((number, data)),
            _ => None,
        });
        match (data.next(), data.next()) {
            (Some((number, data)), None) if Nested::new(data, POINT).next().is_some() => {
                self.rebuild.enter(2, CHILD, number, metric);
                self.rebuild.enter(3, number, POINT, data);
                Nested::new(data, POINT).for_each(|point| self.push(point, 1));
                self.rebuild.leave(2);
            }
            _ => self.push(metric, points(metric)),
        }
    }
}

/// Data points of a metric.
fn points(metric: &[u8]) -> usize {
    METRIC_DATA
        .iter()
        .flat_map(|data| Nested::new(metric, *data))
        .flat_map(|data| Nested::new(data, POINT))
        .count()
}

/// Joins batches of one signal: repeated fields concatenate.
pub fn join(signal: Signal, batches: &[Batch]) -> Batch {
    debug_assert!(batches.iter().all(|batch| batch.signal() == signal));
    let bytes: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().iter().copied()).collect();
    Batch::built(signal, bytes, batches.iter().map(Batch::items).sum())
}
