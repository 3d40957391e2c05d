//! Lists, maps and sets, and the maps of generated code.

use std::borrow::Cow;

use super::Reader;
use crate::Attribute;
use crate::attribute::stored::StoredAs;
use crate::error::ReadError;
use crate::kind::{Kind, SetElement};
use crate::tag::Tag;

impl<'a> Reader<'a> {
    /// Reads `{"L":[..]}`. The function is called at the start of each element and reads it.
    ///
    /// # Errors
    /// When the value is not an L, and the error that the function returns.
    #[inline(always)] // part of reading each list and map
    pub fn list(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut more = self.begin_list_value()?;
        let mut index = 0;
        while more {
            element(self).map_err(|e| e.in_index(index))?;
            index += 1;
            more = self.end_element()?;
        }
        self.end_list_value()
    }

    /// Enters `{"L":[`. Returns `false` when the list is empty.
    #[inline(always)] // part of reading each list and map
    pub(crate) fn begin_list_value(&mut self) -> Result<bool, ReadError> {
        if !self.literal(b"{\"L\":") {
            self.open_as(Tag::L, "L")?;
        }
        self.descend()?;
        self.begin_list()
    }

    /// Leaves a value that [`begin_list_value`](Self::begin_list_value) entered, after its last element.
    #[inline(always)] // part of reading each list and map
    pub(crate) fn end_list_value(&mut self) -> Result<(), ReadError> {
        self.depth = self.depth.saturating_sub(1);
        self.close_value()
    }

    /// Reads `{"M":{..}}`. The function gets each key, with the reader at the start of the value,
    /// and reads the value.
    ///
    /// A key that comes twice is passed twice. Keys are user data: a path in an error shows `*`.
    ///
    /// # Errors
    /// When the value is not an M, and the error that the function returns.
    #[inline(always)] // part of reading each list and map
    pub fn map(
        &mut self,
        mut entry: impl FnMut(Cow<'a, str>, &mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.begin_map_value()?;
        let mut more = self.begin_map()?;
        while more {
            let key = self.map_key()?;
            entry(key, self).map_err(ReadError::in_entry)?;
            more = self.end_entry()?;
        }
        self.end_map_value()
    }

    /// Reads a set such as `{"SS":[..]}`. A NULL reads as the empty set, which DynamoDB does not have.
    ///
    /// # Errors
    /// When the value is not a set of the element's kind, or an element cannot be read.
    pub fn set<T: Attribute>(&mut self, mut insert: impl FnMut(T)) -> Result<(), ReadError>
    where
        T::Kind: SetElement,
    {
        if self.is_null() {
            return self.null();
        }
        if let Ok(Tag::L) = self.kind() {
            return self.list_as_set(insert);
        }
        let expected = <<T::Kind as SetElement>::Set as Kind>::NAME;
        self.elements(expected, |r| T::read(r).map(&mut insert))
    }

    /// Reads a list of the elements of a set. Programs without a type for sets store lists, and others
    /// an empty list, because DynamoDB has no empty set.
    #[cold] // rare: only items of other programs
    fn list_as_set<T: Attribute>(&mut self, mut insert: impl FnMut(T)) -> Result<(), ReadError> {
        let mut more = self.begin_list_value()?;
        let mut index = 0;
        while more {
            insert(T::read(self).map_err(|e| e.in_index(index))?);
            index += 1;
            more = self.end_element()?;
        }
        self.end_list_value()
    }

    /// Calls the function for each element of a set of type `expected`; the element reads as if it
    /// had its descriptor.
    #[doc(hidden)]
    pub fn elements(
        &mut self,
        expected: &'static str,
        mut element: impl FnMut(&mut Self) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let set = self.open_value()?;
        if self.bare.is_some() || set.as_str() != expected {
            return Err(ReadError::new(expected, set.as_str()));
        }
        let mut more = self.begin_list()?;
        let mut index = 0;
        while more {
            self.white_space();
            if self.peek() != b'"' {
                return Err(self.malformed().in_index(index));
            }
            self.bare = set.element();
            let read = element(self);
            self.bare = None;
            read.map_err(|e| e.in_index(index))?;
            index += 1;
            more = self.end_element()?;
        }
        self.close_value()
    }

    /// Enters the `{` of an item or a map's body. Returns `false` when it is empty; then it is
    /// passed over as a whole.
    ///
    /// # Errors
    /// When no object starts here.
    #[inline(always)] // part of reading each attribute
    pub fn begin_map(&mut self) -> Result<bool, ReadError> {
        self.open(b'{', b'}')
    }

    /// Reads the name of an attribute and the colon behind it.
    ///
    /// # Errors
    /// When no name stands here.
    #[inline(always)] // part of reading each attribute
    pub fn map_key(&mut self) -> Result<Cow<'a, str>, ReadError> {
        self.byte(b'"')?;
        let key = self.string_body()?;
        self.byte(b':')?;
        Ok(key)
    }

    /// Reads the byte after a value: returns `true` when another attribute follows, `false` at the
    /// end of the map.
    ///
    /// # Errors
    /// When neither a comma nor the end of the map follows.
    #[inline(always)] // part of reading each attribute
    pub fn end_entry(&mut self) -> Result<bool, ReadError> {
        self.more(b'}')
    }

    /// Reads the attribute `name` into its slot. If a name comes twice, the last one wins.
    ///
    /// # Errors
    /// The error of the attribute's type, with the name in the path.
    // Not inlined: one copy serves all fields of a type, and the slots stay where they are.
    // Inlined, the compiler splits the slots into locals and moves all of them around for each
    // attribute.
    #[inline(never)]
    pub fn field<T: Attribute>(
        &mut self,
        name: &'static str,
        slot: &mut Option<T>,
    ) -> Result<(), ReadError> {
        match T::read(self) {
            Ok(value) => {
                *slot = Some(value);
                Ok(())
            }
            Err(e) => Err(e.in_field(name)),
        }
    }

    /// Reads an attribute of which parts may be missing: an incomplete document and NULL leave the
    /// slot as it is.
    ///
    /// # Errors
    /// As [`field`](Self::field) returns, when the value is not a document.
    pub fn part<T: Attribute>(
        &mut self,
        name: &'static str,
        slot: &mut Option<T>,
    ) -> Result<(), ReadError> {
        let mut ahead = self.clone();
        match T::read(&mut ahead) {
            Ok(value) => {
                *slot = Some(value);
                *self = ahead;
                Ok(())
            }
            Err(e) => match self.kind()? {
                Tag::M | Tag::L | Tag::Null => self.skip_value(),
                _ => Err(e.in_field(name)),
            },
        }
    }

    /// Reads as [`part`](Self::part) does, through the stored form.
    ///
    /// # Errors
    /// As [`part`](Self::part) returns.
    pub fn part_as<S: StoredAs<T>, T>(
        &mut self,
        name: &'static str,
        slot: &mut Option<T>,
    ) -> Result<(), ReadError> {
        let mut stored = None::<S>;
        self.part(name, &mut stored)?;
        if let Some(stored) = stored {
            *slot = Some(stored.into_value());
        }
        Ok(())
    }

    /// Returns the value of a slot after the map was read, or the type's value for a missing
    /// attribute.
    ///
    /// # Errors
    /// When the attribute is missing and its type has no value for that.
    #[inline(always)] // the check disappears for types that may be missing
    pub fn take<T: Attribute>(&self, name: &'static str, slot: Option<T>) -> Result<T, ReadError> {
        match slot {
            Some(value) => Ok(value),
            None => T::absent().ok_or_else(|| ReadError::missing::<T>(name)),
        }
    }

    /// Enters `{"M":`; the map's body follows.
    ///
    /// # Errors
    /// When the value is not an M.
    #[inline(always)] // part of reading each document
    pub fn begin_map_value(&mut self) -> Result<(), ReadError> {
        if !self.literal(b"{\"M\":") {
            self.open_as(Tag::M, "M")?;
        }
        self.descend()
    }

    /// Leaves a value that [`begin_map_value`](Self::begin_map_value) entered.
    ///
    /// # Errors
    /// When the value does not end here.
    #[inline(always)] // part of reading each document
    pub fn end_map_value(&mut self) -> Result<(), ReadError> {
        self.depth = self.depth.saturating_sub(1);
        self.close_value()
    }

    /// Returns the text of the S attribute `name` of the map whose body starts here, if it has one.
    /// Nothing is consumed; the cost is one pass over the map.
    ///
    /// # Errors
    /// When the map is malformed or the attribute is not an S.
    pub fn peek_text_in_map(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, ReadError> {
        let mut ahead = self.clone();
        let mut text = None;
        let mut more = ahead.begin_map()?;
        while more {
            if *ahead.map_key()? == *name {
                text = Some(ahead.string().map_err(|e| e.in_field(name))?);
            } else {
                ahead.skip_value()?;
            }
            more = ahead.end_entry()?;
        }
        Ok(text)
    }
}
