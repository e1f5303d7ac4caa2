//! Values held against the fact base, at the time the claim is about.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use super::cues::{Cue, Found};
use super::prepare::{Prepared, Sentence};
use super::quantity::{Measure, Quantity};
use super::words::{Form, Words};
use crate::model::analysis::{FactCheck, FactVerdict};
use crate::model::knowledge::{EvidenceKind, Fact, Knowledge};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bind {
    subject: String,
    attribute: String,
    need: Vec<Vec<String>>,
    #[serde(default)]
    without: Vec<String>,
    near: usize,
    strict: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Binds {
    bind: Vec<Bind>,
}

/// A fact with the day on which a person last confirmed it.
#[derive(Debug, Clone)]
struct Dated {
    fact: Fact,
    checked: NaiveDate,
    value: f64,
}

/// Facts about one property, with the words that bind a number to it.
#[derive(Debug, Clone)]
struct Family {
    measure: Measure,
    groups: usize,
    near: usize,
    strict: bool,
    facts: Vec<Dated>,
}

/// A value judged, with its place.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The judgement.
    pub check: FactCheck,
    /// Place in the normal form.
    pub place: (usize, usize),
}

/// The compiled fact base.
#[derive(Debug, Clone)]
pub struct Facts {
    words: Words<(usize, usize)>,
    families: Vec<Family>,
}

const WITHOUT: usize = usize::MAX;

impl Facts {
    /// Compiles the facts that have a number and words that bind.
    pub fn new(knowledge: &Knowledge) -> Facts {
        let binds: Binds =
            toml::from_str(include_str!("lexicon/facts.toml")).expect("the embedded lexicon is read in a test");
        let (mut phrases, mut families) = (Vec::new(), Vec::new());
        for bind in &binds.bind {
            let facts: Vec<Dated> = knowledge
                .facts
                .iter()
                .flat_map(|file| file.facts.iter().map(move |f| (file.reviewed, f)))
                .filter(|(_, f)| f.subject == bind.subject && f.attribute == bind.attribute)
                .filter_map(|(reviewed, f)| {
                    Some(Dated {
                        value: scaled(f)?,
                        checked: f.checked.unwrap_or(reviewed),
                        fact: f.clone(),
                    })
                })
                .collect();
            let Some(measure) = facts.first().and_then(|d| measure(&d.fact)) else {
                continue;
            };
            let at = families.len();
            for (group, words) in bind.need.iter().enumerate() {
                phrases.extend(words.iter().map(|w| (w.clone(), Form::Accented, (at, group))));
            }
            phrases.extend(bind.without.iter().map(|w| (w.clone(), Form::Accented, (at, WITHOUT))));
            families.push(Family {
                measure,
                groups: bind.need.len(),
                near: bind.near,
                strict: bind.strict,
                facts,
            });
        }
        Facts {
            words: Words::new(phrases),
            families,
        }
    }

    /// Judges the numbers of a text stated as they stand `at`; a thread may supply the subject.
    pub fn judge(
        &self,
        text: &Prepared,
        thread: Option<&Prepared>,
        numbers: &[Quantity],
        cues: &Found,
        places: &[String],
        at: NaiveDate,
    ) -> Vec<Judged> {
        let hits = self.words.find(text);
        let about = thread.map(|t| self.words.find(t)).unwrap_or_default();
        let mut judged: Vec<Judged> = Vec::new();
        for (id, family) in self.families.iter().enumerate() {
            for number in numbers.iter().filter(|q| q.measure == family.measure) {
                let Some(sentence) = text.sentence_at(number.start) else {
                    continue;
                };
                let inside = |start: usize| sentence.start <= start && start < sentence.end;
                let met = |group| {
                    hits.iter()
                        .any(|h| h.id == (id, group) && (inside(h.start) || group == 0 && h.start < sentence.start))
                        || group == 0 && family.groups > 1 && about.iter().any(|h| h.id == (id, 0))
                };
                let last = family.groups - 1;
                let close = hits.iter().any(|h| {
                    h.id == (id, last)
                        && inside(h.start)
                        && (h.start <= number.start && number.start.saturating_sub(h.end) <= family.near
                            || h.start > number.start && h.start.saturating_sub(number.end) <= family.near / 2)
                });
                let barred = hits.iter().any(|h| h.id == (id, WITHOUT) && inside(h.start));
                if !close
                    || barred
                    || !(0..family.groups).all(met)
                    || disowned(text, number)
                    || asked(text, cues, sentence)
                {
                    continue;
                }
                let when = about_when(text, cues, sentence, number, at);
                if let Some(check) = family.hold(number, text, when, at, places)
                    && !judged
                        .iter()
                        .any(|j| j.place.0 == number.start || j.check.id == check.id)
                {
                    judged.push(Judged {
                        check,
                        place: (number.start, number.end),
                    });
                }
            }
        }
        judged
    }
}

impl Family {
    fn hold(
        &self,
        number: &Quantity,
        text: &Prepared,
        when: NaiveDate,
        at: NaiveDate,
        places: &[String],
    ) -> Option<FactCheck> {
        let local = |d: &&Dated| d.fact.scope == "toàn quốc" || places.iter().any(|p| slug(&d.fact.scope) == *p);
        let facts: Vec<&Dated> = self.facts.iter().filter(local).collect();
        let holds = |d: &&&Dated, day: NaiveDate| {
            d.fact.valid_from.is_none_or(|f| f <= day) && d.fact.valid_to.is_none_or(|t| day <= t)
        };
        let same = |d: &&&Dated| equals(d, number);
        let current = facts
            .iter()
            .filter(|d| holds(d, when))
            .max_by_key(|d| d.fact.scope != "toàn quốc");
        let told = |d: &Dated, verdict, expected: String| {
            let found = text.words(number.start, number.end);
            Some(FactCheck {
                id: d.fact.id.clone(),
                verdict,
                found,
                expected,
            })
        };
        let Some(now) = current else {
            let later = facts
                .iter()
                .filter(same)
                .find(|d| d.fact.valid_from.is_some_and(|f| f > when))?;
            let from = later.fact.valid_from?.format("%d/%m/%Y");
            return told(later, FactVerdict::NotYet, format!("(chưa áp dụng trước {from})"));
        };
        let expected = shown(&now.fact);
        if same(&now) {
            return told(now, FactVerdict::Matches, expected);
        }
        if !refutes(now, at) {
            return told(now, FactVerdict::Unclear, expected);
        }
        if facts
            .iter()
            .filter(same)
            .any(|d| d.fact.valid_to.is_some_and(|t| t < when))
        {
            return told(now, FactVerdict::Outdated, expected);
        }
        if facts
            .iter()
            .filter(same)
            .any(|d| d.fact.valid_from.is_some_and(|f| f > when))
        {
            return told(now, FactVerdict::NotYet, expected);
        }
        self.strict.then(|| told(now, FactVerdict::Contradicts, expected))?
    }
}

/// Whether the number states the fact's value: a yearly amount also by the month, an amount also in whole thousands.
fn equals(dated: &Dated, number: &Quantity) -> bool {
    let near = |value: f64| (value - number.value).abs() < (value * 0.000_1 + 0.01);
    let thousands = |value: f64| {
        value >= 100_000.0
            && number.value % 1000.0 == 0.0
            && value - number.value >= 0.0
            && value - number.value < 1000.0
    };
    let monthly = dated.fact.unit == "VND/năm" && near(dated.value / 12.0);
    let rounded = number.measure == Measure::Money && thousands(dated.value);
    near(dated.value) || monthly || rounded
}

/// Whether a fact may refute: not from memory, not marked CHECK, checked since the last 1 January or 1 July.
fn refutes(dated: &Dated, at: NaiveDate) -> bool {
    let month = if at.month() >= 7 { 7 } else { 1 };
    let since = NaiveDate::from_ymd_opt(at.year(), month, 1).expect("the first of a month exists");
    let open = dated.fact.note.as_deref().is_some_and(|n| n.contains("CHECK"));
    dated.fact.evidence_kind != EvidenceKind::Memory && !open && dated.checked >= since
}

/// Whether the number is denied, replaced, or the author's own ("em mới đóng 14 năm").
fn disowned(text: &Prepared, number: &Quantity) -> bool {
    let stretch = |from: usize, to: usize| &text.folded[text.folded_byte(from)..text.folded_byte(to.min(text.len()))];
    let tail = stretch(number.start.saturating_sub(28), number.start);
    let after = stretch(number.end, number.end + 24);
    let denied = [
        "khong phai",
        "thay vi",
        "thay cho",
        "khong con",
        "truoc la",
        "truoc day la",
        "tang tu",
        "giam tu",
    ]
    .iter()
    .any(|w| tail.contains(w));
    let own = [
        "em moi dong",
        "minh moi dong",
        "toi moi dong",
        "em dong duoc",
        "toi dong duoc",
        "minh dong duoc",
        "moi co",
        "em da dong",
        "toi da dong",
    ]
    .iter()
    .any(|w| tail.contains(w));
    let replaced = tail.trim_end().ends_with(" tu") && ["xuong", "len", "con "].iter().any(|w| after.contains(w));
    denied || own || replaced || after.contains("thay vi")
}

fn asked(text: &Prepared, cues: &Found, sentence: Sentence) -> bool {
    let end: String = text
        .lower
        .chars()
        .skip(sentence.end.saturating_sub(2))
        .take(2)
        .collect();
    let within = |cue| {
        cues.of(cue)
            .any(|h| sentence.start <= h.start && h.start < sentence.end)
    };
    end.contains('?') || within(Cue::AskTruth) || within(Cue::Deny) || within(Cue::Hedge)
}

/// The day the sentence is about: a date or year it names, "năm ngoái", "sang năm", else `at`.
fn about_when(text: &Prepared, cues: &Found, sentence: Sentence, number: &Quantity, at: NaiveDate) -> NaiveDate {
    let words: String = text
        .folded
        .chars()
        .skip(sentence.start)
        .take(sentence.end - sentence.start)
        .collect();
    let here = number.start - sentence.start;
    let shifted = |years: i32| at.with_year(at.year() + years).unwrap_or(at);
    if let Some(day) = named_day(&words, here, at) {
        return if day <= at && at.signed_duration_since(day).num_days() < 900 && words.contains("tu ") {
            at.max(day)
        } else {
            day
        };
    }
    let within = |cue| {
        cues.of(cue)
            .any(|h| sentence.start <= h.start && h.start < sentence.end)
    };
    if within(Cue::Past) {
        return shifted(-1).min(NaiveDate::from_ymd_opt(2025, 6, 30).expect("a real day"));
    }
    if ["sang nam", "nam sau", "nam toi"].iter().any(|w| words.contains(w)) {
        shifted(1)
    } else {
        at
    }
}

/// The nearest day or year named in the sentence; a past year is taken at its end.
fn named_day(words: &str, here: usize, at: NaiveDate) -> Option<NaiveDate> {
    static DAY: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
        regex::Regex::new(r"\b(?:(\d{1,2})[/-])?(\d{1,2})[/-](20\d{2})\b|\bnam (20\d{2})\b")
            .expect("a constant pattern")
    });
    let number = |m: Option<regex::Match<'_>>| m.and_then(|m| m.as_str().parse::<u32>().ok());
    DAY.captures_iter(words)
        .filter_map(|c| {
            let place = c.get(0)?.start();
            let day = match number(c.get(4)) {
                Some(year) if year as i32 == at.year() => at,
                Some(year) if (year as i32) < at.year() => NaiveDate::from_ymd_opt(year as i32, 12, 31)?,
                Some(year) => NaiveDate::from_ymd_opt(year as i32, 7, 1)?,
                None => NaiveDate::from_ymd_opt(
                    number(c.get(3))? as i32,
                    number(c.get(2))?,
                    number(c.get(1)).unwrap_or(1),
                )?,
            };
            Some((place.abs_diff(here), day))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, day)| day)
}

fn measure(fact: &Fact) -> Option<Measure> {
    match fact.unit.as_str() {
        unit if unit.starts_with("VND") => Some(Measure::Money),
        "%" => Some(Measure::Percent),
        "năm" => Some(Measure::Years),
        "tuổi" => Some(Measure::Age),
        "tháng" if fact.attribute == "tuoi_thang" => Some(Measure::Age),
        "tháng" => Some(Measure::Months),
        "lần" => Some(Measure::Times),
        _ => None,
    }
}

fn as_number(value: &toml::Value) -> Option<f64> {
    value.as_float().or(value.as_integer().map(|i| i as f64))
}

fn shown(fact: &Fact) -> String {
    format!("{} {}", fact.value.to_string().trim_matches('"'), fact.unit)
        .trim()
        .to_owned()
}

/// `TP. Hồ Chí Minh` as the id of a province.
fn slug(name: &str) -> String {
    let folded = crate::text::fold::fold(name);
    folded
        .trim_start_matches("tp.")
        .trim_start_matches("thanh pho")
        .trim()
        .replace(' ', "_")
}

/// The value in the unit of its measure: ages in months.
fn scaled(fact: &Fact) -> Option<f64> {
    let years = if fact.unit == "tuổi" { 12.0 } else { 1.0 };
    as_number(&fact.value).map(|v| v * years)
}
