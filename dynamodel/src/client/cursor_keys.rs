//! [`CursorKeys`]: the keys that seal cursors, with feature `sealed-cursors`.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

/// Length of a nonce. At this length nonces can be random for any number of cursors, which AES-GCM
/// does not allow.
const NONCE: usize = 24;

/// Keys of [`Builder::cursor_key`](crate::Builder::cursor_key). The first one seals, all of them open.
#[derive(Clone, Default)]
pub(crate) struct CursorKeys(Vec<XChaCha20Poly1305>);

impl fmt::Debug for CursorKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CursorKeys").finish_non_exhaustive()
    }
}

impl CursorKeys {
    pub(crate) fn add(&mut self, key: &[u8; 32]) {
        self.0.push(XChaCha20Poly1305::new(key.into()));
    }

    /// Encrypts the content, and binds it to this context. `None` without randomness or a key.
    pub(crate) fn seal(&self, content: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let key = self.0.first()?;
        let mut nonce = [0_u8; NONCE];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload {
            msg: content,
            aad: context,
        };
        let sealed = key.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what was sealed in this context. `None` for anything else.
    pub(crate) fn open(&self, sealed: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = || Payload {
            msg: sealed,
            aad: context,
        };
        let nonce = XNonce::from(*nonce);
        self.0
            .iter()
            .find_map(|key| key.decrypt(&nonce, payload()).ok())
    }
}
