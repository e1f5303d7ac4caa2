//! A small YouTube on loopback that speaks the Data API v3 as documented: pages, quotas by Pacific day, disabled comments,
//! deleted videos and comments, keys that end. What stands in it is invented.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use diemtin::clock::Clock;
use diemtin::collect::social::schedule::quota_day;
use diemtin::model::Time;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

/// The key that opens it.
pub const KEY: &str = "AIzaKHOA-BIMAT-youtube-0123456789";

/// A comment; one with a parent answers it.
#[derive(Clone)]
pub struct Comment {
    pub id: String,
    pub parent: Option<String>,
    pub text: String,
    pub likes: i64,
    pub at: Time,
}

#[derive(Clone)]
pub struct Video {
    pub channel: String,
    pub title: String,
    pub views: i64,
    pub at: Time,
    pub takes_comments: bool,
    pub comments: Vec<Comment>,
}

/// What it knows and what it was asked.
pub struct Known {
    pub videos: BTreeMap<String, Video>,
    /// Most entries of a page, whatever is asked for.
    pub page: usize,
    /// Calls it grants a day: searches, everything else.
    pub grants: [usize; 2],
    /// Calls it counted, by day and bucket.
    pub counted: BTreeMap<(String, bool), usize>,
    /// What it was asked, in order.
    pub asked: Vec<String>,
    /// Whether the key still opens it.
    pub opens: bool,
    /// Calls that it still answers before its connections break, if it is about to.
    pub breaks_after: Option<usize>,
}

#[derive(Clone)]
pub struct Youtube {
    pub address: SocketAddr,
    known: Arc<Mutex<Known>>,
    clock: Clock,
    _task: Arc<AbortOnDropHandle<()>>,
}

impl Youtube {
    pub async fn start(clock: Clock) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let known = Arc::new(Mutex::new(Known {
            videos: BTreeMap::new(),
            page: 50,
            grants: [100, 10_000],
            counted: BTreeMap::new(),
            asked: Vec::new(),
            opens: true,
            breaks_after: None,
        }));
        let app = Router::new()
            .route("/youtube/v3/{method}", get(answer))
            .with_state((known.clone(), clock.clone()));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            known,
            clock,
            _task: Arc::new(AbortOnDropHandle::new(task)),
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/youtube/v3", self.address)
    }

    pub fn know(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    /// Publishes a video now.
    pub fn video(&self, id: &str, title: &str) {
        let video = Video {
            channel: "UCabcdefghijklmnopqrstuv".into(),
            title: title.into(),
            views: 10,
            at: self.clock.now(),
            takes_comments: true,
            comments: Vec::new(),
        };
        self.know().videos.insert(id.into(), video);
    }

    /// Writes a comment under a video, or an answer to one.
    pub fn comment(&self, video: &str, parent: Option<&str>, id: &str, text: &str) {
        let comment = Comment {
            id: id.into(),
            parent: parent.map(str::to_owned),
            text: text.into(),
            likes: 1,
            at: self.clock.now(),
        };
        self.know().videos.get_mut(video).unwrap().comments.push(comment);
    }

    /// What it was asked since the last time, by method.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.know().asked)
    }
}

type Asked = BTreeMap<String, String>;

async fn answer(
    State((known, clock)): State<(Arc<Mutex<Known>>, Clock)>,
    Path(method): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let mut known = known.lock().unwrap();
    let query: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={value}")).collect();
    known.asked.push(format!("{method}?{}", query.join("&")));
    let key = headers.get("x-goog-api-key").and_then(|key| key.to_str().ok());
    if key.or(asked.get("key").map(String::as_str)) != Some(KEY) || !known.opens {
        let details = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
        let said = "API key not valid. Please pass a valid API key.";
        return failure(StatusCode::BAD_REQUEST, "badRequest", said, &details);
    }
    let is_search = method == "search";
    let day = (quota_day(clock.now()).to_string(), is_search);
    let counted = known.counted.entry(day).or_default();
    *counted += 1;
    let (counted, granted) = (*counted, known.grants[usize::from(!is_search)]);
    if counted > granted {
        let said = "The request cannot be completed because you have exceeded your quota.";
        return failure(StatusCode::FORBIDDEN, "quotaExceeded", said, &Value::Null);
    }
    if let Some(left) = &mut known.breaks_after {
        if *left == 0 {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        *left -= 1;
    }
    let found = match method.as_str() {
        "search" => search(&known, &asked),
        "channels" => channels(&asked),
        "playlistItems" => playlist(&known, &asked),
        "videos" => videos(&known, &asked),
        "commentThreads" => threads(&known, &asked),
        "comments" => comments(&known, &asked),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match found {
        Ok((kind, items)) => paged(kind, &items, &asked, known.page),
        Err((status, reason)) => failure(status, reason, reason, &Value::Null),
    }
}

type Found = Result<(&'static str, Vec<Value>), (StatusCode, &'static str)>;

fn failure(status: StatusCode, reason: &str, said: &str, details: &Value) -> Response {
    let error = json!({"error": {"code": status.as_u16(), "message": said, "details": details,
        "errors": [{"message": said, "domain": "youtube", "reason": reason}]}});
    let mut error = error;
    if details.is_null() {
        error["error"].as_object_mut().unwrap().remove("details");
    }
    (status, axum::Json(error)).into_response()
}

/// One page of a list; where to go on is a place in it, which is refused when it lies behind the end.
fn paged(kind: &str, items: &[Value], asked: &Asked, most: usize) -> Response {
    let wanted = asked.get("maxResults").and_then(|n| n.parse().ok()).unwrap_or(50);
    let size = most.min(wanted);
    let from = match asked
        .get("pageToken")
        .map(|token| token.strip_prefix('p').and_then(|n| n.parse().ok()))
    {
        None => 0,
        Some(Some(from)) if from < items.len() => from,
        Some(_) => return failure(StatusCode::BAD_REQUEST, "invalidPageToken", "bad token", &Value::Null),
    };
    let by_id = asked.contains_key("id");
    let to = if by_id {
        items.len()
    } else {
        (from + size).min(items.len())
    };
    let mut list = json!({"kind": format!("youtube#{kind}"), "etag": "e", "items": items[from..to],
        "pageInfo": {"totalResults": items.len(), "resultsPerPage": size}});
    if to < items.len() {
        list["nextPageToken"] = json!(format!("p{to}"));
    }
    axum::Json(list).into_response()
}

fn text(at: Time) -> String {
    at.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn newest_first(known: &Known) -> Vec<(&String, &Video)> {
    let mut videos: Vec<_> = known.videos.iter().collect();
    videos.sort_by_key(|(id, video)| (std::cmp::Reverse(video.at), (*id).clone()));
    videos
}

fn search(known: &Known, asked: &Asked) -> Found {
    let after = asked
        .get("publishedAfter")
        .and_then(|at| diemtin::text::date::parse(at));
    let query = asked.get("q").map(|q| q.to_lowercase()).unwrap_or_default();
    let hits = newest_first(known)
        .into_iter()
        .filter(|(_, video)| video.title.to_lowercase().contains(&query) && after.is_none_or(|after| video.at > after));
    let item = |(id, video): (&String, &Video)| {
        json!({"kind": "youtube#searchResult", "etag": "e", "id": {"kind": "youtube#video", "videoId": id},
            "snippet": {"publishedAt": text(video.at), "channelId": video.channel, "title": video.title}})
    };
    Ok(("searchListResponse", hits.map(item).collect()))
}

fn channels(asked: &Asked) -> Found {
    let id = "UCabcdefghijklmnopqrstuv";
    let is_known =
        asked.get("id").is_some_and(|given| given == id) || asked.get("forHandle").is_some_and(|h| h == "@kenhmau");
    let item = json!({"kind": "youtube#channel", "etag": "e", "id": id,
        "contentDetails": {"relatedPlaylists": {"likes": "", "uploads": "UUabcdefghijklmnopqrstuv"}}});
    Ok(("channelListResponse", if is_known { vec![item] } else { vec![] }))
}

fn playlist(known: &Known, asked: &Asked) -> Found {
    if asked
        .get("playlistId")
        .is_none_or(|id| id != "UUabcdefghijklmnopqrstuv")
    {
        return Err((StatusCode::NOT_FOUND, "playlistNotFound"));
    }
    let item = |(id, video): (&String, &Video)| {
        json!({"kind": "youtube#playlistItem", "etag": "e", "id": format!("pl-{id}"),
            "contentDetails": {"videoId": id, "videoPublishedAt": text(video.at)}})
    };
    Ok((
        "playlistItemListResponse",
        newest_first(known).into_iter().map(item).collect(),
    ))
}

fn ids(asked: &Asked) -> Vec<String> {
    let ids = asked.get("id").cloned().unwrap_or_default();
    let ids: Vec<String> = ids.split(',').map(str::to_owned).collect();
    assert!(ids.len() <= 50, "no call takes more than 50 ids");
    ids
}

fn videos(known: &Known, asked: &Asked) -> Found {
    let item = |id: &String| {
        let video = known.videos.get(id)?;
        let mut counts = json!({"viewCount": video.views.to_string(), "likeCount": "2", "favoriteCount": "0"});
        if video.takes_comments {
            counts["commentCount"] = json!(video.comments.len().to_string());
        }
        Some(
            json!({"kind": "youtube#video", "etag": "e", "id": id, "statistics": counts,
            "snippet": {"publishedAt": text(video.at), "channelId": video.channel, "channelTitle": "Kênh Mẫu",
                "title": video.title, "description": "Lương hưu và BHXH: giải đáp.", "defaultAudioLanguage": "vi"}}),
        )
    };
    Ok(("videoListResponse", ids(asked).iter().filter_map(item).collect()))
}

fn comment(video: &str, comment: &Comment) -> Value {
    let mut snippet = json!({"videoId": video, "textDisplay": comment.text, "textOriginal": comment.text,
        "authorDisplayName": "@nguoi.xem.mau", "likeCount": comment.likes, "publishedAt": text(comment.at),
        "updatedAt": text(comment.at), "canRate": true, "viewerRating": "none"});
    if let Some(parent) = &comment.parent {
        snippet["parentId"] = json!(parent);
    }
    json!({"kind": "youtube#comment", "etag": "e", "id": comment.id, "snippet": snippet})
}

fn thread(id: &str, video: &Video, opener: &Comment) -> Value {
    let replies: Vec<&Comment> = video
        .comments
        .iter()
        .filter(|c| c.parent.as_ref() == Some(&opener.id))
        .collect();
    let mut thread = json!({"kind": "youtube#commentThread", "etag": "e", "id": opener.id, "snippet": {"videoId": id,
        "topLevelComment": comment(id, opener), "canReply": true, "totalReplyCount": replies.len(), "isPublic": true}});
    if !replies.is_empty() {
        // Only some of the answers come with their thread.
        let some: Vec<Value> = replies.iter().take(2).map(|reply| comment(id, reply)).collect();
        thread["replies"] = json!({"comments": some});
    }
    thread
}

fn threads(known: &Known, asked: &Asked) -> Found {
    if asked.contains_key("id") {
        let found = ids(asked).into_iter().filter_map(|wanted| {
            let mut all = known.videos.iter();
            all.find_map(|(id, video)| {
                let opener = video.comments.iter().find(|c| c.id == wanted)?;
                Some(thread(id, video, opener))
            })
        });
        return Ok(("commentThreadListResponse", found.collect()));
    }
    let id = asked.get("videoId").cloned().unwrap_or_default();
    let Some(video) = known.videos.get(&id) else {
        return Err((StatusCode::NOT_FOUND, "videoNotFound"));
    };
    if !video.takes_comments {
        return Err((StatusCode::FORBIDDEN, "commentsDisabled"));
    }
    let openers = video.comments.iter().rev().filter(|c| c.parent.is_none());
    Ok((
        "commentThreadListResponse",
        openers.map(|opener| thread(&id, video, opener)).collect(),
    ))
}

fn comments(known: &Known, asked: &Asked) -> Found {
    let all = || {
        known
            .videos
            .iter()
            .flat_map(|(id, video)| video.comments.iter().map(move |c| (id, c)))
    };
    let Some(parent) = asked.get("parentId") else {
        let wanted = ids(asked);
        let found = all()
            .filter(|(_, c)| wanted.contains(&c.id))
            .map(|(id, c)| comment(id, c));
        return Ok(("commentListResponse", found.collect()));
    };
    if !all().any(|(_, c)| c.id == *parent) {
        return Err((StatusCode::NOT_FOUND, "parentCommentNotFound"));
    }
    let replies = all()
        .filter(|(_, c)| c.parent.as_ref() == Some(parent))
        .map(|(id, c)| comment(id, c));
    Ok(("commentListResponse", replies.collect()))
}
