//! Search with two words of 8 bytes, for machines without a vector search.

use super::is_special;

#[cfg(any(test, not(target_arch = "x86_64")))]
pub(super) const BLOCK: usize = 16;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Returns the position of the first special byte.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline(always)] // part of the search loops
pub(super) fn first_special(block: &[u8; BLOCK]) -> Option<usize> {
    let words = u128::from_le_bytes(*block);
    let place = |marks: u64| (marks.trailing_zeros() / 8) as usize;
    match (marks(words as u64), marks((words >> 64) as u64)) {
        (0, 0) => None,
        (0, second) => Some(8 + place(second)),
        (first, _) => Some(place(first)),
    }
}

/// Returns `true` if none of fewer than 16 bytes is special. Both ends are compared as words, which
/// may overlap.
#[inline(always)] // part of the search loops
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (marks(u64::from_le_bytes(*first)) | marks(u64::from_le_bytes(*last))) == 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return marks(u64::from(first) << 32 | u64::from(last)) == 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u16::from_le_bytes(*first), u16::from_le_bytes(*last));
        // Fills the rest of the word with letters, which are not special.
        let letters = (LOW * u64::from(b'a')) << 32;
        let word = letters | u64::from(first) << 16 | u64::from(last);
        return marks(word) == 0;
    }
    !bytes.iter().any(|&byte| is_special(byte))
}

/// Marks the special bytes of a word. The lowest mark is exact; higher ones may be wrong.
#[inline(always)] // part of the search loops
fn marks(word: u64) -> u64 {
    // The XOR moves `"` (0x22) next to the control characters, so that one comparison covers all of
    // them. Other bytes change only within pairs that stay on their side of the comparison.
    let quote = word ^ (LOW * 0x02);
    let escape = word ^ (LOW * b'\\' as u64);
    let special = (quote.wrapping_sub(LOW * 0x21) & !quote) | (escape.wrapping_sub(LOW) & !escape);
    special & HIGH
}
