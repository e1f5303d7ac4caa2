//! What people taught the service, as written in `alerts/`: topics, rumours, facts, departments, provinces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::word_enum;

/// Words that tell whether a text is about the sector at all. `alerts/relevance.toml`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelevanceWords {
    /// Alone make an item relevant, as typed with accents.
    pub strong: Vec<String>,
    /// The same without accents; used only when the text itself has almost none.
    pub strong_fold: Vec<String>,
    /// Abbreviations, matched without accents, always.
    pub abbr: Vec<String>,
    /// Relevant only near a second weak or a strong one.
    pub weak: Vec<String>,
    /// The same without accents.
    pub weak_fold: Vec<String>,
    /// Words of other insurance, foreign systems and figures of speech, by group: not ours without a strong anchor.
    pub not_ours: BTreeMap<String, Vec<String>>,
    /// Phrases in which an anchor is no anchor: `bhxh` in "sau lưng BHXH tỉnh" of a house advertisement.
    #[serde(default)]
    pub veto: Vec<String>,
    /// What search pages of outlets are asked for.
    #[serde(default)]
    pub search: Vec<String>,
    /// Abbreviations and social spellings with their meaning, applied to social text only.
    pub teencode: BTreeMap<String, String>,
    /// Texts with the expected decision.
    #[serde(default, rename = "case")]
    pub cases: Vec<TextCase>,
}

/// A text with what understanding must say of it; carried by the data file it proves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextCase {
    /// The words.
    pub text: String,
    /// Headline, for press cases.
    pub title: String,
    /// `press`, `post` (default), `comment` or `video`.
    pub kind: Option<super::item::ItemKind>,
    /// What a comment answers.
    pub thread: Option<String>,
    /// Day the text is from (default: the day the file was last changed is not used; 2026-11-20).
    #[serde(with = "super::day::option")]
    pub at: Option<chrono::NaiveDate>,
    /// The file's subject must (true) or must not (false) be found: topic among the topics, rumour matched and asserted.
    #[serde(rename = "match")]
    pub matches: Option<bool>,
    /// Expected relevance.
    pub relevant: Option<bool>,
    /// Expected verdict about misinformation.
    pub verdict: Option<super::analysis::Verdict>,
    /// For fact files: the fact.
    pub fact: Option<String>,
    /// For fact files: how the text stands to it; absent means the fact must not be judged.
    pub fact_verdict: Option<super::analysis::FactVerdict>,
    /// For the province file: the ids that must be found, all and no others.
    pub provinces: Option<Vec<String>>,
}

/// A watched subject. `alerts/topics/<id>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// File name without `.toml`; not written in the file.
    #[serde(skip)]
    pub id: String,
    /// Heading over several topics: BHXH, BHYT, BHTN…
    pub group: String,
    /// Name for people.
    pub name: String,
    /// What belongs to it.
    pub description: String,
    /// Words as typed with accents.
    pub kw: Vec<String>,
    /// Words without accents, for texts that have almost none.
    pub kw_fold: Vec<String>,
    /// Abbreviations, matched without accents, always.
    pub abbr: Vec<String>,
    /// Whether a hit counts only beside an anchor of relevance.
    pub needs_anchor: bool,
    /// Words that in this topic speak against the sector.
    pub negative: Vec<String>,
    /// Words that in this topic speak for it.
    pub positive: Vec<String>,
    /// Ids of departments concerned.
    pub department: Vec<String>,
    /// Ids of audience groups.
    pub audiences: Vec<String>,
    /// Texts with the expected decision.
    #[serde(default, rename = "case")]
    pub cases: Vec<TextCase>,
}

word_enum!(
    /// What a catalogued narrative is.
    RumourType {
        /// Lures people out of money or data.
        Scam = "scam",
        /// Pretends to be the agency.
        IdentityImpersonation = "identity_impersonation",
        /// Invents a policy.
        FalsePolicy = "false_policy",
        /// Says the fund is broken.
        FundCollapse = "fund_collapse",
        /// Invents a price rise.
        FabricatedPriceIncrease = "fabricated_price_increase",
    }
);

impl RumourType {
    /// Whether an assertion of it is a scam rather than a rumour.
    pub fn is_scam(self) -> bool {
        matches!(self, RumourType::Scam | RumourType::IdentityImpersonation)
    }
}

word_enum!(
    /// The strongest verdict an entry may lead to.
    VerdictCap {
        /// No fact in force refutes it: a match is only ever "cần kiểm chứng".
        NeedsCheck = "needs_check",
    }
);

/// A known false claim or scam under watch. `alerts/rumours/<id>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rumour {
    /// File name without `.toml`; not written in the file.
    #[serde(skip)]
    pub id: String,
    /// What kind of narrative.
    #[serde(rename = "type")]
    pub kind: RumourType,
    /// 1 nuisance to 5 mass panic or big losses possible.
    pub severity: u8,
    /// Whether an instance or a warning was seen in public.
    pub observed: bool,
    /// Where it stands, for people.
    pub status: String,
    /// The claim as stated, not its negation.
    pub claim: String,
    /// Wordings as people type them.
    pub variants: Vec<String>,
    /// What must not be taken for it: debunks, questions, true statements.
    pub look_alikes: Vec<String>,
    /// Ids of the facts that answer it.
    #[serde(default)]
    pub refuted_by: Vec<String>,
    /// What is right.
    pub correct_info: String,
    /// Proposed answer, unapproved.
    pub response_line: String,
    /// Ids of departments concerned.
    pub departments: Vec<String>,
    /// Addresses of public pages.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// The strongest verdict a match may lead to.
    #[serde(default)]
    pub verdict_cap: Option<VerdictCap>,
    /// Further notes.
    #[serde(default)]
    pub note: Option<String>,
    /// Texts with the expected decision.
    #[serde(default, rename = "case")]
    pub cases: Vec<TextCase>,
}

word_enum!(
    /// How sure a fact is.
    EvidenceKind {
        /// Read in an excerpt of a public page.
        Page = "page",
        /// Stated by a policy document.
        Seed = "seed",
        /// Arithmetic from other facts.
        Derived = "derived",
        /// From memory: never refutes, never quoted.
        Memory = "memory",
    }
);

/// A verified statement, true from one day to another. In `alerts/facts/<subject>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Id, unique over all files.
    pub id: String,
    /// The statement in Vietnamese.
    pub statement: String,
    /// What it is about.
    pub subject: String,
    /// Which property of the subject.
    pub attribute: String,
    /// The value: a number where it has a unit, else text.
    pub value: toml::Value,
    /// Unit of the value, may be empty.
    pub unit: String,
    /// First day it holds, `None` when open.
    #[serde(with = "open_date", default)]
    pub valid_from: Option<chrono::NaiveDate>,
    /// Last day it holds, `None` when open.
    #[serde(with = "open_date", default)]
    pub valid_to: Option<chrono::NaiveDate>,
    /// Law, decree and article.
    pub citation: String,
    /// How sure it is.
    pub evidence_kind: EvidenceKind,
    /// Where it was read, or the formula.
    pub evidence: String,
    /// `toàn quốc` or a province.
    pub scope: String,
    /// Topics it belongs to.
    pub topics: Vec<String>,
    /// Notes; the word CHECK means a person must look before it may refute.
    #[serde(default)]
    pub note: Option<String>,
    /// Day a person last confirmed it; absent: as dated in the file.
    #[serde(default, with = "super::day::option")]
    pub checked: Option<chrono::NaiveDate>,
}

/// Dates written as ISO text where the empty text means open, as in the fact base.
mod open_date {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<chrono::NaiveDate>, D::Error> {
        let text = String::deserialize(input)?;
        if text.is_empty() {
            return Ok(None);
        }
        text.parse()
            .map(Some)
            .map_err(|_| serde::de::Error::custom(format!("`{text}` is not a date like 2026-07-01")))
    }

    pub fn serialize<S: Serializer>(date: &Option<chrono::NaiveDate>, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_str(&date.map(|d| d.to_string()).unwrap_or_default())
    }
}

/// A file of facts: one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactFile {
    /// The subject, for people.
    pub subject: String,
    /// Day on which the file as a whole was last reviewed.
    #[serde(with = "super::day")]
    pub reviewed: chrono::NaiveDate,
    /// The facts.
    #[serde(rename = "fact")]
    pub facts: Vec<Fact>,
    /// Texts with the expected judgement.
    #[serde(default, rename = "case")]
    pub cases: Vec<TextCase>,
}

/// A unit that handles matters. `alerts/departments.toml`, keyed by id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Department {
    /// Name in force.
    pub name: String,
    /// First day of this name.
    #[serde(with = "super::day")]
    pub valid_from: chrono::NaiveDate,
    /// Last day, if it has ended.
    #[serde(default, with = "super::day::option")]
    pub valid_to: Option<chrono::NaiveDate>,
    /// Earlier names, newest first.
    #[serde(default)]
    pub old: Vec<String>,
    /// What a person must check.
    #[serde(default)]
    pub note: Option<String>,
}

/// A unit of before 2025-07-01 that is now part of a province.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OldProvince {
    /// Name.
    pub name: String,
    /// Name without accents.
    pub fold: String,
    /// Whether the name lives on as the name of the unit.
    #[serde(default)]
    pub current: bool,
    /// What else the name means, when it is also an ordinary word or another place.
    #[serde(default)]
    pub ambiguous: Option<String>,
    /// Further names.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// One of the 34 units since 2025-07-01 (Nghị quyết 202/2025/QH15). In `alerts/provinces.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Province {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `tỉnh` or `thành phố`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `bac`, `trung` or `nam`.
    pub region: String,
    /// Name without accents.
    pub fold: String,
    /// Name of its social insurance office.
    pub bhxh_name: String,
    /// Further names; two or three letters count only beside a context word in social text.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether the name is also an ordinary word.
    #[serde(default)]
    pub ambiguous: bool,
    /// The units it was made of.
    #[serde(default)]
    pub old: Vec<OldProvince>,
}

impl Provinces {
    /// The unit that `word` names: its id or its name, accents or not.
    pub fn find(&self, word: &str) -> Option<&Province> {
        let folded = crate::text::fold::fold(&crate::text::squeeze(&crate::text::nfc(word)));
        self.provinces
            .iter()
            .find(|province| province.id == folded || province.fold == folded)
    }
}

/// The file of provinces.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provinces {
    /// Words beside which an ambiguous name counts.
    pub context_words: Vec<String>,
    /// Day from which the 34 units exist.
    #[serde(with = "super::day")]
    pub valid_from: chrono::NaiveDate,
    /// The 34 units.
    #[serde(rename = "province")]
    pub provinces: Vec<Province>,
    /// Texts with the provinces that must be found in them.
    #[serde(default, rename = "case")]
    pub cases: Vec<TextCase>,
}

/// Everything in `alerts/`, read and cross-checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Knowledge {
    /// Words of relevance.
    pub relevance: RelevanceWords,
    /// Topics, in the order of their ids.
    pub topics: Vec<Topic>,
    /// Rumours and scams, in the order of their ids.
    pub rumours: Vec<Rumour>,
    /// Facts by file, in the order of the file names.
    pub facts: Vec<FactFile>,
    /// Departments by id.
    pub departments: BTreeMap<String, Department>,
    /// Audience groups by id.
    pub audiences: BTreeMap<String, String>,
    /// Provinces.
    pub provinces: Provinces,
    /// Alert rules, in the order of their ids.
    pub rules: Vec<Rule>,
    /// SHA-256 over all files, 12 hexadecimal digits: the version that derived rows record.
    pub version: String,
}

impl Knowledge {
    /// The topic called `id`.
    pub fn find_topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|t| t.id == id)
    }

    /// The rumour called `id`.
    pub fn find_rumour(&self, id: &str) -> Option<&Rumour> {
        self.rumours.iter().find(|r| r.id == id)
    }

    /// All facts over all files.
    pub fn all_facts(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().flat_map(|file| file.facts.iter())
    }
}
