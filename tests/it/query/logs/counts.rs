//! `| count by` of many values.

use serde_json::Value;

use super::{Kept, line, logs_of, record};
use crate::support::telemetry::text;

#[test]
fn many_values_are_counted_over_time() {
    // More than have their counts over time at once; the first are there thrice.
    let of_user = |number: u64| {
        let mut record = record(number);
        record.attributes.push(text("user", &format!("user {:04}", number % 1100)));
        record
    };
    let stream = |numbers: std::ops::Range<u64>| line(&logs_of("a", numbers.map(of_user).collect()));
    let kept = Kept::new(&[stream(0..900), stream(900..2203)]);
    let end = kept.logs("* | count by user", "--format json --limit 4").run();
    end.expect(0, "4 of 1100 values; --limit 0 shows all");
    let counts: Value = serde_json::from_str(&end.text()).unwrap();
    assert_eq!((&counts["total"], &counts["others"]), (&2203.into(), &0.into()));
    let rows = counts["counts"].as_array().unwrap();
    let expected = [("user 0000", 3), ("user 0001", 3), ("user 0002", 3), ("user 0003", 2)];
    assert_eq!(rows.len(), expected.len());
    for (row, (user, count)) in rows.iter().zip(expected) {
        assert_eq!((&row["values"]["user"], &row["count"]), (&user.into(), &count.into()));
        let over_time = row["over_time"].as_array().unwrap();
        assert_eq!(over_time.len(), 40);
        let at: Vec<usize> = (0..40).filter(|part| over_time[*part] == 1).collect();
        // A part is a fortieth of 2202 seconds and the nanosecond that ends the last one.
        let number: usize = user[5..].parse().unwrap();
        let part = |time: usize| (number + 1100 * time) * 40_000_000_000 / 2_202_000_000_001;
        let expected: Vec<usize> = (0..count).map(part).collect();
        assert_eq!(at, expected, "{user}");
    }
    // A table without time needs no second look.
    let end = kept.logs("* | count by user", "--format csv --limit 0").run();
    let text = end.text();
    assert!(text.starts_with("count,user\n3,user 0000\n3,user 0001\n3,user 0002\n2,user 0003\n"), "{text}");
    assert_eq!(text.lines().count(), 1101);
}

#[test]
fn what_cannot_be_read_is_told_once() {
    let of_user = |number: u64| {
        let mut record = record(number);
        record.attributes.push(text("user", &format!("user {number}")));
        record
    };
    let stream = |numbers: std::ops::Range<u64>| line(&logs_of("a", numbers.map(of_user).collect()));
    let kept = Kept::new(&[stream(0..1100), stream(2000..2007)]);
    let connection = rusqlite::Connection::open(kept.dir.file("obs.db")).unwrap();
    let damage = "UPDATE payloads SET data = x'00' WHERE segment = (SELECT max(segment) FROM payloads)";
    assert_eq!(connection.execute(damage, []).unwrap(), 1);
    // So many values are looked at twice.
    let end = kept.logs("* | count by user", "--format json").run();
    end.expect(3, "its 7 log records are left out");
    assert_eq!(end.stderr.matches("left out").count(), 1, "{}", end.stderr);
    assert_eq!(serde_json::from_str::<Value>(&end.text()).unwrap()["total"], 1100);
}

#[test]
fn fields_of_the_resource_and_of_the_scope_are_counted() {
    let stream: String = ["a", "b", "a"]
        .iter()
        .zip(1..)
        .map(|(service, many)| line(&logs_of(service, (0..many).map(record).collect())))
        .collect();
    let kept = Kept::new(&[stream]);
    let end = kept.logs("* | count by service, scope, resource.service.name", "--format csv").run();
    assert_eq!(end.text(), "count,service,scope,resource.service.name\n4,a,test,a\n2,b,test,b\n");
}
