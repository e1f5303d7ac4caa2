//! Words of a source that may be quoted: at most two sentences, at most sixty words, nobody's handle or number.

use std::sync::LazyLock;

use regex::Regex;

/// Most words quoted of one item.
const WORDS: usize = 60;
/// Most sentences quoted of one item.
const SENTENCES: usize = 2;

static PRIVATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"@[\w.]+|https?://\S+|\+?\d[\d .-]{7,}\d|[\w.+-]+@[\w-]+\.[\w.]+").expect("a constant pattern")
});

/// The lead of a text: its first sentences within the limits.
pub fn lead(text: &str) -> String {
    let mut taken = String::new();
    for sentence in sentences(text).into_iter().take(SENTENCES) {
        let words = taken.split_whitespace().count() + sentence.split_whitespace().count();
        if !taken.is_empty() && words > WORDS {
            break;
        }
        if !taken.is_empty() {
            taken.push(' ');
        }
        taken.push_str(&sentence);
    }
    capped(&taken)
}

/// A quotation of a person: the lead without handles, addresses, numbers by which somebody could be found.
pub fn anonymous(text: &str) -> String {
    lead(&PRIVATE.replace_all(text, "[…]"))
}

fn capped(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.len() {
        0..=WORDS => words.join(" "),
        _ => format!("{}…", words[..WORDS].join(" ")),
    }
}

/// Sentences of the first paragraph; an ordinal or abbreviation before a full stop does not end one.
fn sentences(text: &str) -> Vec<String> {
    let first = text.trim().split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let mut found = Vec::new();
    let mut current = String::new();
    let chars: Vec<char> = first.chars().collect();
    for (index, c) in chars.iter().enumerate() {
        current.push(*c);
        let next_is_space = chars.get(index + 1).is_none_or(|n| n.is_whitespace());
        let then_capital = chars
            .get(index + 2)
            .is_none_or(|n| n.is_uppercase() || n.is_ascii_digit() || !n.is_alphanumeric());
        let abbreviation = *c == '.' && current.rsplit(' ').next().is_some_and(is_abbreviation);
        if matches!(c, '.' | '!' | '?') && next_is_space && then_capital && !abbreviation {
            found.push(current.trim().to_owned());
            current.clear();
        }
    }
    if !current.trim().is_empty() {
        found.push(current.trim().to_owned());
    }
    found
}

/// `TP.`, `Q.`: capitals before a full stop.
fn is_abbreviation(word: &str) -> bool {
    let letters = word.trim_end_matches('.');
    letters.chars().count() <= 2 && letters.chars().all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sentences_are_quoted_and_no_more() {
        let text = "BHXH TP. Huế chi trả lương hưu từ ngày 2. Người dân nhận qua tài khoản. Câu thứ ba.\n\nĐoạn sau.";
        assert_eq!(
            lead(text),
            "BHXH TP. Huế chi trả lương hưu từ ngày 2. Người dân nhận qua tài khoản."
        );
    }

    #[test]
    fn a_long_sentence_is_cut_at_sixty_words() {
        let text = "từ ".repeat(100);
        assert_eq!(lead(&text).split_whitespace().count(), 60);
    }

    #[test]
    fn handles_numbers_and_links_of_people_are_not_quoted() {
        let text = "Gọi chị @lan.nguyen số 0912 345 678 hoặc https://zalo.example/abc nhé";
        assert_eq!(anonymous(text), "Gọi chị […] số […] hoặc […] nhé");
    }
}
