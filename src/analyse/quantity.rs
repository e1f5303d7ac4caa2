//! Numbers as people write them, as typed values with spans: money, percentages, years of contribution, ages.

use std::sync::LazyLock;

use regex::Regex;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Đồng.
    Dong,
    /// Per cent.
    Percent,
    /// Years.
    Years,
    /// Months.
    Months,
    /// Years of age, given in months.
    AgeMonths,
    /// Times ("lần").
    Times,
}

/// A number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The value in its unit.
    pub value: f64,
    /// What it counts.
    pub unit: Unit,
    /// Characters of the text, first and last + 1.
    pub span: [usize; 2],
}

/// Number, then unit. Two and a half million: `2tr5`, `2,5 triệu`, `2.500.000 đ`; an age: `61 tuổi 6 tháng`, `60t3th`.
static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<age>\d{2})\s*(?:tuổi|tuoi|t)\s*(?P<agemonths>\d{1,2})\s*(?:tháng|thang|th)\b
        | (?P<million>\d{1,4})\s?(?:tr|triệu|trieu|củ|cu)\s?(?P<rest>\d{1,3})\b
        | (?P<number>\d+(?:[.,]\d+)*)\s*
          (?P<unit>%|phần\ trăm|phan\ tram|nghìn\ tỷ|tỷ|ty\b|triệu|trieu|tr\b|củ\b|cu\b|nghìn|nghin|ngàn|ngan|k\b
                  |đồng|dong|vnđ|vnd|đ\b|d\b|tuổi|tuoi|năm|nam|tháng|thang|lần|lan)",
    )
    .expect("a constant pattern")
});

/// All quantities in `text` (lower case).
pub fn quantities(text: &str) -> Vec<Quantity> {
    let char_at = |byte: usize| text[..byte].chars().count();
    PATTERN
        .captures_iter(text)
        .filter_map(|found| {
            let whole = found.get(0)?;
            let (value, unit) = read(&found)?;
            Some(Quantity {
                value,
                unit,
                span: [char_at(whole.start()), char_at(whole.end())],
            })
        })
        .collect()
}

fn read(found: &regex::Captures<'_>) -> Option<(f64, Unit)> {
    let int = |name: &str| found.name(name).and_then(|m| m.as_str().parse::<f64>().ok());
    if let (Some(years), Some(months)) = (int("age"), int("agemonths")) {
        return Some((years * 12.0 + months, Unit::AgeMonths));
    }
    if let (Some(million), Some(rest)) = (int("million"), found.name("rest")) {
        // 2tr3 is 2.3 million, 2tr34 2.34, 2tr340 2.340: the digits after are a fraction.
        let fraction: f64 = format!("0.{}", rest.as_str()).parse().ok()?;
        return Some(((million + fraction) * 1e6, Unit::Dong));
    }
    let value = number(found.name("number")?.as_str())?;
    Some(match found.name("unit")?.as_str() {
        "%" | "phần trăm" | "phan tram" => (value, Unit::Percent),
        "nghìn tỷ" => (value * 1e12, Unit::Dong),
        "tỷ" | "ty" => (value * 1e9, Unit::Dong),
        "triệu" | "trieu" | "tr" | "củ" | "cu" => (value * 1e6, Unit::Dong),
        "nghìn" | "nghin" | "ngàn" | "ngan" | "k" => (value * 1e3, Unit::Dong),
        "tuổi" | "tuoi" => (value * 12.0, Unit::AgeMonths),
        "năm" | "nam" => (value, Unit::Years),
        "tháng" | "thang" => (value, Unit::Months),
        "lần" | "lan" => (value, Unit::Times),
        _ => (value, Unit::Dong),
    })
}

/// `2.340.000` and `2,340,000` are thousands; `4,5` and `4.5` are fractions.
fn number(text: &str) -> Option<f64> {
    let groups: Vec<&str> = text.split(['.', ',']).collect();
    let is_grouped = groups.len() > 1 && groups[1..].iter().all(|g| g.len() == 3);
    if is_grouped {
        return groups.concat().parse().ok();
    }
    match groups.as_slice() {
        [whole] => whole.parse().ok(),
        [whole, fraction] => format!("{whole}.{fraction}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> (f64, Unit) {
        let found = quantities(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        (found[0].value, found[0].unit)
    }

    #[test]
    fn money_is_read_as_people_write_it() {
        for text in ["2tr340", "2.340.000đ", "2,34 triệu", "2.340.000 đồng", "2tr34"] {
            assert_eq!(one(text), (2_340_000.0, Unit::Dong), "{text}");
        }
        assert_eq!(one("6 củ"), (6_000_000.0, Unit::Dong));
        assert_eq!(one("500k"), (500_000.0, Unit::Dong));
    }

    #[test]
    fn percentages_years_and_ages_are_told_apart() {
        assert_eq!(one("4,5%"), (4.5, Unit::Percent));
        assert_eq!(one("15 năm"), (15.0, Unit::Years));
        assert_eq!(one("61 tuổi 6 tháng"), (738.0, Unit::AgeMonths));
        assert_eq!(one("60t3th"), (723.0, Unit::AgeMonths));
    }
}
