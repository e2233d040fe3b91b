-- The traces that a segment has spans or log records of, an ascending list of numbers of 32 bits.
CREATE TABLE trace_ids (segment INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, data BLOB NOT NULL);
DROP TABLE trace_filters;
-- They lacked the words of scopes; a segment without a filter is always read.
DELETE FROM word_filters;
