//! What was and was not seen in a period ("tình hình thu thập").

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::catalogue::Catalogue;
use crate::collect::health::{Health, State};
use crate::collect::social::{schedule, standing};
use crate::model::Time;
use crate::model::connector::Connector;
use crate::model::digest::{Coverage, Period};
use crate::model::item::{Access, Platform};
use crate::model::source::{FeedKind, Source, SourceKind, Status};
use crate::store::{HandedIn, Result, SourceHealth, Store};

/// What was and was not seen in a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ledger {
    /// Begin of the period (exclusive), RFC 3339.
    pub from: String,
    /// End of the period (inclusive), RFC 3339.
    pub to: String,
    /// Whether all sources of rank 1 and at least 95 % of active sources answered.
    pub green: bool,
    /// Active sources.
    pub sources: usize,
    /// Active sources that answered.
    pub answered: usize,
    /// Names of active sources that did not.
    pub silent: Vec<String>,
    /// Platforms and groups that are not covered at all.
    pub not_covered: Vec<String>,
    /// What was seen of each platform, and how.
    pub platforms: Vec<PlatformLine>,
    /// What people handed in, counted apart: captures by hand and tips, by province.
    pub handed_in: Vec<HandedInLine>,
    /// Entries and items counted at each gate.
    pub gates: BTreeMap<String, i64>,
    /// How each connector to an official API is; none when none is configured.
    pub connectors: Vec<ConnectorLine>,
    /// Accounts that platforms told us of and that are not configured, with how many events were not kept.
    pub unknown_senders: BTreeMap<String, i64>,
    /// How each source did.
    pub by_source: Vec<SourceLine>,
}

/// How one connector to an official API is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConnectorLine {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// How it is now: state, why and what to do.
    pub health: Health,
    /// When it last answered, RFC 3339.
    pub last_ok: Option<String>,
    /// What is spent today, in words: `search 12/100`.
    pub quota: Vec<String>,
}

/// What was seen of one platform.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlatformLine {
    /// The platform.
    pub platform: String,
    /// Active sources on it that our collectors ask, and connectors to it.
    pub sources: usize,
    /// Those of them that answered.
    pub answered: usize,
    /// Items that came, by way of access.
    pub items: BTreeMap<String, i64>,
    /// Relevant ones among all of them.
    pub relevant: i64,
    /// How far the platform is covered, in words.
    pub cover: String,
}

/// What people handed in, of one way and province.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandedInLine {
    /// `manual` or `tip`.
    pub access: String,
    /// The same in words.
    pub way: String,
    /// Name of the province it came from; absent where none was told.
    pub province: Option<String>,
    /// Items; an address that waits to be fetched counts.
    pub items: i64,
    /// Relevant ones among them.
    pub relevant: i64,
}

/// How one source did.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceLine {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Reach: 1 national, 2 sector or province, 3 everything else.
    pub rank: u8,
    /// Whether it is collected, as its file says.
    pub status: String,
    /// Times its feeds were asked.
    pub checks: i64,
    /// Times they answered.
    pub answered: i64,
    /// When one last answered, RFC 3339.
    pub last_ok: Option<String>,
    /// Items stored.
    pub items: i64,
    /// Relevant ones among them.
    pub relevant: i64,
    /// How it is now: state, why and what to do.
    pub health: Health,
    /// How reading readers' comments went last, in Vietnamese; absent where the source's file names no way to them.
    pub comments: Option<String>,
    /// What went wrong last, in the words of the program; empty when nothing.
    pub last_error: String,
}

fn is_collected(source: &Source) -> bool {
    source.status == Status::Active && !source.feeds.is_empty()
}

/// Which active sources answered in a period, and what is not covered at all.
///
/// # Errors
/// When the store fails.
pub async fn coverage(store: &Store, catalogue: &Catalogue, period: &Period) -> Result<Coverage> {
    let health = store.source_health(period.from, period.to).await?;
    Ok(coverage_of(catalogue, &health, &store.list_connectors().await?, period))
}

/// Connectors count as sources of rank 1.
fn coverage_of(
    catalogue: &Catalogue,
    health: &BTreeMap<crate::model::SourceId, SourceHealth>,
    connectors: &[Connector],
    period: &Period,
) -> Coverage {
    let mut coverage = Coverage {
        not_covered: vec!["nhóm kín Facebook".into(), "Zalo (ngoài tin người dân gửi)".into()],
        ..Coverage::default()
    };
    for source in catalogue.sources.iter().filter(|source| is_collected(source)) {
        coverage.sources += 1;
        if health.get(&source.id).is_some_and(|h| h.answered > 0) {
            coverage.answered += 1;
            continue;
        }
        coverage.silent.push(source.name.clone());
        if source.rank == 1 {
            coverage.silent_rank1.push(source.name.clone());
        }
    }
    for connector in connectors {
        coverage.sources += 1;
        if has_answered(connector, period) {
            coverage.answered += 1;
            continue;
        }
        coverage.silent.push(connector.label.clone());
        coverage.silent_rank1.push(connector.label.clone());
    }
    coverage
}

fn has_answered(connector: &Connector, period: &Period) -> bool {
    connector.last_ok.is_some_and(|at| at > period.from)
}

async fn connector_line(store: &Store, connector: &Connector, now: Time) -> Result<ConnectorLine> {
    let day = schedule::quota_day(now).to_string();
    let quota = store.quota(&connector.name, &day).await?;
    Ok(ConnectorLine {
        name: connector.name.clone(),
        label: connector.label.clone(),
        health: standing::health(connector, now),
        last_ok: connector.last_ok.map(|time| time.to_rfc3339()),
        quota: quota
            .iter()
            .map(|quota| format!("{} {}/{}", quota.bucket, quota.used, quota.granted))
            .collect(),
    })
}

/// The ledger of a period.
///
/// # Errors
/// When the store fails.
pub async fn ledger(store: &Store, catalogue: &Catalogue, period: &Period) -> Result<Ledger> {
    let health = store.source_health(period.from, period.to).await?;
    let connected = store.list_connectors().await?;
    let coverage = coverage_of(catalogue, &health, &connected, period);
    let mut connectors = Vec::new();
    for connector in &connected {
        connectors.push(connector_line(store, connector, period.to).await?);
    }
    let health_of = health.clone();
    let mut states = super::alarming::healths(store, catalogue, period.to).await?;
    let mut comments = BTreeMap::new();
    for source in &catalogue.sources {
        if let Some(told) = super::commenting::told(store, source).await? {
            comments.insert(source.id.clone(), told);
        }
    }
    let mut line = |source: &Source| {
        let health = health.get(&source.id).cloned().unwrap_or_default();
        SourceLine {
            id: source.id.to_string(),
            name: source.name.clone(),
            rank: source.rank,
            status: source.status.to_string(),
            checks: health.checks,
            answered: health.answered,
            last_ok: health.last_ok.map(|time| time.to_rfc3339()),
            items: health.items,
            relevant: health.relevant,
            comments: comments.remove(&source.id),
            last_error: health.last_error,
            health: states.remove(&source.id).unwrap_or(Health {
                state: State::Unknown,
                reason: String::new(),
                remedy: String::new(),
            }),
        }
    };
    let platforms = platforms(store, catalogue, &health_of, &connected, period).await?;
    Ok(Ledger {
        platforms,
        handed_in: handed_in(store, catalogue, period).await?,
        connectors,
        from: period.from.to_rfc3339(),
        to: period.to.to_rfc3339(),
        green: coverage.is_green(),
        gates: store
            .gate_counts(period.from.date_naive(), period.to.date_naive())
            .await?,
        unknown_senders: store
            .gate_sources("hook_unknown", period.from.date_naive(), period.to.date_naive())
            .await?,
        by_source: catalogue.sources.iter().map(&mut line).collect(),
        sources: coverage.sources,
        answered: coverage.answered,
        silent: coverage.silent,
        not_covered: coverage.not_covered,
    })
}

async fn handed_in(store: &Store, catalogue: &Catalogue, period: &Period) -> Result<Vec<HandedInLine>> {
    let line = |came: HandedIn| HandedInLine {
        way: access_label(&came.access),
        province: match catalogue.knowledge.provinces.find(&came.province) {
            Some(province) => Some(province.name.clone()),
            None => Some(came.province).filter(|province| !province.is_empty()),
        },
        access: came.access,
        items: came.items,
        relevant: came.relevant,
    };
    let came = store.handed_in(period.from, period.to).await?;
    Ok(came.into_iter().map(line).collect())
}

/// A way of access in words.
fn access_label(word: &str) -> String {
    let access = word.parse().map(Access::label);
    access.map_or_else(|_: String| word.to_owned(), str::to_owned)
}

/// Where the items of a source stand.
fn platform_of(source: &Source) -> Platform {
    match source.kind {
        SourceKind::Forum => Platform::Forum,
        _ => source
            .feeds
            .iter()
            .find_map(|feed| match feed.kind {
                FeedKind::Channel => Some(Platform::Youtube),
                FeedKind::Telegram => Some(Platform::Telegram),
                _ => feed.platform,
            })
            .unwrap_or(Platform::Press),
    }
}

async fn platforms(
    store: &Store,
    catalogue: &Catalogue,
    health: &BTreeMap<crate::model::SourceId, SourceHealth>,
    connectors: &[Connector],
    period: &Period,
) -> Result<Vec<PlatformLine>> {
    let came = store.items_by_platform(period.from, period.to).await?;
    let line = |platform: &Platform| {
        let active = || {
            catalogue
                .sources
                .iter()
                .filter(|s| is_collected(s) && platform_of(s) == *platform)
        };
        let ours = || came.iter().filter(|(name, ..)| name == platform.as_str());
        let connected = || connectors.iter().filter(|c| c.platform == *platform);
        let sources = active().count() + connected().count();
        let items: BTreeMap<String, i64> = ours()
            .map(|(_, access, items, _)| (access_label(access), *items))
            .collect();
        let cover = match (sources, items.is_empty()) {
            _ if connected().count() > 0 => {
                "qua API chính thức, theo truy vấn, kênh và trang đã cấu hình; nhóm kín không thấy"
            }
            (0, true) => "không phủ",
            (0, false) => "chỉ qua dữ liệu mua, trang của Ngành, ghi nhận tay và tin báo; nhóm kín không thấy",
            _ => "hỏi nguồn công khai trong danh mục",
        };
        PlatformLine {
            platform: platform.label().to_owned(),
            sources,
            answered: active()
                .filter(|s| health.get(&s.id).is_some_and(|h| h.answered > 0))
                .count()
                + connected().filter(|c| has_answered(c, period)).count(),
            relevant: ours().map(|(.., relevant)| relevant).sum(),
            items,
            cover: cover.to_owned(),
        }
    };
    Ok(Platform::ALL
        .iter()
        .filter(|p| **p != Platform::Other)
        .map(line)
        .collect())
}
