//! Ids of invocations, as the SDK makes them: random UUIDs.

/// The text of every byte, in hexadecimal digits.
pub(super) const HEX: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut all = [[0; 2]; 256];
    let mut byte = 0;
    while byte < all.len() {
        all[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    all
};

/// The id that all attempts of a call have.
#[derive(Clone, Copy)]
pub(super) struct Invocation(u128);

impl Invocation {
    pub(super) fn random() -> Self {
        // Version 4, variant 1.
        let random = fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62);
        Invocation(random | (0x4 << 76) | (0x2 << 62))
    }

    pub(super) fn text(self) -> String {
        let mut text = [b'-'; 36];
        for (index, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            let dashes = match index {
                0..4 => 0,
                4..6 => 1,
                6..8 => 2,
                8..10 => 3,
                _ => 4,
            };
            let place = text.get_mut(2 * index + dashes..);
            if let Some(place) = place.and_then(|rest| rest.first_chunk_mut()) {
                *place = HEX[usize::from(byte)];
            }
        }
        // Digits and dashes are text.
        String::from_utf8(text.to_vec()).unwrap_or_default()
    }
}
