//! Tables: creation from code, comparison with existing ones, and deletion.

mod compare;
mod create;

use std::fmt;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    PointInTimeRecoverySpecification, TableDescription, TableStatus, TimeToLiveSpecification,
    TimeToLiveStatus,
};

use crate::client::db::Db;
use crate::error::Error;
use crate::model::schema::TableSchema;
use crate::model::table::HasTable;
use crate::transport::ConfigurationCheck;

/// The longest wait for a table to become active or to be deleted.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The state of a table, from DescribeTable.
#[derive(Clone)]
#[non_exhaustive]
pub struct TableInfo {
    /// The table's name, with prefix.
    pub name: String,
    /// `ACTIVE`, `CREATING` ..
    pub status: String,
    /// The approximate number of items; DynamoDB counts them every six hours.
    pub item_count: u64,
    /// The approximate size of the items in bytes.
    pub size_bytes: u64,
    differences: Vec<String>,
}

impl TableInfo {
    /// Returns the differences between the table and the entity's schema, each in words; empty
    /// without any. Indexes and attributes that the entity does not name are no difference.
    pub fn differences(&self) -> &[String] {
        &self.differences
    }
}

impl fmt::Debug for TableInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableInfo")
            .field("name", &self.name)
            .field("status", &self.status)
            .field("item_count", &self.item_count)
            .field("size_bytes", &self.size_bytes)
            .field("differences", &self.differences)
            .finish()
    }
}

impl Db {
    /// Creates `T`'s table, which is an entity's or a [`Table`](crate::Table), with its indexes and
    /// options, waits until it is `ACTIVE`, and switches Time to Live and point-in-time recovery on
    /// if the entity declares them. A table that already exists and equals the schema is accepted.
    /// If only Time to Live or point-in-time recovery are off, they are switched on.
    ///
    /// On AWS this takes about ten seconds for a new table, and one read request for an existing
    /// one. Any number of tables can be created concurrently; AWS allows 50 at a time
    /// (`LimitExceededException`, which is retried).
    ///
    /// ```
    /// # use dynamodel::{Db, Entity};
    /// # #[derive(Debug, Entity)]
    /// # #[dynamo(table = "users")]
    /// # struct User { #[dynamo(partition)] id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), dynamodel::Error> {
    /// let db = Db::embedded()?;
    /// db.create_table::<User>().await?;
    /// db.create_table::<User>().await?; // equal: nothing to do
    /// assert!(db.describe_table::<User>().await?.differences().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`is_table_mismatch`](Error::is_table_mismatch), naming the differences, when a different
    /// table has the name; that table is not changed. Or the service or network fails.
    pub async fn create_table<T: HasTable>(&self) -> Result<(), Error> {
        let schema = &T::TABLE;
        let named = |e: Error| e.of_entity(schema.owner).in_operation("CreateTable");
        let table = self.table_name::<T>();
        let created = self.create(&table, schema).await.map_err(named)?;
        let description = self.wait_until_active(&table).await.map_err(named)?;
        let mut has_time_to_live = false;
        if !created {
            let mut differences = compare::differences(schema, &description);
            if let Some(expected) = schema.ttl
                && let Some(actual) = self.time_to_live(&table).await.map_err(named)?
            {
                has_time_to_live = true;
                differences.extend(compare::time_to_live(expected, Some(&actual)));
            }
            if !differences.is_empty() {
                let differences = differences.join("; ");
                return Err(named(Error::table(format!(
                    "table `{table}` exists and differs: {differences}"
                ))));
            }
        }
        if let Some(attribute) = schema.ttl
            && !has_time_to_live
        {
            let set = self.set_time_to_live(&table, attribute).await;
            set.map_err(named)?;
        }
        self.set_recovery(&table, schema).await.map_err(named)
    }

    /// Returns the state of `T`'s table, and its differences from the schema. One or two round
    /// trips.
    ///
    /// # Errors
    /// [`is_table_not_found`](Error::is_table_not_found) when there is no such table; or the service or
    /// network fails.
    pub async fn describe_table<T: HasTable>(&self) -> Result<TableInfo, Error> {
        let schema = &T::TABLE;
        let named = |e: Error| e.of_entity(schema.owner).in_operation("DescribeTable");
        let table = self.table_name::<T>();
        let description = self.describe(&table).await.map_err(named)?;
        let mut differences = compare::differences(schema, &description);
        if let Some(expected) = schema.ttl {
            let actual = self.time_to_live(&table).await.map_err(named)?;
            differences.extend(compare::time_to_live(expected, actual.as_deref()));
        }
        let count = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        Ok(TableInfo {
            name: table.to_string(),
            status: description
                .table_status()
                .map_or_else(String::new, |s| s.as_str().to_owned()),
            item_count: count(description.item_count()),
            size_bytes: count(description.table_size_bytes()),
            differences,
        })
    }

    /// Deletes `T`'s table with all its items, and waits until it is gone.
    ///
    /// # Errors
    /// [`is_table_not_found`](Error::is_table_not_found) when there is no such table; the service's
    /// error when it is protected from deletion; or the service or network fails.
    pub async fn delete_table<T: HasTable>(&self) -> Result<(), Error> {
        let named = |e: Error| e.of_entity(T::TABLE.owner).in_operation("DeleteTable");
        let table = self.table_name::<T>();
        let deleted = self
            .client()
            .delete_table()
            .table_name(&*table)
            .customize()
            .interceptor(ConfigurationCheck)
            .send()
            .await;
        deleted.map_err(|e| named(Error::sdk(e)))?;
        let mut pause = Pause::new();
        loop {
            match self.describe(&table).await {
                Err(e) if e.is_table_not_found() => return Ok(()),
                Err(e) => return Err(named(e)),
                Ok(_) => pause.wait(&table, "go away").await.map_err(named)?,
            }
        }
    }

    /// Returns `true` if the table was created, `false` if it existed.
    async fn create(&self, table: &str, schema: &TableSchema) -> Result<bool, Error> {
        match self.describe(table).await {
            Ok(_) => return Ok(false),
            Err(e) if e.is_table_not_found() => {}
            Err(e) => return Err(e),
        }
        let mut pause = Pause::new();
        loop {
            let request = create::request(self.client(), table, schema)?;
            match request
                .customize()
                .interceptor(ConfigurationCheck)
                .send()
                .await
            {
                Ok(_) => return Ok(true),
                // Another process created the table at the same time.
                Err(e) if e.code() == Some("ResourceInUseException") => return Ok(false),
                Err(e) if e.code() == Some("LimitExceededException") => {
                    pause.wait(table, "be accepted").await?;
                }
                Err(e) => return Err(Error::sdk(e)),
            }
        }
    }

    async fn describe(&self, table: &str) -> Result<TableDescription, Error> {
        let described = self
            .client()
            .describe_table()
            .table_name(table)
            .customize()
            .interceptor(ConfigurationCheck)
            .send()
            .await;
        described
            .map_err(Error::sdk_read)?
            .table
            .ok_or_else(|| Error::table(format!("table `{table}` has no description")))
    }

    async fn wait_until_active(&self, table: &str) -> Result<TableDescription, Error> {
        let mut pause = Pause::new();
        loop {
            let description = self.describe(table).await;
            match description {
                Ok(d) if is_active(&d) => return Ok(d),
                Ok(_) => {}
                // DescribeTable is eventually consistent: a new table may not be visible at once.
                Err(e) if e.is_table_not_found() => {}
                Err(e) => return Err(e),
            }
            pause.wait(table, "become active").await?;
        }
    }

    /// Returns the attribute that Time to Live uses, if it is on.
    async fn time_to_live(&self, table: &str) -> Result<Option<String>, Error> {
        let described = self
            .client()
            .describe_time_to_live()
            .table_name(table)
            .customize()
            .interceptor(ConfigurationCheck)
            .send()
            .await;
        let description = described.map_err(Error::sdk_read)?.time_to_live_description;
        Ok(description.and_then(|d| {
            let on = matches!(
                d.time_to_live_status,
                Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
            );
            d.attribute_name.filter(|_| on)
        }))
    }

    async fn set_time_to_live(&self, table: &str, attribute: &str) -> Result<(), Error> {
        let specification = TimeToLiveSpecification::builder()
            .enabled(true)
            .attribute_name(attribute)
            .build()
            .map_err(Error::construction)?;
        let update = self
            .client()
            .update_time_to_live()
            .table_name(table)
            .time_to_live_specification(specification);
        let Err(e) = update
            .customize()
            .interceptor(ConfigurationCheck)
            .send()
            .await
        else {
            return Ok(());
        };
        // Another process may have switched it on at the same time.
        match self.time_to_live(table).await {
            Ok(Some(actual)) if actual == attribute => Ok(()),
            _ => Err(Error::sdk(e)),
        }
    }

    async fn set_recovery(&self, table: &str, schema: &TableSchema) -> Result<(), Error> {
        if !schema.options.point_in_time_recovery {
            return Ok(());
        }
        let specification = PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(true)
            .build()
            .map_err(Error::construction)?;
        let mut pause = Pause::new();
        loop {
            let update = self
                .client()
                .update_continuous_backups()
                .table_name(table)
                .point_in_time_recovery_specification(specification.clone());
            match update
                .customize()
                .interceptor(ConfigurationCheck)
                .send()
                .await
            {
                Ok(_) => return Ok(()),
                // DynamoDB Local has no backups.
                Err(e) if e.code() == Some("UnknownOperationException") => return Ok(()),
                // The service still sets up the backups of a new table.
                Err(e) if e.code() == Some("ContinuousBackupsUnavailableException") => {
                    pause.wait(table, "take a recovery setting").await?;
                }
                Err(e) => return Err(Error::sdk(e)),
            }
        }
    }
}

fn is_active(description: &TableDescription) -> bool {
    let indexes = description.global_secondary_indexes();
    description.table_status() == Some(&TableStatus::Active)
        && indexes
            .iter()
            .all(|i| i.index_status().is_none_or(|s| s.as_str() == "ACTIVE"))
}

/// Waits between requests for a table's state: short at first, 2 seconds at most.
struct Pause {
    started: Instant,
    next: Duration,
}

impl Pause {
    fn new() -> Self {
        Pause {
            started: Instant::now(),
            next: Duration::from_millis(20),
        }
    }

    async fn wait(&mut self, table: &str, purpose: &str) -> Result<(), Error> {
        if self.started.elapsed() > TIMEOUT {
            return Err(Error::waited(format!(
                "table `{table}` did not {purpose} within {} seconds",
                TIMEOUT.as_secs()
            )));
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(Duration::from_secs(2));
        Ok(())
    }
}
