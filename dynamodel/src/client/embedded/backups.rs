//! Point-in-time recovery settings. They are stored and returned, but have no effect: the engine
//! keeps no backups.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use dynoxide::{Database, DynoxideError};
use serde::{Deserialize, Serialize};

use super::dispatch::{Answer, read, write};

/// The number of days for which DynamoDB keeps changes by default, which is also the maximum.
const DEFAULT_DAYS: u32 = 35;

/// The ids of the tables on which point-in-time recovery is switched on, with the number of days.
#[derive(Debug, Default)]
pub(super) struct ContinuousBackups {
    enabled: Mutex<HashMap<String, u32>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    table_name: Option<String>,
    point_in_time_recovery_specification: Option<Specification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Specification {
    point_in_time_recovery_enabled: bool,
    recovery_period_in_days: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Response {
    continuous_backups_description: Description,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Description {
    continuous_backups_status: &'static str,
    point_in_time_recovery_description: Recovery,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Recovery {
    point_in_time_recovery_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_period_in_days: Option<u32>,
}

impl ContinuousBackups {
    /// Runs `DescribeContinuousBackups`.
    pub(super) fn describe(&self, database: &Database, body: &[u8]) -> Answer {
        response(self.try_describe(database, body))
    }

    /// Runs `UpdateContinuousBackups`.
    pub(super) fn update(&self, database: &Database, body: &[u8]) -> Answer {
        response(self.try_update(database, body))
    }

    fn try_describe(&self, database: &Database, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
        let table = table_id(database, read(body)?)?;
        let enabled = self.enabled.lock().unwrap_or_else(PoisonError::into_inner);
        description(enabled.get(&table).copied())
    }

    fn try_update(&self, database: &Database, body: &[u8]) -> Result<Vec<u8>, DynoxideError> {
        let mut request: Request = read(body)?;
        let specification = request.point_in_time_recovery_specification.take();
        let specification =
            specification.ok_or_else(|| missing("PointInTimeRecoverySpecification"))?;
        let table = table_id(database, request)?;
        let days = specification
            .recovery_period_in_days
            .unwrap_or(DEFAULT_DAYS);
        if !(1..=DEFAULT_DAYS).contains(&days) {
            let message = "RecoveryPeriodInDays has to be between 1 and 35";
            return Err(DynoxideError::ValidationException(message.into()));
        }
        let days = specification.point_in_time_recovery_enabled.then_some(days);
        let mut enabled = self.enabled.lock().unwrap_or_else(PoisonError::into_inner);
        match days {
            Some(days) => enabled.insert(table, days),
            None => enabled.remove(&table),
        };
        description(days)
    }
}

/// Returns the response to one of these two operations, which have an own error for a missing
/// table.
fn response(result: Result<Vec<u8>, DynoxideError>) -> Answer {
    match result {
        Err(DynoxideError::ResourceNotFoundException(message)) => Answer::error(
            "com.amazonaws.dynamodb.v20120810#TableNotFoundException",
            &message,
        ),
        result => result.into(),
    }
}

/// Returns the id of the request's table: a table that is created again under an old name has a new
/// id.
fn table_id(database: &Database, request: Request) -> Result<String, DynoxideError> {
    let table_name = request.table_name.ok_or_else(|| missing("TableName"))?;
    let name = serde_json::json!({ "TableName": table_name }).to_string();
    let table = database.describe_table(read(name.as_bytes())?)?.table;
    Ok(table.table_id.unwrap_or(table.table_arn))
}

fn missing(parameter: &str) -> DynoxideError {
    let message =
        format!("The parameter '{parameter}' is required but was not present in the request");
    DynoxideError::ValidationException(message)
}

fn description(days: Option<u32>) -> Result<Vec<u8>, DynoxideError> {
    let recovery = Recovery {
        point_in_time_recovery_status: days.map_or("DISABLED", |_| "ENABLED"),
        recovery_period_in_days: days,
    };
    write(&Response {
        continuous_backups_description: Description {
            continuous_backups_status: "ENABLED",
            point_in_time_recovery_description: recovery,
        },
    })
}
