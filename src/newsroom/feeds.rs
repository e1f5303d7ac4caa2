//! Feeds: RSS of the outlets and Atom of the video channels, each with the faults its outlet has.

use std::fmt::Write;

use super::day::day;
use super::faults::Fault;
use super::outlets::{CHANNELS, Outlet, VIDEOS};
use super::pages::escape;
use super::pieces::{Piece, number_of, visible};
use crate::model::Time;
use crate::model::item::{Item, Platform};

/// RSS 2.0 of an outlet as it stands at `now`.
pub(super) fn rss(outlet: &Outlet, now: Time) -> String {
    let mut items: String = visible(outlet, now).iter().map(|piece| item(outlet, piece)).collect();
    if outlet.has(Fault::TruncatedFeed) && breaks_off(now) {
        items.truncate(items.rfind("<description>").unwrap_or(items.len()));
        return format!("{}{items}", head(outlet, now));
    }
    format!("{}{items}</channel></rss>\n", head(outlet, now))
}

/// Whether a feed that breaks off does so at this time.
pub(super) fn breaks_off(now: Time) -> bool {
    chrono::Timelike::minute(&now) < 20
}

fn head(outlet: &Outlet, now: Time) -> String {
    let ampersand = if outlet.has(Fault::LoneAmpersand) {
        " & bạn đọc"
    } else {
        ""
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>{} - Trang chủ{ampersand}</title>\
         <link>http://{}/</link><description>Tin mới (dữ liệu mẫu)</description><lastBuildDate>{}</lastBuildDate>",
        escape(outlet.name),
        outlet.host,
        date(
            outlet,
            visible(outlet, now).first().map_or(now, |piece| piece.published_at)
        ),
    )
}

fn item(outlet: &Outlet, piece: &Piece) -> String {
    let link = link(outlet, &piece.path);
    format!(
        "<item><title>{}</title><link>{}</link><guid isPermaLink=\"false\">{}-{}</guid><pubDate>{}</pubDate>\
         <description>&lt;p&gt;{}&lt;/p&gt;</description></item>\n",
        escape(&piece.title),
        escape(&link),
        outlet.host,
        piece.number,
        date(outlet, piece.published_at),
        escape(&escape(&piece.lead)),
    )
}

fn link(outlet: &Outlet, path: &str) -> String {
    let host = if outlet.has(Fault::RelativeLinks) {
        String::new()
    } else {
        format!("http://{}", outlet.host)
    };
    let tracking = if outlet.has(Fault::Tracking) {
        "?utm_source=rss&utm_medium=feed&utm_campaign=home"
    } else {
        ""
    };
    format!("{host}{path}{tracking}")
}

fn date(outlet: &Outlet, at: Time) -> String {
    if outlet.has(Fault::GmtPlus7) {
        at.format("%a, %d %b %Y %H:%M:%S GMT+7").to_string()
    } else {
        at.to_rfc2822()
    }
}

/// Path of the page on which a video of the day plays.
pub(super) fn watch_path(item: &Item) -> String {
    format!("/watch?v=vidu{:07}", number_of(item))
}

/// Atom of a video channel as it stands at `now`, `None` for an unknown channel.
pub(super) fn channel(id: &str, now: Time) -> Option<String> {
    let (name, id) = CHANNELS.iter().find(|(_, channel)| *channel == id)?;
    let mut entries = String::new();
    let videos = day().public().filter(|item| {
        item.platform == Platform::Youtube
            && item.source.as_str() == *name
            && item.published_at.is_some_and(|at| at <= now)
    });
    for video in videos {
        entry(&mut entries, video, id, name, now);
    }
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns=\"http://www.w3.org/2005/Atom\">\
         <id>yt:channel:{id}</id><yt:channelId>{id}</yt:channelId><title>{}</title>\
         <link rel=\"alternate\" href=\"http://{VIDEOS}/channel/{id}\"/><author><name>{}</name></author>\
         <published>2020-01-01T00:00:00+00:00</published>{entries}</feed>\n",
        escape(name),
        escape(name),
    ))
}

fn entry(out: &mut String, video: &Item, channel: &str, name: &str, now: Time) {
    let seen = day().engagement(video, now);
    let published = video.published_at.unwrap_or(now).to_rfc3339();
    let path = watch_path(video);
    let key = path.trim_start_matches("/watch?v=");
    let (title, text) = (escape(&video.title), escape(&video.text));
    write!(
        out,
        "<entry><id>yt:video:{key}</id><yt:videoId>{key}</yt:videoId><yt:channelId>{channel}</yt:channelId>\
         <title>{title}</title><link rel=\"alternate\" href=\"http://{VIDEOS}{path}\"/>\
         <author><name>{}</name></author><published>{published}</published><updated>{published}</updated>\
         <media:group><media:title>{title}</media:title><media:content url=\"http://{VIDEOS}/v/{key}?version=3\" \
         type=\"application/x-shockwave-flash\" width=\"640\" height=\"390\"/><media:description>{text}</media:description><media:community>\
         <media:starRating count=\"{}\" average=\"5.00\" min=\"1\" max=\"5\"/><media:statistics views=\"{}\"/>\
         </media:community></media:group></entry>",
        escape(name),
        seen.reactions,
        seen.views,
    )
    .expect("a string takes what is written to it");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::newsroom::outlets::OUTLETS;

    #[test]
    fn feeds_parse_except_where_they_are_broken_on_purpose() {
        let now = day().end;
        for outlet in OUTLETS {
            let broken = outlet.has(Fault::LoneAmpersand) || (outlet.has(Fault::TruncatedFeed) && breaks_off(now));
            let parsed = feed_rs::parser::parse(rss(outlet, now).as_bytes());
            assert_eq!(parsed.is_err(), broken, "{}", outlet.name);
            if let Ok(feed) = parsed {
                assert_eq!(feed.entries.len(), visible(outlet, now).len(), "{}", outlet.name);
            }
        }
    }

    #[test]
    fn a_channel_shows_the_views_of_the_hour() {
        let (name, id) = CHANNELS[0];
        let video = day().public().find(|item| item.source.as_str() == name).unwrap();
        let at = |time| feed_rs::parser::parse(channel(id, time).unwrap().as_bytes()).unwrap();
        assert!(at(day().start).entries.is_empty());
        let views = |time| {
            at(time).entries[0].media[0]
                .community
                .as_ref()
                .and_then(|c| c.stats_views)
        };
        let first = views(video.published_at.unwrap());
        assert!(first < views(day().end), "{first:?}");
    }
}
