//! Language of a text; accent-free Vietnamese is Vietnamese.

use super::lane::words;
use crate::text::fold::accent_share;

/// Folded syllables that are frequent in Vietnamese and rare in English text.
const VIETNAMESE: &[&str] = &[
    "khong", "duoc", "nguoi", "cua", "cho", "nhung", "mot", "trong", "thi", "la", "va", "voi", "cac", "roi", "nay",
    "kia", "minh", "em", "anh", "chi", "ban", "oi", "nha", "nhe", "vay", "sao", "gi", "bao", "hiem", "luong", "huu",
    "dong", "tien", "the", "kham", "benh", "vien", "cong", "ty", "bhxh", "bhyt", "bhtn", "rut", "lan", "so", "mn",
    "dc", "ko", "hok", "nua", "het", "phai", "lam", "di", "ve", "tu", "den", "hoi", "biet", "nhieu", "it", "cung",
    "con", "chua", "da", "se", "dang", "thang", "nam", "ngay", "viec", "nghi", "thai", "san", "ho", "quy", "dinh",
    "muc", "huong", "tro", "cap", "xin", "ai",
];

/// Words of English that are no Vietnamese syllables.
const ENGLISH: &[&str] = &[
    "the",
    "of",
    "and",
    "is",
    "are",
    "was",
    "to",
    "in",
    "for",
    "that",
    "with",
    "on",
    "by",
    "from",
    "this",
    "will",
    "have",
    "has",
    "be",
    "as",
    "at",
    "an",
    "or",
    "it",
    "insurance",
    "social",
    "health",
    "workers",
    "said",
    "people",
    "new",
];

/// The language of `text`, ISO 639-1; `und` when nothing can be said.
pub fn detect(text: &str) -> String {
    let count = |range: std::ops::RangeInclusive<char>| text.chars().filter(|c| range.contains(c)).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count().max(1);
    if count('\u{ac00}'..='\u{d7a3}') * 3 > letters {
        return "ko".into();
    }
    if count('\u{3040}'..='\u{30ff}') * 5 > letters {
        return "ja".into();
    }
    if accent_share(text) > 0.08 {
        return "vi".into();
    }
    let words = words(text);
    let share =
        |list: &[&str]| words.iter().filter(|w| list.contains(&w.as_str())).count() as f32 / words.len().max(1) as f32;
    let (vietnamese, english) = (share(VIETNAMESE), share(ENGLISH));
    if vietnamese >= 0.2 && vietnamese > english {
        return "vi".into();
    }
    match whatlang::detect(text) {
        Some(info) if english > 0.15 && info.lang() == whatlang::Lang::Eng => "en".into(),
        Some(info) if info.is_reliable() => match info.lang() {
            whatlang::Lang::Vie => "vi".into(),
            whatlang::Lang::Eng => "en".into(),
            _ if vietnamese > 0.1 => "vi".into(),
            _ => "und".into(),
        },
        _ if english > vietnamese => "en".into(),
        _ => "vi".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accent_free_vietnamese_is_vietnamese_and_english_is_english() {
        assert_eq!(detect("mn oi cho hoi rut bhxh 1 lan mat bao lau"), "vi");
        assert_eq!(
            detect("The government will raise the base salary from July for all workers."),
            "en"
        );
        assert_eq!(detect("Chế độ thai sản"), "vi");
        assert_eq!(detect("베트남 사회보험 협정 체결"), "ko");
    }
}
