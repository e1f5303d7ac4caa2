//! Amounts, shares, ages and times as typed values with their place.

use std::sync::LazyLock;

use regex::Regex;

use super::prepare::Prepared;

/// What a number measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// Vietnamese dong.
    Money,
    /// Per cent.
    Percent,
    /// Age, in months.
    Age,
    /// Years.
    Years,
    /// Months.
    Months,
    /// Times something.
    Times,
}

/// A number with its measure, in characters of the normal form.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    /// What it measures.
    pub measure: Measure,
    /// The value in the unit of the measure.
    pub value: f64,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

static MONEY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(\d+(?:[.,]\d+)*)\s?(ty|trieu|tr|cu|nghin|ngan|k|dong|vnd|d)(?:(\d{1,3})\b|\s(\d{1,3})(?:\s?(?:nghin|ngan|k)?)\b|\b)",
    )
});
/// `1.263.600` without a unit, as in price lists; never before a noun that is counted.
static BARE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{1,3}(?:\.\d{3})+)(?:\s?[,;.)\n/]|\s?$|\s(?:nen|thoi|mot|moi|nha|nhe|roi)\b)"));
static PERCENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d+(?:[.,]\d+)?)\s?(?:%|phan tram\b)"));
static AGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(\d{2})\s?(?:tuoi|t)(?:(?: va)?\s?(\d{1,2})\s?(?:thang|th|t)\b|\b)"));
static SPAN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b(\d{1,2})\s?(nam|thang|th|lan)\b"));
static WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:(muoi|hai muoi|ba muoi|bon muoi|nam muoi|sau muoi|bay muoi)\s?(mot|hai|ba|bon|lam|nam|sau|bay|tam|chin)?)\s(nam|tuoi|phan tram)\b",
    )
});

/// A number as Vietnamese write it: dots or commas in groups of three are thousands, else a decimal mark.
pub fn number(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(['.', ',']).collect();
    let grouped = parts.len() > 1 && parts[1..].iter().all(|p| p.len() == 3) && parts[0] != "0";
    if grouped || parts.len() == 1 {
        return parts.concat().parse().ok();
    }
    let (decimals, whole) = parts.split_last()?;
    format!("{}.{decimals}", whole.concat()).parse().ok()
}

/// All quantities in order; where two overlap the first and longer stands.
pub fn find(text: &Prepared) -> Vec<Quantity> {
    let folded = &text.folded;
    let mut found = Vec::new();
    let mut push = |measure, value: Option<f64>, m: regex::Match<'_>| {
        if let Some(value) = value {
            let (start, end) = (text.folded_char(m.start()), text.folded_char(m.end()));
            found.push(Quantity {
                measure,
                value,
                start,
                end,
            });
        }
    };
    for c in MONEY.captures_iter(folded) {
        let unit = c.get(2).expect("group 2 always takes part");
        let typed: String = text
            .lower
            .chars()
            .skip(text.folded_char(unit.start()))
            .take(4)
            .collect();
        // "đóng" (to pay) folds to the word for the currency.
        if typed.starts_with("đón") || (typed == "dong" && !c[1].contains(['.', ','])) {
            continue;
        }
        let tail = c.get(3).or(c.get(4)).map(|m| m.as_str());
        push(
            Measure::Money,
            money(&c[1], &c[2], tail),
            c.get(0).expect("group 0 is the match"),
        );
    }
    for c in PERCENT.captures_iter(folded) {
        push(Measure::Percent, number(&c[1]), c.get(0).expect("group 0 is the match"));
    }
    for c in AGE.captures_iter(folded) {
        let months = c.get(2).and_then(|m| m.as_str().parse::<f64>().ok()).unwrap_or(0.0);
        let value = number(&c[1]).map(|years| years * 12.0 + months);
        push(Measure::Age, value, c.get(0).expect("group 0 is the match"));
    }
    for c in SPAN.captures_iter(folded) {
        let measure = match &c[2] {
            "nam" => Measure::Years,
            "lan" => Measure::Times,
            _ => Measure::Months,
        };
        push(measure, number(&c[1]), c.get(0).expect("group 0 is the match"));
    }
    for c in WORDS.captures_iter(folded) {
        let value = spelled(&c[1], c.get(2).map(|m| m.as_str()));
        let (measure, factor) = match &c[3] {
            "nam" => (Measure::Years, 1.0),
            "tuoi" => (Measure::Age, 12.0),
            _ => (Measure::Percent, 1.0),
        };
        push(
            measure,
            value.map(|v| v * factor),
            c.get(0).expect("group 0 is the match"),
        );
    }
    for c in BARE.captures_iter(folded) {
        push(
            Measure::Money,
            number(&c[1]).filter(|v| *v >= 10_000.0),
            c.get(1).expect("group 1 always takes part"),
        );
    }
    found.sort_by_key(|q| (q.start, std::cmp::Reverse(q.end)));
    let mut last = 0;
    found.retain(|q| {
        let free = q.start >= last;
        if free {
            last = q.end;
        }
        free
    });
    found
}

/// `2tr34`, `1 triệu 3`, `500k`, `5 củ` in dong.
fn money(amount: &str, unit: &str, tail: Option<&str>) -> Option<f64> {
    let scale = match unit {
        "ty" => 1e9,
        "trieu" | "tr" | "cu" => 1e6,
        "nghin" | "ngan" | "k" => 1e3,
        _ => 1.0,
    };
    let rest = match tail {
        Some(digits) if scale >= 1e6 => digits.parse::<f64>().ok()? / 10f64.powi(digits.len() as i32),
        _ => 0.0,
    };
    Some(((number(amount)? + rest) * scale).round())
}

fn spelled(tens: &str, ones: Option<&str>) -> Option<f64> {
    const DIGITS: [&str; 10] = ["", "mot", "hai", "ba", "bon", "lam", "sau", "bay", "tam", "chin"];
    let digit = |word: &str| {
        DIGITS
            .iter()
            .position(|d| *d == if word == "nam" { "lam" } else { word })
    };
    let tens = match tens.split_once(' ') {
        Some((first, _)) => digit(first)?,
        None => 1,
    };
    Some((tens * 10 + ones.map_or(Some(0), digit)?) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn values(text: &str) -> Vec<(Measure, f64)> {
        let text = Prepared::new(text, 0, false, &BTreeMap::new(), false);
        find(&text).iter().map(|q| (q.measure, q.value)).collect()
    }

    #[test]
    fn money_is_read_in_every_spelling() {
        for text in ["2tr340", "2.340.000đ", "2,34 triệu", "2 triệu 34", "2340k"] {
            assert_eq!(values(text), [(Measure::Money, 2_340_000.0)], "{text}");
        }
        assert_eq!(values("6 củ"), [(Measure::Money, 6e6)]);
    }

    #[test]
    fn shares_ages_and_years_are_told_apart() {
        assert_eq!(values("4,5%"), [(Measure::Percent, 4.5)]);
        assert_eq!(values("61 tuổi 6 tháng"), [(Measure::Age, 738.0)]);
        assert_eq!(values("đủ hai mươi năm"), [(Measure::Years, 20.0)]);
        assert_eq!(values("năm 2027 đóng 15 năm"), [(Measure::Years, 15.0)]);
    }
}
