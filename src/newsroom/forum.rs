//! Forums in XenForo's markup: the day's forum posts, and readers' comments in threads named after the article.

use std::fmt::Write;

use super::day::day;
use super::outlets::{BOARDS, FORUM, READERS};
use super::pages::{document, escape};
use super::pieces::{number_of, slug};
use crate::model::Time;
use crate::model::item::{Item, ItemKind, Platform};

/// Host and path of the board on which readers comment.
const READERS_BOARD: &str = "ban-doc.1";

/// A thread: its starter or, for readers' comments, the article it is about.
struct Thread {
    host: &'static str,
    board: &'static str,
    number: u32,
    title: String,
}

impl Thread {
    fn of(item: &Item) -> Option<Self> {
        if item.platform != Platform::Forum {
            return None;
        }
        let parent = item.parent.as_ref().and_then(|id| day().item(id.as_str()));
        if let Some(article) = parent.filter(|parent| parent.platform == Platform::Press) {
            return Some(Self {
                host: READERS,
                board: READERS_BOARD,
                number: number_of(article),
                title: article.title.clone(),
            });
        }
        let starter = parent.unwrap_or(item);
        let board = BOARDS.iter().find(|(name, _)| *name == starter.source.as_str())?.1;
        Some(Self {
            host: FORUM,
            board,
            number: number_of(starter),
            title: gist(&starter.text),
        })
    }

    fn path(&self) -> String {
        format!("/threads/{}.{}/", slug(&self.title), self.number)
    }
}

/// First words of a post, as people name threads.
fn gist(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().take(14).collect();
    words.join(" ").trim_end_matches([',', '.']).to_owned()
}

/// Permanent address of a post of the day.
pub(super) fn address(item: &Item) -> Option<String> {
    let thread = Thread::of(item)?;
    Some(format!(
        "http://{}{}post-{}",
        thread.host,
        thread.path(),
        88_000 + number_of(item)
    ))
}

fn posts(host: &str, now: Time) -> Vec<(Thread, &'static Item)> {
    day()
        .public()
        .filter(|item| item.published_at.is_some_and(|at| at <= now))
        .filter_map(|item| Some((Thread::of(item)?, item)))
        .filter(|(thread, _)| thread.host == host)
        .collect()
}

/// What a forum host answers at `path`, `None` when there is no such page.
pub(super) fn page(host: &str, path: &str, now: Time) -> Option<String> {
    let posts = posts(host, now);
    if let Some(board) = path.strip_prefix("/forums/") {
        return board_page(host, board.trim_end_matches('/'), &posts);
    }
    if path == "/" {
        let boards: String = boards(host)
            .iter()
            .map(|(name, board)| {
                format!(
                    "<h3 class=\"node-title\"><a href=\"/forums/{board}/\">{}</a></h3>",
                    escape(name)
                )
            })
            .collect();
        return Some(document("vi", "Danh sách diễn đàn", "", &boards, "XenForo"));
    }
    thread_page(path, &posts, now)
}

fn boards(host: &str) -> Vec<(&'static str, &'static str)> {
    if host == READERS {
        vec![("Bạn đọc bình luận", READERS_BOARD)]
    } else {
        BOARDS.to_vec()
    }
}

fn board_page(host: &str, board: &str, posts: &[(Thread, &Item)]) -> Option<String> {
    let (name, _) = boards(host).into_iter().find(|(_, path)| *path == board)?;
    let mut seen = std::collections::BTreeSet::new();
    let mut rows = String::new();
    for (thread, item) in posts.iter().rev().filter(|(thread, _)| thread.board == board) {
        if !seen.insert(thread.number) {
            continue;
        }
        let replies = posts.iter().filter(|(other, _)| other.number == thread.number).count() - 1;
        writeln!(
            rows,
            "<div class=\"structItem structItem--thread js-threadListItem-{number}\" data-author=\"{author}\">\
             <div class=\"structItem-cell structItem-cell--main\"><div class=\"structItem-title\">\
             <a href=\"{path}\" data-tp-primary=\"on\">{title}</a></div></div>\
             <div class=\"structItem-cell structItem-cell--meta\"><dl class=\"pairs\"><dt>Trả lời</dt><dd>{replies}</dd></dl></div>\
             <div class=\"structItem-cell structItem-cell--latest\"><a href=\"{path}latest\"><time class=\"structItem-latestDate u-dt\" \
             datetime=\"{at}\">{at}</time></a></div></div>",
            number = thread.number,
            author = escape(item.author.as_deref().unwrap_or_default()),
            path = thread.path(),
            title = escape(&thread.title),
            at = stamp(item),
        )
        .expect("a string takes what is written to it");
    }
    let body = format!(
        "<h1 class=\"p-title-value\">{}</h1><div class=\"structItemContainer\">\
         <div class=\"structItemContainer-group js-threadList\">{rows}</div></div>",
        escape(name)
    );
    Some(document("vi", name, "", &body, "XenForo"))
}

fn stamp(item: &Item) -> String {
    item.published_at
        .map(|at| at.format("%Y-%m-%dT%H:%M:%S%z").to_string())
        .unwrap_or_default()
}

fn thread_page(path: &str, posts: &[(Thread, &Item)], now: Time) -> Option<String> {
    let base = path.split("post-").next()?;
    let here: Vec<_> = posts
        .iter()
        .filter(|(thread, _)| thread.path() == base || base == format!("{}latest", thread.path()))
        .collect();
    let (thread, _) = here.first()?;
    let mut messages = String::new();
    for (position, (_, item)) in here.iter().enumerate() {
        message(&mut messages, thread, item, here[0].1, position, now);
    }
    let head = format!(
        "<link rel=\"canonical\" href=\"http://{}{}\">",
        thread.host,
        thread.path()
    );
    let body = format!(
        "<h1 class=\"p-title-value\">{}</h1><div class=\"block-body js-replyNewMessageContainer\">{messages}</div>",
        escape(&thread.title)
    );
    Some(document("vi", &thread.title, &head, &body, "XenForo"))
}

fn message(out: &mut String, thread: &Thread, item: &Item, first: &Item, position: usize, now: Time) {
    let id = 88_000 + number_of(item);
    let author = escape(item.author.as_deref().unwrap_or_default());
    let reactions = day().engagement(item, now).reactions;
    let quote = if position > 0 && item.kind == ItemKind::Comment {
        format!(
            "<blockquote class=\"bbCodeBlock bbCodeBlock--expandable bbCodeBlock--quote\" data-quote=\"{who}\">\
             <div class=\"bbCodeBlock-title\">{who} viết:</div><div class=\"bbCodeBlock-content\">{}</div></blockquote>",
            escape(&first.text),
            who = escape(first.author.as_deref().unwrap_or_default()),
        )
    } else {
        String::new()
    };
    let bar = match reactions {
        0 => String::new(),
        n => format!(
            "<a class=\"reactionsBar-link\" href=\"/posts/{id}/reactions\"><bdi>{n} người</bdi> đã bày tỏ cảm xúc</a>"
        ),
    };
    writeln!(
        out,
        "<article class=\"message message--post js-post\" data-author=\"{author}\" data-content=\"post-{id}\" id=\"js-post-{id}\">\
         <div class=\"message-user\"><h4 class=\"message-name\"><span class=\"username\">{author}</span></h4></div>\
         <div class=\"message-main\"><header class=\"message-attribution\"><ul class=\"message-attribution-main\"><li>\
         <a href=\"{path}post-{id}\" rel=\"nofollow\"><time class=\"u-dt\" datetime=\"{at}\">{at}</time></a></li></ul>\
         <ul class=\"message-attribution-opposite\"><li><a href=\"{path}post-{id}\">#{number}</a></li></ul></header>\
         <div class=\"message-content\"><article class=\"message-body js-selectToQuote\"><div class=\"bbWrapper\">{quote}{text}</div>\
         </article></div><footer class=\"message-footer\"><div class=\"reactionsBar js-reactionsList\" \
         data-reaction-count=\"{reactions}\">{bar}</div></footer></div></article>",
        path = thread.path(),
        at = stamp(item),
        number = position + 1,
        text = escape(&item.text).replace('\n', "<br>"),
    )
    .expect("a string takes what is written to it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_comments_stand_in_a_thread_named_after_the_article() {
        let comment = day().item("x022").unwrap();
        let article = day().item("x014").unwrap();
        let thread = Thread::of(comment).unwrap();
        assert_eq!(thread.title, article.title);
        let shown = page(READERS, &thread.path(), day().end).unwrap();
        assert!(shown.contains(&escape(&comment.text)));
        let other = day().item("x039").unwrap();
        assert!(shown.contains(&escape(&other.text)));
    }
}
