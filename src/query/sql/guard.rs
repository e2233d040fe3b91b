//! What a query may do: read.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, Result};

/// Pragmas that only tell.
const PRAGMAS: &[&str] = &[
    "application_id",
    "collation_list",
    "compile_options",
    "database_list",
    "encoding",
    "foreign_key_list",
    "freelist_count",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "module_list",
    "page_count",
    "page_size",
    "pragma_list",
    "schema_version",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// Those of them that are told about something, rather than set to it.
const WITH_ARGUMENT: &[&str] = &[
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// Functions that reach out of the database.
const FUNCTIONS: &[&str] = &["load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"];

/// What was refused last.
#[derive(Debug, Clone, Default)]
pub(super) struct Refusal(Arc<Mutex<Option<String>>>);

impl Refusal {
    /// What was refused since it was asked before.
    pub(super) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Has a connection refuse all that does not read.
pub(super) fn guard(connection: &mut Connection) -> Result<Refusal> {
    let refusal = Refusal::default();
    let told = refusal.clone();
    connection.authorizer(Some(move |context: AuthContext<'_>| match refused(&context.action) {
        None => Authorization::Allow,
        Some(what) => {
            *told.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(what);
            Authorization::Deny
        }
    }))?;
    Ok(refusal)
}

/// Lets a connection do anything again.
pub(super) fn release(connection: &mut Connection) {
    let _ = connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>);
}

/// What is refused of an action, if it is.
fn refused(action: &AuthAction<'_>) -> Option<String> {
    match action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => None,
        AuthAction::Function { function_name } => {
            FUNCTIONS.contains(function_name).then(|| format!("the function {function_name}"))
        }
        AuthAction::Pragma { pragma_name, pragma_value } => {
            let name = pragma_name.to_ascii_lowercase();
            let tells =
                PRAGMAS.contains(&&*name) && (pragma_value.is_none() || WITH_ARGUMENT.contains(&&*name));
            (!tells).then(|| match pragma_value {
                Some(value) => format!("PRAGMA {name} = {value}"),
                None => format!("PRAGMA {name}"),
            })
        }
        AuthAction::Attach { .. } => Some("ATTACH".into()),
        AuthAction::Detach { .. } => Some("DETACH".into()),
        AuthAction::Insert { table_name } => Some(format!("writing to {table_name}")),
        AuthAction::Update { table_name, .. } => Some(format!("writing to {table_name}")),
        AuthAction::Delete { table_name } => Some(format!("deleting from {table_name}")),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Some("a transaction (one statement is a whole query)".into())
        }
        AuthAction::Analyze { .. } => Some("ANALYZE".into()),
        AuthAction::Reindex { .. } => Some("REINDEX".into()),
        _ => Some("a change of the schema".into()),
    }
}
