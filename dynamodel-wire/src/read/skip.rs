//! Skipping of values that no field reads, without recursion and without trusting the bytes.

use super::{MAX_DEPTH, Reader, too_deep};
use crate::error::ReadError;
use crate::scan;

/// A level of lists and maps is two levels of JSON, `{"L":[`; the innermost value is one more.
const MAX_JSON_DEPTH: usize = 2 * MAX_DEPTH as usize + 1;

/// The open brackets: one bit for each, set for an object's.
#[derive(Default)]
struct Brackets {
    objects: [u64; MAX_JSON_DEPTH / 64 + 1],
    depth: usize,
}

impl Brackets {
    fn push(&mut self, object: bool) {
        let bit = 1 << (self.depth % 64);
        let word = &mut self.objects[self.depth / 64];
        *word = if object { *word | bit } else { *word & !bit };
        self.depth += 1;
    }

    /// Returns `true` if the innermost open bracket is an object's, or `None` when all are closed.
    fn innermost(&self) -> Option<bool> {
        let at = self.depth.checked_sub(1)?;
        Some(self.objects[at / 64] >> (at % 64) & 1 == 1)
    }
}

impl Reader<'_> {
    /// Skips a value of any type, including types that are not known yet. The value has to be JSON.
    ///
    /// # Errors
    /// When the value is malformed, or nested deeper than 64 levels.
    pub fn skip_value(&mut self) -> Result<(), ReadError> {
        let mut open = Brackets::default();
        loop {
            self.white_space();
            let entered = match self.peek() {
                b'"' => self.skip_string().map(|()| false)?,
                b'{' => self.enter(true, &mut open)?,
                b'[' => self.enter(false, &mut open)?,
                b'-' | b'0'..=b'9' => self.skip_number().map(|()| false)?,
                _ => self.skip_word().map(|()| false)?,
            };
            if !entered && !self.leave(&mut open)? {
                return Ok(());
            }
        }
    }

    /// Opens a bracket. Returns `false` when the pair was empty and is closed again.
    #[inline(always)] // part of the one loop in `skip_value`
    fn enter(&mut self, object: bool, open: &mut Brackets) -> Result<bool, ReadError> {
        if open.depth == MAX_JSON_DEPTH {
            return Err(too_deep());
        }
        self.at += 1;
        self.white_space();
        if self.peek() == if object { b'}' } else { b']' } {
            self.at += 1;
            return Ok(false);
        }
        open.push(object);
        if object {
            self.skip_key()?;
        }
        Ok(true)
    }

    /// Closes all brackets that end after a value. Returns `false` when no bracket is open any
    /// more.
    #[inline(always)] // part of the one loop in `skip_value`
    fn leave(&mut self, open: &mut Brackets) -> Result<bool, ReadError> {
        while let Some(object) = open.innermost() {
            if self.more(if object { b'}' } else { b']' })? {
                if object {
                    self.skip_key()?;
                }
                return Ok(true);
            }
            open.depth -= 1;
        }
        Ok(false)
    }

    #[inline(always)] // part of the one loop in `skip_value`
    fn skip_key(&mut self) -> Result<(), ReadError> {
        self.white_space();
        self.skip_string()?;
        self.byte(b':')
    }

    #[inline(always)] // part of the one loop in `skip_value`
    fn skip_string(&mut self) -> Result<(), ReadError> {
        self.byte(b'"')?;
        loop {
            self.at = scan::special(self.bytes(), self.at);
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.escape().map(drop)?,
                _ => return Err(self.malformed()),
            }
        }
    }

    /// Skips `true`, `false` or `null`.
    fn skip_word(&mut self) -> Result<(), ReadError> {
        if self.literal(b"true") || self.literal(b"false") || self.literal(b"null") {
            return Ok(());
        }
        Err(self.malformed())
    }

    /// Skips a JSON number.
    pub(super) fn skip_number(&mut self) -> Result<(), ReadError> {
        self.literal(b"-");
        if !self.literal(b"0") {
            self.skip_digits()?;
        }
        if self.literal(b".") {
            self.skip_digits()?;
        }
        if let b'e' | b'E' = self.peek() {
            self.at += 1;
            if let b'+' | b'-' = self.peek() {
                self.at += 1;
            }
            self.skip_digits()?;
        }
        Ok(())
    }

    fn skip_digits(&mut self) -> Result<(), ReadError> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        if self.at > start {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }
}
