//! Who may push news to us, and the secrets that prove it is them.

use secrecy::SecretString;
use serde::Deserialize;

use crate::model::SourceId;

/// Receivers of signed deliveries below `/hooks/`; each answers 404 until it is configured.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// Changes on Facebook pages of the agency.
    pub facebook: Option<FacebookHook>,
    /// Letters to the agency's official account on Zalo.
    pub zalo: Option<ZaloHook>,
}

/// Webhooks of a Facebook app for the field `feed` of pages
/// (developers.facebook.com/docs/graph-api/webhooks/getting-started).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FacebookHook {
    /// The app secret, which signs every delivery. Environment: `DIEMTIN_HOOKS_FACEBOOK_APP_SECRET`.
    pub app_secret: Option<SecretString>,
    /// The word typed into the app's dashboard, asked back once. Environment: `DIEMTIN_HOOKS_FACEBOOK_VERIFY_TOKEN`.
    pub verify_token: Option<SecretString>,
    /// The pages whose changes are kept.
    #[serde(rename = "page")]
    pub pages: Vec<HookPage>,
}

/// A page and the source its items count under.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HookPage {
    /// The page's number on Facebook.
    pub id: String,
    /// Name of a file in `sources/` without `.toml`.
    pub source: SourceId,
}

/// Webhooks of a Zalo app linked to one official account (developers.zalo.me/docs/official-account/webhook).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ZaloHook {
    /// The app's number.
    pub app_id: String,
    /// The official account's number: who letters are addressed to.
    pub oa_id: String,
    /// The secret key of the official account. Environment: `DIEMTIN_HOOKS_ZALO_OA_SECRET`.
    #[serde(default)]
    pub oa_secret: Option<SecretString>,
    /// Name of a file in `sources/` without `.toml`.
    pub source: SourceId,
}

impl Hooks {
    /// Takes secrets from the environment; they outrank the file.
    pub(super) fn read_environment(&mut self, environment: &impl Fn(&str) -> Option<String>) {
        let put = |place: &mut Option<SecretString>, name: &str| {
            if let Some(secret) = environment(name) {
                *place = Some(secret.into());
            }
        };
        if let Some(facebook) = &mut self.facebook {
            put(&mut facebook.app_secret, "DIEMTIN_HOOKS_FACEBOOK_APP_SECRET");
            put(&mut facebook.verify_token, "DIEMTIN_HOOKS_FACEBOOK_VERIFY_TOKEN");
        }
        if let Some(zalo) = &mut self.zalo {
            put(&mut zalo.oa_secret, "DIEMTIN_HOOKS_ZALO_OA_SECRET");
        }
    }
}
