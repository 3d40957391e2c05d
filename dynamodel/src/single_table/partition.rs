//! Values of a partition template's parts, and the check that entities share a partition.

use crate::model::key::WireValue;
use crate::model::table::{PartitionOf, Templated};
use crate::wire::ValueFor;

/// Values for the parts of the partition template `P`: one value, or a tuple for several parts.
#[diagnostic::on_unimplemented(
    message = "`{Self}` are not values for the parts of the partition template",
    label = "one value for each part of the template, several as a tuple"
)]
pub trait PartitionValues<P> {
    #[doc(hidden)]
    fn values(self) -> Vec<WireValue>;
}

impl<T, const H: u64> PartitionValues<PartitionOf<T, H, ()>> for () {
    fn values(self) -> Vec<WireValue> {
        Vec::new()
    }
}
impl<T, A, X: ValueFor<A>, const H: u64> PartitionValues<PartitionOf<T, H, (A,)>> for X {
    fn values(self) -> Vec<WireValue> {
        vec![WireValue::from_operand::<A>(self)]
    }
}

macro_rules! tuples {
    ($(($($part:ident $value:ident)*))*) => {$(
        impl<T, $($part, $value: ValueFor<$part>,)* const H: u64>
            PartitionValues<PartitionOf<T, H, ($($part,)*)>> for ($($value,)*)
        {
            #[allow(non_snake_case, reason = "type parameters name the elements")]
            fn values(self) -> Vec<WireValue> {
                let ($($value,)*) = self;
                vec![$(WireValue::from_operand::<$part>($value)),*]
            }
        }
    )*};
}
tuples! { (A X B Y) (A X B Y C Z) (A X B Y C Z D W) }

/// Implemented if the partitions of entity `B` are those of entity `A`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the entities `{A}` and `{B}` of the collection do not lie in the same partitions",
    label = "`{B}` has another table or another partition template than `{A}`",
    note = "the entities of a collection name the same table, with the same partition template and parts of the same types"
)]
pub trait SamePartition<A, B, P> {}
impl<A, B, P> SamePartition<A, B, P> for P {}

#[doc(hidden)]
pub const fn same_partition<A: Templated, B: Templated>()
where
    B::Partition: SamePartition<A, B, A::Partition>,
{
}
