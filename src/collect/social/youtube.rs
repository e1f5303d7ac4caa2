//! YouTube Data API v3 (developers.google.com/youtube/v3/docs): lists of videos, threads and comments, and its errors. Pure.

use serde::Deserialize;

use super::{Comment, Part, Trouble, clean, read, words};
use crate::model::Time;
use crate::model::item::Engagement;

/// A video.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Video {
    /// Its id.
    pub id: String,
    /// The channel it belongs to.
    pub channel: String,
    /// What the channel calls itself.
    pub channel_title: String,
    /// Its title, NFC.
    pub title: String,
    /// Its description, NFC.
    pub text: String,
    /// Language, where the uploader says it.
    pub lang: Option<String>,
    /// When it became public.
    pub published_at: Option<Time>,
    /// Likes, comments and views; what is hidden counts as none.
    pub engagement: Engagement,
    /// Whether comments may be written.
    pub takes_comments: bool,
}

/// A comment that opens a thread, with some of the answers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// The opening comment; its engagement counts the answers.
    pub opener: Comment,
    /// Answers that came with it: a subset.
    pub replies: Vec<Comment>,
}

impl Thread {
    /// How many answers there are.
    pub fn total_replies(&self) -> usize {
        usize::try_from(self.opener.engagement.comments).unwrap_or(0)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List<T> {
    next_page_token: Option<String>,
    #[serde(default = "Vec::new")]
    items: Vec<T>,
}

impl<T> List<T> {
    fn part<U>(self, read: impl FnMut(T) -> Option<U>) -> Part<U> {
        Part {
            next: self.next_page_token.filter(|token| !token.is_empty()),
            items: self.items.into_iter().filter_map(read).collect(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    id: FoundId,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundId {
    video_id: Option<String>,
}

/// Ids of the videos a search found (`search.list`).
///
/// # Errors
/// When the answer is not what is documented.
pub fn search(body: &[u8]) -> Result<Part<String>, Trouble> {
    Ok(read::<List<Found>>(body)?.part(|found| found.id.video_id))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlaylistItem {
    content_details: PlaylistContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlaylistContent {
    video_id: String,
    video_published_at: Option<String>,
}

/// Videos of a playlist, with when they became public (`playlistItems.list`); private and deleted ones have no time and are
/// left out.
///
/// # Errors
/// When the answer is not what is documented.
pub fn playlist(body: &[u8]) -> Result<Part<(String, Time)>, Trouble> {
    let video = |item: PlaylistItem| {
        let content = item.content_details;
        Some((content.video_id, time(content.video_published_at.as_deref())?))
    };
    Ok(read::<List<PlaylistItem>>(body)?.part(video))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    content_details: ChannelContent,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChannelContent {
    related_playlists: RelatedPlaylists,
}

#[derive(Deserialize)]
struct RelatedPlaylists {
    uploads: String,
}

/// The playlist of a channel's uploads (`channels.list`); `None` when there is no such channel.
///
/// # Errors
/// When the answer is not what is documented.
pub fn uploads(body: &[u8]) -> Result<Option<String>, Trouble> {
    let list: List<Channel> = read(body)?;
    let mut channels = list.items.into_iter();
    Ok(channels
        .next()
        .map(|channel| channel.content_details.related_playlists.uploads))
}

#[derive(Deserialize)]
struct VideoResource {
    id: String,
    snippet: VideoSnippet,
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct VideoSnippet {
    published_at: Option<String>,
    channel_id: String,
    channel_title: String,
    title: String,
    description: String,
    default_audio_language: Option<String>,
}

/// Counts come as text.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Statistics {
    view_count: Option<String>,
    like_count: Option<String>,
    comment_count: Option<String>,
}

fn count(text: Option<&String>) -> i64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Videos (`videos.list`); those that were deleted or made private are missing.
///
/// # Errors
/// When the answer is not what is documented.
pub fn videos(body: &[u8]) -> Result<Vec<Video>, Trouble> {
    let video = |resource: VideoResource| {
        let (snippet, counts) = (resource.snippet, resource.statistics);
        Some(Video {
            id: resource.id,
            channel: snippet.channel_id,
            channel_title: clean(&snippet.channel_title),
            title: clean(&snippet.title),
            text: clean(&snippet.description),
            lang: snippet
                .default_audio_language
                .and_then(|lang| lang.get(..2).map(str::to_lowercase)),
            published_at: time(snippet.published_at.as_deref()),
            engagement: Engagement {
                reactions: count(counts.like_count.as_ref()),
                comments: count(counts.comment_count.as_ref()),
                shares: 0,
                views: count(counts.view_count.as_ref()),
            },
            takes_comments: counts.comment_count.is_some(),
        })
    };
    Ok(read::<List<VideoResource>>(body)?.part(video).items)
}

#[derive(Deserialize)]
struct ThreadResource {
    snippet: ThreadSnippet,
    replies: Option<ThreadReplies>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadSnippet {
    top_level_comment: CommentResource,
    #[serde(default)]
    total_reply_count: i64,
}

#[derive(Deserialize)]
struct ThreadReplies {
    #[serde(default)]
    comments: Vec<CommentResource>,
}

#[derive(Deserialize)]
struct CommentResource {
    id: String,
    snippet: CommentSnippet,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CommentSnippet {
    text_original: Option<String>,
    text_display: String,
    author_display_name: Option<String>,
    parent_id: Option<String>,
    like_count: i64,
    published_at: Option<String>,
}

impl From<CommentResource> for Comment {
    fn from(resource: CommentResource) -> Self {
        let snippet = resource.snippet;
        Comment {
            id: resource.id,
            parent: snippet.parent_id,
            // The original is given to its author only; asked for as plain text the other is the same.
            text: clean(snippet.text_original.as_deref().unwrap_or(&snippet.text_display)),
            author: snippet.author_display_name.filter(|name| !name.is_empty()),
            published_at: time(snippet.published_at.as_deref()),
            engagement: Engagement {
                reactions: snippet.like_count,
                ..Engagement::default()
            },
            is_hidden: false,
        }
    }
}

/// Threads under a video (`commentThreads.list`).
///
/// # Errors
/// When the answer is not what is documented.
pub fn threads(body: &[u8]) -> Result<Part<Thread>, Trouble> {
    let thread = |resource: ThreadResource| {
        let mut opener = Comment::from(resource.snippet.top_level_comment);
        opener.engagement.comments = resource.snippet.total_reply_count;
        let replies = resource.replies.map(|replies| replies.comments).unwrap_or_default();
        let answer = |reply| Comment {
            parent: Some(opener.id.clone()),
            ..Comment::from(reply)
        };
        Some(Thread {
            replies: replies.into_iter().map(answer).collect(),
            opener,
        })
    };
    Ok(read::<List<ThreadResource>>(body)?.part(thread))
}

/// Comments (`comments.list`), by id or as the answers to one.
///
/// # Errors
/// When the answer is not what is documented.
pub fn comments(body: &[u8]) -> Result<Part<Comment>, Trouble> {
    Ok(read::<List<CommentResource>>(body)?.part(|resource| Some(resource.into())))
}

#[derive(Deserialize)]
struct Failure {
    error: Problem,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Problem {
    message: String,
    errors: Vec<Reason>,
    details: Vec<Reason>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reason {
    reason: String,
}

/// What an answer other than 200 means (developers.google.com/youtube/v3/docs/errors; google.rpc.ErrorInfo for keys).
pub fn trouble(status: u16, body: &[u8], bucket: &'static str) -> Trouble {
    let Ok(Failure { error }) = serde_json::from_slice(body) else {
        return Trouble::Away(format!("HTTP {status}"));
    };
    let has = |names: &[&str]| {
        let reasons = error.errors.iter().chain(&error.details);
        reasons.map(|r| r.reason.as_str()).any(|reason| names.contains(&reason))
    };
    let said = words(&error.message);
    if has(&["quotaExceeded", "dailyLimitExceeded"]) {
        Trouble::Spent(bucket)
    } else if has(&["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"]) || status == 429 {
        Trouble::Limited(None)
    } else if has(&[
        "keyInvalid",
        "keyExpired",
        "API_KEY_INVALID",
        "API_KEY_EXPIRED",
        "authError",
    ]) || status == 401
    {
        Trouble::Ended(said)
    } else if has(&["commentsDisabled"]) {
        Trouble::CommentsDisabled
    } else if has(&["invalidPageToken"]) {
        Trouble::BadCursor
    } else if status == 404 {
        Trouble::Gone
    } else if has(&[
        "accessNotConfigured",
        "SERVICE_DISABLED",
        "ipRefererBlocked",
        "API_KEY_IP_ADDRESS_BLOCKED",
    ]) || has(&[
        "API_KEY_SERVICE_BLOCKED",
        "API_KEY_HTTP_REFERRER_BLOCKED",
        "accountDelegationForbidden",
    ]) {
        Trouble::Forbidden(said)
    } else if status >= 500 {
        Trouble::Away(format!("HTTP {status}: {said}"))
    } else {
        Trouble::Odd(format!("HTTP {status}: {said}"))
    }
}

fn time(text: Option<&str>) -> Option<Time> {
    text.and_then(crate::text::date::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_read_with_the_answers_it_brings() {
        let body = r#"{"kind":"youtube#commentThreadListResponse","nextPageToken":"x","items":[{"id":"t1","snippet":{
            "videoId":"v","totalReplyCount":2,"topLevelComment":{"id":"t1","snippet":{"textOriginal":" Lương hưu? ",
            "authorDisplayName":"@an","likeCount":3,"publishedAt":"2026-11-20T01:02:03Z"}}},"replies":{"comments":[
            {"id":"t1.r1","snippet":{"parentId":"t1","textDisplay":"Tháng 12","likeCount":0}}]}}]}"#;
        let part = threads(body.as_bytes()).unwrap();
        assert_eq!(part.next.as_deref(), Some("x"));
        let thread = &part.items[0];
        assert_eq!((thread.opener.text.as_str(), thread.total_replies()), ("Lương hưu?", 2));
        assert_eq!(thread.replies[0].parent.as_deref(), Some("t1"));
        assert_eq!(thread.replies[0].text, "Tháng 12");
    }

    #[test]
    fn hidden_counts_are_none_and_a_video_without_comment_count_takes_no_comments() {
        let body = r#"{"items":[{"id":"v","snippet":{"title":"BHXH","channelId":"UC1","defaultAudioLanguage":"vi-VN"},
            "statistics":{"viewCount":"1200"}}]}"#;
        let video = &videos(body.as_bytes()).unwrap()[0];
        assert_eq!((video.engagement.views, video.engagement.reactions), (1200, 0));
        assert!(!video.takes_comments && video.lang.as_deref() == Some("vi"));
    }

    #[test]
    fn every_documented_error_says_what_to_do() {
        let of = |status, reason: &str| {
            let body = format!(r#"{{"error":{{"code":{status},"message":"m","errors":[{{"reason":"{reason}"}}]}}}}"#);
            trouble(status, body.as_bytes(), "units")
        };
        assert_eq!(of(403, "quotaExceeded"), Trouble::Spent("units"));
        assert_eq!(of(403, "commentsDisabled"), Trouble::CommentsDisabled);
        assert_eq!(of(404, "videoNotFound"), Trouble::Gone);
        assert_eq!(of(400, "invalidPageToken"), Trouble::BadCursor);
        assert_eq!(of(403, "accessNotConfigured"), Trouble::Forbidden("m".into()));
        assert_eq!(of(400, "invalidSearchFilter"), Trouble::Odd("HTTP 400: m".into()));
        assert_eq!(of(503, "backendError"), Trouble::Away("HTTP 503: m".into()));
        let invalid = r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT",
            "errors":[{"reason":"badRequest"}],"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#;
        assert_eq!(
            trouble(400, invalid.as_bytes(), "units"),
            Trouble::Ended("API key not valid.".into())
        );
        assert_eq!(trouble(502, b"<html>", "units"), Trouble::Away("HTTP 502".into()));
    }
}
