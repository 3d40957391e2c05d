//! A recorded ceiling, and what does not fit under it or is far below.

use dynamodel_bench::alloc::Usage;

/// What an operation may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ceiling {
    allocations: u64,
    peak_bytes: u64,
}

pub(crate) const fn at_most(allocations: u64, peak_bytes: u64) -> Ceiling {
    Ceiling {
        allocations,
        peak_bytes,
    }
}

/// How many allocations more than it was recorded with an operation may have: some are made now and then, by
/// the digits of a random token or the features that others want the SDK built with.
const ROOM: u64 = 2;

impl Ceiling {
    /// The ceiling to record for this usage. Bytes get 2 % of room, because a field more in some future of
    /// the SDK is nothing to be told of.
    fn of(usage: Usage) -> Self {
        let bytes = usage.peak_bytes;
        at_most(
            usage.allocations + ROOM,
            (bytes + bytes / 50).next_multiple_of(10),
        )
    }

    /// What is wrong with the ceiling, if anything is.
    fn complaint(self, usage: Usage) -> Option<&'static str> {
        let pairs = [
            (usage.allocations, self.allocations),
            (usage.peak_bytes, self.peak_bytes),
        ];
        if pairs.iter().any(|(used, ceiling)| used > ceiling) {
            return Some("more than the recorded ceiling");
        }
        let is_loose = |&(used, ceiling): &(u64, u64)| ceiling - used > (ceiling / 10).max(3);
        let is_loose = pairs.iter().any(is_loose);
        is_loose.then_some("so little that the recorded ceiling would not show a loss of it")
    }

    /// Prints the usage. The message of the failure, if it does not go with the ceiling.
    pub(crate) fn check(self, what: &str, usage: Usage) -> Result<(), String> {
        let right = Ceiling::of(usage);
        let write = format!("at_most({}, {})", right.allocations, right.peak_bytes);
        println!("{what}: {usage:?}; {write}");
        match self.complaint(usage) {
            None => Ok(()),
            Some(why) => Err(format!(
                "{what}: {usage:?} is {why}, {self:?}; if that is meant, write {write}"
            )),
        }
    }
}

#[test]
fn a_ceiling_is_neither_exceeded_nor_far_above() {
    let check = |allocations, peak_bytes| {
        let usage = Usage {
            allocations,
            peak_bytes,
        };
        at_most(30, 1_000).check("this", usage)
    };
    assert_eq!(check(30, 1_000), Ok(()));
    assert_eq!(check(27, 900), Ok(()));
    let more = check(31, 1_000).unwrap_err();
    assert!(more.contains("more than the recorded ceiling"), "{more}");
    assert!(more.ends_with("write at_most(33, 1020)"), "{more}");
    assert!(check(30, 1_001).is_err());
    assert!(check(30, 899).is_err());
    let less = check(26, 1_000).unwrap_err();
    assert!(less.contains("so little"), "{less}");
}
