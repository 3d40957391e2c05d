//! Two vectors of 16 bytes, which every x86-64 has.

use safe_arch::{
    cmp_eq_mask_i8_m128i, load_unaligned_m128i, min_u8_m128i, move_mask_i8_m128i,
    set_splat_i8_m128i,
};

pub(super) const BLOCK: usize = 32;

/// The place of the first special byte. Both vectors are looked at before anything is decided: how long
/// a text is cannot be foretold, so that a branch for each of them costs more than it saves.
#[inline(always)]
pub(super) fn first_special(block: &[u8; BLOCK]) -> Option<usize> {
    let (Some(first), Some(second)) = (block.first_chunk(), block.last_chunk()) else {
        return None;
    };
    let marks = marks(first) | marks(second) << 16;
    (marks != 0).then_some(marks.trailing_zeros() as usize)
}

/// A bit for each byte, set for those that are special.
#[inline(always)]
fn marks(bytes: &[u8; 16]) -> u32 {
    let bytes = load_unaligned_m128i(bytes);
    let splat = |byte: u8| set_splat_i8_m128i(byte.cast_signed());
    // This makes `"` (0x22) the neighbour of the control characters, so that one comparison is enough
    // for all of them.
    let quote = bytes ^ splat(0x02);
    let quote = cmp_eq_mask_i8_m128i(min_u8_m128i(quote, splat(0x20)), quote);
    let escape = cmp_eq_mask_i8_m128i(bytes, splat(b'\\'));
    move_mask_i8_m128i(quote | escape).cast_unsigned()
}
