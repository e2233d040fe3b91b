//! `attr(row, 'key')`: an attribute of a span or a log record.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Type, Value};
use rusqlite::{Connection, Error, Result};

use super::cell::{of_handle, value};
use super::reader::{Shared, lock};

/// Makes the function known to a connection.
pub(super) fn register(connection: &Connection, shared: &Shared) -> Result<()> {
    let shared = shared.clone();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(c"attr", 2, flags, move |context| attribute(context, &shared))
}

fn attribute(context: &Context<'_>, shared: &Shared) -> Result<Value> {
    let key = context.get_raw(1);
    let Ok(handle) = context.get_raw(0).as_i64() else {
        // The other side of an outer join has no row.
        return match context.get_raw(0).data_type() {
            Type::Null => Ok(Value::Null),
            _ => Err(Error::UserFunctionError(
                "attr(row, key): the row is a column of spans or logs, such as s.row".into(),
            )),
        };
    };
    if key.data_type() == Type::Null {
        return Ok(Value::Null);
    }
    let Ok(key) = key.as_str() else {
        return Err(Error::UserFunctionError("attr: the key is a text, such as attr('http.route')".into()));
    };
    let (segment, row) = of_handle(handle);
    let Some(segment) = lock(shared).segment(segment, true) else { return Ok(Value::Null) };
    let record = segment.records.as_ref().and_then(|records| records.get(row));
    let found = record.and_then(|record| record.attribute(segment.signal, key));
    Ok(found.map_or(Value::Null, value))
}
