//! The faults of real feeds, one line each: whatever is broken, the first item keeps headline, address and date.

use super::*;
use crate::clock::stopwatch;

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
        ("windows-1258", windows1258(&whole), None),
        ("utf-16 big-endian without mark", whole.encode_utf16().flat_map(u16::to_be_bytes).collect(), None),
        ("byte order mark twice", format!("\u{feff}\u{feff}{whole}").into_bytes(), None),
        ("charset nobody knows", whole.replace("utf-8", "x-vps-9").into_bytes(), None),
        ("date with GMT+7", with(t, LINK, "Thu, 19 Nov 2026 09:30:00 GMT+7"), Some(false)),
        ("date with GMT +7", with(t, LINK, "Thu, 19 Nov 2026 09:30:00 GMT +7"), Some(false)),
        ("date with GMT+0700", with(t, LINK, "Thu, 19 Nov 2026 09:30:00 GMT+0700"), Some(false)),
        ("date with ICT", with(t, LINK, "Thu, 19 Nov 2026 09:30:00 ICT"), Some(false)),
        ("date without zone, RFC 2822", with(t, LINK, "Thu, 19 Nov 2026 09:30:00"), Some(false)),
        ("Vietnamese weekday", with(t, LINK, "Thứ năm, 19/11/2026, 09:30 (GMT+7)"), Some(false)),
        ("space before the offset", with(t, LINK, "2026-11-19T09:30:00.000 +07:00"), Some(false)),
        ("twelve-hour clock", with(t, LINK, "19/11/2026 9:30:00 SA"), Some(false)),
        ("latin entities", with("L&#432;&#417;ng h&#432;u &amp; tr&#7907; c&#7845;p t&#259;ng", LINK, d), Some(false)),
        ("entity without its end", with("Lương hưu &amp trợ cấp tăng", LINK, d), Some(true)),
        ("cdata not closed in the last item", rss(&(good() + "<item><title><![CDATA[Tin")).into_bytes(), Some(true)),
        ("document type with entities", whole.replace("<rss", "<!DOCTYPE rss [<!ENTITY a \"b\">]><rss").into_bytes(), None),
        ("stylesheet before the root", whole.replace("<rss", "<?xml-stylesheet href=\"a.xsl\"?><rss").into_bytes(), Some(false)),
        ("link with white space inside its tag", with(t, &format!("\n\t{LINK}\n"), d), Some(false)),
        ("title only as media:title", rss(&good().replace("title>", "media:title>")).into_bytes(), None),
        ("comment inside the item", rss(&good().replace("<link>", "<!-- a > b --><link>")).into_bytes(), Some(false)),
        ("single quotes", whole.replace('"', "'").into_bytes(), Some(false)),
        ("zero-width characters in the title", with("Lương\u{200b} hưu &amp; trợ cấp tăng\u{feff}", LINK, d), Some(false)),
    ];
    assert!(faults.len() >= 66, "{}", faults.len());
    let (mut bare, all) = (0, faults.len());
    let mut wrong = Vec::new();
    for (fault, body, repaired) in faults {
        bare += usize::from(bare_feed_rs(&body));
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
    println!("{} of {all} right; feed-rs by itself {bare}", all - wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether feed-rs, used as its documentation shows, gets the first item right.
fn bare_feed_rs(body: &[u8]) -> bool {
    let Ok(Ok(feed)) = std::panic::catch_unwind(|| feed_rs::parser::parse(body)) else {
        return false;
    };
    feed.entries.first().is_some_and(|entry| {
        let title = entry.title.as_ref().is_some_and(|t| t.content.trim() == TITLE);
        let link = entry.links.first().is_some_and(|l| l.href == LINK);
        let date = entry.published.map(|t| t.with_timezone(&vietnam()).to_rfc3339());
        title && link && date.as_deref() == Some(DATE)
    })
}

/// The text in windows-1258: letters with a tone as base letter and combining mark, as that charset writes them.
fn windows1258(text: &str) -> Vec<u8> {
    use unicode_normalization::UnicodeNormalization;
    let marks = [
        ('\u{300}', 0xcc),
        ('\u{309}', 0xd2),
        ('\u{303}', 0xde),
        ('\u{301}', 0xec),
        ('\u{323}', 0xf2),
    ];
    let whole = text.replace("utf-8", "windows-1258");
    let mut bytes = Vec::new();
    for c in whole.chars() {
        let mut letter = [0; 4];
        let (one, _, is_unknown) = encoding_rs::WINDOWS_1258.encode(c.encode_utf8(&mut letter));
        if !is_unknown {
            bytes.extend(one.iter());
            continue;
        }
        let parts: Vec<char> = c.nfd().collect();
        let tone = marks.iter().find(|(mark, _)| parts.contains(mark));
        let base: String = parts
            .iter()
            .filter(|p| !marks.iter().any(|(m, _)| m == *p))
            .collect::<String>()
            .nfc()
            .collect();
        bytes.extend(encoding_rs::WINDOWS_1258.encode(&base).0.iter());
        bytes.extend(tone.map(|(_, byte)| *byte));
    }
    bytes
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
fn a_feed_that_calls_its_own_time_gmt_is_unmasked_by_one_date_ahead_and_remembered() {
    let feed = |first: &str, second: &str| {
        rss(&(item("Mới", LINK, first) + &item("Cũ", "https://baovidu.example/2.html", second))).into_bytes()
    };
    let hours = |document: &FeedDocument| -> Vec<String> {
        let hour = |entry: &Entry| entry.published_at.unwrap().format("%d %H:%M").to_string();
        document.entries.iter().map(hour).collect()
    };
    // It is 08:00 in Viet Nam, 01:00 GMT: 07:30 GMT is still to come, so it is 07:30 in Viet Nam.
    let caught = read(&feed("Fri, 20 Nov 2026 07:30:00 GMT", "Thu, 19 Nov 2026 22:00:00 GMT")).unwrap();
    assert_eq!(
        (caught.mislabelled, hours(&caught)),
        (1, vec!["20 07:30".into(), "19 22:00".into()])
    );
    let old = feed("Thu, 19 Nov 2026 10:00:00 GMT", "Thu, 19 Nov 2026 09:00:00 GMT");
    assert_eq!(hours(&read(&old).unwrap())[0], "19 17:00");
    let remembered = parse_as(&old, None, BASE, now(), true).unwrap();
    assert_eq!(
        (remembered.mislabelled, hours(&remembered)[0].as_str()),
        (0, "19 10:00")
    );
    let honest = feed("Fri, 20 Nov 2026 00:30:00 GMT", "Thu, 19 Nov 2026 09:00:00 +0700");
    assert_eq!(hours(&read(&honest).unwrap()), ["20 07:30", "19 09:00"]);
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

/// Mutations of good documents, from a seed: bytes changed, cut out, doubled, or swapped for markup. `MUTATIONS` many.
#[test]
fn mutated_feeds_are_read_or_refused_and_never_hang() {
    let many = std::env::var("MUTATIONS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(500);
    let atom = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><title>T</title><link href=\"{LINK}\"/><updated>{DATE}</updated></entry></feed>"
    );
    let seeds = [
        rss(&(good() + &good())),
        atom,
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{{\"url\":\"{LINK}\"}}]}}"),
    ];
    let mut state = 7_u64;
    let mut random = |below: usize| {
        // SplitMix64 (Steele et al. 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below.max(1) as u64) as usize
    };
    let (mut refused, mut slowest) = (0, std::time::Duration::ZERO);
    for n in 0..many {
        let mut bytes = seeds[n % seeds.len()].clone().into_bytes();
        for _ in 0..=random(6) {
            let at = random(bytes.len());
            match random(5) {
                0 => bytes[at] = random(256) as u8,
                1 => drop(bytes.drain(at..(at + random(40)).min(bytes.len()))),
                2 => bytes.extend_from_within(at..(at + random(200)).min(bytes.len())),
                3 => drop(bytes.splice(at..at, *b"<item><![CDATA[")),
                _ => drop(bytes.splice(at..at, *b"&#x0;<!ENTITY")),
            }
            if bytes.is_empty() {
                bytes.push(b' ');
            }
        }
        let watch = stopwatch();
        refused += usize::from(read(&bytes).is_err());
        slowest = slowest.max(watch.elapsed());
    }
    println!("{many} mutated feeds: {refused} refused with a reason, slowest {slowest:?}, no panic");
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
