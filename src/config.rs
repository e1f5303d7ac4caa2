//! One typed configuration: a TOML file, overridden by the environment; secrets never print.
//!
//! Without a file every field has its default: SQLite and outbox in `data/`, web pages on loopback.

mod connectors;
mod hooks;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::{NaiveTime, Weekday};
use secrecy::SecretString;
use serde::Deserialize;

pub use hooks::{FacebookHook, HookPage, Hooks, ZaloHook};

use crate::model::digest::DigestKind;

pub use connectors::{Facebook, FacebookPage, Youtube};

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of everything the service keeps.
    pub data: PathBuf,
    /// Folder of sources; the compiled-in ones when absent.
    pub sources: Option<PathBuf>,
    /// Folder of topics, rumours, facts and rules; the compiled-in ones when absent.
    pub alerts: Option<PathBuf>,
    /// Whose service this is.
    pub agency: Agency,
    /// Where rows are kept.
    pub database: Database,
    /// Web pages and API.
    pub web: Web,
    /// Collecting.
    pub collect: Collect,
    /// How the network is reached.
    pub network: Network,
    /// YouTube Data API; off when absent.
    pub youtube: Option<Youtube>,
    /// Facebook Graph API; off when absent.
    pub facebook: Option<Facebook>,
    /// How mail is sent.
    pub mail: Mail,
    /// Who is told when collecting fails.
    pub operator: Operator,
    /// What names private persons.
    pub private: Private,
    /// How long what names private persons is kept.
    pub retention: Retention,
    /// Who may push news to us.
    pub hooks: Hooks,
    /// Editions and who gets them; a press edition at 06:40 and a social edition at 06:45 every day when empty.
    #[serde(rename = "digest")]
    pub digests: Vec<DigestPlan>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "data".into(),
            sources: None,
            alerts: None,
            agency: Agency::default(),
            database: Database::default(),
            web: Web::default(),
            collect: Collect::default(),
            network: Network::default(),
            youtube: None,
            facebook: None,
            mail: Mail::default(),
            operator: Operator::default(),
            private: Private::default(),
            retention: Retention::default(),
            hooks: Hooks::default(),
            digests: Vec::new(),
        }
    }
}

/// Names printed on digests and pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agency {
    /// The body above: first line of the header.
    pub parent: String,
    /// The agency: second line of the header.
    pub name: String,
    /// The unit that publishes the digests.
    pub unit: String,
    /// Whether everything is invented: pages, mails and exports then say so.
    pub is_sample: bool,
}

impl Default for Agency {
    fn default() -> Self {
        Self {
            parent: "Bộ Tài chính".into(),
            name: "Bảo hiểm xã hội Việt Nam".into(),
            unit: "Trung tâm Truyền thông".into(),
            is_sample: false,
        }
    }
}

/// Where rows are kept.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://…`; SQLite in the data folder when absent. Environment: `DIEMTIN_DATABASE_URL`.
    pub url: Option<SecretString>,
}

/// Web pages and API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// Address to listen on. Anything but loopback needs an administrator first.
    pub listen: SocketAddr,
    /// Address people use, for links in mails; `http://<listen>` when absent.
    pub public_url: Option<String>,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
        }
    }
}

/// Collecting.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collect {
    /// Address where a webmaster reaches the operator; part of the User-Agent.
    pub contact: String,
    /// Seconds between two requests to one host; a longer Crawl-delay wins.
    pub spacing_seconds: f64,
    /// Longest answer read, in MiB, after decompression.
    pub max_body_mib: u64,
    /// Longest time for one request in seconds (real time).
    pub timeout_seconds: u64,
    /// Hosts asked at the same time.
    pub max_hosts: usize,
    /// Shortest and longest interval between two checks of a feed in minutes.
    pub feed_minutes: [u32; 2],
    /// One in this many entries kept out by the gate is fetched all the same, to measure what the gate misses.
    pub sample_one_in: u32,
    /// Whether readers' comments are read where a source file says how: these interfaces of the outlets are undocumented.
    pub reader_comments: bool,
}

impl Default for Collect {
    fn default() -> Self {
        Self {
            contact: "https://baohiemxahoi.gov.vn".into(),
            spacing_seconds: 2.0,
            max_body_mib: 8,
            timeout_seconds: 30,
            max_hosts: 32,
            feed_minutes: [5, 120],
            sample_one_in: 200,
            reader_comments: false,
        }
    }
}

/// How the network is reached.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Host name to address: asked instead of DNS, and allowed even if private, for exactly this host.
    /// A port in the address is used where the URL names none.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// `host:port` pairs the operator allows although they are private.
    pub allow: Vec<String>,
    /// PEM file with a further certificate authority.
    pub ca_file: Option<PathBuf>,
    /// Proxy for all requests: `http://host:port`.
    pub proxy: Option<String>,
}

/// How a connection to the mail server is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// STARTTLS, required.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None; refused for anything but loopback.
    None,
}

/// How mail is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// `host:port` of the SMTP server; mail is written to `data/outbox/` when absent.
    pub server: Option<String>,
    /// How the connection is secured.
    pub security: MailSecurity,
    /// User name, if the server asks for one.
    pub user: Option<String>,
    /// Password. Environment: `DIEMTIN_MAIL_PASSWORD`.
    pub password: Option<SecretString>,
    /// PEM file with the certificate authority of the server, if it is not a public one.
    pub ca_file: Option<PathBuf>,
    /// Sender.
    pub from: String,
    /// Longest time for one message in seconds (real time).
    pub timeout_seconds: u64,
    /// Tries before a delivery is given up.
    pub max_attempts: u32,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            server: None,
            security: MailSecurity::default(),
            user: None,
            password: None,
            ca_file: None,
            from: "Điểm tin BHXH <diemtin@localhost>".into(),
            timeout_seconds: 60,
            max_attempts: 8,
        }
    }
}

/// Who is told when collecting fails: by mail of its own, never in a digest.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operator {
    /// Mail addresses; with none, alarms stand in the log, on the page of sources and at `/metrics`.
    pub recipients: Vec<String>,
}

/// What names private persons.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Private {
    /// File of the key (32 bytes, readable by its owner only); `private.key` in the data folder when absent. All processes
    /// on one PostgreSQL need the same.
    pub key_file: Option<PathBuf>,
}

/// How long what names private persons is kept, in days (reasons: docs/du-lieu-ca-nhan.md).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Names and raw pages of private persons, and sealed files of vendors.
    pub private_days: u32,
    /// What came from YouTube and was not confirmed since: its terms allow 30 days.
    pub youtube_days: u32,
    /// Names of people who sent something in.
    pub tips_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            private_days: 365,
            youtube_days: 30,
            tips_days: 90,
        }
    }
}

/// One edition that is composed and sent on a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigestPlan {
    /// Which product.
    pub kind: DigestKind,
    /// Time of day it is composed and sent, `06:40`.
    #[serde(deserialize_with = "time_of_day")]
    pub at: NaiveTime,
    /// Days of the week, `["mon", "tue"]`; every day when absent.
    #[serde(default, deserialize_with = "weekdays")]
    pub days: Vec<Weekday>,
    /// Name of the circle of readers; part of the edition's key.
    #[serde(default = "leaders")]
    pub audience: String,
    /// Mail addresses.
    #[serde(default)]
    pub recipients: Vec<String>,
}

fn leaders() -> String {
    "leaders".into()
}

fn time_of_day<'de, D: serde::Deserializer<'de>>(input: D) -> Result<NaiveTime, D::Error> {
    let text = String::deserialize(input)?;
    NaiveTime::parse_from_str(&text, "%H:%M")
        .map_err(|_| serde::de::Error::custom(format!("`{text}` is not a time of day like 06:40")))
}

fn weekdays<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<Weekday>, D::Error> {
    Vec::<String>::deserialize(input)?
        .iter()
        .map(|word| {
            word.parse()
                .map_err(|_| serde::de::Error::custom(format!("`{word}` is not a day: mon … sun")))
        })
        .collect()
}

/// Why a configuration was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not what it must be.
    #[error("{path}: {message}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, key and remedy.
        message: String,
    },
}

impl Config {
    /// Reads the file, if one is given, and the environment.
    ///
    /// # Errors
    /// When the file cannot be read or holds an unknown key or a wrong value; the message names line and key.
    pub fn load(file: Option<&Path>, environment: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut config = match file {
            None => Self::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
                    path: path.into(),
                    source,
                })?;
                toml::from_str(&text).map_err(|error| ConfigError::Parse {
                    path: path.into(),
                    message: error.to_string(),
                })?
            }
        };
        if let Some(url) = environment("DIEMTIN_DATABASE_URL") {
            config.database.url = Some(url.into());
        }
        if let Some(password) = environment("DIEMTIN_MAIL_PASSWORD") {
            config.mail.password = Some(password.into());
        }
        config.complete(&environment).map_err(|message| ConfigError::Parse {
            path: file.unwrap_or(Path::new("the configuration")).into(),
            message,
        })?;
        config.hooks.read_environment(&environment);
        if config.digests.is_empty() {
            config.digests = default_digests();
        }
        Ok(config)
    }

    /// Where the key for what names private persons lies.
    pub fn key_file(&self) -> PathBuf {
        let beside = || self.data.join(crate::private::KEY_FILE);
        self.private.key_file.clone().unwrap_or_else(beside)
    }

    fn complete(&mut self, environment: &impl Fn(&str) -> Option<String>) -> Result<(), String> {
        if let Some(youtube) = &mut self.youtube {
            youtube.complete(environment)?;
        }
        if let Some(facebook) = &mut self.facebook {
            facebook.complete(environment)?;
        }
        Ok(())
    }

    /// Address people use for links in mails.
    pub fn public_url(&self) -> String {
        self.web
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{}", self.web.listen))
    }
}

fn default_digests() -> Vec<DigestPlan> {
    let plan = |kind, minute| DigestPlan {
        kind,
        at: NaiveTime::from_hms_opt(6, minute, 0).expect("a time of day"),
        days: Vec::new(),
        audience: leaders(),
        recipients: vec!["lanh-dao@localhost".into()],
    };
    vec![plan(DigestKind::Press, 40), plan(DigestKind::Social, 45)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::load(Some(file.path()), |_| None)
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = load("[web]\nlissen = \"127.0.0.1:80\"\n").unwrap_err().to_string();
        assert!(
            error.contains("lissen") && error.contains("line 2") && error.contains("listen"),
            "{error}"
        );
    }

    #[test]
    fn a_digest_is_planned_by_time_of_day_and_weekday() {
        let config =
            load("[[digest]]\nkind = \"press\"\nat = \"06:30\"\ndays = [\"mon\"]\nrecipients = [\"a@b.vn\"]\n");
        assert_eq!(config.unwrap().digests[0].days, [Weekday::Mon]);
        assert!(
            load("[[digest]]\nkind = \"press\"\nat = \"6h30\"\n")
                .unwrap_err()
                .to_string()
                .contains("06:40")
        );
    }

    #[test]
    fn connectors_are_off_until_configured_and_a_credential_is_asked_for_and_kept_from_strangers() {
        assert!(Config::default().youtube.is_none() && Config::default().facebook.is_none());
        for (text, told) in [
            ("[youtube]\nsearch = [\"bhxh\"]\n", "DIEMTIN_YOUTUBE_KEY"),
            (
                "[youtube]\nkey = \"k\"\nbase_url = \"http://api.example/\"\n",
                "must begin with https://",
            ),
            (
                "[youtube]\nkey = \"k\"\nchannels = [\"kênh\"]\n",
                "neither a channel id",
            ),
            ("[[facebook.page]]\nid = \"77\"\n", "DIEMTIN_FACEBOOK_TOKEN_77"),
            (
                "[[facebook.page]]\nid = \"bhxh\"\ntoken = \"t\"\n",
                "not the page's number",
            ),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "[[facebook.page]]\nid = \"77\"\n").unwrap();
        let config = Config::load(Some(file.path()), |name| {
            (name == "DIEMTIN_FACEBOOK_TOKEN_77").then(|| "BIMAT".into())
        });
        assert!(!format!("{:?}", config.unwrap()).contains("BIMAT"));
    }

    #[test]
    fn secrets_of_hooks_outrank_the_file_and_never_print() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let text = "[hooks.facebook]\napp_secret = \"cũ\"\n[[hooks.facebook.page]]\nid = \"10\"\nsource = \"fb_bhxh\"\n\
                    [hooks.zalo]\napp_id = \"1\"\noa_id = \"2\"\nsource = \"zalo_bhxh\"\n";
        std::fs::write(file.path(), text).unwrap();
        let config = Config::load(Some(file.path()), |name| {
            name.starts_with("DIEMTIN_HOOKS_").then(|| format!("mới {name}"))
        })
        .unwrap();
        let facebook = config.hooks.facebook.as_ref().unwrap();
        let secret = facebook.app_secret.as_ref().unwrap();
        assert_eq!(
            secrecy::ExposeSecret::expose_secret(secret),
            "mới DIEMTIN_HOOKS_FACEBOOK_APP_SECRET"
        );
        assert!(facebook.verify_token.is_some() && config.hooks.zalo.as_ref().unwrap().oa_secret.is_some());
        assert!(!format!("{config:?}").contains("mới"));
    }

    #[test]
    fn secrets_come_from_the_environment_and_never_print() {
        let config = Config::load(None, |name| (name == "DIEMTIN_MAIL_PASSWORD").then(|| "bí mật".into())).unwrap();
        assert!(!format!("{config:?}").contains("bí mật"));
        assert_eq!(config.digests.len(), 2);
    }
}
