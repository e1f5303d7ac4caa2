//! JSON-LD (schema.org `NewsArticle`) as outlets write it: broken, nested, with entities once or twice encoded.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::Stated;
use super::document::{Document, Query};
use crate::text::html::plain;

static SCRIPTS: LazyLock<Query> = LazyLock::new(|| Query::constant("script[type='application/ld+json' i]"));
static ENTITY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)&(?:#\d+|#x[0-9a-f]+|[a-z]{2,8});").expect("the pattern is a constant"));
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#""(headline|description|datePublished|dateModified)"\s*:\s*"((?:[^"\\]|\\.)*)""#)
        .expect("the pattern is a constant")
});
static TRAILING_COMMA: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r",\s*([}\]])").expect("the pattern is a constant"));

/// What the page's first article object states.
pub(super) fn read(document: &Document) -> Stated {
    let scripts: Vec<String> = document.select(&SCRIPTS).map(|s| s.text().collect()).collect();
    scripts
        .iter()
        .filter_map(|text| lenient(text))
        .find_map(article)
        .as_ref()
        .map(stated)
        .or_else(|| scripts.iter().find_map(|text| salvaged(text)))
        .unwrap_or_default()
}

/// Parses JSON with raw line breaks in strings and commas before a closing bracket.
fn lenient(text: &str) -> Option<Value> {
    let text = text.trim().trim_start_matches("<!--").trim_end_matches("-->");
    let text = text.trim_start_matches("//<![CDATA[").trim_end_matches("//]]>").trim();
    serde_json::from_str(text).ok().or_else(|| {
        let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        serde_json::from_str(&TRAILING_COMMA.replace_all(&spaced, "$1")).ok()
    })
}

/// The first object of an article type, in lists and `@graph` too.
fn article(value: Value) -> Option<Value> {
    let mut queue = std::collections::VecDeque::from([value]);
    while let Some(value) = queue.pop_front() {
        match value {
            Value::Array(list) => queue.extend(list),
            Value::Object(mut object) => {
                if object.get("@type").is_some_and(is_article) {
                    return Some(Value::Object(object));
                }
                queue.extend(object.remove("@graph"));
                queue.extend(object.remove("mainEntity"));
            }
            _ => {}
        }
    }
    None
}

fn is_article(kind: &Value) -> bool {
    match kind {
        Value::String(kind) => kind.ends_with("Article") || kind == "BlogPosting",
        Value::Array(kinds) => kinds.iter().any(is_article),
        _ => false,
    }
}

fn stated(article: &Value) -> Stated {
    let text = |key: &str| article.get(key).and_then(Value::as_str).and_then(clean);
    Stated {
        title: text("headline").or_else(|| text("name")),
        summary: text("description"),
        author: article.get("author").and_then(person),
        published: text("datePublished"),
        modified: text("dateModified"),
        canonical: article.get("mainEntityOfPage").and_then(|page| {
            let id = page.as_str().or_else(|| page.get("@id")?.as_str())?;
            id.starts_with("http").then(|| id.to_owned())
        }),
        site_name: article
            .get("publisher")
            .and_then(|p| p.get("name")?.as_str())
            .and_then(clean),
        lang: text("inLanguage"),
        body: article
            .get("articleBody")
            .and_then(Value::as_str)
            .map(decoded)
            .filter(|b| !b.trim().is_empty()),
    }
}

/// Names of people; organisations are no authors.
fn person(author: &Value) -> Option<String> {
    match author {
        Value::String(name) => clean(name),
        Value::Array(list) => {
            let names: Vec<String> = list.iter().take(8).filter_map(person_object).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        other => person_object(other),
    }
}

fn person_object(author: &Value) -> Option<String> {
    if let Value::String(name) = author {
        return clean(name);
    }
    let is_person = author.get("@type").is_none_or(|kind| kind == "Person");
    is_person.then(|| author.get("name")?.as_str().and_then(clean))?
}

/// Without markup; entities decoded as often as they were encoded, three times at most.
fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        if !ENTITY.is_match(&text) {
            break;
        }
        text = text.lines().map(plain).collect::<Vec<_>>().join("\n");
    }
    crate::text::nfc(&text)
}

fn clean(text: &str) -> Option<String> {
    let text = plain(&decoded(text));
    (!text.is_empty()).then_some(text)
}

/// The plain fields of an article object whose JSON is beyond repair.
fn salvaged(text: &str) -> Option<Stated> {
    text.contains("Article\"").then_some(())?;
    let mut stated = Stated::default();
    for field in FIELD.captures_iter(text) {
        let value = serde_json::from_str::<String>(&format!("\"{}\"", &field[2]))
            .ok()
            .and_then(|v| clean(&v));
        let slot = match &field[1] {
            "headline" => &mut stated.title,
            "description" => &mut stated.summary,
            "datePublished" => &mut stated.published,
            _ => &mut stated.modified,
        };
        *slot = slot.take().or(value);
    }
    Some(stated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Stated {
        read(&Document::parse(&format!(
            "<script type=\"application/ld+json\">{json}</script>"
        )))
    }

    #[test]
    fn entities_encoded_once_or_twice_are_decoded() {
        let stated = of(
            r#"{"@type":"NewsArticle","headline":"Ch&#237;nh s&#225;ch","description":"Chi&amp;#7871;n l&amp;#432;&amp;#7907;c"}"#,
        );
        assert_eq!(stated.title.as_deref(), Some("Chính sách"));
        assert_eq!(stated.summary.as_deref(), Some("Chiến lược"));
    }

    #[test]
    fn the_article_is_found_in_a_graph_and_its_author_is_a_person() {
        let stated = of(
            r#"{"@graph":[{"@type":"WebSite","name":"x"},{"@type":["NewsArticle"],"headline":"Tin","author":[{"@type":"Organization","name":"Báo"},{"@type":"Person","name":"An"}]}]}"#,
        );
        assert_eq!(stated.title.as_deref(), Some("Tin"));
        assert_eq!(stated.author.as_deref(), Some("An"));
    }

    #[test]
    fn broken_json_still_gives_its_plain_fields() {
        let trailing = of("{\"@type\":\"NewsArticle\",\"headline\":\"Tin\nmới\",}");
        assert_eq!(trailing.title.as_deref(), Some("Tin mới"));
        let torn = of(r#"{"@type":"NewsArticle","headline":"Tin mới","datePublished":"2026-03-07T00:01:00","image":{"#);
        assert_eq!(torn.title.as_deref(), Some("Tin mới"));
        assert_eq!(torn.published.as_deref(), Some("2026-03-07T00:01:00"));
    }
}
