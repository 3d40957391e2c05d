//! A recorded ceiling, and the check that a measured usage is not above it or far below.

use dynamodel_bench::alloc::Usage;

/// Largest permitted usage of an operation.
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

/// Permitted number of allocations above the recorded usage. Some allocations vary: with the digits of a
/// random token, or with features of the SDK that other crates of the build enable.
const ROOM: u64 = 2;

impl Ceiling {
    /// Returns the ceiling to record for this usage. Bytes get 2 % of room, so that one more field in a
    /// struct of a later SDK does not fail the test.
    fn of(usage: Usage) -> Self {
        let bytes = usage.peak_bytes;
        at_most(
            usage.allocations + ROOM,
            (bytes + bytes / 50).next_multiple_of(10),
        )
    }

    /// Returns the reason for which the ceiling does not fit the usage, if it does not.
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

    /// Prints the usage, and returns the message of the failure if the usage does not fit the ceiling.
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
fn ceiling_complains_when_exceeded_or_far_above_usage() {
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
