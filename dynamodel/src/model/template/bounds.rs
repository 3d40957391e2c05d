//! Bounds of text in byte order, which is how DynamoDB sorts strings.

use crate::model::key::MAX_SORT_BYTES;

/// Returns the greatest sort key that begins with the text.
pub(crate) fn greatest_with(mut text: String) -> String {
    // The greatest characters of four, three, two and one bytes fill the rest of the key.
    for char in ['\u{10FFFF}', '\u{FFFF}', '\u{7FF}', '\u{7F}'] {
        while text.len() + char.len_utf8() <= MAX_SORT_BYTES {
            text.push(char);
        }
    }
    text
}

/// Returns the greatest sort key that is less than the text, or `None` for the empty text.
pub(crate) fn greatest_below(mut text: String) -> Option<String> {
    let last = text.pop()?;
    Some(match previous(last) {
        None => text,
        Some(char) => {
            text.push(char);
            greatest_with(text)
        }
    })
}

/// Returns the least sort key above all texts that begin with this one, or `None` when there is
/// none above. A text that is too long for a sort key counts as it is.
pub(crate) fn least_above(mut text: String) -> Option<String> {
    let most = text.len().max(MAX_SORT_BYTES);
    loop {
        let last = text.pop()?;
        if let Some(char) = next(last)
            // The next character may take more bytes than the last one.
            && text.len() + char.len_utf8() <= most
        {
            text.push(char);
            return Some(text);
        }
    }
}

fn previous(char: char) -> Option<char> {
    // The range D800 to DFFF holds no characters.
    match char {
        '\u{E000}' => Some('\u{D7FF}'),
        _ => u32::from(char).checked_sub(1).and_then(char::from_u32),
    }
}

fn next(char: char) -> Option<char> {
    match char {
        '\u{D7FF}' => Some('\u{E000}'),
        _ => u32::from(char).checked_add(1).and_then(char::from_u32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_lies_between() {
        for text in ["ORDER#5", "a", "\u{E000}", "x\0"] {
            let below = greatest_below(text.to_owned()).unwrap();
            assert!(*below < *text && below.len() <= MAX_SORT_BYTES);
            let above = least_above(text.to_owned()).unwrap();
            let greatest = greatest_with(text.to_owned());
            assert!(greatest < above && *greatest >= *text && greatest.starts_with(text));
        }
        assert_eq!(greatest_below("x\0".to_owned()).unwrap(), "x");
        assert_eq!(greatest_below(String::new()), None);
        assert_eq!(least_above("\u{10FFFF}".to_owned()), None);
        assert_eq!(least_above("a\u{10FFFF}".to_owned()).unwrap(), "b");
        let full = format!("a{}\u{7F}", "b".repeat(MAX_SORT_BYTES - 2));
        let above = format!("a{}c", "b".repeat(MAX_SORT_BYTES - 3));
        assert_eq!(least_above(full).unwrap(), above);
    }

    #[test]
    fn the_greatest_fills_the_key() {
        for text in ["", "a", "ab", "abc", "abcd"] {
            let greatest = greatest_with(text.to_owned());
            assert_eq!(greatest.len(), MAX_SORT_BYTES);
            let tail: String =
                std::iter::repeat_n('\u{10FFFF}', (MAX_SORT_BYTES - text.len()) / 4).collect();
            assert!(greatest >= format!("{text}{tail}"));
        }
    }
}
