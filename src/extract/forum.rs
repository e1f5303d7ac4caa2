//! XenForo forums: lists of threads and pages of posts.

use std::sync::LazyLock;

use scraper::{ElementRef, Html, Selector};

use crate::model::Time;
use crate::model::entry::Link;
use crate::model::page::ForumPost;
use crate::text::html::{bounded, text_of};
use crate::text::{date, squeeze, url};

static THREAD: LazyLock<Selector> = LazyLock::new(|| {
    selector(
        ".structItem--thread .structItem-title a[data-tp-primary], .structItem--thread .structItem-title a[href*='/t/'], .structItem--thread .structItem-title a[href*='/threads/']",
    )
});
static POST: LazyLock<Selector> =
    LazyLock::new(|| selector("article.message[data-author][id^=js-post-], article.message[data-content^=post-]"));
static WORDS: LazyLock<Selector> = LazyLock::new(|| selector(".message-body .bbWrapper, .bbWrapper"));
static QUOTE: LazyLock<Selector> = LazyLock::new(|| {
    selector("blockquote, .bbCodeBlock--quote, .bbCodeBlock-expandLink, script, style, .bbCodeBlock--unfurl, noscript")
});
static TIME: LazyLock<Selector> = LazyLock::new(|| selector(".message-attribution time, time.u-dt, time"));
static NUMBER: LazyLock<Selector> = LazyLock::new(|| selector(".message-attribution-opposite a"));
static REACTIONS: LazyLock<Selector> = LazyLock::new(|| selector(".reactionsBar-link"));
static NAME: LazyLock<Selector> = LazyLock::new(|| selector("h1.p-title-value, h1"));

fn selector(css: &str) -> Selector {
    Selector::parse(css).expect("the selector is a constant")
}

/// The threads a forum page lists, each once, in order.
pub fn threads(html: &str, base: &str) -> Vec<Link> {
    let document = Html::parse_document(bounded(html).0);
    let mut links: Vec<Link> = Vec::new();
    for element in document.select(&THREAD) {
        let address = element.attr("href").and_then(|href| url::absolute(base, href));
        let Some(mut address) = address.and_then(|address| url::canonical(&address)) else {
            continue;
        };
        if let Some(thread) = address.strip_suffix("/unread").or(address.strip_suffix("/latest")) {
            address = format!("{thread}/");
        }
        let title = text_of(*element);
        if !title.is_empty() && !links.iter().any(|link| link.url == address) {
            links.push(Link { url: address, title });
        }
    }
    links
}

/// The posts of a page of a thread, read at `now`. Posts that only quote have no words of their own and are left out.
pub fn posts(html: &str, url: &str, now: Time) -> Vec<ForumPost> {
    let document = Html::parse_document(bounded(html).0);
    let thread = document.select(&NAME).next().map(|h| text_of(*h)).unwrap_or_default();
    let first_page = !url.contains("/page-") || url.contains("/page-1#") || url.ends_with("/page-1");
    document
        .select(&POST)
        .enumerate()
        .filter_map(|(place, element)| {
            let mut post = post(element, url, now)?;
            post.thread = thread.clone();
            post.is_first = first_page && (place == 0 || number(element).as_deref() == Some("#1"));
            Some(post)
        })
        .collect()
}

fn post(element: ElementRef<'_>, url: &str, now: Time) -> Option<ForumPost> {
    let name = element.attr("id").or(element.attr("data-content"))?;
    let id: String = name.chars().filter(char::is_ascii_digit).collect();
    let text = words(element.select(&WORDS).next()?);
    if text.is_empty() || id.is_empty() {
        return None;
    }
    let page = url.split(['#', '?']).next().unwrap_or(url);
    let thread = page.split("/page-").next().unwrap_or(page).trim_end_matches('/');
    Some(ForumPost {
        url: format!("{thread}/post-{id}"),
        id,
        thread: String::new(),
        is_first: false,
        author: element.attr("data-author").map(squeeze).filter(|name| !name.is_empty()),
        text,
        published_at: element.select(&TIME).next().and_then(|time| moment(time, now)),
        reactions: element
            .select(&REACTIONS)
            .next()
            .map_or(0, |bar| reactions(&text_of(*bar))),
    })
}

fn number(element: ElementRef<'_>) -> Option<String> {
    element.select(&NUMBER).last().map(|a| text_of(*a))
}

/// The post's own words, paragraph by paragraph.
fn words(body: ElementRef<'_>) -> String {
    let dropped = body.select(&QUOTE).map(|e| e.id()).collect();
    super::body::paragraphs(body, &dropped).join("\n\n")
}

fn moment(element: ElementRef<'_>, now: Time) -> Option<Time> {
    let epoch = || {
        let seconds: i64 = element
            .attr("data-time")
            .or(element.attr("data-timestamp"))?
            .parse()
            .ok()?;
        let time = date::from_unix_ms(seconds.checked_mul(1000)?);
        (time <= now && seconds > 631_152_000).then_some(time)
    };
    let stated = element.attr("datetime").and_then(|text| date::parse_near(text, now));
    stated
        .or_else(epoch)
        .or_else(|| date::parse_near(&text_of(*element), now))
}

/// `An, Bình và 12 người khác` counts fourteen.
fn reactions(bar: &str) -> i64 {
    let others = bar
        .split_whitespace()
        .filter_map(|word| word.replace(['.', ','], "").parse::<i64>().ok())
        .next_back();
    let names = |text: &str| {
        text.split([','])
            .flat_map(|part| part.split(" và "))
            .flat_map(|p| p.split(" and "))
            .filter(|n| !n.trim().is_empty())
            .count() as i64
    };
    match others {
        Some(others) if bar.contains("khác") || bar.contains("other") => names(bar) - 1 + others,
        Some(all) => all,
        None => names(bar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        date::parse("2026-11-20 10:00:00").unwrap()
    }

    #[test]
    fn threads_are_listed_once_under_their_own_address() {
        let html = "<div class='structItem structItem--thread'><div class=structItem-title><a href='/t/loc.1/' data-tp-primary=on>Lọc</a></div></div>
            <div class='structItem structItem--thread'><div class=structItem-title><a href='/f/x.1/?prefix_id=2'>Nhãn</a>
            <a href='/t/rut-bhxh.12/unread' data-tp-primary=on>Rút BHXH</a></div></div>
            <div class='structItem structItem--thread'><div class=structItem-title><a href='/t/loc.1/' data-tp-primary=on>Lọc</a></div></div>";
        let links: Vec<(String, String)> = threads(html, "https://voz.vn/f/x.33/")
            .into_iter()
            .map(|l| (l.url, l.title))
            .collect();
        let expected = [
            ("https://voz.vn/t/loc.1/", "Lọc"),
            ("https://voz.vn/t/rut-bhxh.12/", "Rút BHXH"),
        ];
        assert_eq!(links, expected.map(|(url, title)| (url.to_owned(), title.to_owned())));
    }

    #[test]
    fn posts_are_read_without_quotations_with_times_and_reactions() {
        let html = "<h1 class=p-title-value>Rút BHXH</h1>
            <article class='message' data-author='an' id=js-post-7><header class=message-attribution><time datetime='2026-11-20T08:15:00+0700'>Lúc 8:15</time></header>
            <div class=message-body><div class=bbWrapper>Cho mình hỏi.<br><br>Thủ tục thế nào?</div></div>
            <a class=reactionsBar-link><bdi>bình</bdi>, <bdi>chi</bdi> và 12 người khác</a></article>
            <article class='message' data-author='bình' id=js-post-8><header class=message-attribution><time>2 giờ trước</time></header>
            <div class=message-body><div class=bbWrapper><blockquote class='bbCodeBlock bbCodeBlock--quote'>an nói: Cho mình hỏi.</blockquote>Ra xã nhé.</div></div></article>
            <article class='message' data-author='chi' id=js-post-9><div class=message-body><div class=bbWrapper><blockquote class='bbCodeBlock--quote'>x</blockquote></div></div></article>";
        let posts = posts(html, "https://voz.vn/t/rut-bhxh.12/", now());
        assert_eq!(posts.len(), 2);
        assert_eq!(posts[0].text, "Cho mình hỏi.\n\nThủ tục thế nào?");
        assert_eq!((posts[0].reactions, posts[1].reactions), (14, 0));
        assert!(posts[0].is_first && !posts[1].is_first);
        assert_eq!(posts[0].thread, "Rút BHXH");
        assert_eq!(posts[1].text, "Ra xã nhé.");
        assert_eq!(posts[1].url, "https://voz.vn/t/rut-bhxh.12/post-8");
        assert_eq!(posts[1].published_at, date::parse("2026-11-20 08:00:00"));
    }
}
