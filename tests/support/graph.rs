//! A small Facebook on loopback that speaks the Graph API as documented: cursors, usage headers, tokens that end, objects that
//! are gone. Like the real one it writes the token into the address of the next page. What stands in it is invented.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use diemtin::clock::Clock;
use diemtin::model::Time;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

/// The token that opens it.
pub const TOKEN: &str = "EAABIMATfacebookTOKEN0123456789";
/// The page it is a page of.
pub const PAGE: &str = "77";

#[derive(Clone)]
pub struct Node {
    pub text: Option<String>,
    /// The comment it answers.
    pub parent: Option<String>,
    pub likes: i64,
    pub is_hidden: bool,
    pub at: Time,
}

/// What it knows and what it was asked.
pub struct Known {
    pub posts: BTreeMap<String, Node>,
    /// Comments by post, oldest first.
    pub comments: BTreeMap<String, Vec<(String, Node)>>,
    /// Most entries of a page, whatever is asked for.
    pub page: usize,
    pub asked: Vec<String>,
    /// Error code it refuses everything with: 190 when the token has ended.
    pub refuses: Option<(i64, &'static str)>,
    /// Headers of every answer.
    pub usage: Vec<(&'static str, String)>,
}

#[derive(Clone)]
pub struct Graph {
    pub address: SocketAddr,
    known: Arc<Mutex<Known>>,
    clock: Clock,
    _task: Arc<AbortOnDropHandle<()>>,
}

impl Graph {
    pub async fn start(clock: Clock) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let known = Arc::new(Mutex::new(Known {
            posts: BTreeMap::new(),
            comments: BTreeMap::new(),
            page: 100,
            asked: Vec::new(),
            refuses: None,
            usage: Vec::new(),
        }));
        let app = Router::new().fallback(answer).with_state((known.clone(), address));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            known,
            clock,
            _task: Arc::new(AbortOnDropHandle::new(task)),
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v25.0", self.address)
    }

    pub fn know(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap()
    }

    fn node(&self, text: &str, parent: Option<&str>) -> Node {
        Node {
            text: Some(text.to_owned()).filter(|text| !text.is_empty()),
            parent: parent.map(str::to_owned),
            likes: 1,
            is_hidden: false,
            at: self.clock.now(),
        }
    }

    /// Publishes a post now; one without words is a photo.
    pub fn post(&self, id: &str, text: &str) {
        let node = self.node(text, None);
        self.know().posts.insert(format!("{PAGE}_{id}"), node);
    }

    /// Writes a comment under a post, or an answer to one.
    pub fn comment(&self, post: &str, parent: Option<&str>, id: &str, text: &str) {
        let parent = parent.map(|parent| format!("{post}_{parent}"));
        let node = self.node(text, parent.as_deref());
        let mut known = self.know();
        let below = known.comments.entry(format!("{PAGE}_{post}")).or_default();
        below.push((format!("{post}_{id}"), node));
    }

    /// What it was asked since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.know().asked)
    }
}

type Asked = BTreeMap<String, String>;

async fn answer(
    State((known, address)): State<(Arc<Mutex<Known>>, SocketAddr)>,
    uri: Uri,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let mut known = known.lock().unwrap();
    // `/v25.0/…`; clients of an older version ask for theirs.
    let path = uri
        .path()
        .trim_start_matches('/')
        .split_once('/')
        .map_or("", |(_, path)| path)
        .to_owned();
    let query: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={value}")).collect();
    known.asked.push(format!("{path}?{}", query.join("&")));
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let mut response = if token.or(asked.get("access_token").map(String::as_str)) != Some(TOKEN) {
        failure(190, 0, "Invalid OAuth access token - Cannot parse access token")
    } else if let Some((code, said)) = known.refuses {
        failure(code, if code == 190 { 463 } else { 0 }, said)
    } else {
        found(&known, &path, &asked, address)
    };
    for (name, value) in &known.usage {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

fn failure(code: i64, subcode: i64, said: &str) -> Response {
    let error = json!({"error": {"message": said, "type": "OAuthException", "code": code, "error_subcode": subcode,
        "fbtrace_id": "AbCdEf"}});
    let status = if code == 190 {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::BAD_REQUEST
    };
    (status, axum::Json(error)).into_response()
}

fn gone(id: &str) -> Response {
    let said = format!(
        "Unsupported get request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, or does \
         not support this operation"
    );
    failure(100, 33, &said)
}

fn found(known: &Known, path: &str, asked: &Asked, address: SocketAddr) -> Response {
    if let Some(ids) = asked.get("ids") {
        let ids: Vec<&str> = ids.split(',').collect();
        assert!(ids.len() <= 50, "no call takes more than 50 ids");
        let mut all = serde_json::Map::new();
        for id in ids {
            match node(known, id) {
                Some(node) => all.insert(id.to_owned(), node),
                None => return gone(id),
            };
        }
        return axum::Json(all).into_response();
    }
    if path == PAGE {
        return axum::Json(json!({"id": PAGE, "name": "Trang Mẫu"})).into_response();
    }
    match path.split_once('/') {
        Some((PAGE, "published_posts" | "feed")) => {
            let since: i64 = asked.get("since").map_or(0, |since| since.parse().unwrap());
            let mut posts: Vec<_> = known
                .posts
                .iter()
                .filter(|(_, post)| post.at.timestamp() >= since)
                .collect();
            posts.sort_by_key(|(id, post)| (std::cmp::Reverse(post.at), (*id).clone()));
            let posts: Vec<Value> = posts.into_iter().filter_map(|(id, _)| node(known, id)).collect();
            edge(path, &posts, asked, known.page, address)
        }
        Some((post, "comments")) if known.posts.contains_key(post) => {
            assert_eq!(asked.get("filter").map(String::as_str), Some("stream"));
            let below = known.comments.get(post).cloned().unwrap_or_default();
            let below: Vec<Value> = below.iter().filter_map(|(id, _)| node(known, id)).collect();
            edge(path, &below, asked, known.page, address)
        }
        Some((object, _)) => gone(object),
        None => node(known, path).map_or_else(|| gone(path), |node| axum::Json(node).into_response()),
    }
}

/// A post or comment as its fields are documented.
fn node(known: &Known, id: &str) -> Option<Value> {
    let time = |at: Time| at.to_utc().format("%Y-%m-%dT%H:%M:%S+0000").to_string();
    if let Some(post) = known.posts.get(id) {
        let comments = known.comments.get(id).map_or(0, Vec::len);
        let mut node = json!({"id": id, "created_time": time(post.at), "from": {"name": "Trang Mẫu", "id": PAGE},
            "reactions": {"data": [], "summary": {"total_count": post.likes, "viewer_reaction": "NONE"}},
            "comments": {"data": [], "summary": {"order": "chronological", "total_count": comments, "can_comment": true}}});
        match &post.text {
            Some(text) => node["message"] = json!(text),
            None => node["story"] = json!("Trang Mẫu đã thêm một ảnh mới."),
        }
        return Some(node);
    }
    let (_, comment) = known.comments.values().flatten().find(|(known, _)| known == id)?;
    let mut node = json!({"id": id, "message": comment.text, "created_time": time(comment.at), "like_count": comment.likes,
        "comment_count": 0, "is_hidden": comment.is_hidden, "from": {"name": "Người Dân Mẫu", "id": "5"}});
    if let Some(parent) = &comment.parent {
        node["parent"] = json!({"id": parent});
    }
    Some(node)
}

/// One page of an edge. The next address holds the token, as Facebook's does.
fn edge(path: &str, nodes: &[Value], asked: &Asked, most: usize, address: SocketAddr) -> Response {
    let limit: usize = asked.get("limit").map_or(25, |limit| limit.parse().unwrap());
    let size = limit.min(most);
    let from = match asked.get("after") {
        None => 0,
        Some(after) => match after.strip_prefix("QVFI").and_then(|n| n.parse::<usize>().ok()) {
            Some(from) => from.min(nodes.len()),
            None => return failure(100, 0, "(#100) Invalid cursors values"),
        },
    };
    let to = (from + size).min(nodes.len());
    let mut answer = json!({"data": nodes[from..to]});
    if to > from {
        answer["paging"] = json!({"cursors": {"before": format!("QVFI{from}"), "after": format!("QVFI{to}")}});
    }
    if to < nodes.len() {
        let mut url = url::Url::parse(&format!("http://{address}/v25.0/{path}")).unwrap();
        let kept = asked
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "after" | "access_token"));
        url.query_pairs_mut()
            .append_pair("access_token", TOKEN)
            .extend_pairs(kept)
            .append_pair("after", &format!("QVFI{to}"));
        answer["paging"]["next"] = json!(url.as_str());
    }
    axum::Json(answer).into_response()
}
