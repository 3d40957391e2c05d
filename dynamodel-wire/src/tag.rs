//! The type descriptors of DynamoDB JSON.

/// DynamoDB's descriptor of the type of a stored value: the `S` in `{"S":"text"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tag {
    /// A string.
    S,
    /// A number.
    N,
    /// Binary.
    B,
    /// A boolean.
    Bool,
    /// Null.
    Null,
    /// A list.
    L,
    /// A map.
    M,
    /// A set of strings.
    Ss,
    /// A set of numbers.
    Ns,
    /// A set of binaries.
    Bs,
}

impl Tag {
    /// Returns the descriptor as DynamoDB writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Tag::S => "S",
            Tag::N => "N",
            Tag::B => "B",
            Tag::Bool => "BOOL",
            Tag::Null => "NULL",
            Tag::L => "L",
            Tag::M => "M",
            Tag::Ss => "SS",
            Tag::Ns => "NS",
            Tag::Bs => "BS",
        }
    }

    #[doc(hidden)]
    pub fn parse(text: &str) -> Option<Tag> {
        Some(match text {
            "S" => Tag::S,
            "N" => Tag::N,
            "B" => Tag::B,
            "BOOL" => Tag::Bool,
            "NULL" => Tag::Null,
            "L" => Tag::L,
            "M" => Tag::M,
            "SS" => Tag::Ss,
            "NS" => Tag::Ns,
            "BS" => Tag::Bs,
            _ => return None,
        })
    }

    /// Returns the type of a set's elements.
    #[doc(hidden)]
    pub const fn element(self) -> Option<Tag> {
        match self {
            Tag::Ss => Some(Tag::S),
            Tag::Ns => Some(Tag::N),
            Tag::Bs => Some(Tag::B),
            _ => None,
        }
    }
}
