//! Facebook Graph API (developers.facebook.com/docs/graph-api): posts and comments of pages, usage headers and errors. Pure.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Comment, Part, Trouble, clean, read, words};
use crate::model::Time;
use crate::model::item::Engagement;
use crate::model::page::Headers;

/// Fields asked of posts.
pub const POST: &str = "id,message,story,created_time,from,shares,reactions.summary(total_count).limit(0),\
                        comments.summary(total_count).limit(0)";
/// Fields asked of comments.
pub const COMMENT: &str = "id,message,created_time,from,parent{id},like_count,comment_count,is_hidden";

/// The pause of one who has used much, but not all, of what is allowed.
pub const SLOW: chrono::Duration = chrono::Duration::minutes(1);

/// A post of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// `PAGE_POST`.
    pub id: String,
    /// Its words, or what Facebook says of a post without any; NFC.
    pub text: String,
    /// Who posted it.
    pub author: Option<String>,
    /// When.
    pub published_at: Option<Time>,
    /// Reactions, comments and shares.
    pub engagement: Engagement,
}

#[derive(Deserialize)]
struct Edge<T> {
    #[serde(default = "Vec::new")]
    data: Vec<T>,
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Paging {
    next: Option<String>,
}

#[derive(Deserialize)]
struct PostNode {
    id: String,
    message: Option<String>,
    story: Option<String>,
    created_time: Option<String>,
    from: Option<Name>,
    shares: Option<Shares>,
    reactions: Option<Summarised>,
    comments: Option<Summarised>,
}

#[derive(Deserialize)]
struct Name {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Shares {
    count: i64,
}

#[derive(Deserialize)]
struct Summarised {
    summary: Option<Summary>,
}

#[derive(Deserialize)]
struct Summary {
    #[serde(default)]
    total_count: i64,
}

impl From<PostNode> for Post {
    fn from(node: PostNode) -> Self {
        let count = |edge: Option<Summarised>| edge.and_then(|e| e.summary).map_or(0, |summary| summary.total_count);
        Post {
            text: clean(node.message.or(node.story).as_deref().unwrap_or_default()),
            author: node.from.and_then(|from| from.name),
            published_at: time(node.created_time.as_deref()),
            engagement: Engagement {
                reactions: count(node.reactions),
                comments: count(node.comments),
                // Absent when there is none.
                shares: node.shares.map_or(0, |shares| shares.count),
                views: 0,
            },
            id: node.id,
        }
    }
}

#[derive(Deserialize)]
struct CommentNode {
    id: String,
    message: Option<String>,
    created_time: Option<String>,
    from: Option<Name>,
    parent: Option<Parent>,
    #[serde(default)]
    like_count: i64,
    #[serde(default)]
    comment_count: i64,
    #[serde(default)]
    is_hidden: bool,
}

#[derive(Deserialize)]
struct Parent {
    id: String,
}

impl From<CommentNode> for Comment {
    fn from(node: CommentNode) -> Self {
        Comment {
            id: node.id,
            parent: node.parent.map(|parent| parent.id),
            text: clean(node.message.as_deref().unwrap_or_default()),
            author: node.from.and_then(|from| from.name),
            published_at: time(node.created_time.as_deref()),
            engagement: Engagement {
                reactions: node.like_count,
                comments: node.comment_count,
                ..Engagement::default()
            },
            is_hidden: node.is_hidden,
        }
    }
}

fn part<T: serde::de::DeserializeOwned, U: From<T>>(body: &[u8]) -> Result<Part<U>, Trouble> {
    let edge: Edge<T> = read(body)?;
    Ok(Part {
        items: edge.data.into_iter().map(U::from).collect(),
        next: edge.paging.and_then(|paging| paging.next).as_deref().and_then(going_on),
    })
}

/// Posts of an edge: `published_posts`, `feed`.
///
/// # Errors
/// When the answer is not what is documented.
pub fn posts(body: &[u8]) -> Result<Part<Post>, Trouble> {
    part::<PostNode, Post>(body)
}

/// Comments of an edge.
///
/// # Errors
/// When the answer is not what is documented.
pub fn comments(body: &[u8]) -> Result<Part<Comment>, Trouble> {
    part::<CommentNode, Comment>(body)
}

/// Posts asked for by `?ids=`.
///
/// # Errors
/// When the answer is not what is documented.
pub fn posts_by_id(body: &[u8]) -> Result<Vec<Post>, Trouble> {
    let nodes: BTreeMap<String, PostNode> = read(body)?;
    Ok(nodes.into_values().map(Post::from).collect())
}

/// Comments asked for by `?ids=`.
///
/// # Errors
/// When the answer is not what is documented.
pub fn comments_by_id(body: &[u8]) -> Result<Vec<Comment>, Trouble> {
    let nodes: BTreeMap<String, CommentNode> = read(body)?;
    Ok(nodes.into_values().map(Comment::from).collect())
}

/// Which of the ids asked for by `?ids=` are there.
///
/// # Errors
/// When the answer is not what is documented.
pub fn ids(body: &[u8]) -> Result<Vec<String>, Trouble> {
    let nodes: BTreeMap<String, serde::de::IgnoredAny> = read(body)?;
    Ok(nodes.into_keys().collect())
}

/// The parameters of the address of the next page, without the token that Facebook writes into it.
fn going_on(next: &str) -> Option<String> {
    let url = url::Url::parse(next).ok()?;
    let kept = url
        .query_pairs()
        .filter(|(name, _)| name != "access_token" && name != "appsecret_proof");
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(kept)
        .finish();
    Some(query).filter(|query| !query.is_empty())
}

/// Parameters as [`Part::next`] holds them.
pub fn pairs(next: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(next.as_bytes()).into_owned().collect()
}

/// How much of what is allowed is used (developers.facebook.com/docs/graph-api/overview/rate-limiting).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Per cent of what the app may do: all pages share it.
    pub app: u8,
    /// Per cent of what may be done to this page.
    pub page: u8,
    /// Minutes until access is given back, when it was taken.
    pub regain_minutes: i64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Percentages {
    call_count: f64,
    total_time: f64,
    total_cputime: f64,
    estimated_time_to_regain_access: i64,
}

impl Percentages {
    fn most(&self) -> u8 {
        self.call_count
            .max(self.total_time)
            .max(self.total_cputime)
            .clamp(0.0, 255.0) as u8
    }
}

/// Reads `X-App-Usage`, `X-Page-Usage` and `X-Business-Use-Case-Usage`.
pub fn usage(headers: &Headers) -> Usage {
    let value = |name: &str| {
        let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice())
    };
    let one = |name| value(name).and_then(|json| serde_json::from_slice::<Percentages>(json).ok());
    let business = value("x-business-use-case-usage")
        .and_then(|json| serde_json::from_slice::<BTreeMap<String, Vec<Percentages>>>(json).ok())
        .unwrap_or_default();
    let business = || business.values().flatten();
    let most = business().map(Percentages::most).max().unwrap_or(0);
    Usage {
        app: one("x-app-usage").map_or(0, |usage| usage.most()),
        page: one("x-page-usage").map_or(0, |usage| usage.most()).max(most),
        regain_minutes: business()
            .map(|usage| usage.estimated_time_to_regain_access)
            .max()
            .unwrap_or(0),
    }
}

impl Usage {
    /// Per cent used of what is nearest to its end.
    pub fn most(self) -> u8 {
        self.app.max(self.page)
    }

    /// How long to wait before the next call: not at all below 75 %, a minute from there on, from 95 % until access is
    /// given back, or an hour, the window usage is counted over.
    pub fn pause(self) -> Option<chrono::Duration> {
        match self.most() {
            95.. if self.regain_minutes > 0 => Some(chrono::Duration::minutes(self.regain_minutes)),
            95.. => Some(chrono::Duration::hours(1)),
            75.. => Some(SLOW),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Failure {
    error: Problem,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    message: String,
    code: i64,
    error_subcode: i64,
    is_transient: bool,
}

/// What an answer other than 200 means (developers.facebook.com/docs/graph-api/guides/error-handling).
pub fn trouble(status: u16, body: &[u8], usage: Usage, now: Time) -> Trouble {
    let Ok(Failure { error }) = serde_json::from_slice(body) else {
        return Trouble::Away(format!("HTTP {status}"));
    };
    let said = words(&error.message);
    match (error.code, error.error_subcode) {
        (102 | 190, _) => Trouble::Ended(said),
        (3 | 10 | 200..=299 | 368, _) => Trouble::Forbidden(said),
        (4 | 17 | 32 | 613 | 80_000..=80_014, _) => {
            let regain = Some(usage.regain_minutes).filter(|minutes| *minutes > 0);
            Trouble::Limited(regain.map(|minutes| now + chrono::Duration::minutes(minutes)))
        }
        (100, 33) | (803, _) => Trouble::Gone,
        (1 | 2, _) => Trouble::Away(said),
        _ if error.is_transient || status >= 500 => Trouble::Away(said),
        (code, _) => Trouble::Odd(format!("mã {code}: {said}")),
    }
}

fn time(text: Option<&str>) -> Option<Time> {
    text.and_then(crate::text::date::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_read_with_what_is_absent_and_where_to_go_on_holds_no_token() {
        let body = r#"{"data":[{"id":"7_1","story":"Trang Mẫu đã thêm ảnh","created_time":"2026-11-20T01:02:03+0000",
            "reactions":{"data":[],"summary":{"total_count":5}},"comments":{"data":[],"summary":{"total_count":1}}}],
            "paging":{"cursors":{"before":"a","after":"b"},
            "next":"https:\/\/graph.facebook.com\/v25.0\/7\/published_posts?access_token=REDACTED&limit=1&after=b"}}"#;
        let part = posts(body.as_bytes()).unwrap();
        let post = &part.items[0];
        assert_eq!(post.text, "Trang Mẫu đã thêm ảnh");
        assert_eq!(
            (
                post.engagement.reactions,
                post.engagement.comments,
                post.engagement.shares
            ),
            (5, 1, 0)
        );
        assert_eq!(post.published_at.unwrap().to_rfc3339(), "2026-11-20T08:02:03+07:00");
        assert_eq!(part.next.as_deref(), Some("limit=1&after=b"));
    }

    #[test]
    fn usage_is_the_worst_of_all_figures_and_says_how_long_to_wait() {
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let app = header("x-app-usage", r#"{"call_count":28,"total_time":80,"total_cputime":25}"#);
        let business = |percent: i64, minutes: i64| {
            header(
                "x-business-use-case-usage",
                &format!(
                    r#"{{"77":[{{"type":"pages","call_count":{percent},"total_cputime":1,"total_time":1,"estimated_time_to_regain_access":{minutes}}}]}}"#
                ),
            )
        };
        let minutes = |headers: Headers| usage(&headers).pause().map(|pause| pause.num_minutes());
        assert_eq!(minutes(vec![]), None);
        assert_eq!(minutes(vec![app.clone()]), Some(1));
        assert_eq!(minutes(vec![app.clone(), business(96, 0)]), Some(60));
        assert_eq!(minutes(vec![app, business(100, 23)]), Some(23));
    }

    #[test]
    fn every_documented_error_says_what_to_do() {
        let now = crate::model::from_unix_ms(0);
        let of = |code: i64, subcode: i64| {
            let body = format!(r#"{{"error":{{"message":"m","code":{code},"error_subcode":{subcode}}}}}"#);
            trouble(400, body.as_bytes(), Usage::default(), now)
        };
        assert_eq!(of(190, 463), Trouble::Ended("m".into()));
        assert_eq!(
            [of(10, 0), of(210, 0)],
            [Trouble::Forbidden("m".into()), Trouble::Forbidden("m".into())]
        );
        assert_eq!(
            [of(4, 0), of(32, 0), of(613, 0)],
            [Trouble::Limited(None), Trouble::Limited(None), Trouble::Limited(None)]
        );
        assert_eq!([of(100, 33), of(803, 0)], [Trouble::Gone, Trouble::Gone]);
        assert_eq!(of(2, 0), Trouble::Away("m".into()));
        assert_eq!(of(100, 0), Trouble::Odd("mã 100: m".into()));
    }
}
