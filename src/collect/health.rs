//! How a source is: healthy, slow, silent, broken or blocked, with the reason and what to do, in Vietnamese. Pure.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::Time;
use crate::model::entry::FeedState;
use crate::model::source::{FeedKind, Source, Status};
use crate::word_enum;

/// A rank-1 source that nobody hears for so long alarms the operator, and any other.
const RANK1_HOURS: i64 = 2;
const USUAL_HOURS: i64 = 24;
/// Tries in a row after which a source that never answered alarms: with their growing pauses about two hours.
const TRIES_FROM_START: i64 = 5;
/// A source may be quiet for so many times its own longest usual gap before it counts as silent.
const GAPS: i32 = 3;
/// Gaps between news that must be known before a source's own cadence is believed.
const KNOWN_GAPS: usize = 10;
/// Articles that must have been read lately to tell a changed layout from chance, and the share read without selectors.
const READ_LATELY: usize = 5;
const DRIFT: f64 = 0.5;

word_enum!(
    /// How a source is.
    State {
        /// It answers, lists news as it uses to, and its pages are read.
        Healthy = "healthy",
        /// Part of it fails, or it is asked less often because it failed.
        Slow = "slow",
        /// It has not answered, or listed nothing new, for longer than it uses to.
        Silent = "silent",
        /// What it answers cannot be read.
        Broken = "broken",
        /// It does not want us.
        Blocked = "blocked",
        /// It cannot be reached from here, as is known of its platform: operators in Viet Nam block Telegram.
        Unreachable = "unreachable",
        /// Nothing is known yet, or it is not collected.
        Unknown = "unknown",
    }
);

impl State {
    /// The words people see.
    pub fn label(self) -> &'static str {
        match self {
            State::Healthy => "tốt",
            State::Slow => "chậm",
            State::Silent => "im lặng",
            State::Broken => "hỏng",
            State::Blocked => "bị chặn",
            State::Unreachable => "không tiếp cận được",
            State::Unknown => "chưa rõ",
        }
    }
}

/// How a source is, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Health {
    /// Its state.
    pub state: State,
    /// Why, in Vietnamese; empty when healthy.
    pub reason: String,
    /// What to do, in Vietnamese; empty when nothing.
    pub remedy: String,
}

/// What is known of a source.
#[derive(Debug, Clone)]
pub struct Seen<'a> {
    /// The source.
    pub source: &'a Source,
    /// Its feeds.
    pub feeds: &'a [FeedState],
    /// When its feeds listed something new in the last two weeks, oldest first.
    pub news: &'a [Time],
    /// Methods by which its articles of the last two days were read.
    pub methods: &'a [String],
    /// Now.
    pub now: Time,
}

/// Why feeds fail, by what the fetcher and the feed reader say; the words of [`super::fetch::FetchError`] and
/// [`super::feed::FeedError`] are theirs, this knows only their gist.
fn gist(error: &str) -> (State, &'static str, &'static str) {
    let has = |word: &str| error.contains(word);
    if has("lookup address") || has("dns error") {
        return (
            State::Broken,
            "không tìm thấy máy chủ theo tên miền",
            "xem tên miền còn dùng không và máy chủ DNS của máy này; nguồn dời nhà thì sửa tệp nguồn",
        );
    }
    if has("robots.txt cannot be read") {
        return (
            State::Silent,
            "không đọc được robots.txt nên chưa được phép hỏi",
            "chờ; nếu kéo dài, xem máy chủ của báo",
        );
    }
    if has("the comment interface") {
        return (
            State::Broken,
            "giao diện ý kiến bạn đọc đã đổi hoặc không cho đọc nữa",
            "tắt collect.reader_comments hoặc đề nghị tòa soạn cung cấp",
        );
    }
    if has("the bridge reports") {
        return (
            State::Broken,
            "cầu nối RSS báo lỗi ở phía nó",
            "xem nhật ký của cầu nối (RSSHub, RSS-Bridge), cập nhật hoặc đổi đường dẫn",
        );
    }
    if has("no public preview") {
        return (
            State::Blocked,
            "kênh Telegram không cho xem công khai hoặc không còn",
            "mở địa chỉ bằng trình duyệt; kênh đã đóng thì chuyển nguồn sang đã ngừng",
        );
    }
    if has("robots.txt") {
        return (
            State::Blocked,
            "robots.txt không cho phép",
            "xin phép tòa soạn hoặc đổi kênh tin khác",
        );
    }
    if has("challenge page") {
        return (
            State::Blocked,
            "trả về trang thử thách chống truy cập tự động",
            "liên hệ tòa soạn để được mở quyền",
        );
    }
    if ["answered 401", "answered 403", "answered 406", "answered 451"]
        .iter()
        .any(|code| has(code))
    {
        return (
            State::Blocked,
            "máy chủ từ chối",
            "liên hệ tòa soạn, kiểm tra User-Agent và địa chỉ IP",
        );
    }
    if has("answered 404") || has("answered 410") {
        return (
            State::Broken,
            "kênh tin không còn ở địa chỉ này",
            "tìm địa chỉ mới rồi sửa tệp nguồn, kiểm bằng check --live",
        );
    }
    if has("lists nothing") {
        return (
            State::Broken,
            "trả lời nhưng không liệt kê tin nào",
            "xem kênh tin còn dùng không; với trang mục, kiểm bộ chọn liên kết",
        );
    }
    if has("web page came instead") || has("neither RSS") || has("feed is broken") || has("feed is empty") {
        return (
            State::Broken,
            "trả về thứ không phải kênh tin",
            "tìm địa chỉ mới hoặc dùng trang mục; kiểm bằng check --live",
        );
    }
    if has("redirected") {
        return (
            State::Broken,
            "chuyển hướng vòng quanh",
            "mở địa chỉ bằng trình duyệt rồi sửa tệp nguồn",
        );
    }
    if has("longer than") {
        return (
            State::Broken,
            "trả lời dài quá giới hạn",
            "kiểm tra địa chỉ; nếu đúng, tăng collect.max_body_mib",
        );
    }
    if has("wants no requests") || has("answered 429") || has("answered 503") {
        return (
            State::Slow,
            "xin được hỏi thưa hơn",
            "không cần làm gì; hệ thống đã hỏi thưa lại",
        );
    }
    (
        State::Silent,
        "không kết nối được hoặc trả lời quá chậm",
        "kiểm tra mạng, DNS; nếu chỉ nguồn này, báo cho tòa soạn",
    )
}

/// What went wrong, in Vietnamese, by what the fetcher and the readers say.
pub fn in_words(error: &str) -> &'static str {
    gist(error).1
}

/// Whether a feed's host was never reached at all; what answers, however badly, was.
fn is_out_of_reach(error: &str) -> bool {
    let answered = [
        "the server answered",
        "disallowed by",
        "wants no requests",
        "redirected",
        "longer than",
    ];
    let is_fetch = error.starts_with("http://") || error.starts_with("https://");
    is_fetch && !answered.iter().any(|word| error.contains(word))
}

/// Hours of silence after which a source alarms the operator.
fn limit(source: &Source) -> chrono::Duration {
    chrono::Duration::hours(if source.rank == 1 { RANK1_HOURS } else { USUAL_HOURS })
}

/// Judges a source.
pub fn judge(seen: &Seen<'_>) -> Health {
    let of = |state, reason: String, remedy: &str| Health {
        state,
        reason,
        remedy: remedy.to_owned(),
    };
    if seen.source.status != Status::Active || seen.feeds.iter().all(|f| f.last_ok.is_none() && f.failures == 0) {
        return of(State::Unknown, String::new(), "");
    }
    let failing: Vec<&FeedState> = seen.feeds.iter().filter(|feed| feed.failures > 0).collect();
    let last_ok = seen.feeds.iter().filter_map(|feed| feed.last_ok).max();
    if let Some(first) = failing.first().filter(|_| failing.len() == seen.feeds.len()) {
        let is_telegram = seen.source.feeds.iter().any(|feed| feed.kind == FeedKind::Telegram);
        let (state, reason, remedy) = match is_telegram && is_out_of_reach(&first.last_error) {
            true => (
                State::Unreachable,
                "không tiếp cận được; nhà mạng trong nước thường chặn Telegram",
                "không phải lỗi của nguồn: dùng đường mạng tới được Telegram (network.proxy) hoặc chuyển nguồn sang tạm dừng",
            ),
            false => gist(&first.last_error),
        };
        let since = last_ok.map_or_else(|| "từ đầu".into(), |t| format!("từ {}", t.format("%H:%M %d/%m")));
        let is_long = match last_ok {
            Some(time) => seen.now - time > limit(seen.source),
            None => first.failures >= TRIES_FROM_START,
        };
        // One bad answer is no alarm: feeds break off and come back within the hour.
        let state = match state {
            State::Blocked | State::Unreachable => state,
            _ if !is_long => State::Slow,
            State::Slow => State::Silent,
            other => other,
        };
        return of(state, format!("{since}: {reason}"), remedy);
    }
    if let Some(reason) = drifted(seen.methods) {
        let remedy = "bố cục trang đã đổi: lưu một bài, sửa bộ chọn trong tệp nguồn, kiểm bằng check --live";
        return of(State::Broken, reason, remedy);
    }
    if let Some(reason) = quiet(seen) {
        return of(
            State::Silent,
            reason,
            "mở trang báo xem còn đăng bài không; nếu còn, kênh tin đã đổi",
        );
    }
    match failing.first() {
        Some(feed) => {
            let (_, reason, remedy) = gist(&feed.last_error);
            let text = format!("{}/{} kênh tin lỗi: {reason}", failing.len(), seen.feeds.len());
            of(State::Slow, text, remedy)
        }
        None => of(State::Healthy, String::new(), ""),
    }
}

/// Most articles of the last days were read without the family's selectors, although the source has some.
fn drifted(methods: &[String]) -> Option<String> {
    let blind = methods.iter().filter(|m| m.contains("general") || *m == "feed").count();
    let share = blind as f64 / methods.len().max(1) as f64;
    (methods.len() >= READ_LATELY && share > DRIFT)
        .then(|| format!("{blind}/{} bài gần đây không khớp bộ chọn nội dung", methods.len()))
}

/// Longer without news than the source's own history explains.
fn quiet(seen: &Seen<'_>) -> Option<String> {
    let mut gaps: Vec<chrono::Duration> = seen.news.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let last = *seen.news.last()?;
    if gaps.len() < KNOWN_GAPS {
        return None;
    }
    gaps.sort_unstable();
    let usual = gaps[gaps.len() * 95 / 100];
    let silence = seen.now - last;
    (silence > (usual * GAPS).max(limit(seen.source))).then(|| {
        format!(
            "không có tin mới {} giờ; thường cách nhau nhiều nhất {} giờ",
            silence.num_hours(),
            usual.num_hours().max(1)
        )
    })
}

impl Health {
    /// Whether the operator is to be told.
    pub fn is_alarming(&self) -> bool {
        matches!(self.state, State::Silent | State::Broken | State::Blocked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Time {
        crate::model::from_unix_ms(1_795_000_000_000) + chrono::Duration::hours(hours)
    }

    fn source(rank: u8) -> Source {
        let text = format!(
            "name = \"Báo\"\nkind = \"press\"\nrank = {rank}\nchannel = \"bao_chi\"\nstatus = \"active\"\nchecked = \"2026-11-20\"\n"
        );
        toml::from_str(&text).unwrap()
    }

    fn feed(error: &str, last_ok: Option<i64>) -> FeedState {
        FeedState {
            source: "bao".into(),
            url: "https://bao.example/rss".into(),
            etag: None,
            last_modified: None,
            next_check: at(0),
            interval_seconds: 600,
            failures: i64::from(!error.is_empty()),
            last_ok: last_ok.map(at),
            last_new: None,
            last_error: error.into(),
        }
    }

    fn judged(rank: u8, feeds: &[FeedState], news: &[i64], methods: &[&str], now: i64) -> Health {
        let news: Vec<Time> = news.iter().map(|h| at(*h)).collect();
        let methods: Vec<String> = methods.iter().map(|m| (*m).to_owned()).collect();
        judge(&Seen {
            source: &source(rank),
            feeds,
            news: &news,
            methods: &methods,
            now: at(now),
        })
    }

    #[test]
    fn a_national_paper_alarms_after_two_hours_another_after_a_day() {
        let away = [feed("https://bao.example/rss: connection refused", Some(0))];
        assert_eq!(judged(1, &away, &[], &[], 1).state, State::Slow);
        assert_eq!(judged(1, &away, &[], &[], 3).state, State::Silent);
        assert_eq!(judged(2, &away, &[], &[], 3).state, State::Slow);
        assert_eq!(judged(2, &away, &[], &[], 25).state, State::Silent);
    }

    #[test]
    fn a_channel_behind_a_block_is_out_of_reach_and_alarms_nobody_but_one_that_answers_badly_is_judged_as_any() {
        let mut source = source(1);
        let text = "url = \"https://t.me/s/kenh\"\nkind = \"telegram\"\n";
        source.feeds = vec![toml::from_str(text).unwrap()];
        let judged = |error: &str| {
            let feeds = [feed(error, Some(0))];
            judge(&Seen {
                source: &source,
                feeds: &feeds,
                news: &[],
                methods: &[],
                now: at(30),
            })
        };
        for error in [
            "https://t.me/s/kenh: robots.txt cannot be read for now: connection refused",
            "https://t.me/s/kenh: no complete answer within 30 s",
            "https://t.me/s/kenh: failed to lookup address information",
        ] {
            let health = judged(error);
            assert!(
                health.state == State::Unreachable && !health.is_alarming(),
                "{error}: {health:?}"
            );
        }
        assert_eq!(
            judged("https://t.me/s/kenh: the server answered 404").state,
            State::Broken
        );
        assert_eq!(
            judged("https://t.me/s/kenh: disallowed by robots.txt").state,
            State::Blocked
        );
    }

    #[test]
    fn who_forbids_us_blocks_and_who_answers_nonsense_is_broken_each_with_a_remedy() {
        for (error, state) in [
            ("https://b/: disallowed by robots.txt", State::Blocked),
            (
                "the site answers with a challenge page (`x`); ask the outlet for access",
                State::Blocked,
            ),
            ("https://b/: the server answered 403", State::Blocked),
            ("https://b/: the server answered 404", State::Broken),
            (
                "https://b/: robots.txt cannot be read for now: failed to lookup address information",
                State::Broken,
            ),
            ("it answered but lists nothing", State::Broken),
        ] {
            let health = judged(1, &[feed(error, Some(0))], &[], &[], 3);
            assert!(
                health.state == state && !health.remedy.is_empty(),
                "{error}: {health:?}"
            );
        }
    }

    #[test]
    fn silence_is_measured_against_the_sources_own_cadence() {
        let fine = [feed("", Some(100))];
        let hourly: Vec<i64> = (0..40).collect();
        assert_eq!(judged(1, &fine, &hourly, &[], 41).state, State::Healthy);
        assert_eq!(judged(1, &fine, &hourly, &[], 45).state, State::Silent);
        let daily: Vec<i64> = (0..14).map(|day| day * 24).collect();
        assert_eq!(judged(1, &fine, &daily, &[], 13 * 24 + 30).state, State::Healthy);
        assert_eq!(judged(1, &fine, &daily, &[], 13 * 24 + 80).state, State::Silent);
    }

    #[test]
    fn a_changed_layout_is_noticed_by_how_articles_are_read() {
        let fine = [feed("", Some(0))];
        let good = ["json-ld+vccorp"; 9];
        let bad = [
            "json-ld+general",
            "meta+general",
            "feed",
            "json-ld+general",
            "json-ld+vccorp",
        ];
        assert_eq!(judged(1, &fine, &[], &good, 1).state, State::Healthy);
        assert_eq!(judged(1, &fine, &[], &bad, 1).state, State::Broken);
    }

    #[test]
    fn a_source_of_which_one_feed_fails_is_slow() {
        let feeds = [feed("", Some(1)), feed("https://b/: the server answered 404", None)];
        assert_eq!(judged(1, &feeds, &[], &[], 1).state, State::Slow);
    }
}
