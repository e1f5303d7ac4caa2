//! Counts as exports and pages write them: `1.234`, `1,2K`, `1,5 nghìn`, `2 triệu`.

/// What may follow a number and says how many times it counts.
const SCALES: &[(&str, i64)] = &[
    ("k", 1_000),
    ("n", 1_000),
    ("nghìn", 1_000),
    ("nghin", 1_000),
    ("ngàn", 1_000),
    ("ngan", 1_000),
    ("thousand", 1_000),
    ("m", 1_000_000),
    ("mn", 1_000_000),
    ("tr", 1_000_000),
    ("triệu", 1_000_000),
    ("trieu", 1_000_000),
    ("million", 1_000_000),
    ("b", 1_000_000_000),
    ("bn", 1_000_000_000),
    ("tỷ", 1_000_000_000),
    ("tỉ", 1_000_000_000),
    ("ty", 1_000_000_000),
    ("ti", 1_000_000_000),
    ("billion", 1_000_000_000),
];

/// What may be counted; said after the number it changes nothing.
const THINGS: &[&str] = &[
    "lượt",
    "người",
    "thích",
    "xem",
    "tim",
    "bình",
    "luận",
    "chia",
    "sẻ",
    "phản",
    "hồi",
    "tương",
    "tác",
    "cảm",
    "xúc",
    "like",
    "likes",
    "view",
    "views",
    "comment",
    "comments",
    "share",
    "shares",
    "reply",
    "replies",
    "reactions",
];

/// Whether a cell says that there is no count: empty, a dash, `N/A`.
pub fn is_blank(text: &str) -> bool {
    let text = text.trim();
    text.chars().all(|c| matches!(c, '-' | '–' | '—' | '.'))
        || ["n/a", "na", "null", "none", "không có", "không"].contains(&super::fold::lower(text).as_str())
}

/// Reads a count. `.` and `,` part thousands when groups of three digits follow, and are the decimal mark before
/// `K`, `nghìn`, `triệu`. `None` for what is no whole number: `1,5` alone, negative numbers, words.
pub fn parse(text: &str) -> Option<i64> {
    let text = super::squeeze(&super::fold::lower(&super::nfc(text)));
    let text = text.trim_start_matches(['~', '+', '≈', '>']).trim();
    let text = text.strip_prefix("khoảng ").unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | ' ' | '\''))
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let mut words = rest.split([' ', '+']).filter(|word| !word.is_empty());
    let scale = words
        .clone()
        .next()
        .and_then(|word| SCALES.iter().find(|(name, _)| *name == word))
        .map(|(_, scale)| *scale);
    if scale.is_some() {
        words.next();
    }
    if !words.all(|word| THINGS.contains(&word)) {
        return None;
    }
    match scale {
        Some(scale) => scaled(number.trim(), scale),
        None => whole(number.trim()),
    }
}

/// `1.234.567`, `1,234`, `1 234`, `1234`, and `1234.0` as spreadsheets write whole numbers.
fn whole(number: &str) -> Option<i64> {
    if let Some((whole_part, zeros)) = number.rsplit_once(['.', ','])
        && !zeros.is_empty()
        && zeros.len() != 3
        && zeros.bytes().all(|digit| digit == b'0')
    {
        return whole(whole_part);
    }
    let mut groups = number.split(['.', ',', ' ', '\'']);
    let first = groups.next()?;
    let marks: std::collections::BTreeSet<char> = number.chars().filter(|c| !c.is_ascii_digit()).collect();
    let groups: Vec<&str> = groups.collect();
    let is_grouped = groups.is_empty() || (first.len() <= 3 && first != "0" && marks.len() == 1);
    if first.is_empty() || !is_grouped || groups.iter().any(|group| group.len() != 3) {
        return None;
    }
    number
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .ok()
}

/// `1,5` thousands: one mark is the decimal mark; two of a kind part thousands; of two kinds the last is the decimal mark.
fn scaled(number: &str, scale: i64) -> Option<i64> {
    let marks: Vec<(usize, char)> = number.char_indices().filter(|(_, c)| !c.is_ascii_digit()).collect();
    let (units, fraction) = match marks.as_slice() {
        [] => (number, ""),
        [.., (at, last)] if marks.iter().filter(|(_, c)| c == last).count() == 1 => (&number[..*at], &number[at + 1..]),
        _ => (number, ""),
    };
    let units = whole(units)?.checked_mul(scale)?;
    if fraction.len() > 9 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let parts: i64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    units.checked_add(parts.checked_mul(scale)? / 10_i64.pow(u32::try_from(fraction.len()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn counts_are_read_as_people_write_them() {
        for (text, count) in [
            ("0", 0),
            ("7", 7),
            ("1234", 1_234),
            ("1.234", 1_234),
            ("1,234", 1_234),
            ("1 234", 1_234),
            ("1\u{a0}234", 1_234),
            ("12.345.678", 12_345_678),
            ("12,345,678", 12_345_678),
            ("1234.0", 1_234),
            ("12,00", 12),
            ("1.234,00", 1_234),
            ("1,2K", 1_200),
            ("1.2k", 1_200),
            ("3K", 3_000),
            ("1.5M", 1_500_000),
            ("1,5 nghìn", 1_500),
            ("1,5 nghi\u{300}n", 1_500),
            ("1.234 nghìn", 1_234),
            ("2 triệu", 2_000_000),
            ("2,35 Tr", 2_350_000),
            ("1,2 N lượt xem", 1_200),
            ("~ 1,1 tỷ", 1_100_000_000),
            ("10K+", 10_000),
            ("123 lượt thích", 123),
            ("1,024 views", 1_024),
            ("12.345,6 nghìn", 12_345_600),
        ] {
            assert_eq!(parse(text), Some(count), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_number_is_no_count() {
        for text in [
            "",
            "-",
            "abc",
            "1,5",
            "1.5",
            "0.123",
            "-3",
            "1.23.456",
            "1234.567",
            "12,34",
            "K",
            "1,2Q",
            "3 quả",
            "5%",
            "99999999999999999999",
            "9999999999999 tỷ",
            "20/11/2026",
            "1.2.3k",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(is_blank(" – ") && is_blank("N/A") && is_blank("") && !is_blank("0"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[0-9., kKmtr ]{0,24}|\\PC{0,24}") {
            let _ = parse(&text);
        }

        #[test]
        fn a_number_with_parted_thousands_is_itself(n in 0..10_000_000_000_i64) {
            let mut parted = String::new();
            let digits = n.to_string();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at) % 3 == 0 {
                    parted.push('.');
                }
                parted.push(digit);
            }
            prop_assert_eq!(parse(&parted), Some(n));
        }
    }
}
