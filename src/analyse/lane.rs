//! One text in the forms it is matched in, each with a map back to the characters as typed.

use std::collections::BTreeMap;

use crate::text::fold::{fold, fold_char, is_accent_free};

/// A form of the text in which words are looked for.
#[derive(Debug, Clone, Default)]
pub struct Lane {
    /// The form.
    pub text: String,
    /// For each byte of `text`, the character of the original it comes from; one more for the end.
    origin: Vec<u32>,
}

impl Lane {
    fn push(&mut self, c: char, from: usize) {
        self.text.push(c);
        self.origin.resize(self.text.len(), from as u32);
    }

    /// The characters of the original that bytes `start..end` come from.
    pub fn span(&self, start: usize, end: usize) -> [usize; 2] {
        let first = self.origin.get(start).copied().unwrap_or_default();
        let last = self.origin.get(end.saturating_sub(1)).copied().unwrap_or_default();
        [first as usize, last as usize + 1]
    }
}

/// A text made ready: as typed, in lower case with abbreviations spelled out, and without accents.
#[derive(Debug, Clone, Default)]
pub struct Prepared {
    /// The characters as typed, NFC.
    pub chars: Vec<char>,
    /// Lower case, social abbreviations spelled out.
    pub accented: Lane,
    /// The same without accents.
    pub folded: Lane,
    /// Whether the text is typed without accents.
    pub accent_free: bool,
}

/// Makes `text` ready. `teencode` (folded word → meaning) is applied to social text only.
pub fn prepare(text: &str, teencode: Option<&BTreeMap<String, String>>) -> Prepared {
    let chars: Vec<char> = text.chars().collect();
    let mut accented = Lane::default();
    let mut at = 0;
    while at < chars.len() {
        if !is_word(chars[at]) {
            let c = if chars[at].is_whitespace() { ' ' } else { chars[at] };
            accented.push(c, at);
            at += 1;
            continue;
        }
        let end = (at..chars.len()).find(|i| !is_word(chars[*i])).unwrap_or(chars.len());
        let word: String = chars[at..end].iter().flat_map(|c| c.to_lowercase()).collect();
        match teencode.and_then(|map| map.get(&word)) {
            Some(meaning) => meaning.chars().for_each(|c| accented.push(c, at)),
            None => chars[at..end]
                .iter()
                .enumerate()
                .for_each(|(i, c)| accented.push(c.to_lowercase().next().unwrap_or(*c), at + i)),
        }
        at = end;
    }
    accented.origin.push(chars.len() as u32);
    let mut folded = Lane::default();
    for (index, c) in accented.text.char_indices() {
        let from = accented.origin[index] as usize;
        folded.push(fold_char(c), from);
    }
    folded.origin.push(chars.len() as u32);
    Prepared {
        accent_free: is_accent_free(text),
        chars,
        accented,
        folded,
    }
}

/// Letters and digits make words.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric()
}

/// The words of a folded text, for overlap between texts.
pub fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !is_word(c))
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abbreviation_is_spelled_out_and_its_span_is_what_was_typed() {
        let map = BTreeMap::from([("dc".to_owned(), "được".to_owned())]);
        let text = prepare("E dc hưởng", Some(&map));
        assert_eq!(text.accented.text, "e được hưởng");
        let at = text.folded.text.find("duoc huong").unwrap();
        assert_eq!(text.folded.span(at, at + "duoc huong".len()), [2, 10]);
    }
}
