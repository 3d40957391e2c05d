//! Writing of lists, maps and sets.

use super::Writer;
use crate::Attribute;
use crate::error::WriteError;
use crate::kind::{Kind, SetElement};

impl Writer {
    /// Writes `{"L":[..]}`; the function writes the elements.
    ///
    /// ```
    /// use dynamodel_wire::Writer;
    ///
    /// let mut w = Writer::new();
    /// w.list(|w| {
    ///     w.element(&1);
    ///     w.element_with(|w| w.string("two"));
    /// });
    /// assert_eq!(w.finish()?, br#"{"L":[{"N":"1"},{"S":"two"}]}"#);
    /// # Ok::<(), dynamodel_wire::WriteError>(())
    /// ```
    #[inline(always)] // part of writing each element
    pub fn list(&mut self, elements: impl FnOnce(&mut Self)) {
        self.raw(b"{\"L\":[");
        elements(self);
        self.raw(b"]}");
    }

    /// Writes an element of a list. An absent value, `None` for instance, is written as NULL.
    #[inline(always)] // part of writing each element
    pub fn element<T: Attribute>(&mut self, value: &T) {
        self.comma();
        self.or_null(value);
    }

    /// Writes an element of a list with a function, which calls exactly one value method.
    #[inline(always)] // part of writing each element
    pub fn element_with(&mut self, element: impl FnOnce(&mut Self)) {
        self.comma();
        element(self);
    }

    #[inline(always)] // part of writing each element
    fn or_null<T: Attribute>(&mut self, value: &T) {
        if value.is_absent() {
            self.null();
        } else {
            value.write(self);
        }
    }

    /// Writes `{"M":{..}}`; the function writes the entries.
    #[inline(always)] // part of writing each element
    pub fn map(&mut self, entries: impl FnOnce(&mut Self)) {
        self.raw(b"{\"M\":{");
        entries(self);
        self.raw(b"}}");
    }

    /// Writes an entry of a map. An absent value, `None` for instance, is written as NULL.
    ///
    /// The key is user data: a path in an error shows `*`.
    #[inline(always)] // part of writing each element
    pub fn entry<T: Attribute>(&mut self, key: &str, value: &T) {
        self.entry_with(key, |w| w.or_null(value));
    }

    /// Writes an entry of a map with a function, which calls exactly one value method.
    #[inline(always)] // part of writing each element
    pub fn entry_with(&mut self, key: &str, value: impl FnOnce(&mut Self)) {
        self.comma();
        let place = self.len();
        self.member_name(key);
        value(self);
        if let Some(error) = &mut self.error {
            error.hide(place);
        }
    }

    /// Writes a set: `{"SS":[..]}`, `{"NS":[..]}` or `{"BS":[..]}` by the kind of the element type.
    ///
    /// An empty set is written as NULL, since DynamoDB has no empty sets.
    ///
    /// ```
    /// use dynamodel_wire::Writer;
    ///
    /// let mut w = Writer::new();
    /// w.set(&[3, 5]);
    /// assert_eq!(w.finish()?, br#"{"NS":["3","5"]}"#);
    /// # Ok::<(), dynamodel_wire::WriteError>(())
    /// ```
    pub fn set<'t, T>(&mut self, elements: impl IntoIterator<Item = &'t T>)
    where
        T: Attribute + 't,
        T::Kind: SetElement,
    {
        self.set_with::<T::Kind, _>(elements, |w, element| element.write(w));
    }

    /// Writes a set whose elements a function writes, as values of kind `K`.
    pub fn set_with<K: SetElement, X>(
        &mut self,
        elements: impl IntoIterator<Item = X>,
        mut write: impl FnMut(&mut Self, X),
    ) {
        let start = self.len();
        self.raw(b"{\"");
        self.raw(<K::Set as Kind>::NAME.as_bytes());
        self.raw(b"\":[");
        let mut empty = true;
        for element in elements {
            self.comma();
            let at = self.len();
            write(self, element);
            self.strip_descriptor(at, K::NAME);
            empty = false;
        }
        if empty {
            self.truncate(start);
            return self.null();
        }
        self.raw(b"]}");
    }

    /// Turns `{"S":"x"}` at the end of the bytes into `"x"`.
    fn strip_descriptor(&mut self, at: usize, kind: &'static str) {
        let head = kind.len() + 4; // `{"` and `":`
        let is_element = |value: &[u8]| {
            value.len() > head
                && value.get(2..head - 2) == Some(kind.as_bytes())
                && value.get(head - 2..head) == Some(b"\":")
        };
        if is_element(self.since(at)) {
            self.out.copy_within(at + head..self.at - 1, at);
            self.at -= head + 1;
        } else if self.error.is_none() {
            self.fail(WriteError::new(
                "the element of a set was not written in the kind that it declares",
            ));
        }
    }
}
