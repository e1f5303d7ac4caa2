//! The log of evidence: leaves get their places, roots are kept, and what was received is proven against them.

use crate::clock::Clock;
use crate::evidence::log::{self, Hash};
use crate::evidence::{self, Evidence};
use crate::model::ItemId;
use crate::model::Time;
use crate::store::{LogRoot, LoggedLeaf, Store};

/// Leaves placed in one transaction.
const BATCH: i64 = 2_000;

/// Why nothing can be proven.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    /// An evidence file cannot be read at all.
    #[error("the evidence folder cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// A row of the log is no hash.
    #[error("the log holds `{0}`, which is no SHA-256; restore the database from a backup")]
    NoHash(String),
    /// There is no such item.
    #[error("there is no item {0}")]
    NoItem(ItemId),
}

/// What a proof came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Record, leaf and log agree.
    Proven,
    /// It was erased lawfully; its leaf stands in the log.
    Erased,
    /// The file is not in this data folder; the leaf stands in the log.
    Absent,
    /// Something was changed: what.
    Broken(String),
}

/// The proof of one record.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Where it came from, as far as known.
    pub url: String,
    /// Its place in the log.
    pub position: i64,
    /// When it was received.
    pub at: Time,
    /// What came of it.
    pub outcome: Outcome,
}

/// Places all waiting records in the log and keeps its root. Returns the newest root, if there is any leaf.
///
/// # Errors
/// When store or disk fail.
pub async fn seal(store: &Store, evidence: &Evidence, clock: &Clock) -> Result<Option<LogRoot>, ProofError> {
    evidence.sync()?;
    let mut size = store.seal_evidence(BATCH).await?;
    loop {
        let more = store.seal_evidence(BATCH).await?;
        if more == size {
            break;
        }
        size = more;
    }
    let newest = store.roots().await?.pop();
    if size == 0 || newest.as_ref().is_some_and(|root| root.size == size) {
        return Ok(newest);
    }
    let root = LogRoot {
        size,
        root: hex(&log::root(&leaves(store, size).await?)),
        at: clock.now(),
    };
    store.insert_root(&root).await?;
    Ok(Some(root))
}

async fn leaves(store: &Store, size: i64) -> Result<Vec<Hash>, ProofError> {
    let leaves = store.log_leaves(size).await?;
    leaves
        .into_iter()
        .map(|leaf| log::from_hex(&leaf).ok_or(ProofError::NoHash(leaf)))
        .collect()
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Proves every record received in a stretch of time, and that each kept root is that of the log's beginning: nothing was
/// taken out or put in since.
///
/// # Errors
/// When store or folder cannot be read.
pub async fn prove_between(
    store: &Store,
    evidence: &Evidence,
    from: Time,
    to: Time,
) -> Result<(Vec<Proof>, Vec<LogRoot>), ProofError> {
    let (all, broken) = roots(store).await?;
    let mut proofs = Vec::new();
    for logged in store.logged_between(from, to).await? {
        proofs.push(prove(evidence, &logged, &all)?);
    }
    Ok((proofs, broken))
}

/// Proves what an item was read from: its present wording and earlier ones.
///
/// # Errors
/// When there is no such item, or store or folder cannot be read.
pub async fn prove_item(
    store: &Store,
    evidence: &Evidence,
    id: &ItemId,
) -> Result<(Vec<Proof>, Vec<LogRoot>), ProofError> {
    let names = store
        .snapshots_of(id)
        .await?
        .ok_or_else(|| ProofError::NoItem(id.clone()))?;
    let (all, broken) = roots(store).await?;
    let mut proofs = Vec::new();
    for name in names {
        if let Some(logged) = store.logged(&name).await? {
            proofs.push(prove(evidence, &logged, &all)?);
        }
    }
    Ok((proofs, broken))
}

/// All leaves under the newest root, and the roots that do not fit them.
async fn roots(store: &Store) -> Result<(Vec<Hash>, Vec<LogRoot>), ProofError> {
    let roots = store.roots().await?;
    let size = roots.last().map_or(0, |root| root.size);
    let all = leaves(store, size).await?;
    let fits = |root: &LogRoot| {
        let beginning = usize::try_from(root.size).ok().and_then(|size| all.get(..size));
        beginning.is_some_and(|leaves| hex(&log::root(leaves)) == root.root)
    };
    let broken = roots.iter().filter(|root| !fits(root)).cloned().collect();
    Ok((all, broken))
}

fn prove(evidence: &Evidence, logged: &LoggedLeaf, all: &[Hash]) -> Result<Proof, ProofError> {
    let index = usize::try_from(logged.position).unwrap_or(usize::MAX);
    let leaf = log::from_hex(&logged.leaf).ok_or_else(|| ProofError::NoHash(logged.leaf.clone()))?;
    let root = log::root(all);
    let in_log = log::is_in(&leaf, index, all.len(), &log::path(all, index), &root);
    let outcome = match &logged.kept {
        _ if !in_log => Outcome::Broken("nhật ký bằng chứng không khớp: lá không nằm dưới gốc đã lưu".into()),
        None => Outcome::Erased,
        Some(kept) => match evidence.read(&kept.place) {
            Ok(None) => Outcome::Absent,
            Ok(Some((_, bytes))) if evidence::leaf(&unhex(&kept.salt), &bytes) == kept.leaf => Outcome::Proven,
            Ok(Some(_)) => Outcome::Broken(changed(kept)),
            Err(error) => Outcome::Broken(format!("{}: {error}", changed(kept))),
        },
    };
    Ok(Proof {
        url: logged.kept.as_ref().map(|kept| kept.url.clone()).unwrap_or_default(),
        position: logged.position,
        at: logged.at,
        outcome,
    })
}

fn changed(kept: &crate::model::evidence::Kept) -> String {
    format!(
        "bản lưu đã bị sửa: tệp {}, byte {} đến {}",
        kept.place.file,
        kept.place.start,
        kept.place.start + kept.place.length
    )
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
