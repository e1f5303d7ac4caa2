//! The outlets: who they are, which content management system they imitate, and what they do wrong.

use super::faults::Fault;

/// Whose markup an outlet's pages imitate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cms {
    /// `detail-title`, `detail-sapo`, `detail-content afcbc-body`.
    Vccorp,
    /// `article__title cms-title`, `article__sapo cms-desc`, `article__body`.
    Epi,
    /// `block-sc-title`, `block-sc-sapo`, `b-maincontent`.
    Onecms,
    /// `article-detail-title`, `article-detail-desc`, `#articleBody`.
    Mastercms,
    /// `title-detail`, `description`, `fck_detail`.
    Vnexpress,
    /// `h1[data-slot=title]`, `#desktop-in-article`.
    Dantri,
    /// One page for list and detail, `?ItemID=`, no feed.
    Sharepoint,
    /// No family: HTML5 with little to hold on to.
    Plain,
}

/// One invented outlet.
#[derive(Debug)]
pub(super) struct Outlet {
    /// Name as the day writes it.
    pub name: &'static str,
    /// Host it answers for.
    pub host: &'static str,
    /// Whose markup it imitates.
    pub cms: Cms,
    /// What it does wrong.
    pub faults: &'static [Fault],
}

impl Outlet {
    /// Whether it has this fault.
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// Language of its pages.
    pub(super) fn lang(&self) -> &'static str {
        if self.host == "vidutimes.example" { "en" } else { "vi" }
    }

    /// Path of its section page.
    pub(super) fn section(&self) -> &'static str {
        match self.cms {
            Cms::Sharepoint => "/tintuc/Pages/hoat-dong-he-thong.aspx",
            Cms::Vccorp | Cms::Dantri => "/thoi-su.htm",
            _ => "/thoi-su.html",
        }
    }
}

macro_rules! outlets {
    ($($name:literal, $host:literal, $cms:ident, [$($fault:ident),*];)+) => {
        /// Every outlet of the press.
        pub(super) const OUTLETS: &[Outlet] =
            &[$(Outlet { name: $name, host: $host, cms: Cms::$cms, faults: &[$(Fault::$fault),*] }),+];
    };
}

outlets! {
    "Báo Ví Dụ", "baovidu.example", Vccorp, [GmtPlus7, DoubleEncoded];
    "Thông tấn Ví Dụ", "thongtanvidu.example", Epi, [];
    "Báo Nhịp Sống Ví Dụ", "nhipsongvidu.example", Vnexpress, [RateLimit];
    "Báo Tỉnh Đồng Mẫu", "baodongmau.example", Onecms, [UnavailableOnce];
    "Tạp chí An Sinh Ví Dụ", "ansinhvidu.example", Mastercms, [LoneAmpersand, DeadToHome];
    "Báo Người Thợ Ví Dụ", "nguoithovidu.example", Dantri, [SpacedOffset];
    "Điểm Tin Nhanh Ví Dụ", "diemtinnhanh.example", Plain, [Tracking];
    "Tin 24 Ví Dụ", "tin24vidu.example", Plain, [SoftNotFound, RelativeLinks];
    "Cổng thông tin BHXH (mẫu)", "bhxhmau.example", Sharepoint, [];
    "Báo Doanh Thương Ví Dụ", "doanhthuongvidu.example", Vccorp, [TruncatedFeed];
    "Báo Tỉnh Xanh", "baotinhxanh.example", Onecms, [HtmlForFeed, RelativeLinks];
    "Báo Tỉnh Biển Mẫu", "baobienmau.example", Epi, [Decomposed];
    "Đài Tiếng nói Ví Dụ", "tiengnoividu.example", Mastercms, [];
    "Báo Tỉnh Núi Mẫu", "baonuimau.example", Plain, [CrawlDelay];
    "Báo Sức Vóc Ví Dụ", "sucvocvidu.example", Vccorp, [DisallowedSection];
    "Truyền hình Ví Dụ", "truyenhinhvidu.example", Dantri, [];
    "Vi Du Times", "vidutimes.example", Vnexpress, [];
}

/// Host of the forum.
pub(super) const FORUM: &str = "diendanvidu.example";
/// Host on which readers of all outlets comment.
pub(super) const READERS: &str = "bandocvidu.example";
/// Host of the video platform.
pub(super) const VIDEOS: &str = "youtubevidu.example";

/// Boards of the forum: name of the source in the day, path.
pub(super) const BOARDS: &[(&str, &str)] = &[
    ("Diễn đàn Game Ví Dụ", "game.1"),
    ("Diễn đàn Nhân sự Ví Dụ", "nhan-su.2"),
    ("Diễn đàn Tài chính Ví Dụ", "tai-chinh.3"),
    ("Diễn đàn IT Ví Dụ", "it.4"),
];

/// Video channels: name of the source in the day, channel id.
pub(super) const CHANNELS: &[(&str, &str)] = &[
    ("Kênh Chuyện Đời Ví Dụ", "UCchuyendoividu000000000"),
    ("Kênh Kể Chuyện Nước Ngoài", "UCkechuyennuocngoai00000"),
];

/// The outlet that answers for `host`.
pub(super) fn by_host(host: &str) -> Option<&'static Outlet> {
    OUTLETS.iter().find(|outlet| outlet.host == host)
}

/// The outlet of this name.
pub(super) fn by_name(name: &str) -> Option<&'static Outlet> {
    OUTLETS.iter().find(|outlet| outlet.name == name)
}

/// Every host the newsroom answers for.
pub fn hosts() -> Vec<&'static str> {
    let press = OUTLETS.iter().map(|outlet| outlet.host);
    press.chain([FORUM, READERS, VIDEOS]).collect()
}

macro_rules! embedded {
    ($($id:literal),+ $(,)?) => { &[$((concat!($id, ".toml"), include_str!(concat!("sources/", $id, ".toml")))),+] };
}

const SOURCES: &[(&str, &str)] = embedded![
    "bao-vi-du",
    "thong-tan-vi-du",
    "bao-nhip-song-vi-du",
    "bao-tinh-dong-mau",
    "tap-chi-an-sinh-vi-du",
    "bao-nguoi-tho-vi-du",
    "diem-tin-nhanh-vi-du",
    "tin-24-vi-du",
    "cong-thong-tin-bhxh-mau",
    "bao-doanh-thuong-vi-du",
    "bao-tinh-xanh",
    "bao-tinh-bien-mau",
    "dai-tieng-noi-vi-du",
    "bao-tinh-nui-mau",
    "bao-suc-voc-vi-du",
    "truyen-hinh-vi-du",
    "vi-du-times",
    "dien-dan-vi-du",
    "ban-doc-vi-du",
    "kenh-chuyen-doi-vi-du",
    "kenh-ke-chuyen-nuoc-ngoai",
];

/// The source files of all outlets as (file name, TOML), in the format of [`crate::model::source::Source`].
pub fn source_files() -> Vec<(String, String)> {
    SOURCES
        .iter()
        .map(|(name, toml)| ((*name).into(), (*toml).into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::Source;

    #[test]
    fn every_source_file_is_valid_and_points_at_a_host_we_answer_for() {
        for (name, toml) in source_files() {
            let source: Source = toml::from_str(&toml).unwrap_or_else(|error| panic!("{name}: {error}"));
            for feed in &source.feeds {
                let host = crate::text::url::host(&feed.url).unwrap();
                assert!(hosts().contains(&host.as_str()), "{name}: {host}");
                assert!(feed.every_minutes.is_some_and(|m| (5..=15).contains(&m)), "{name}");
            }
        }
        assert_eq!(source_files().len(), 21);
    }
}
