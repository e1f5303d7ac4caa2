//! Public pages of Telegram channels: `https://t.me/s/NAME`, and the page of a single post.

use std::sync::LazyLock;

use ego_tree::iter::Edge;
use scraper::{ElementRef, Html, Node, Selector};

use crate::model::page::ChannelPost;
use crate::text::html::{bounded, text_of};
use crate::text::{count, date, nfc, squeeze};

/// What is told of a channel that shows nothing to the public, or is not there: Telegram answers both alike.
pub const NO_PREVIEW: &str = "the channel shows no public preview; it was closed, renamed or never allowed one";

static HISTORY: LazyLock<Selector> = LazyLock::new(|| selector(".tgme_channel_history, .tgme_widget_message_wrap"));
static POST: LazyLock<Selector> = LazyLock::new(|| selector(".tgme_widget_message[data-post]"));
static WORDS: LazyLock<Selector> = LazyLock::new(|| selector(".tgme_widget_message_text.js-message_text"));
static SIGNATURE: LazyLock<Selector> = LazyLock::new(|| selector(".tgme_widget_message_from_author"));
static OWNER: LazyLock<Selector> = LazyLock::new(|| selector(".tgme_widget_message_owner_name"));
static TIME: LazyLock<Selector> =
    LazyLock::new(|| selector("a.tgme_widget_message_date time[datetime], .tgme_widget_message_info time[datetime]"));
static VIEWS: LazyLock<Selector> = LazyLock::new(|| selector(".tgme_widget_message_views"));
static OLDER: LazyLock<Selector> = LazyLock::new(|| selector("a.tme_messages_more[data-before]"));
static MISSING: LazyLock<Selector> = LazyLock::new(|| selector(".tgme_widget_message_error"));

fn selector(css: &str) -> Selector {
    Selector::parse(css).expect("the selector is a constant")
}

/// What a page of a channel shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelPage {
    /// Its posts, oldest first, also those without words.
    pub posts: Vec<ChannelPost>,
    /// The number before which older posts are to be asked for, where there are any.
    pub older: Option<i64>,
}

/// Reads a page of a channel. `None` when it is none: the channel has no public preview.
pub fn page(html: &str) -> Option<ChannelPage> {
    let document = Html::parse_document(bounded(html).0);
    document.select(&HISTORY).next()?;
    Some(ChannelPage {
        posts: document.select(&POST).filter_map(post).collect(),
        older: document
            .select(&OLDER)
            .next()
            .and_then(|link| link.attr("data-before")?.parse().ok()),
    })
}

/// Whether the page of a single post (`?embed=1`) says that there is no such post; `None` when it says nothing of the sort
/// and shows no post either.
pub fn is_gone(html: &str) -> Option<bool> {
    let document = Html::parse_document(bounded(html).0);
    match document.select(&POST).next() {
        Some(_) => Some(false),
        None => {
            let mut told = document.select(&MISSING).map(|error| text_of(*error));
            told.any(|words| words.contains("Post not found")).then_some(true)
        }
    }
}

fn post(element: ElementRef<'_>) -> Option<ChannelPost> {
    let name = element.attr("data-post")?;
    let number = name.rsplit_once('/')?.1.parse().ok()?;
    let first = |css: &Selector| element.select(css).next();
    let line = |css: &Selector| first(css).map(|e| text_of(*e)).filter(|text| !text.is_empty());
    Some(ChannelPost {
        number,
        url: format!("https://t.me/{name}"),
        text: first(&WORDS).map(words).unwrap_or_default(),
        author: line(&SIGNATURE).or_else(|| line(&OWNER)),
        published_at: first(&TIME).and_then(|time| date::parse(time.attr("datetime")?)),
        views: line(&VIEWS).and_then(|views| count::parse(&views)).unwrap_or_default(),
    })
}

/// The words of a post, line by line as it was written.
fn words(body: ElementRef<'_>) -> String {
    let mut text = String::new();
    for edge in body.traverse() {
        match edge {
            Edge::Open(node) => match node.value() {
                Node::Text(words) => text.push_str(words),
                Node::Element(element) if element.name() == "br" => text.push('\n'),
                _ => {}
            },
            Edge::Close(_) => {}
        }
    }
    let lines: Vec<String> = text.split('\n').map(|line| squeeze(&nfc(line))).collect();
    let mut joined = lines.join("\n");
    while joined.contains("\n\n\n") {
        joined = joined.replace("\n\n\n", "\n\n");
    }
    joined.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_read_with_words_views_and_times_and_not_with_what_they_answer() {
        let html = r#"<section class="tgme_channel_history js-message_history">
            <div class="tgme_widget_message_centered"><a href="/s/kenhmau?before=21" class="tme_messages_more js-messages_more" data-before="21"></a></div>
            <div class="tgme_widget_message_wrap js-widget_message_wrap"><div class="tgme_widget_message js-widget_message" data-post="kenhmau/21">
            <a class="tgme_widget_message_owner_name"><span dir="auto">Kênh Mẫu</span></a>
            <a class="tgme_widget_message_reply"><div class="tgme_widget_message_text js-message_reply_text">tin cũ</div></a>
            <div class="tgme_widget_message_text js-message_text" dir="auto">Tin <b>lương</b> hưu:<br/><br/><br/><a href="https://a.example/">https://a.example/</a></div>
            <span class="tgme_widget_message_views">1.5K</span><span class="tgme_widget_message_meta">edited
            <a class="tgme_widget_message_date" href="https://t.me/kenhmau/21"><time datetime="2026-11-20T01:02:03+00:00">01:02</time></a></span></div></div>
            <div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="kenhmau/22">
            <div class="message_media_not_supported">Please open Telegram to view this post</div></div></div>
            <a class="tme_messages_more" data-after="40"></a></section>"#;
        let read = page(html).unwrap();
        let expected = ChannelPost {
            number: 21,
            url: "https://t.me/kenhmau/21".into(),
            text: "Tin lương hưu:\n\nhttps://a.example/".into(),
            author: Some("Kênh Mẫu".into()),
            published_at: date::parse("2026-11-20T08:02:03+07:00"),
            views: 1_500,
        };
        assert_eq!(read.posts[0], expected);
        assert_eq!((read.posts.len(), read.posts[1].text.as_str()), (2, ""));
        assert_eq!(read.older, Some(21));
    }

    #[test]
    fn a_channel_without_preview_is_no_page_and_a_missing_post_is_told_from_a_silent_one() {
        assert_eq!(
            page("<html><div class=tgme_page_description>Kênh Mẫu</div></html>"),
            None
        );
        let missing = "<body class=widget_frame_base><div class=tgme_widget_message_error>Post not found</div></body>";
        let closed = "<div class=tgme_widget_message_error>Channel with username <b>@k</b> not found</div>";
        let there = "<div class=tgme_widget_message data-post='k/7'></div>";
        assert_eq!(
            [missing, there, "<html>quá tải</html>", closed].map(is_gone),
            [Some(true), Some(false), None, None]
        );
    }
}
