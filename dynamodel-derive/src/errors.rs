//! [`Errors`]: every mistake in a struct is collected and reported in one go.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found so far. It has to be turned into compile errors by [`Errors::finish`].
#[derive(Debug)]
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    finished: bool,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Errors {
            found: Vec::new(),
            finished: false,
        }
    }

    /// A mistake at one span.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.found.push(syn::Error::new(span, message));
    }

    /// A mistake that covers several tokens, for instance a type.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.found.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        self.found.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Number of the mistakes.
    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    /// The compile errors, in the order in which they were found.
    pub(crate) fn finish(mut self) -> TokenStream {
        self.finished = true;
        self.found
            .iter()
            .map(syn::Error::to_compile_error)
            .collect()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        debug_assert!(
            self.finished || std::thread::panicking(),
            "errors were collected and never reported"
        );
    }
}
