//! What columns of vendors' files are called and what the words in them mean: `columns.toml`, and maps people write.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use super::header::Column;
use crate::model::item::{Access, ItemKind, Platform};
use crate::text::{fold::fold, nearest, nfc};

crate::word_enum!(
    /// What a column of an import says about its item.
    Field {
        /// The vendor's stable id of the item.
        Id = "id",
        /// Article, post, comment or video.
        Kind = "kind",
        /// Where it was published.
        Platform = "platform",
        /// How it came to us.
        Access = "access",
        /// The outlet, page, group or channel.
        Source = "source",
        /// Reach of the source, 1 to 3.
        SourceRank = "source_rank",
        /// Address.
        Url = "url",
        /// Headline.
        Title = "title",
        /// Summary or opening; stands before the text.
        Lead = "lead",
        /// The words.
        Text = "text",
        /// Words quoted from it; stands after the text unless it is in there.
        Excerpt = "excerpt",
        /// By-line or account.
        Author = "author",
        /// Language.
        Lang = "lang",
        /// Day, or day and time, of publishing.
        PublishedAt = "published_at",
        /// Time of day of publishing, where it has a column of its own.
        PublishedTime = "published_time",
        /// When the vendor saw it.
        CollectedAt = "collected_at",
        /// Id or address of what it answers.
        Parent = "parent",
        /// Title or gist of what it answers.
        Thread = "thread",
        /// Id or address of what it was copied from.
        RepostOf = "repost_of",
        /// Likes and other reactions.
        Reactions = "reactions",
        /// Comments and replies.
        Comments = "comments",
        /// Shares and reposts.
        Shares = "shares",
        /// Views.
        Views = "views",
        /// All interactions as one number; counts as reactions where nothing finer is given.
        Interactions = "interactions",
    }
);

/// Words that mean one value.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words<T> {
    is: T,
    words: Vec<String>,
}

/// The file `columns.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fields: BTreeMap<Field, Vec<String>>,
    platform: Vec<Words<Platform>>,
    kind: Vec<Words<ItemKind>>,
    access: Vec<Words<Access>>,
    lang: Vec<Words<String>>,
    hosts: BTreeMap<Platform, Vec<String>>,
}

/// Names of columns and meanings of words, ready to be asked.
pub(super) struct Vocabulary {
    /// Key of a name → its field and its place among the names of the field.
    names: HashMap<String, (Field, usize)>,
    platforms: Vec<(Platform, Vec<String>)>,
    kinds: Vec<(ItemKind, Vec<String>)>,
    accesses: Vec<(Access, Vec<String>)>,
    languages: Vec<(String, Vec<String>)>,
    hosts: HashMap<String, Platform>,
}

/// The vocabulary compiled in.
pub(super) fn vocabulary() -> &'static Vocabulary {
    static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(|| {
        let file =
            toml::from_str(include_str!("columns.toml")).expect("the file compiled in is one that the tests read");
        Vocabulary::of(file)
    });
    &VOCABULARY
}

/// What a name is compared by: folded, letters and digits only, one space between words.
pub(super) fn key(name: &str) -> String {
    let folded = fold(&nfc(name));
    let mut key = String::with_capacity(folded.len());
    for word in folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    key
}

impl Vocabulary {
    fn of(file: File) -> Self {
        fn keyed<T>(list: Vec<Words<T>>) -> Vec<(T, Vec<String>)> {
            let each = |words: Words<T>| (words.is, words.words.iter().map(|word| key(word)).collect());
            list.into_iter().map(each).collect()
        }
        let mut names = HashMap::new();
        for (field, list) in &file.fields {
            for (place, name) in [field.as_str()]
                .into_iter()
                .chain(list.iter().map(String::as_str))
                .enumerate()
            {
                names.entry(key(name)).or_insert((*field, place));
            }
        }
        let hosts = file.hosts.into_iter();
        Vocabulary {
            names,
            platforms: keyed(file.platform),
            kinds: keyed(file.kind),
            accesses: keyed(file.access),
            languages: keyed(file.lang),
            hosts: hosts
                .flat_map(|(platform, list)| list.into_iter().map(move |host| (host, platform)))
                .collect(),
        }
    }

    /// The field a column is known for, and how well known (0 is best).
    pub(super) fn field(&self, column: &Column) -> Option<(Field, usize)> {
        let Some(group) = &column.group else {
            return self.field_of_name(&column.name);
        };
        if let Some(found) = self.names.get(&key(&format!("{group} {}", column.name))) {
            return Some(*found);
        }
        match self.field_of_name(group) {
            // Of a person or a page only the name is wanted, not its own address or id.
            Some(found @ (Field::Author | Field::Source | Field::Parent | Field::Thread, _)) => {
                matches!(key(&column.name).as_str(), "ten" | "name" | "ho ten" | "ho va ten").then_some(found)
            }
            _ => self.field_of_name(&column.name),
        }
    }

    /// `Lượt thích (like)`, `Tiêu đề / Title`: the whole name, else its parts.
    fn field_of_name(&self, name: &str) -> Option<(Field, usize)> {
        let parts = name.split(['/', '|', '(', ')', '\n', ':', '*']);
        std::iter::once(name)
            .chain(parts)
            .find_map(|part| self.names.get(&key(part)))
            .copied()
    }

    /// The platform a word or two name: `Fanpage Facebook`, `Báo mạng`.
    pub(super) fn platform(&self, words: &str) -> Option<Platform> {
        found_in(&self.platforms, words).copied()
    }

    /// The kind of item a word or two name.
    pub(super) fn kind(&self, words: &str) -> Option<ItemKind> {
        found_in(&self.kinds, words).copied()
    }

    /// The way to us that a word names.
    pub(super) fn access(&self, words: &str) -> Option<Access> {
        found_in(&self.accesses, words).copied()
    }

    /// The language a word names, ISO 639-1.
    pub(super) fn language(&self, words: &str) -> Option<String> {
        found_in(&self.languages, words).cloned()
    }

    /// The platform a host belongs to; `None` for all that are press for us.
    pub(super) fn host(&self, host: &str) -> Option<Platform> {
        let mut rest = host;
        loop {
            if let Some(platform) = self.hosts.get(rest) {
                return Some(*platform);
            }
            rest = rest.split_once('.')?.1;
        }
    }
}

/// The value one of whose words stands in `text`; longer texts than a label are not read.
fn found_in<'a, T>(list: &'a [(T, Vec<String>)], text: &str) -> Option<&'a T> {
    if text.len() > 80 {
        return None;
    }
    let text = format!(" {} ", key(text));
    let stands = |word: &String| text.contains(&format!(" {word} "));
    list.iter()
        .find(|(_, words)| words.iter().any(stands))
        .map(|(value, _)| value)
}

/// Which column is which field, as people wrote it down for one vendor: lines of `field = "Column header"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMap {
    /// Fields and the columns they are read from.
    pub fields: Vec<(Field, String)>,
}

impl ColumnMap {
    /// Reads a map. `name` is what errors call it.
    ///
    /// # Errors
    /// Names what is no TOML, no field (with the nearest one) or no column header.
    pub fn parse(name: &str, text: &str) -> Result<ColumnMap, String> {
        let table: toml::Table = toml::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| format!("{name}: không đọc được: {error}; mỗi dòng viết: title = \"Tiêu đề\""))?;
        let mut fields = Vec::new();
        for (word, value) in table {
            let field: Field = word.parse().map_err(|_| unknown_field(name, &word))?;
            match value {
                toml::Value::String(header) => fields.push((field, header)),
                _ => {
                    return Err(format!(
                        "{name}: {word}: viết tên một cột trong ngoặc kép: {word} = \"Tên cột\""
                    ));
                }
            }
        }
        Ok(ColumnMap { fields })
    }
}

fn unknown_field(name: &str, word: &str) -> String {
    let all = || Field::ALL.iter().map(|field| field.as_str());
    match nearest(word, all()) {
        Some(near) => format!("{name}: không có trường “{word}”; ý bạn là “{near}”?"),
        None => format!(
            "{name}: không có trường “{word}”; các trường: {}",
            all().collect::<Vec<_>>().join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> Option<Field> {
        let column = Column {
            group: None,
            name: name.into(),
        };
        vocabulary().field(&column).map(|(field, _)| field)
    }

    fn grouped(group: &str, name: &str) -> Option<Field> {
        let column = Column {
            group: Some(group.into()),
            name: name.into(),
        };
        vocabulary().field(&column).map(|(field, _)| field)
    }

    #[test]
    fn a_name_stands_for_one_field() {
        let file: File = toml::from_str(include_str!("columns.toml")).unwrap();
        assert_eq!(file.fields.len(), Field::ALL.len(), "every field has names");
        let mut seen: HashMap<String, Field> = HashMap::new();
        for (field, list) in &file.fields {
            for name in list {
                let before = seen.insert(key(name), *field);
                assert!(
                    before.is_none_or(|other| other == *field),
                    "{name} is {field} and {before:?}"
                );
            }
        }
    }

    #[test]
    fn columns_are_known_with_and_without_accents_and_in_both_languages() {
        for (name, expected) in [
            ("Tiêu đề", Field::Title),
            ("TIEU DE", Field::Title),
            ("Ngày đăng", Field::PublishedAt),
            ("Lượt thích (like)", Field::Reactions),
            ("Tiêu đề / Title", Field::Title),
            ("Hit Sentence", Field::Excerpt),
            ("Influencer", Field::Author),
            ("Document ID", Field::Id),
            ("published_at", Field::PublishedAt),
            ("Link:", Field::Url),
        ] {
            assert_eq!(field(name), Some(expected), "{name}");
        }
        for name in ["STT", "Country", "Reach", "AVE", "Sentiment", "", "Keywords"] {
            assert_eq!(field(name), None, "{name}");
        }
    }

    #[test]
    fn of_a_group_of_columns_the_name_below_counts_but_not_what_belongs_to_a_person() {
        assert_eq!(grouped("Tương tác", "Bình luận"), Some(Field::Comments));
        assert_eq!(grouped("engagement", "likes"), Some(Field::Reactions));
        assert_eq!(grouped("Người đăng", "Tên"), Some(Field::Author));
        assert_eq!(grouped("Người đăng", "Link"), None);
        assert_eq!(grouped("author", "id"), None);
    }

    #[test]
    fn words_and_hosts_tell_where_it_was_published() {
        let words = vocabulary();
        assert_eq!(words.platform("Fanpage Facebook"), Some(Platform::Facebook));
        assert_eq!(words.platform("Báo mạng"), Some(Platform::Press));
        assert_eq!(words.platform("Kênh lạ"), None);
        assert_eq!(words.kind("Facebook comment"), Some(ItemKind::Comment));
        assert_eq!(words.host("m.facebook.com"), Some(Platform::Facebook));
        assert_eq!(words.host("voz.vn"), Some(Platform::Forum));
        assert_eq!(words.host("baovidu.example"), None);
        assert_eq!(words.language("Vietnamese").as_deref(), Some("vi"));
    }

    #[test]
    fn a_wrong_map_is_answered_with_the_nearest_field() {
        let map = ColumnMap::parse("m.toml", "title = \"Nhan đề\"\nurl = \"Nơi đăng\"").unwrap();
        assert_eq!(map.fields[0], (Field::Title, "Nhan đề".into()));
        let error = ColumnMap::parse("m.toml", "titel = \"Nhan đề\"").unwrap_err();
        assert!(error.contains("m.toml") && error.contains("“title”"), "{error}");
        assert!(
            ColumnMap::parse("m.toml", "title = 3")
                .unwrap_err()
                .contains("title = \"Tên cột\"")
        );
        assert!(ColumnMap::parse("m.toml", "title").is_err());
    }
}
