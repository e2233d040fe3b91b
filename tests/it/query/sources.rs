//! What is searched: a database or streams, and what is said where it is not clear.

use std::fs::File;
use std::io::{Seek, Write};

use super::arguments::{LOGS, SPANS};
use crate::support::{Obs, TempDir};

#[test]
fn a_database_and_files_are_one_too_many() {
    let dir = TempDir::new();
    dir.write("t.jsonl", SPANS);
    Obs::new(&dir, "store --db my.db t.jsonl").run().expect(0, "");
    let both = "obs: expected --db or FILE, found --db my.db and the file t.jsonl\n\
                hint: without --db t.jsonl is searched, without FILE the database my.db\n";
    for line in ["services --db my.db t.jsonl", "traces --db my.db t.jsonl", "trace 4bf9 --db my.db t.jsonl"]
    {
        Obs::new(&dir, &format!("query {line}")).run().expect(2, both);
    }
    let end = Obs::new(&dir, "query logs --follow --db my.db").arg("").arg("t.jsonl").run();
    end.expect(2, both);
    // What the environment says is a default.
    let end = Obs::new(&dir, "query services t.jsonl").env("OBS_DB", "no.db").run();
    end.expect(0, "");
    assert!(end.text().contains("checkout"), "{}", end.text());
}

#[test]
fn a_stream_on_stdin_beside_the_database_is_told_and_left() {
    let dir = TempDir::new();
    Obs::new(&dir, "store").stdin(SPANS).run().expect(0, "");
    let warning = "obs query: warning: obs.db is searched, the stream on stdin is not read; with - as the last argument";
    let query = || Obs::new(&dir, "query services --format csv");
    let of_pipe = |bytes: &[u8]| {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(bytes).unwrap();
        // The writer stays open: whoever waited for the end would wait forever.
        let end = query().stdin_from(reader.try_clone().unwrap()).run();
        drop(writer);
        assert_eq!(end.code, 0, "{}", end.stderr);
        assert_eq!(std::io::read_to_string(reader).unwrap().as_bytes(), bytes, "what is not read stays");
        end.stderr
    };
    for stream in [LOGS.as_bytes(), SPANS.as_bytes(), b"\x01\0\0\x02\x0a\0"] {
        assert!(of_pipe(stream).starts_with(warning), "{:?}", of_pipe(stream));
    }
    for other in [&b""[..], b"names\nof files\n", b"{\"a\": 1}"] {
        assert_eq!(of_pipe(other), "");
    }
    dir.write("t.jsonl", SPANS);
    let mut file = File::open(dir.path().join("t.jsonl")).unwrap();
    let end = query().stdin_from(file.try_clone().unwrap()).run();
    assert!(end.stderr.starts_with(warning) && file.stream_position().unwrap() == 0, "{}", end.stderr);
    // At its end there is nothing to read.
    file.seek(std::io::SeekFrom::End(0)).unwrap();
    assert_eq!(query().stdin_from(file).run().stderr, "");
    assert_eq!(query().run().stderr, "");
    assert_eq!(query().stdin(SPANS).arg("-").run().stderr, "");
}
