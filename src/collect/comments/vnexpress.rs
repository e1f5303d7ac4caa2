//! VnExpress: `usi-saas.vnexpress.net/index/get`, with what the page's `data-component-input` says.

use std::sync::LazyLock;

use scraper::{Html, Selector};
use serde_json::Value;

use super::{Batch, Problem, ReaderComment, changed, moment, number, parameter, with, words};
use crate::text::html::bounded;

const SERVICE: &str = "https://usi-saas.vnexpress.net/index/";
/// Comments asked for at a time, as the page itself does.
const LIMIT: i64 = 24;

static INPUT: LazyLock<Selector> =
    LazyLock::new(|| Selector::parse("[data-component-input]").expect("the selector is a constant"));

/// The first page of comments of an article, by what its page says of itself. A wrong type of article would give an empty
/// list rather than an error, so nothing is guessed.
pub fn begin(html: &str) -> Option<String> {
    let document = Html::parse_document(bounded(html).0);
    let inputs = document.select(&INPUT).filter_map(|e| e.attr("data-component-input"));
    let input = inputs
        .filter_map(|json| serde_json::from_str::<Value>(json).ok())
        .find(|input| input["type"] == "comment")?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("objectid", &number(&input["article_id"])?.to_string());
    query.append_pair("objecttype", &number(&input["article_type"])?.to_string());
    query.append_pair("siteid", &number(&input["site_id"])?.to_string());
    if let Some(category) = number(&input["category_id"]) {
        query.append_pair("categoryid", &category.to_string());
    }
    if let Some(sign) = input["sign"].as_str().filter(|sign| !sign.is_empty()) {
        query.append_pair("sign", sign);
    }
    let limit = number(&input["limit"]).unwrap_or(LIMIT).clamp(1, 100).to_string();
    let query = query.extend_pairs([
        ("sort_by", "like"),
        ("is_onload", "1"),
        ("limit", &limit),
        ("offset", "0"),
    ]);
    Some(format!("{SERVICE}get?{}", query.finish()))
}

/// Comments with the replies that stand in them; the next page and further replies are addresses.
pub fn read(address: &str, value: &Value) -> Result<Batch, Problem> {
    match number(&value["error"]) {
        Some(0) => {}
        Some(error) => return Err(changed(&format!("it answers with the error {error}"))),
        None => return Err(changed("there is no field `error`")),
    }
    let data = &value["data"];
    // An article without comments has an empty list in place of the object.
    if data.as_array().is_some_and(Vec::is_empty) {
        return Ok(Batch::default());
    }
    let items = data["items"]
        .as_array()
        .ok_or_else(|| changed("there are no `data.items`"))?;
    let is_replies = address.contains("/getreplay?");
    let mut batch = Batch::default();
    for item in items {
        let Some(comment) = comment(item) else { continue };
        let replies = [&item["replys"], &item["replays"]]
            .into_iter()
            .find(|replies| replies.is_object());
        let embedded: Vec<ReaderComment> = replies
            .and_then(|replies| replies["items"].as_array())
            .map(|items| items.iter().filter_map(self::comment).collect())
            .unwrap_or_default();
        let all = replies
            .and_then(|replies| number(&replies["total"]))
            .unwrap_or_default();
        if all > embedded.len() as i64 && !is_replies {
            batch.more.extend(replies_of(address, &comment.id));
        }
        batch.comments.push(comment);
        batch.comments.extend(embedded);
    }
    let next = parameter(address, "offset").unwrap_or_default() + items.len() as i64;
    if !items.is_empty() && next < number(&data["total"]).unwrap_or_default() {
        batch.more.extend(with(address, "offset", next));
    }
    Ok(batch)
}

fn comment(item: &Value) -> Option<ReaderComment> {
    let comment = ReaderComment {
        id: number(&item["comment_id"])?.to_string(),
        author: Some(words(&item["full_name"])).filter(|name| !name.is_empty()),
        text: words(&item["content"]),
        published_at: moment(&item["creation_time"]),
        likes: number(&item["userlike"]).unwrap_or_default().max(0),
    };
    (!comment.text.is_empty()).then_some(comment)
}

fn replies_of(address: &str, id: &str) -> Option<String> {
    let first = with(address, "offset", 0)?.replacen("/index/get?", "/index/getreplay?", 1);
    with(&first, "id", id.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PAGE: &str = r#"<div data-component-input='{"type":"poll","article_id":1}'></div>
        <div data-component-input="{&quot;type&quot;:&quot;comment&quot;,&quot;article_id&quot;:99,&quot;article_type&quot;:&quot;1&quot;,&quot;site_id&quot;:1003159,&quot;category_id&quot;:7,&quot;sign&quot;:&quot;ab+c&quot;,&quot;limit&quot;:2}"></div>"#;

    fn item(id: i64, replies: &Value) -> Value {
        json!({"comment_id": id, "full_name": "Bạn đọc", "content": format!("<p>Ý kiến {id}</p>"), "creation_time": 1_795_136_523,
               "userlike": 4, "replys": replies})
    }

    fn ids(batch: &Batch) -> Vec<&str> {
        batch.comments.iter().map(|comment| comment.id.as_str()).collect()
    }

    #[test]
    fn the_page_says_where_its_comments_are_or_takes_none() {
        let address = begin(PAGE).unwrap();
        assert_eq!(
            address,
            "https://usi-saas.vnexpress.net/index/get?objectid=99&objecttype=1&siteid=1003159&categoryid=7&sign=ab%2Bc\
             &sort_by=like&is_onload=1&limit=2&offset=0"
        );
        assert_eq!(begin("<div data-component-input='{hỏng'></div>"), None);
    }

    #[test]
    fn comments_replies_and_pages_are_followed_to_their_end() {
        let address = begin(PAGE).unwrap();
        let whole = json!({"total": 1, "items": [item(2, &json!([]))]});
        let part = json!({"total": 3, "items": [item(4, &Value::Null)]});
        let answer = json!({"error": 0, "data": {"total": 3, "items": [item(1, &whole), item(3, &part)]}});
        let batch = read(&address, &answer).unwrap();
        assert_eq!(ids(&batch), ["1", "2", "3", "4"]);
        let first = &batch.comments[0];
        assert_eq!((first.text.as_str(), first.likes), ("Ý kiến 1", 4));
        assert_eq!(
            first.published_at,
            crate::text::date::parse("2026-11-20T08:02:03+07:00")
        );
        let [replies, next] = batch.more.as_slice() else {
            panic!("{:?}", batch.more)
        };
        assert!(replies.contains("/index/getreplay?") && replies.contains("&id=3") && replies.contains("objectid=99"));
        assert_eq!(parameter(next, "offset"), Some(2));
        let last = json!({"error": 0, "data": {"total": 3, "items": [item(5, &Value::Null)]}});
        assert_eq!(read(next, &last).unwrap().more, Vec::<String>::new());
        // The other spelling; and replies of replies are not asked for again.
        let mut odd = item(6, &Value::Null);
        odd["replays"] = json!({"total": 9, "items": [item(7, &Value::Null)]});
        let answer = json!({"error": 0, "data": {"total": 1, "items": [odd]}});
        assert_eq!(ids(&read(next, &answer).unwrap()), ["6", "7"]);
        assert_eq!(read(replies, &answer).unwrap().more, Vec::<String>::new());
    }

    #[test]
    fn no_comments_are_an_empty_list_and_another_shape_is_a_change() {
        let address = begin(PAGE).unwrap();
        assert_eq!(read(&address, &json!({"error": 0, "data": []})), Ok(Batch::default()));
        assert!(
            read(&address, &json!({"error": 5, "data": []}))
                .unwrap_err()
                .contains("error 5")
        );
        assert!(
            read(&address, &json!({"error": 0, "data": {"list": []}}))
                .unwrap_err()
                .contains("changed")
        );
        assert!(read(&address, &json!([])).unwrap_err().contains("changed"));
    }
}
