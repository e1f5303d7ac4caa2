//! Numbers in a text held against the facts in force at the time they are about. Abstains when in doubt.

use chrono::{Datelike, NaiveDate};

use super::lane::is_word;
use super::quantity::{Quantity, Unit, quantities};
use crate::model::analysis::{FactCheck, FactVerdict};
use crate::model::knowledge::{EvidenceKind, Fact, FactFile, Knowledge, Reading};
use crate::text::fold::{fold, lower};

/// The fact base made ready.
#[derive(Debug)]
pub struct Facts {
    readings: Vec<(Reading, Vec<Known>)>,
    provinces: Vec<(String, String)>,
}

#[derive(Debug)]
struct Known {
    fact: Fact,
    value: f64,
    unit: Unit,
    /// Whether it may refute: not from memory, not marked CHECK, checked since the last 1 January or 1 July.
    checked: NaiveDate,
    may_refute: bool,
}

/// What the sentence of a number says about it.
pub struct Setting<'a> {
    /// The day the text is from.
    pub at: NaiveDate,
    /// Provinces the text names.
    pub provinces: &'a [String],
}

impl Facts {
    /// Makes the facts of `knowledge` ready.
    pub fn new(knowledge: &Knowledge) -> Self {
        let readings = knowledge
            .facts
            .iter()
            .flat_map(|file| {
                file.readings
                    .iter()
                    .map(move |reading| (reading.clone(), known(file, reading)))
            })
            .collect();
        let provinces = knowledge
            .provinces
            .provinces
            .iter()
            .map(|p| (p.id.clone(), p.name.clone()))
            .collect();
        Self { readings, provinces }
    }

    /// Judges every number of `text` (as typed) that a reading binds to facts; each with its span.
    pub fn judge(&self, text: &str, accent_free: bool, setting: &Setting<'_>) -> Vec<(FactCheck, [usize; 2])> {
        let text = lower(text);
        let form = |word: &str| if accent_free { fold(word) } else { lower(word) };
        let mut checks: Vec<(FactCheck, [usize; 2])> = Vec::new();
        for (start, sentence) in sentences(&text) {
            let has = |word: &String| contains_word(sentence, &form(word));
            let found = quantities(sentence);
            for (reading, known) in &self.readings {
                if !reading.all.iter().all(|group| group.iter().any(has)) || reading.none.iter().any(has) {
                    continue;
                }
                for quantity in &found {
                    let meant = quantity.value >= reading.range[0] && quantity.value <= reading.range[1];
                    if !meant || is_denied(sentence, quantity, accent_free) {
                        continue;
                    }
                    if let Some(check) = self.judge_one(known, quantity, sentence, setting, accent_free) {
                        let span = [start + quantity.span[0], start + quantity.span[1]];
                        if !checks.iter().any(|(other, at)| other.id == check.id || *at == span) {
                            checks.push((check, span));
                        }
                    }
                }
            }
        }
        checks
    }

    fn judge_one(
        &self,
        known: &[Known],
        quantity: &Quantity,
        sentence: &str,
        setting: &Setting<'_>,
        accent_free: bool,
    ) -> Option<FactCheck> {
        let same_unit: Vec<&Known> = known.iter().filter(|k| k.unit == quantity.unit).collect();
        let local: Vec<&Known> = same_unit
            .iter()
            .copied()
            .filter(|k| {
                self.provinces
                    .iter()
                    .any(|(id, name)| *name == k.fact.scope && setting.provinces.contains(id))
            })
            .collect();
        let national = || {
            same_unit
                .iter()
                .copied()
                .filter(|k| k.fact.scope == "toàn quốc")
                .collect()
        };
        let facts: Vec<&Known> = if local.is_empty() { national() } else { local };
        let (about, explicit) = time_about(sentence, setting.at, accent_free);
        let holds = |k: &Known, day: NaiveDate| {
            k.fact.valid_from.is_none_or(|from| from <= day) && k.fact.valid_to.is_none_or(|to| day <= to)
        };
        let in_force = facts.iter().copied().find(|k| holds(k, about))?;
        let equal = |k: &Known| (k.value - quantity.value).abs() < 0.005 * k.value.abs().max(1.0);
        let check = |k: &Known, verdict| FactCheck {
            id: k.fact.id.clone(),
            verdict,
            found: sentence
                .chars()
                .skip(quantity.span[0])
                .take(quantity.span[1] - quantity.span[0])
                .collect(),
            expected: plain(&in_force.fact),
        };
        if equal(in_force) {
            return Some(check(in_force, FactVerdict::Matches));
        }
        if hedged(sentence, accent_free) || explicit && about > setting.at {
            return None;
        }
        let sure = in_force.may_refute && is_fresh(in_force.checked, setting.at);
        let verdict = match facts.iter().find(|k| equal(k)) {
            _ if !sure => FactVerdict::Unclear,
            Some(old) if old.fact.valid_to.is_some_and(|to| to < about) => FactVerdict::Outdated,
            Some(coming) if coming.fact.valid_from.is_some_and(|from| from > about) => FactVerdict::NotYet,
            _ => FactVerdict::Contradicts,
        };
        Some(check(in_force, verdict))
    }
}

fn known(file: &FactFile, reading: &Reading) -> Vec<Known> {
    file.facts
        .iter()
        .filter(|fact| fact.subject == reading.subject && fact.attribute == reading.attribute)
        .filter_map(|fact| {
            let value = fact
                .value
                .as_float()
                .or_else(|| fact.value.as_integer().map(|i| i as f64))?;
            let unit = match fact.unit.split('/').next()? {
                "VND" => Unit::Dong,
                "%" => Unit::Percent,
                "năm" => Unit::Years,
                "tháng" if reading.attribute == "tuoi_thang" => Unit::AgeMonths,
                "tháng" => Unit::Months,
                "tuổi" => Unit::AgeMonths,
                "lần" => Unit::Times,
                _ => return None,
            };
            let value = if fact.unit == "tuổi" { value * 12.0 } else { value };
            let doubtful = fact.note.as_deref().unwrap_or_default().contains("CHECK");
            Some(Known {
                value,
                unit,
                checked: fact.checked.unwrap_or(file.reviewed),
                may_refute: fact.evidence_kind != EvidenceKind::Memory && !doubtful,
                fact: fact.clone(),
            })
        })
        .collect()
}

/// Whether a fact checked on `checked` still counts on `at`: since then no 1 January or 1 July, when law changes, has passed.
fn is_fresh(checked: NaiveDate, at: NaiveDate) -> bool {
    let half_year = if at.month() >= 7 { 7 } else { 1 };
    NaiveDate::from_ymd_opt(at.year(), half_year, 1).is_none_or(|last| checked >= last)
}

/// A fact's value as people write it.
fn plain(fact: &Fact) -> String {
    let number = fact
        .value
        .as_float()
        .or_else(|| fact.value.as_integer().map(|i| i as f64))
        .unwrap_or_default();
    match fact.unit.split('/').next() {
        Some("VND") => format!("{} đồng", grouped(number)),
        Some("tháng") if fact.attribute == "tuoi_thang" => {
            let (years, months) = ((number / 12.0).floor(), number % 12.0);
            if months > 0.0 {
                format!("{years} tuổi {months} tháng")
            } else {
                format!("{years} tuổi")
            }
        }
        Some(unit) => format!("{} {unit}", number.to_string().replace('.', ",")),
        None => number.to_string(),
    }
}

fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|g| std::str::from_utf8(g).ok())
        .collect();
    groups.join(".")
}

/// Sentences with the character each begins at.
fn sentences(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut byte, mut chars) = (0, 0);
    let bytes: Vec<(usize, char)> = text.char_indices().collect();
    for (index, (at, c)) in bytes.iter().enumerate() {
        let next = bytes.get(index + 1).map(|(_, c)| *c);
        let ends = *c == '\n' || (matches!(c, '.' | '!' | '?' | ';') && next.is_none_or(char::is_whitespace));
        if ends {
            found.push((chars, &text[byte..*at]));
            byte = at + c.len_utf8();
            chars = index + 1;
        }
    }
    found.push((chars, &text[byte..]));
    found
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(is_word)
            && !text[at + word.len()..].chars().next().is_some_and(is_word)
    })
}

/// Whether the words before a number deny it: "không phải 20 năm".
fn is_denied(sentence: &str, quantity: &Quantity, accent_free: bool) -> bool {
    let before: String = sentence.chars().take(quantity.span[0]).collect();
    let words: Vec<&str> = before.split_whitespace().rev().take(4).collect();
    let near = words.into_iter().rev().collect::<Vec<_>>().join(" ");
    let list = [
        "không phải",
        "không còn",
        "chứ không",
        "đâu phải",
        "thay vì",
        "thay cho",
        "chứ đâu",
        "hết",
    ];
    list.iter()
        .any(|w| near.contains(&if accent_free { fold(w) } else { (*w).to_owned() }))
}

fn hedged(sentence: &str, accent_free: bool) -> bool {
    let list = [
        "đề xuất",
        "dự thảo",
        "dự kiến",
        "phương án",
        "có thể",
        "kiến nghị",
        "lấy ý kiến",
        "mong",
        "nên",
        "trước đây",
        "luật cũ",
        "hồi trước",
        "trước kia",
        "năm ngoái",
        "nếu",
        "giả sử",
    ];
    list.iter()
        .any(|w| contains_word(sentence, &if accent_free { fold(w) } else { (*w).to_owned() }))
}

/// The day a sentence is about, and whether it says so: "năm 2027", "từ 1/7/2025"; else the day of the text.
fn time_about(sentence: &str, at: NaiveDate, accent_free: bool) -> (NaiveDate, bool) {
    let words: Vec<&str> = sentence
        .split(|c: char| !is_word(c) && c != '/')
        .filter(|w| !w.is_empty())
        .collect();
    let year_word = if accent_free { "nam" } else { "năm" };
    for (index, word) in words.iter().enumerate() {
        let parts: Vec<Option<u32>> = word.split('/').map(|p| p.parse().ok()).collect();
        if let [Some(day), Some(month), Some(year)] = parts.as_slice()
            && let Some(date) = NaiveDate::from_ymd_opt(*year as i32, *month, *day)
        {
            // "từ 1/7/2025" of a text written later speaks of today's law.
            return if date <= at { (at, false) } else { (date, true) };
        }
        if index > 0
            && words[index - 1] == year_word
            && let Ok(year @ 2010..=2040) = word.parse::<i32>()
        {
            let day = if year == at.year() {
                Some(at)
            } else {
                NaiveDate::from_ymd_opt(year, 12, 31)
            };
            return (day.unwrap_or(at), year != at.year());
        }
    }
    (at, false)
}
