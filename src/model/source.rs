//! Sources: the outlets and accounts we watch, as written in `sources/`.

use serde::{Deserialize, Serialize};

use super::SourceId;
use super::item::Platform;
use crate::word_enum;

word_enum!(
    /// What kind of source a file describes; the folder in `sources/` groups by it.
    SourceKind {
        /// Newspapers and magazines.
        Press = "press",
        /// Radio and television.
        Broadcast = "broadcast",
        /// Portals of the sector and the state.
        Portal = "portal",
        /// Forums.
        Forum = "forum",
        /// Accounts and channels on social platforms.
        Social = "social",
    }
);

word_enum!(
    /// The channel as official reports count it.
    Channel {
        /// The sector's own channels ("kênh của Ngành").
        Own = "nganh",
        /// Press ("báo chí").
        Press = "bao_chi",
        /// Social networks ("mạng xã hội").
        Social = "mang_xa_hoi",
    }
);

word_enum!(
    /// Whose voice an outlet is.
    Level {
        /// Party, National Assembly, government, unions and their papers.
        Central = "central",
        /// A ministry or an agency of ministry rank.
        Ministry = "ministry",
        /// A sector, trade or association.
        Sector = "sector",
        /// Nationwide, without a governing body above.
        National = "national",
        /// A province or city.
        Province = "province",
        /// Abroad.
        Foreign = "foreign",
    }
);

impl Level {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            Level::Central => "trung ương",
            Level::Ministry => "bộ, ngành",
            Level::Sector => "chuyên ngành, hội",
            Level::National => "toàn quốc",
            Level::Province => "địa phương",
            Level::Foreign => "nước ngoài",
        }
    }
}

impl Channel {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            Channel::Own => "kênh của Ngành",
            Channel::Press => "báo chí",
            Channel::Social => "mạng xã hội",
        }
    }
}

impl Status {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            Status::Draft => "nháp",
            Status::Active => "đang thu",
            Status::Paused => "tạm dừng",
            Status::Retired => "đã ngừng",
        }
    }
}

word_enum!(
    /// Where a source stands in its life.
    Status {
        /// Written down, not proven; not collected.
        Draft = "draft",
        /// Collected.
        Active = "active",
        /// Not collected for now.
        Paused = "paused",
        /// Gone.
        Retired = "retired",
    }
);

word_enum!(
    /// How a feed lists what is new.
    FeedKind {
        /// RSS, Atom or JSON Feed.
        Feed = "feed",
        /// XML sitemap or news sitemap.
        Sitemap = "sitemap",
        /// An HTML page with links to articles.
        Listing = "listing",
        /// A YouTube channel feed: each entry is a video, read from the feed itself.
        Channel = "channel",
        /// A XenForo forum page: each link is a thread, each thread a page of posts.
        Forum = "forum",
        /// The public page of a Telegram channel, `https://t.me/s/NAME`: posts stand whole on it.
        Telegram = "telegram",
        /// RSS, Atom or JSON Feed that a bridge (RSSHub, RSS-Bridge) makes of posts: each entry is a post of `platform`.
        Bridge = "bridge",
    }
);

word_enum!(
    /// A way to readers' comments that an outlet's own pages use and nobody documented.
    CommentInterface {
        /// `usi-saas.vnexpress.net`.
        Vnexpress = "vnexpress",
        /// `id.tuoitre.vn`.
        Tuoitre = "tuoitre",
    }
);

word_enum!(
    /// How an archive lists what was.
    ArchiveKind {
        /// XML sitemap, or an index of sitemaps.
        Sitemap = "sitemap",
        /// HTML pages with links to articles.
        Listing = "listing",
    }
);

impl FeedKind {
    /// Whether what it lists are posts that stand whole in it, rather than links to articles.
    pub fn lists_posts(self) -> bool {
        !matches!(self, FeedKind::Feed | FeedKind::Sitemap | FeedKind::Listing)
    }
}

/// A place of a source that lists what was published earlier: read to catch up after an outage or for a new source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Address with placeholders: `{yyyy}`, `{m}` or `{mm}`, `{d}` or `{dd}` for a day or month, `{n}` for a page from 1.
    /// Without any it is read once: a sitemap index.
    pub url: String,
    /// How it lists.
    pub kind: ArchiveKind,
}

/// One place of a source that lists what is new.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Address. Only http and https; never a private address.
    pub url: String,
    /// How it lists; `feed` when absent.
    #[serde(default = "default_feed_kind")]
    pub kind: FeedKind,
    /// Longest time between two checks in minutes; the real interval follows how often the feed changes.
    #[serde(default)]
    pub every_minutes: Option<u32>,
    /// Whether everything listed here is about the sector, so that every entry is fetched in full.
    #[serde(default)]
    pub ours: bool,
    /// Where the posts of a `bridge` stand; only there.
    #[serde(default)]
    pub platform: Option<Platform>,
}

fn default_feed_kind() -> FeedKind {
    FeedKind::Feed
}

/// A search page of a source, asked for the sector's words only once somebody has proven that it may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Address with `{q}` where the words stand.
    pub url: String,
    /// What allows programs to ask it: robots.txt read on a day, the outlet's word. Without it nothing is asked.
    /// robots.txt is obeyed at every request all the same.
    #[serde(default)]
    pub permitted: Option<String>,
}

impl Search {
    /// The page of results for `words`, newest of which are listed like articles of a section.
    pub fn feed(&self, words: &str) -> Feed {
        let words: String = url::form_urlencoded::byte_serialize(words.as_bytes()).collect();
        Feed {
            url: self.url.replace("{q}", &words),
            kind: FeedKind::Listing,
            platform: None,
            every_minutes: None,
            ours: false,
        }
    }
}

/// Where things stand on an outlet's pages. Each list is tried in order; the first that answers wins.
///
/// A selector is CSS, optionally followed by `@attribute` to read an attribute instead of the text:
/// `meta[itemprop=datePublished]@content`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layout {
    /// The layout was used until this day (inclusive); absent for the present one.
    #[serde(with = "super::day::option")]
    pub until: Option<chrono::NaiveDate>,
    /// Headline.
    pub title: Vec<String>,
    /// Lead ("sapo").
    pub summary: Vec<String>,
    /// Body box.
    pub body: Vec<String>,
    /// By-line.
    pub author: Vec<String>,
    /// Time of publication.
    pub published: Vec<String>,
    /// Time of the last change.
    pub modified: Vec<String>,
    /// Boxes inside the body that are not its text: related news, captions, by-lines.
    pub drop: Vec<String>,
    /// Links to articles on a listing page.
    pub links: Vec<String>,
    /// Regular expression that an article's URL must match, to tell articles from navigation.
    pub article_url: Option<String>,
    /// Prefixes of the lead that belong to the outlet: `(Dân trí) -`.
    pub lead_prefix: Vec<String>,
    /// Whether the family's visible text outranks JSON-LD for headline and lead (JSON-LD known to be dirty).
    pub trust_page: Option<bool>,
}

/// A family of content management systems: what its outlets have in common. `sources/families/<id>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// File name without `.toml`; not written in the file.
    #[serde(skip)]
    pub id: String,
    /// What it is, for people.
    pub name: String,
    /// How the selectors were established and when.
    pub evidence: String,
    /// Where things stand on its pages.
    pub layout: Layout,
}

/// A page with its expected extraction, carried by a source file: `tests/sites/<source id>/<page>`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageCase {
    /// File in `tests/sites/<source id>/`.
    pub page: String,
    /// Address the page is read as.
    pub url: String,
    /// Expected headline; for a listing leave it out and give `links`.
    #[serde(default)]
    pub title: Option<String>,
    /// Expected time of publication, RFC 3339.
    #[serde(default)]
    pub published_at: Option<String>,
    /// Phrases the text must contain.
    #[serde(default)]
    pub contains: Vec<String>,
    /// Phrases the text must not contain.
    #[serde(default)]
    pub lacks: Vec<String>,
    /// For a listing: the article links in order.
    #[serde(default)]
    pub links: Vec<String>,
}

/// An outlet or account we watch. `sources/<kind folder>/<id>.toml`; the file name is the id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// File name without `.toml`; not written in the file.
    #[serde(skip, default = "no_id")]
    pub id: SourceId,
    /// Name as it is printed in a digest.
    pub name: String,
    /// What kind of source.
    pub kind: SourceKind,
    /// Home page; absent for a draft whose address nobody has proven.
    #[serde(default)]
    pub home: Option<String>,
    /// Reach: 1 national, 2 sector or province, 3 everything else.
    pub rank: u8,
    /// Place in the order of outlets of a press digest, smaller first (central papers before others).
    #[serde(default = "last_order")]
    pub order: u16,
    /// Whose voice it is.
    #[serde(default = "nationwide")]
    pub level: Level,
    /// The channel official reports count it under.
    pub channel: Channel,
    /// The body that owns it, as far as known.
    #[serde(default)]
    pub owner: Option<String>,
    /// Province (id in `alerts/provinces.toml`) a local outlet belongs to.
    #[serde(default)]
    pub province: Option<String>,
    /// Language, ISO 639-1.
    #[serde(default = "vietnamese")]
    pub lang: String,
    /// Where it stands in its life.
    pub status: Status,
    /// Day on which a person or a measurement last confirmed this file.
    #[serde(with = "super::day")]
    pub checked: chrono::NaiveDate,
    /// What the file's content rests on.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// CMS family whose layout applies where this file says nothing.
    #[serde(default)]
    pub family: Option<String>,
    /// Further hosts under which the same articles appear (mobile, amp, former domains).
    #[serde(default)]
    pub hosts: Vec<String>,
    /// How readers' comments are read, where the operator wants it (`collect.reader_comments`).
    #[serde(default)]
    pub comments: Option<CommentInterface>,
    /// Things to know that no field carries.
    #[serde(default)]
    pub notes: Option<String>,
    /// Places that list what is new.
    #[serde(default, rename = "feed")]
    pub feeds: Vec<Feed>,
    /// Places that list what was published earlier.
    #[serde(default, rename = "archive")]
    pub archives: Vec<Archive>,
    /// Its search pages.
    #[serde(default, rename = "search")]
    pub searches: Vec<Search>,
    /// Layouts of its own; the one without `until` is the present one. Each field outranks the family's.
    #[serde(default, rename = "article")]
    pub layouts: Vec<Layout>,
    /// Pages with their expected extraction.
    #[serde(default, rename = "case")]
    pub cases: Vec<PageCase>,
}

fn no_id() -> SourceId {
    SourceId(String::new())
}

fn last_order() -> u16 {
    999
}

fn nationwide() -> Level {
    Level::National
}

fn vietnamese() -> String {
    "vi".into()
}

impl Source {
    /// Whether its articles appear on `host`, which is given without `www.`.
    pub fn serves(&self, host: &str) -> bool {
        let home = self.home.as_deref().and_then(crate::text::url::host);
        home.is_some_and(|home| home == host) || self.hosts.iter().any(|other| other.trim_start_matches("www.") == host)
    }

    /// The layout to read a page of this source published on `day`: its own fields over its family's.
    pub fn layout(&self, family: Option<&Family>, day: chrono::NaiveDate) -> Layout {
        let base = family.map(|f| f.layout.clone()).unwrap_or_default();
        let own = self
            .layouts
            .iter()
            .filter(|l| l.until.is_none_or(|until| day <= until))
            .min_by_key(|l| l.until.unwrap_or(chrono::NaiveDate::MAX));
        match own {
            Some(own) => own.over(base),
            None => base,
        }
    }
}

impl Layout {
    /// This layout with the gaps filled from `base`; `drop` and `lead_prefix` are joined.
    pub fn over(&self, base: Layout) -> Layout {
        let pick = |own: &[String], base: Vec<String>| if own.is_empty() { base } else { own.to_vec() };
        let join = |own: &[String], base: Vec<String>| [own.to_vec(), base].concat();
        Layout {
            until: self.until,
            title: pick(&self.title, base.title),
            summary: pick(&self.summary, base.summary),
            body: pick(&self.body, base.body),
            author: pick(&self.author, base.author),
            published: pick(&self.published, base.published),
            modified: pick(&self.modified, base.modified),
            drop: join(&self.drop, base.drop),
            links: pick(&self.links, base.links),
            article_url: self.article_url.clone().or(base.article_url),
            lead_prefix: join(&self.lead_prefix, base.lead_prefix),
            trust_page: self.trust_page.or(base.trust_page),
        }
    }
}
