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
    let any = |any: bool, &byte: &u8| any | (byte == b'"') | (byte == b'\\') | (byte < 0x20);
    block.iter().fold(false, any)
}

/// The place of the first `"`, `\` or control character at or after `from`, or the end.
#[inline(always)]
pub(crate) fn special(bytes: &[u8], from: usize) -> usize {
    // Names and most values are short: they end in the first word.
    match special_in_word(bytes, from) {
        Some(Some(found)) => found,
        Some(None) => special_behind(bytes, from + 8),
        None => special_in_tail(bytes, from),
    }
}

/// The place in the word that starts here, if it is there; `None` without a whole word.
#[inline(always)]
fn special_in_word(bytes: &[u8], from: usize) -> Option<Option<usize>> {
    let word = bytes.get(from..)?.first_chunk::<8>()?;
    let found = marks(u64::from_le_bytes(*word));
    Some((found != 0).then(|| from + (found.trailing_zeros() / 8) as usize))
}

#[inline(never)]
fn special_behind(bytes: &[u8], mut from: usize) -> usize {
    while let Some(block) = bytes.get(from..).and_then(|rest| rest.first_chunk::<16>()) {
        if is_special_block(block) {
            break;
        }
        from += 16;
    }
    loop {
        match special_in_word(bytes, from) {
            Some(Some(found)) => return found,
            Some(None) => from += 8,
            None => return special_in_tail(bytes, from),
        }
    }
}

/// Whether a text needs no escape at all. Ends are looked at with blocks that overlap.
#[inline(always)]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<16>() {
        let (blocks, _) = bytes.as_chunks::<16>();
        return !blocks.iter().any(is_special_block) && !is_special_block(last);
    }
    let clean = |word: u64| marks(word) == 0;
    if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        return clean(u64::from_le_bytes(*first)) && clean(u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return clean(u64::from(first) << 32 | u64::from(last));
    }
    !bytes.iter().any(|&byte| is_special(byte))
}

#[inline(never)]
fn special_in_tail(bytes: &[u8], from: usize) -> usize {
    let tail = bytes.get(from..).unwrap_or_default();
    let found = tail.iter().position(|&byte| is_special(byte));
    found.map_or(bytes.len(), |n| from + n)
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
