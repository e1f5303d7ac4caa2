//! The faults of real feeds, one line each: whatever is broken, the first item keeps headline, address and date.

use super::*;

const BASE: &str = "https://baovidu.example/rss/bhxh.rss";
const LINK: &str = "https://baovidu.example/luong-huu-1.html";
const TITLE: &str = "Lương hưu & trợ cấp tăng";
const DATE: &str = "2026-11-19T09:30:00+07:00";

fn now() -> Time {
    text::date::parse("2026-11-20T08:00:00+07:00").unwrap()
}

fn read(body: &[u8]) -> Result<FeedDocument, FeedError> {
    parse(body, None, BASE, now())
}

/// An RSS feed around items.
fn rss(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><rss version=\"2.0\"><channel><title>Báo Ví Dụ</title>{items}</channel></rss>"
    )
}

/// One item of an RSS feed from what its title, link and date elements hold.
fn item(title: &str, link: &str, date: &str) -> String {
    format!(
        "<item><title>{title}</title><link>{link}</link><pubDate>{date}</pubDate><description>Tóm tắt</description></item>"
    )
}

fn good() -> String {
    item("Lương hưu &amp; trợ cấp tăng", LINK, "Thu, 19 Nov 2026 09:30:00 +0700")
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

#[test]
fn one_fault_never_costs_the_first_item() {
    let d = "Thu, 19 Nov 2026 09:30:00 +0700";
    let t = "Lương hưu &amp; trợ cấp tăng";
    let second = item("Tin thứ hai", "https://baovidu.example/2.html", d);
    let whole = rss(&(good() + &second));
    let cut = whole.find("Tin thứ hai").unwrap() + 6;
    let with = |title: &str, link: &str, date: &str| rss(&item(title, link, date)).into_bytes();
    let atom = |entry: &str| {
        format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>A</title>{entry}</feed>").into_bytes()
    };
    // What it is, the bytes, whether it must count as repaired.
    let faults: Vec<(&str, Vec<u8>, Option<bool>)> = vec![
        ("nothing wrong", whole.clone().into_bytes(), Some(false)),
        ("byte order mark", format!("\u{feff}{whole}").into_bytes(), Some(false)),
        ("leading blank lines", format!("\n\n  {whole}").into_bytes(), Some(false)),
        ("utf-16 with mark", utf16(&whole.replace("utf-8", "utf-16")), Some(false)),
        ("utf-16 declared on utf-8", whole.replace("utf-8", "utf-16").into_bytes(), Some(true)),
        ("lone & in the title", with("Lương hưu & trợ cấp tăng", LINK, d), Some(true)),
        ("lone & in a later link", rss(&(good() + &item("b", "https://b.example/?a=1&b=2", d))).into_bytes(), Some(true)),
        ("lone < in a later title", rss(&(good() + &item("Nợ < 5 tỷ", "https://b.example/", d))).into_bytes(), Some(true)),
        ("control character", with(&format!("{t}\u{b}"), LINK, d), Some(true)),
        ("reference to a control character", with(&format!("{t}&#11;"), LINK, d), None),
        ("cut body", whole.as_bytes()[..cut].to_vec(), Some(true)),
        ("cut inside a letter", whole.as_bytes()[..whole.find("ứ hai").unwrap() + 1].to_vec(), Some(true)),
        ("one bad byte", [whole.as_bytes(), b"\xff"].concat(), Some(true)),
        ("junk before", format!("<br />\n<b>Warning</b>: mysql {whole}").into_bytes(), Some(true)),
        ("junk after", format!("{whole}<script>var a = 1 < 2 && 3;</script>").into_bytes(), None),
        ("comment before the root", format!("<!-- cache --> {whole}").into_bytes(), None),
        ("no version", whole.replace(" version=\"2.0\">", ">").into_bytes(), Some(true)),
        ("unknown version", whole.replace("\"2.0\"", "\"0.93\"").into_bytes(), Some(true)),
        ("item not closed", whole.replacen("</item>", "", 1).into_bytes(), Some(true)),
        ("no closing tags at the end", whole.replace("</channel></rss>", "").into_bytes(), Some(true)),
        ("title not closed", rss(&(good() + &second.replace("</title>", ""))).into_bytes(), Some(true)),
        ("html inside a description", whole.replace("Tóm tắt", "Tóm<br>tắt").into_bytes(), Some(true)),
        ("cdata with newlines", with("<![CDATA[\n Lương hưu & trợ cấp tăng ]]>", &format!("<![CDATA[\n{LINK}\n]]>"), d), Some(false)),
        ("title escaped twice", with("L&amp;#432;&amp;#417;ng hưu &amp;amp; trợ cấp tăng", LINK, d), Some(false)),
        ("markup in the title", with("&lt;b&gt;Lương hưu&lt;/b&gt; &amp;amp; trợ cấp tăng", LINK, d), Some(false)),
        ("named entity", with("Lương hưu&nbsp;&amp; trợ cấp tăng", LINK, d), None),
        ("decomposed letters", with("Lu\u{31b}o\u{31b}ng hu\u{31b}u &amp; tro\u{31b}\u{323} ca\u{302}\u{301}p ta\u{306}ng", LINK, d), Some(false))
            ,
        ("relative link", with(t, "/luong-huu-1.html", d), Some(false)),
        ("link without scheme", with(t, "//baovidu.example/luong-huu-1.html", d), Some(false)),
        ("link only in guid", rss(&good().replace("<link>", "<guid isPermaLink=\"false\">").replace("</link>", "</guid>")).into_bytes(), None),
        ("link only in atom:link", rss(&good().replace(&format!("<link>{LINK}</link>"), &format!("<atom:link href=\"{LINK}\"/>"))).into_bytes(), None),
        ("empty link and guid", rss(&good().replace(&format!("<link>{LINK}</link>"), &format!("<link></link><guid>{LINK}</guid>"))).into_bytes(), None),
        ("wrong weekday", with(t, LINK, "Mon, 19 Nov 2026 09:30:00 +0700"), None),
        ("padded date", with(t, LINK, "\n  Thu, 19 Nov 2026 09:30:00 +0700 "), Some(false)),
        ("no zone", with(t, LINK, "2026-11-19 09:30:00"), Some(false)),
        ("day first", with(t, LINK, "19/11/2026 09:30"), Some(false)),
        ("dc:date", rss(&good().replace("pubDate>", "dc:date>").replace(d, DATE)).into_bytes(), None),
        ("undeclared prefix", rss(&good().replace("<description>", "<x:y>1</x:y><description>")).into_bytes(), None),
        ("rss 0.91", whole.replace("\"2.0\"", "\"0.91\"").into_bytes(), None),
        ("upper case tags", whole.to_string().replace("item>", "ITEM>").replace("title>", "TITLE>").into_bytes(), Some(true)),
        ("atom", atom(&format!("<entry><title>{t}</title><link rel=\"self\" href=\"/x\"/><link href=\"{LINK}\"/><id>urn:1</id><published>{DATE}</published><updated>{DATE}</updated></entry>")), Some(false)),
        ("atom with updated only", atom(&format!("<entry><title>{t}</title><link href=\"{LINK}\"/><id>urn:1</id><updated>{DATE}</updated></entry>")), Some(false)),
        ("cut atom", format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><title>{t}</title><link href=\"{LINK}\"/><published>{DATE}</published></entry><entry><ti").into_bytes(), Some(true)),
        ("rdf", format!("<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>A</title><link>https://a.example</link><description>x</description></channel><item rdf:about=\"{LINK}\"><title>{t}</title><link>{LINK}</link><dc:date>{DATE}</dc:date></item></rdf:RDF>").into_bytes(), None),
        ("json feed", format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"A\",\"items\":[{{\"id\":7,\"url\":\"/luong-huu-1.html\",\"title\":\"{TITLE}\",\"date_published\":\"{DATE}\"}}]}}").into_bytes(), Some(false)),
        ("news sitemap", format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"><url><loc>{LINK}</loc><news:news><news:publication_date>{DATE}</news:publication_date><news:title>{t}</news:title></news:news></url></urlset>").into_bytes(), Some(false)),
        ("cut news sitemap", format!("<urlset><url><loc>{LINK}</loc><news:publication_date>{DATE}</news:publication_date><image:title><![CDATA[{TITLE}]]></image:title></url><url><loc>").into_bytes(), Some(true)),
    ];
    assert!(faults.len() >= 30);
    let mut wrong = Vec::new();
    for (fault, body, repaired) in faults {
        match read(&body) {
            Err(error) => wrong.push(format!("{fault}: {error}")),
            Ok(feed) => {
                let Some(first) = feed.entries.first() else {
                    wrong.push(format!("{fault}: no entries"));
                    continue;
                };
                let date = first.published_at.map(|time| time.to_rfc3339());
                if (first.title.as_str(), first.url.as_str(), date.as_deref()) != (TITLE, LINK, Some(DATE)) {
                    wrong.push(format!("{fault}: {first:?}"));
                }
                if repaired.is_some_and(|expected| expected != feed.repaired) {
                    wrong.push(format!("{fault}: repaired is {}", feed.repaired));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_date_that_cannot_be_true_is_dropped_and_the_entry_kept() {
    for date in [
        "Fri, 20 Nov 2026 15:00:00 +0700",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "hôm nào đó",
    ] {
        let feed = read(rss(&item("Tin", LINK, date)).as_bytes()).unwrap();
        assert_eq!((feed.entries.len(), feed.entries[0].published_at), (1, None), "{date}");
    }
}

#[test]
fn a_page_instead_of_a_feed_is_told_by_its_kind() {
    let page = read("<!DOCTYPE html><html><head><title>Trang RSS</title></head><body></body></html>".as_bytes());
    assert_eq!(
        page.unwrap_err(),
        FeedError::WebPage {
            title: "Trang RSS".into()
        }
    );
    let challenge = read(b"<html><script>document.cookie='D1N=1';location.reload()</script></html>");
    assert!(matches!(challenge.unwrap_err(), FeedError::Challenge { .. }));
    assert_eq!(read(b"  ").unwrap_err(), FeedError::Empty);
    assert_eq!(read(b"not found").unwrap_err(), FeedError::NotAFeed);
    assert!(read(rss("").as_bytes()).unwrap().entries.is_empty());
}

#[test]
fn views_of_a_video_and_the_kinds_of_feeds_are_read() {
    let video = "<feed xmlns:yt=\"http://www.youtube.com/xml/schemas/2015\" xmlns:media=\"http://search.yahoo.com/mrss/\" xmlns=\"http://www.w3.org/2005/Atom\"><title>Kênh</title><entry><id>yt:video:a</id><title>Video</title><link rel=\"alternate\" href=\"https://www.youtube.com/watch?v=a\"/><author><name>Kênh</name></author><published>2026-11-19T02:30:00+00:00</published><media:group><media:title>Video</media:title><media:description>Mô tả</media:description><media:community><media:statistics views=\"1234\"/></media:community></media:group></entry></feed>";
    let feed = read(video.as_bytes()).unwrap();
    assert_eq!(feed.kind, FeedFormat::Atom);
    let first = &feed.entries[0];
    assert_eq!(
        (first.views, first.summary.as_str(), first.author.as_deref()),
        (Some(1234), "Mô tả", Some("Kênh"))
    );
    let index = "<sitemapindex><sitemap><loc>https://a.example/1.xml</loc><lastmod>2026-11-19</lastmod></sitemap></sitemapindex>";
    assert!(sitemap::is_index(index.as_bytes()));
    assert_eq!(read(index.as_bytes()).unwrap().kind, FeedFormat::Sitemap);
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = rss(&(good() + &good()));
    for end in 0..whole.len() {
        let _ = read(&whole.as_bytes()[..end]);
    }
    for at in (0..whole.len()).step_by(3) {
        let mut bytes = whole.clone().into_bytes();
        bytes[at] = b"<&>\xff\0\""[at % 6];
        let _ = read(&bytes);
    }
}
