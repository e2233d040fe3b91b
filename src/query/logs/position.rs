//! Where a list of log records goes on.

use std::str::FromStr;

use super::{Order, Place};

/// Behind so many of the records of a time. Segments are merged and get other numbers; how many records of one time come
/// before another does not change with that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The order of the list.
    pub order: Order,
    /// In nanoseconds since the epoch.
    time_ns: u64,
    seen: u64,
}

impl Position {
    /// So many more records must be looked for than are wanted.
    pub fn seen(self) -> usize {
        usize::try_from(self.seen).unwrap_or(usize::MAX)
    }

    /// The place in front of the first record of its time.
    pub fn place(self) -> Place {
        let (segment, row) = match self.order {
            Order::Newest => (i64::MAX, i64::MAX),
            Order::Oldest => (i64::MIN, i64::MIN),
        };
        Place { time_ns: self.time_ns, segment, row }
    }
}

/// Goes along a list that may begin at a position, and knows where it has got to.
#[derive(Debug)]
pub struct Pager {
    position: Position,
    /// Records of the time of the position that are not passed over yet.
    skip: u64,
}

impl Pager {
    /// Begins at the beginning, or in front of the time of a position.
    pub fn new(order: Order, after: Option<Position>) -> Pager {
        let position =
            after.map_or(Position { order, time_ns: 0, seen: 0 }, |after| Position { seen: 0, ..after });
        Pager { position, skip: after.map_or(0, |after| after.seen) }
    }

    /// Whether the next record of the list is one behind the position.
    pub fn is_behind(&self, place: Place) -> bool {
        self.skip == 0 || place.time_ns != self.position.time_ns
    }

    /// Passes over the next record of the list.
    pub fn pass(&mut self, place: Place) {
        if place.time_ns != self.position.time_ns {
            self.position = Position { time_ns: place.time_ns, seen: 0, ..self.position };
            self.skip = 0;
        }
        self.position.seen += 1;
        self.skip = self.skip.saturating_sub(1);
    }

    /// Behind what it has passed.
    pub fn position(&self) -> Position {
        self.position
    }
}

impl std::fmt::Display for Position {
    /// As `--after` takes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let order = match self.order {
            Order::Newest => 'n',
            Order::Oldest => 'o',
        };
        write!(f, "{order}{}-{}", self.time_ns, self.seen)
    }
}

impl FromStr for Position {
    type Err = String;

    fn from_str(text: &str) -> Result<Position, String> {
        let order = match text.chars().next() {
            Some('n') => Some(Order::Newest),
            Some('o') => Some(Order::Oldest),
            _ => None,
        };
        let position = order.and_then(|order| {
            let (time_ns, seen) = text.get(1..)?.split_once('-')?;
            Some(Position { order, time_ns: time_ns.parse().ok()?, seen: seen.parse().ok()? })
        });
        position.ok_or_else(|| "expected the cursor of a log record, as a search before has given it".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(time_ns: u64, row: i64) -> Place {
        Place { time_ns, segment: 1, row }
    }

    #[test]
    fn positions_are_read_as_they_are_written() {
        for text in ["n1767225600000000000-1", "o0-18446744073709551615"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        for text in ["", "n", "1-1", "n1", "n-1-1", "x1-1", "n1-", "né-1", "n1-1-1"] {
            assert!(text.parse::<Position>().unwrap_err().contains("the cursor of a log record"), "{text}");
        }
    }

    #[test]
    fn a_list_goes_on_among_records_of_one_time() {
        let times = [place(9, 4), place(7, 3), place(7, 2), place(7, 1), place(7, 0), place(5, 9)];
        for pages in 1..times.len() {
            let (mut after, mut found) = (None, Vec::new());
            while found.len() < times.len() {
                // What the search would hand over: all that is not in front of the place.
                let from = after.map_or(u64::MAX, |after: Position| after.place().time_ns);
                let mut pager = Pager::new(Order::Newest, after);
                let mut count = 0;
                for place in times.iter().filter(|place| place.time_ns <= from) {
                    let is_behind = pager.is_behind(*place);
                    if is_behind && count == pages {
                        break;
                    }
                    pager.pass(*place);
                    if is_behind {
                        found.push(*place);
                        count += 1;
                    }
                }
                after = Some(pager.position());
            }
            assert_eq!(found, times, "{pages} a page");
        }
    }

    #[test]
    fn records_that_are_gone_are_not_made_up_for() {
        let mut pager = Pager::new(Order::Newest, Some("n7-3".parse().unwrap()));
        assert!(!pager.is_behind(place(7, 0)));
        pager.pass(place(7, 0));
        assert!(pager.is_behind(place(5, 9)), "of another time");
        pager.pass(place(5, 9));
        assert_eq!(pager.position().to_string(), "n5-1");
    }
}
