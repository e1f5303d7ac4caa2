//! The log of evidence: leaves get their places, roots are kept, and what was received is proven against them.

use crate::clock::Clock;
use crate::evidence::log::{self, Hash, Tree};
use crate::evidence::{self, Evidence};
use crate::model::ItemId;
use crate::model::Time;
use crate::private::lacks_key;
use crate::store::{LogRoot, LoggedLeaf, Store};
use crate::text::{hex, unhex};

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
    /// It is sealed and its key is not here; the leaf stands in the log.
    Locked,
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
    let tree = tree(store, size).await?;
    let Some(root) = tree.root(tree.len()) else {
        return Ok(newest);
    };
    let root = LogRoot {
        size,
        root: hex(&root),
        at: clock.now(),
    };
    store.insert_root(&root).await?;
    Ok(Some(root))
}

async fn tree(store: &Store, size: i64) -> Result<Tree, ProofError> {
    let leaves = store.log_leaves(size).await?.into_iter();
    let leaves: Result<Vec<Hash>, ProofError> = leaves
        .map(|leaf| log::from_hex(&leaf).ok_or(ProofError::NoHash(leaf)))
        .collect();
    Ok(Tree::new(&leaves?))
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

/// The log as it stands, and the kept roots that are not those of its beginnings.
async fn roots(store: &Store) -> Result<(Tree, Vec<LogRoot>), ProofError> {
    let roots = store.roots().await?;
    let tree = tree(store, roots.last().map_or(0, |root| root.size)).await?;
    let fits = |root: &LogRoot| {
        let found = usize::try_from(root.size).ok().and_then(|size| tree.root(size));
        found.is_some_and(|found| hex(&found) == root.root)
    };
    let broken = roots.iter().filter(|root| !fits(root)).cloned().collect();
    Ok((tree, broken))
}

fn prove(evidence: &Evidence, logged: &LoggedLeaf, tree: &Tree) -> Result<Proof, ProofError> {
    let index = usize::try_from(logged.position).unwrap_or(usize::MAX);
    let leaf = log::from_hex(&logged.leaf).ok_or_else(|| ProofError::NoHash(logged.leaf.clone()))?;
    let root = tree.root(tree.len()).unwrap_or_default();
    let in_log = log::is_in(&leaf, index, tree.len(), &tree.path(index), &root);
    let outcome = match &logged.kept {
        _ if !in_log => Outcome::Broken("nhật ký bằng chứng không khớp: lá không nằm dưới gốc đã lưu".into()),
        None => Outcome::Erased,
        Some(kept) => match evidence.read(&kept.place) {
            Ok(None) => Outcome::Absent,
            Ok(Some((_, bytes)))
                if unhex(&kept.salt).is_some_and(|salt| evidence::leaf(&salt, &bytes) == kept.leaf) =>
            {
                Outcome::Proven
            }
            Ok(Some(_)) => Outcome::Broken(changed(kept)),
            Err(error) if lacks_key(&error) => Outcome::Locked,
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
