//! Dispatch from the name of an operation and its JSON body to the JSON of the response.

use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The status and the body of a response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Returns the response to a request whose body cannot be read.
    pub(super) fn unreadable() -> Self {
        Answer::bare("SerializationException")
    }

    /// Returns the response to an operation whose database could not be opened.
    pub(super) fn unopened(error: DynoxideError) -> Self {
        match error {
            error @ DynoxideError::SqliteError(_) => Err(error).into(),
            _ => Answer::storage("Newer"),
        }
    }

    /// Returns the response to an operation that the file did not allow, by SQLite's code. Only what
    /// another process may end is worth another try.
    pub(super) fn storage(code: &str) -> Self {
        let (is_transient, message) = match code {
            "DatabaseBusy" | "DatabaseLocked" => {
                (true, "another process holds the file of the database")
            }
            "DiskFull" => (false, "the disk is full, and nothing was written"),
            "ReadOnly" | "PermissionDenied" => (false, "the file of the database is read-only"),
            "CannotOpen" => (
                false,
                "the file of the database cannot be opened or created",
            ),
            "Newer" => (
                false,
                "the file is damaged, or of a newer version of the embedded engine",
            ),
            "NotADatabase" => (false, "the file is not a database"),
            "DatabaseCorrupt" => (false, "the file of the database is damaged"),
            "SystemIoFailure" => (false, "the file of the database cannot be read or written"),
            "OutOfMemory" => (false, "there is no memory left for the database"),
            _ => (false, "the database has failed"),
        };
        let name = "dynamodel#EmbeddedDatabaseException";
        match is_transient {
            true => Answer {
                status: 503,
                ..Answer::error("com.amazon.coral.service#ServiceUnavailable", message)
            },
            false => Answer::error(name, message),
        }
    }

    /// Returns the response to an unknown operation.
    fn unknown() -> Self {
        Answer::bare("UnknownOperationException")
    }

    /// Creates an error by its full name.
    pub(super) fn error(name: &str, message: &str) -> Self {
        let body = serde_json::json!({ "__type": name, "message": message });
        Answer {
            status: 400,
            body: body.to_string().into_bytes(),
        }
    }

    /// Creates an error without a message.
    fn bare(name: &str) -> Self {
        Answer {
            status: 400,
            body: format!(r#"{{"__type":"com.amazon.coral.service#{name}"}}"#).into_bytes(),
        }
    }
}

impl From<Result<Vec<u8>, DynoxideError>> for Answer {
    fn from(result: Result<Vec<u8>, DynoxideError>) -> Self {
        match result {
            Ok(body) => Answer { status: 200, body },
            Err(DynoxideError::UnsupportedCapability(_)) => Answer::unknown(),
            Err(DynoxideError::SqliteError(error)) => {
                let code = error.sqlite_error_code().map(|code| format!("{code:?}"));
                Answer::storage(code.as_deref().unwrap_or_default())
            }
            Err(DynoxideError::InternalServerError(message))
                if message.starts_with("Database file is encrypted") =>
            {
                Answer::storage("NotADatabase")
            }
            Err(error) => Answer {
                status: error.status_code(),
                body: error.to_json().into_bytes(),
            },
        }
    }
}

/// Returns `true` if an operation in memory takes less time than handing it to another thread.
pub(super) fn is_short(operation: &str) -> bool {
    matches!(
        operation,
        "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "DescribeTable"
    )
}

/// Runs an operation.
pub(super) fn dispatch(database: &Database, operation: &str, body: &[u8]) -> Answer {
    macro_rules! operations {
        ($($name:literal => $method:ident,)*) => {
            match operation {
                $($name => read(body).and_then(|request| write(&database.$method(request)?)),)*
                "UpdateItem" => update_item(database, body),
                _ => return Answer::unknown(),
            }
        };
    }
    let result = operations! {
        "BatchExecuteStatement" => batch_execute_statement,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "CreateTable" => create_table,
        "DeleteItem" => delete_item,
        "DeleteTable" => delete_table,
        "DescribeStream" => describe_stream,
        "DescribeTable" => describe_table,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "GetItem" => get_item,
        "GetRecords" => get_records,
        "GetShardIterator" => get_shard_iterator,
        "ListStreams" => list_streams,
        "ListTables" => list_tables,
        "ListTagsOfResource" => list_tags_of_resource,
        "PutItem" => put_item,
        "Query" => query,
        "Scan" => scan,
        "SearchVectors" => search_vectors,
        "TagResource" => tag_resource,
        "TransactGetItems" => transact_get_items,
        "TransactWriteItems" => transact_write_items,
        "UntagResource" => untag_resource,
        "UpdateTable" => update_table,
        "UpdateTimeToLive" => update_time_to_live,
    };
    result.map_err(|error| in_envelope(operation, error)).into()
}

/// Updates an item. For an item that the update creates, the engine returns the key as the old
/// item; DynamoDB returns nothing.
fn update_item(database: &Database, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
    let request: UpdateItemRequest = read(body)?;
    let is_created = request.return_values.as_deref() == Some("ALL_OLD") && {
        let get = GetItemRequest {
            table_name: request.table_name.clone(),
            key: request.key.clone(),
            ..GetItemRequest::default()
        };
        database.get_item(get).is_ok_and(|got| got.item.is_none())
    };
    let mut response = database.update_item(request)?;
    if is_created {
        response.attributes = None;
    }
    write(&response)
}

/// Writes the body of a successful response.
pub(super) fn write<T: Serialize>(response: &T) -> Result<Vec<u8>, DynoxideError> {
    serde_json::to_vec(response).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}

/// Reads the body of a request.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body).map_err(|error| refusal(&error.to_string()))
}

/// Returns DynamoDB's error for a body that cannot be read.
///
/// The engine's request types put a marker before their message that tells which error it is, but
/// the engine's function that reads the markers is private. Errors without a marker are told apart
/// by serde's wording.
fn refusal(message: &str) -> DynoxideError {
    type Error = fn(String) -> DynoxideError;
    const MARKERS: [(&str, bool, Error); 5] = [
        (
            "SERIALIZATION_AS_READ:",
            false,
            DynoxideError::SerializationException,
        ),
        (
            "VALIDATION_AS_READ:",
            false,
            DynoxideError::ValidationException,
        ),
        (
            "SERIALIZATION:",
            true,
            DynoxideError::SerializationException,
        ),
        (
            "VALIDATION_REQUEST:",
            true,
            DynoxideError::EnvelopedValidation,
        ),
        ("VALIDATION:", true, DynoxideError::ValidationException),
    ];
    for (marker, has_position, error) in MARKERS {
        if let Some(message) = message.strip_prefix(marker) {
            let message = if has_position {
                without_position(message)
            } else {
                message
            };
            return error(message.to_owned());
        }
    }
    let message = without_position(message);
    let is_validation = ["missing field", "unknown variant", "invalid type: null"]
        .iter()
        .any(|part| message.contains(part));
    if message.contains("AttributeValue") {
        let one_type = "Supplied AttributeValue is empty, must contain exactly one of the \
                        supported datatypes";
        let message = if message.contains("empty") {
            one_type
        } else {
            message
        };
        DynoxideError::ValidationException(message.to_owned())
    } else if is_validation {
        DynoxideError::ValidationException(message.to_owned())
    } else {
        DynoxideError::SerializationException(message.to_owned())
    }
}

/// Removes the ` at line 1 column 2` that serde_json appends.
fn without_position(message: &str) -> &str {
    match message.rsplit_once(" at line ") {
        Some((text, position)) if position.contains("column") => text,
        _ => message,
    }
}

/// Puts an error into the envelope in which writes of single items report wrong values; other
/// operations report them without it.
fn in_envelope(operation: &str, error: DynoxideError) -> DynoxideError {
    match error {
        DynoxideError::EnvelopedValidation(message) => {
            DynoxideError::ValidationException(match operation {
                "PutItem" | "UpdateItem" | "DeleteItem" => {
                    format!("1 validation error detected: {message}")
                }
                _ => message,
            })
        }
        error => error,
    }
}
