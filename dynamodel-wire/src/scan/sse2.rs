//! Search with two vectors of 16 bytes, which every x86-64 machine has.

use safe_arch::{
    cmp_eq_mask_i8_m128i, load_unaligned_m128i, min_u8_m128i, move_mask_i8_m128i,
    set_splat_i8_m128i,
};

pub(super) const BLOCK: usize = 32;

/// Returns the position of the first special byte. Both vectors are compared before any branch: the
/// length of a text cannot be predicted, so that a branch for each vector costs more than it saves.
#[inline(always)] // part of the search loops
pub(super) fn first_special(block: &[u8; BLOCK]) -> Option<usize> {
    let (Some(first), Some(second)) = (block.first_chunk(), block.last_chunk()) else {
        return None;
    };
    let marks = marks(first) | marks(second) << 16;
    (marks != 0).then_some(marks.trailing_zeros() as usize)
}

/// Returns a bit for each byte, set for special bytes.
#[inline(always)] // part of the search loops
fn marks(bytes: &[u8; 16]) -> u32 {
    let bytes = load_unaligned_m128i(bytes);
    let splat = |byte: u8| set_splat_i8_m128i(byte.cast_signed());
    // The XOR moves `"` (0x22) next to the control characters, so that one comparison covers all of
    // them.
    let quote = bytes ^ splat(0x02);
    let quote = cmp_eq_mask_i8_m128i(min_u8_m128i(quote, splat(0x20)), quote);
    let escape = cmp_eq_mask_i8_m128i(bytes, splat(b'\\'));
    move_mask_i8_m128i(quote | escape).cast_unsigned()
}
