//! The search for the end of a JSON string, a word at a time.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks the bytes of a word that cannot stand for themselves in a JSON string: `"`, `\` and control
/// characters. The lowest mark is exact; higher ones may be wrong.
#[inline(always)]
fn marks(word: u64) -> u64 {
    // This makes `"` (0x22) the neighbour of the control characters, so that one comparison is
    // enough for all of them, and changes places only within pairs that stay on their side of it.
    let quote = word ^ (LOW * 0x02);
    let escape = word ^ (LOW * b'\\' as u64);
    let special = (quote.wrapping_sub(LOW * 0x21) & !quote) | (escape.wrapping_sub(LOW) & !escape);
    special & HIGH
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Whether any of the bytes is special: all are compared at once.
#[inline(always)]
fn is_special_block(block: &[u8; 16]) -> bool {
    // The same neighbours, and the backslash made the least of what is left: one comparison for all.
    let least = |byte: u8| (byte ^ 0x02).min((byte ^ b'\\').saturating_add(0x20));
    block
        .iter()
        .fold(false, |any, &byte| any | (least(byte) <= 0x20))
}

/// The place of the first `"`, `\` or control character at or after `from`, or the end.
#[inline(always)]
pub(crate) fn special(bytes: &[u8], from: usize) -> usize {
    from + special_in(bytes.get(from..).unwrap_or_default())
}

/// The place of the first `"`, `\` or control character, or the length.
#[inline(always)]
pub(crate) fn special_in(bytes: &[u8]) -> usize {
    // Names and most values are short: they end in the first two words.
    match bytes.first_chunk() {
        Some(words) => special_in_words(words).unwrap_or_else(|| special_behind(bytes)),
        None => special_in_tail(bytes),
    }
}

#[inline(always)]
fn special_in_words(words: &[u8; 16]) -> Option<usize> {
    let words = u128::from_le_bytes(*words);
    let place = |marks: u64| (marks.trailing_zeros() / 8) as usize;
    match (marks(words as u64), marks((words >> 64) as u64)) {
        (0, 0) => None,
        (0, second) => Some(8 + place(second)),
        (first, _) => Some(place(first)),
    }
}

/// The same, when it is known not to be in the first two words.
#[inline(never)]
fn special_behind(bytes: &[u8]) -> usize {
    let (blocks, tail) = bytes.as_chunks::<16>();
    for (n, block) in blocks.iter().enumerate().skip(1) {
        if is_special_block(block)
            && let Some(found) = special_in_words(block)
        {
            return 16 * n + found;
        }
    }
    16 * blocks.len() + special_in_tail(tail)
}

/// Whether a text needs no escape at all. Ends are looked at with blocks that overlap.
#[inline(always)]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
        return !is_special_block(first)
            && !is_special_block(last)
            && (bytes.len() <= 32 || is_plain_between(bytes));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (marks(u64::from_le_bytes(*first)) | marks(u64::from_le_bytes(*last))) == 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return marks(u64::from(first) << 32 | u64::from(last)) == 0;
    }
    !bytes.iter().any(|&byte| is_special(byte))
}

/// The blocks between the first and the last one.
#[inline(never)]
fn is_plain_between(bytes: &[u8]) -> bool {
    let (blocks, _) = bytes.as_chunks::<16>();
    !blocks.iter().skip(1).any(is_special_block)
}

#[inline(never)]
fn special_in_tail(tail: &[u8]) -> usize {
    let found = tail.iter().position(|&byte| is_special(byte));
    found.unwrap_or(tail.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_byte_loop_finds() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let alphabet = [b'a', 0x7f, 0x80, 0xff, b'!', b'#', b'[', b']', 0x20, 0x21];
            let mut bytes: Vec<u8> = (0..rng.usize(0..80))
                .map(|_| alphabet[rng.usize(0..alphabet.len())])
                .collect();
            for _ in 0..rng.usize(0..3) {
                if !bytes.is_empty() {
                    let at = rng.usize(0..bytes.len());
                    bytes[at] = [b'"', b'\\', 0, 0x1f, b'\n'][rng.usize(0..5)];
                }
            }
            let from = rng.usize(0..bytes.len() + 1);
            let plain = bytes[from..].iter().position(|&b| is_special(b));
            assert_eq!(
                special(&bytes, from),
                plain.map_or(bytes.len(), |n| from + n)
            );
            assert_eq!(is_plain(&bytes[from..]), plain.is_none());
        }
    }
}
