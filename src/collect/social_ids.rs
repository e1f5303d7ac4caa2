//! Ids of items on platforms, by the platform's own ids: the same however an item came, polled or pushed.

use crate::model::ItemId;

/// The id of a post or comment on a Facebook page, and its permanent address.
///
/// `object_id` is what the Graph API and webhooks call it: `PAGE_POST` for posts, `POST_COMMENT` for comments; a bare
/// number is a post, photo or video of the page.
pub fn facebook_item_id(page_id: &str, object_id: &str) -> ItemId {
    ItemId::from_url(&facebook_address(page_id, object_id))
}

/// The address under which Facebook answers for an object, whatever its kind; see [`facebook_item_id`].
pub fn facebook_address(page_id: &str, object_id: &str) -> String {
    match object_id.contains('_') {
        true => format!("https://www.facebook.com/{object_id}"),
        false => format!("https://www.facebook.com/{page_id}_{object_id}"),
    }
}

/// The id of a message to an official account on Zalo. It has no address: nobody else can open it.
pub fn zalo_item_id(oa_id: &str, message_id: &str) -> ItemId {
    ItemId::from_url(&format!("zalo:{oa_id}/{message_id}"))
}

/// The id of a reader's comment below an article, by the outlet's own number of it.
pub fn reader_comment_id(outlet: &str, comment_id: &str) -> ItemId {
    ItemId::from_url(&format!("comment:{outlet}/{comment_id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_one_id_with_or_without_its_page_and_others_have_others() {
        assert_eq!(facebook_item_id("10", "10_7"), facebook_item_id("10", "7"));
        assert_ne!(facebook_item_id("10", "7"), facebook_item_id("11", "7"));
        assert_ne!(facebook_item_id("10", "7_8"), facebook_item_id("10", "7"));
        assert_ne!(zalo_item_id("1", "2"), zalo_item_id("2", "1"));
        assert_ne!(reader_comment_id("a", "1"), reader_comment_id("b", "1"));
    }
}
