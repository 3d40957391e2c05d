//! The capacity that an operation consumed.

use std::collections::BTreeMap;

use crate::wire::{ReadError, Reader};

/// The capacity that an operation consumed, in DynamoDB's capacity units.
///
/// Source: [ConsumedCapacity](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ConsumedCapacity.html).
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ConsumedCapacity {
    /// The table's name.
    pub table_name: Option<String>,
    /// All units, of the table and its indexes.
    pub capacity_units: f64,
    /// Units of reading, if DynamoDB counts them separately.
    pub read_capacity_units: Option<f64>,
    /// Units of writing, if DynamoDB counts them separately.
    pub write_capacity_units: Option<f64>,
    /// Units of the table alone.
    pub table: Option<Capacity>,
    /// Units of each local index.
    pub local_secondary_indexes: BTreeMap<String, Capacity>,
    /// Units of each global index.
    pub global_secondary_indexes: BTreeMap<String, Capacity>,
}

/// Capacity units of a table or index.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Capacity {
    /// All units.
    pub capacity_units: f64,
    /// Units of reading.
    pub read_capacity_units: Option<f64>,
    /// Units of writing.
    pub write_capacity_units: Option<f64>,
}

/// The output of an operation together with the capacity that it consumed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Measured<T> {
    /// The output of the operation.
    pub output: T,
    /// The capacity consumed; `None` when the endpoint does not return it.
    pub consumed_capacity: Option<ConsumedCapacity>,
}

impl ConsumedCapacity {
    /// Adds the capacity of another page of the same operation.
    pub(crate) fn add(&mut self, other: &ConsumedCapacity) {
        fn sum(a: &mut Option<f64>, b: Option<f64>) {
            if let Some(b) = b {
                *a.get_or_insert(0.0) += b;
            }
        }
        fn sum_capacity(a: &mut Capacity, b: &Capacity) {
            a.capacity_units += b.capacity_units;
            sum(&mut a.read_capacity_units, b.read_capacity_units);
            sum(&mut a.write_capacity_units, b.write_capacity_units);
        }
        self.table_name = self.table_name.take().or_else(|| other.table_name.clone());
        self.capacity_units += other.capacity_units;
        sum(&mut self.read_capacity_units, other.read_capacity_units);
        sum(&mut self.write_capacity_units, other.write_capacity_units);
        if let Some(table) = &other.table {
            sum_capacity(self.table.get_or_insert_default(), table);
        }
        for (mine, theirs) in [
            (
                &mut self.local_secondary_indexes,
                &other.local_secondary_indexes,
            ),
            (
                &mut self.global_secondary_indexes,
                &other.global_secondary_indexes,
            ),
        ] {
            for (name, capacity) in theirs {
                sum_capacity(mine.entry(name.clone()).or_default(), capacity);
            }
        }
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut all = ConsumedCapacity::default();
        let mut units = Capacity::default();
        r.members(|name, r| match name {
            "TableName" => {
                all.table_name = Some(r.json_string()?.into_owned());
                Ok(())
            }
            "Table" => {
                all.table = Some(Capacity::read(r)?);
                Ok(())
            }
            "LocalSecondaryIndexes" => read_indexes(r, &mut all.local_secondary_indexes),
            "GlobalSecondaryIndexes" => read_indexes(r, &mut all.global_secondary_indexes),
            _ => units.member(name, r),
        })?;
        all.capacity_units = units.capacity_units;
        all.read_capacity_units = units.read_capacity_units;
        all.write_capacity_units = units.write_capacity_units;
        Ok(all)
    }
}

impl Capacity {
    fn read(r: &mut Reader<'_>) -> Result<Self, ReadError> {
        let mut capacity = Capacity::default();
        r.members(|name, r| capacity.member(name, r))?;
        Ok(capacity)
    }

    fn member(&mut self, name: &str, r: &mut Reader<'_>) -> Result<(), ReadError> {
        match name {
            "CapacityUnits" => self.capacity_units = r.json_f64()?,
            "ReadCapacityUnits" => self.read_capacity_units = Some(r.json_f64()?),
            "WriteCapacityUnits" => self.write_capacity_units = Some(r.json_f64()?),
            _ => r.skip_value()?,
        }
        Ok(())
    }
}

fn read_indexes(
    r: &mut Reader<'_>,
    indexes: &mut BTreeMap<String, Capacity>,
) -> Result<(), ReadError> {
    r.members(|name, r| {
        indexes.insert(name.to_owned(), Capacity::read(r)?);
        Ok(())
    })
}
