//! The gate: whether an entry is worth fetching, from what the feed says of it. Built to miss nothing of the sector;
//! what it lets in too much, relevance throws out later. Pure.

use aho_corasick::AhoCorasick;

use crate::model::entry::Entry;
use crate::model::knowledge::Knowledge;
use crate::text;
use crate::text::fold::{fold, is_accent_free, lower};

/// Words beside the knowledge base under which a piece about the sector may hide: hospitals, drugs, pensions, wages, and
/// rumours, which often leave out whom they are about.
const WIDE: &[&str] = &[
    "bảo hiểm",
    "an sinh",
    "trợ cấp",
    "hưu",
    "nghỉ việc",
    "thất nghiệp",
    "mất việc",
    "thai sản",
    "ốm đau",
    "tử tuất",
    "tai nạn lao động",
    "bệnh nghề nghiệp",
    "viện phí",
    "bệnh viện",
    "nhập viện",
    "mắc bệnh",
    "khám bệnh",
    "khám chữa bệnh",
    "chữa bệnh",
    "bệnh nhân",
    "người bệnh",
    "thuốc",
    "vật tư y tế",
    "trạm y tế",
    "cơ sở y tế",
    "bộ y tế",
    "tiền lương",
    "mức lương",
    "tăng lương",
    "lương cơ sở",
    "lương tối thiểu",
    "nợ lương",
    "thu nhập",
    "người lao động",
    "công nhân",
    "người cao tuổi",
    "công đoàn",
    "việc làm",
    "tin giả",
    "tin đồn",
    "mạo danh",
    "giả danh",
    "social insurance",
    "health insurance",
    "unemployment",
    "pension",
    "pensioners",
    "retirement",
];

/// What the gate says of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether the page is to be fetched.
    pub fetch: bool,
    /// Why, for people: the words found.
    pub reason: String,
}

/// The words of the knowledge base, ready to be searched.
#[derive(Debug)]
pub struct Gate {
    /// As typed with accents.
    accented: Words,
    /// Abbreviations, matched without accents, always.
    abbreviations: Words,
    /// Without accents; for texts that have none.
    folded: Words,
    /// Without accents and sure enough to be looked for in addresses.
    slug: Words,
}

impl Gate {
    /// Builds the gate from what people taught the service.
    pub fn new(knowledge: &Knowledge) -> Self {
        let anchors = &knowledge.relevance;
        let topics = || knowledge.topics.iter().filter(|topic| !topic.needs_anchor);
        let wide = || WIDE.iter().map(|word| word.to_string());
        let abbreviations: Vec<String> = anchors
            .abbr
            .iter()
            .chain(topics().flat_map(|t| &t.abbr))
            .map(|w| fold(w))
            .collect();
        let accented = anchors
            .strong
            .iter()
            .chain(&anchors.weak)
            .chain(topics().flat_map(|t| &t.kw));
        let folded = anchors
            .strong_fold
            .iter()
            .chain(&anchors.weak_fold)
            .chain(topics().flat_map(|t| &t.kw_fold));
        // One syllable without accents says nothing: `hưu`, `hữu` and `hươu` are one.
        let wide_folded = wide().filter(|word| word.contains(' ')).map(|word| fold(&word));
        Self {
            accented: Words::new(accented.map(|word| lower(&text::nfc(word))).chain(wide())),
            folded: Words::new(folded.map(|word| fold(word)).chain(wide_folded)),
            slug: Words::new(
                anchors
                    .strong_fold
                    .iter()
                    .map(|word| fold(word))
                    .chain(abbreviations.clone()),
            ),
            abbreviations: Words::new(abbreviations),
        }
    }

    /// Decides about one entry. `ours`: everything the feed lists is about the sector.
    pub fn decide(&self, entry: &Entry, ours: bool) -> Decision {
        if ours {
            return fetch("nguồn chuyên về Ngành, lấy toàn bộ".into());
        }
        let said = text::nfc(&format!("{}\n{}", entry.title, entry.summary));
        let slug = slug_of(&entry.url);
        let mut found = self.accented.found(&lower(&said));
        let folded = fold(&said);
        found.extend(self.abbreviations.found(&folded));
        if is_accent_free(said.chars()) {
            found.extend(self.folded.found(&folded));
        }
        found.extend(self.slug.found(&slug));
        if said.trim().is_empty() {
            found.extend(self.folded.found(&slug));
        }
        found.sort();
        found.dedup();
        if !found.is_empty() {
            found.truncate(6);
            return fetch(format!("có từ khóa: {}", found.join(", ")));
        }
        if said.trim().is_empty() && slug.split_whitespace().filter(|word| word.len() > 1).count() < 4 {
            return fetch("không có tiêu đề để xét, lấy để đọc".into());
        }
        Decision {
            fetch: false,
            reason: "tiêu đề, tóm tắt và địa chỉ không có từ khóa nào của Ngành".into(),
        }
    }
}

fn fetch(reason: String) -> Decision {
    Decision { fetch: true, reason }
}

/// The words of an address's path, which are those of the headline without accents.
fn slug_of(address: &str) -> String {
    let path = url::Url::parse(address)
        .map(|url| url.path().to_string())
        .unwrap_or_default();
    let words: String = path
        .chars()
        .map(|c| {
            if c.is_ascii_alphabetic() {
                c.to_ascii_lowercase()
            } else {
                ' '
            }
        })
        .collect();
    text::squeeze(&words)
}

/// A set of phrases, searched on word boundaries.
#[derive(Debug)]
struct Words {
    machine: AhoCorasick,
    phrases: Vec<String>,
}

impl Words {
    fn new(phrases: impl IntoIterator<Item = String>) -> Self {
        let mut phrases: Vec<String> = phrases
            .into_iter()
            .map(|phrase| text::squeeze(&phrase))
            .filter(|phrase| !phrase.is_empty())
            .collect();
        phrases.sort();
        phrases.dedup();
        let machine = AhoCorasick::new(&phrases).expect("a few thousand phrases fit the automaton");
        Self { machine, phrases }
    }

    /// The phrases that stand in `text` as whole words.
    fn found(&self, text: &str) -> Vec<String> {
        let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let text = text::squeeze(text);
        self.machine
            .find_overlapping_iter(&text)
            .filter(|hit| is_edge(text[..hit.start()].chars().next_back()) && is_edge(text[hit.end()..].chars().next()))
            .map(|hit| self.phrases[hit.pattern().as_usize()].clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::knowledge::RelevanceWords;

    fn gate() -> Gate {
        Gate::new(&Knowledge {
            relevance: RelevanceWords {
                strong: vec!["bảo hiểm xã hội".into(), "lương hưu".into()],
                strong_fold: vec!["bao hiem xa hoi".into(), "luong huu".into()],
                abbr: vec!["BHXH".into(), "bhyt".into()],
                weak: vec!["chốt sổ".into()],
                weak_fold: vec!["chot so".into()],
                ..RelevanceWords::default()
            },
            ..Knowledge::default()
        })
    }

    fn decide(title: &str, url: &str) -> Decision {
        let entry = Entry {
            title: title.into(),
            url: url.into(),
            ..Entry::default()
        };
        gate().decide(&entry, false)
    }

    #[test]
    fn words_of_the_sector_and_of_hospitals_drugs_pensions_and_wages_open_it() {
        for title in [
            "Tăng lương hưu từ 1/7",
            "Bệnh viện thiếu thuốc, người bệnh phải mua ngoài",
            "Đề xuất lương tối thiểu vùng mới",
            "Công ty X không chốt sổ cho công nhân",
            "BHXH tỉnh trả lời bạn đọc",
            "rut bao hiem xa hoi mot lan the nao",
            "LƯƠNG HƯU được tính thế nào?",
        ] {
            let decision = decide(title, "https://baovidu.example/1");
            assert!(decision.fetch, "{title}: {}", decision.reason);
        }
    }

    #[test]
    fn other_news_stays_out_and_syllables_inside_words_do_not_count() {
        for title in [
            "Đội tuyển quốc gia thắng 3-0",
            "Giá vàng hôm nay giảm mạnh",
            "Hươu cao cổ mới sinh ở vườn thú",
        ] {
            let decision = decide(title, "https://baovidu.example/tin-moi-nhat-trong-ngay-123.html");
            assert!(!decision.fetch, "{title}: {}", decision.reason);
        }
    }

    #[test]
    fn the_reason_names_the_words() {
        assert_eq!(
            decide("Mức lương hưu mới", "https://baovidu.example/").reason,
            "có từ khóa: hưu, lương hưu, mức lương"
        );
    }

    #[test]
    fn an_address_alone_can_open_it_and_an_entry_that_says_nothing_is_read() {
        assert!(
            decide(
                "",
                "https://baovidu.example/tang-muc-huong-luong-huu-tu-thang-bay-1.html"
            )
            .fetch
        );
        assert!(decide("", "https://baovidu.example/post123456.html").fetch);
        assert!(!decide("", "https://baovidu.example/doi-tuyen-quoc-gia-thang-dam-1.html").fetch);
        assert!(gate().decide(&Entry::default(), true).fetch);
    }
}
