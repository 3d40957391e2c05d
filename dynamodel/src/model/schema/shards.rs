//! Indexes whose writes are spread over shards.

/// Shards of an index, over which its writes are spread, so that one partition value takes more
/// writes than a partition of DynamoDB (1,000 write units a second).
///
/// The shard of an item is a hash of its primary key, modulo [`count`](Self::count). The hash never
/// changes and is the same in every language:
///
/// 1. Of each attribute of the primary key, partition before sort: its type as one character, `S`, `N`
///    or `B`; the length of what follows as 4 bytes, the highest first; and the bytes of the text, of
///    the binary, or of the number, which is written as its digits without zeros at either end, `e`,
///    and the power of ten: `1e2` for 100, `-125e-2` for -1.25, `0e0` for 0.
/// 2. The 64-bit FNV-1a hash of these bytes.
/// 3. The finalizer of the 64-bit MurmurHash3 over that (`fmix64`), because the lower bits of FNV-1a
///    alone are not even.
///
/// ```
/// use dynamodel::Entity;
///
/// #[derive(Entity)]
/// #[dynamo(table = "orders", index(by_status, partition = status, sort = placed_at, shards = 16))]
/// struct Order { #[dynamo(partition)] id: String, status: String, placed_at: u64 }
///
/// let index = Order::SCHEMA.index("by_status").expect("it is declared");
/// assert_eq!(index.key.partition, ["status", "_by_status_shard"]);
/// assert_eq!(index.shards.map(|s| s.count), Some(16));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shards {
    /// The number of shards: 2 to 256.
    pub count: u16,
    /// The attribute that holds the number of an item's shard: an N, and the last part of the
    /// index's partition key. `None` in a table of several entities, where the text of the index's
    /// partition key ends in `#` and the three digits of the number.
    pub attribute: Option<&'static str>,
}
