//! The search for the end of a JSON string, one block at a time.

#[cfg(target_arch = "x86_64")]
mod sse2;
mod words;

#[cfg(target_arch = "x86_64")]
use sse2::{BLOCK, first_special};
#[cfg(not(target_arch = "x86_64"))]
use words::{BLOCK, first_special};

/// Returns `true` if a byte cannot stand for itself in a JSON string: `"`, `\` and control
/// characters.
#[inline(always)] // part of the search loops
fn is_special(byte: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20
}

/// Returns `true` if any byte of two blocks is special, comparing all bytes at once.
#[inline(always)] // part of the search loops
fn are_special(one: &[u8; 16], two: &[u8; 16]) -> bool {
    // The first XOR moves `"` (0x22) next to the control characters, the second makes the backslash
    // the least of the other bytes, so that one comparison covers all special bytes.
    let least = |byte: u8| (byte ^ 0x02).min((byte ^ b'\\').saturating_add(0x20));
    let pairs = one.iter().zip(two);
    pairs.fold(false, |any, (&one, &two)| {
        any | (least(one).min(least(two)) <= 0x20)
    })
}

/// Returns the position of the first special byte at or after `from`, or the end.
#[inline(always)] // part of reading each string
pub(crate) fn special(bytes: &[u8], from: usize) -> usize {
    // In bounds: `from` is a position of the reader.
    from + special_in(bytes.get(from..).unwrap_or_default())
}

/// Returns the position of the first special byte, or the length.
#[inline(always)] // part of reading each string
pub(crate) fn special_in(bytes: &[u8]) -> usize {
    // Names and most values are short: they end in the first block.
    match bytes.first_chunk() {
        Some(block) => first_special(block).unwrap_or_else(|| special_behind(bytes)),
        None => special_in_tail(bytes),
    }
}

/// Searches as [`special_in`] does, behind a first block without special bytes.
#[inline(never)] // rare: strings longer than one block
fn special_behind(bytes: &[u8]) -> usize {
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    for (n, block) in blocks.iter().enumerate().skip(1) {
        if let Some(found) = first_special(block) {
            return BLOCK * n + found;
        }
    }
    BLOCK * blocks.len() + special_in_tail(tail)
}

#[inline(never)] // rare: only within the last bytes of a text
fn special_in_tail(tail: &[u8]) -> usize {
    let found = tail.iter().position(|&byte| is_special(byte));
    found.unwrap_or(tail.len())
}

/// Returns `true` if a text needs no escape. Both ends are compared as blocks, which may overlap.
#[inline(always)] // part of writing each string
#[doc(hidden)]
pub fn is_plain(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
        return !are_special(first, last) && (bytes.len() <= 32 || is_plain_between(bytes));
    }
    words::is_plain(bytes)
}

/// Returns `true` if the blocks between the first and the last one need no escape.
#[inline(never)] // rare: strings of more than 32 bytes
fn is_plain_between(bytes: &[u8]) -> bool {
    let (blocks, _) = bytes.as_chunks::<16>();
    let mut between = blocks.iter().skip(1);
    !between.any(|block| are_special(block, block))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns random bytes, some of them special.
    fn random(rng: &mut fastrand::Rng, length: usize) -> Vec<u8> {
        let alphabet = [b'a', 0x7f, 0x80, 0xff, b'!', b'#', b'[', b']', 0x20, 0x21];
        let mut bytes: Vec<u8> = (0..length)
            .map(|_| alphabet[rng.usize(0..alphabet.len())])
            .collect();
        for _ in 0..rng.usize(0..3) {
            if !bytes.is_empty() {
                let at = rng.usize(0..bytes.len());
                bytes[at] = [b'"', b'\\', 0, 0x1f, b'\n'][rng.usize(0..5)];
            }
        }
        bytes
    }

    fn plainly(bytes: &[u8]) -> Option<usize> {
        bytes.iter().position(|&b| is_special(b))
    }

    #[test]
    fn finds_what_a_byte_loop_finds() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let length = rng.usize(0..120);
            let bytes = random(&mut rng, length);
            let from = rng.usize(0..bytes.len() + 1);
            let place = plainly(&bytes[from..]);
            let expected = place.map_or(bytes.len(), |n| from + n);
            assert_eq!(special(&bytes, from), expected);
            assert_eq!(is_plain(&bytes[from..]), place.is_none());
        }
    }

    /// Tests the search for other machines on every machine.
    #[test]
    fn every_search_finds_the_same() {
        let mut rng = fastrand::Rng::with_seed(11);
        for _ in 0..20_000 {
            let bytes = random(&mut rng, 32);
            let block = bytes.first_chunk().unwrap();
            assert_eq!(words::first_special(block), plainly(block));
            let block = bytes.first_chunk().unwrap();
            assert_eq!(first_special(block), plainly(block));
        }
    }
}
