//! Parts of the requests of transactions, both of reads and of writes.

use crate::error::Error;
use crate::wire::Writer;

/// The maximum number of operations in one transaction.
pub(crate) const MAX_OPERATIONS: usize = 100;

/// Refuses two operations on the same item, as DynamoDB does, and names them.
pub(crate) fn check_clash<'a>(
    operations: impl Iterator<Item = (&'static str, &'static str, &'a str, &'a [u8])>,
) -> Result<(), Error> {
    // Sorted, the operations on one item are neighbours.
    let mut all: Vec<_> = operations.enumerate().collect();
    all.sort_unstable_by_key(|&(i, (_, _, table, canonical_key))| (table, canonical_key, i));
    let pairs = all.windows(2).filter_map(|pair| match *pair {
        [first @ (_, (_, _, table, canonical_key)), second]
            if (table, canonical_key) == (second.1.2, second.1.3) =>
        {
            Some((first, second))
        }
        _ => None,
    });
    let Some(((j, (first_verb, first, ..)), (i, (verb, entity, ..)))) =
        pairs.min_by_key(|(_, (i, _))| *i)
    else {
        return Ok(());
    };
    Err(Error::invalid_request(format!(
        "operations {} ({first_verb} {first}) and {} ({verb} {entity}) of the transaction are about \
         the same item; combine them into one",
        j + 1,
        i + 1,
    )))
}

/// Writes `{"Verb":{"TableName":"..",..}}`.
pub(crate) fn write_operation(verb: &str, table: &str, rest: &[u8], w: &mut Writer) {
    w.comma();
    w.raw(b"{\"");
    w.raw(verb.as_bytes());
    w.raw(b"\":{\"TableName\":\"");
    w.text(table);
    w.raw(b"\"");
    w.raw(rest);
    w.raw(b"}");
}

/// Returns the body of a single operation on the table `""` behind that name: `,"Key":{..},..}`.
pub(crate) fn after_table(mut body: Vec<u8>) -> Result<Vec<u8>, Error> {
    const TABLE: &[u8] = b"{\"TableName\":\"\"";
    if !body.starts_with(TABLE) {
        let problem = "the operation does not begin with its table";
        return Err(Error::construction(problem));
    }
    body.drain(..TABLE.len());
    Ok(body)
}
