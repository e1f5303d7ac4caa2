//! The inbox: what a vendor, people and the agency's own page bring, as files that appear at their time.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::day::day;
use super::pieces::collected_id;
use crate::clock::Clock;
use crate::model::Time;
use crate::model::item::{Access, Item, Observation};

/// Names of the files written so far, so that a restart does not write again what an importer moved away.
const JOURNAL: &str = ".written";

/// A file and the time at which it appears.
type Files = BTreeMap<(Time, String), Vec<Value>>;

/// Writes each file at its time until all are written or `stop` is called.
pub(super) async fn deliver(folder: PathBuf, clock: Clock, stop: CancellationToken) {
    for ((at, name), lines) in files() {
        tokio::select! {
            () = stop.cancelled() => return,
            () = clock.sleep_until(at) => {}
        }
        if let Err(error) = write(&folder, &name, &lines) {
            tracing::error!(file = %name, %error, "the newsroom cannot write into the inbox");
        }
    }
}

/// All files of the day in the order of their times.
fn files() -> Files {
    let mut files = Files::new();
    for item in day().items.iter().filter(|item| item.access != Access::Public) {
        let at = item
            .collected_at
            .expect("every item of the day says when it was collected");
        files.entry(key(item.access, at)).or_default().push(line(item));
    }
    for seen in &day().observations {
        let item = day()
            .item(seen.id.as_str())
            .filter(|item| item.access != Access::Public);
        if let Some(item) = item {
            let lines = files.entry(key(item.access, seen.collected_at)).or_default();
            lines.push(observation(seen));
        }
    }
    files
}

fn key(access: Access, at: Time) -> (Time, String) {
    let seconds = if chrono::Timelike::second(&at) == 0 {
        "%Y-%m-%dT%H%M"
    } else {
        "%Y-%m-%dT%H%M%S"
    };
    (at, format!("{access}-{}.ndjson", at.format(seconds)))
}

/// The item in the shape of the contract, with the ids under which collectors know public items.
fn line(item: &Item) -> Value {
    let mut shown = item.clone();
    shown.parent = item.parent.as_ref().map(collected_id);
    shown.repost_of = item.repost_of.as_ref().map(collected_id);
    json!(shown)
}

fn observation(seen: &Observation) -> Value {
    json!({
        "id": seen.id, "observation": true, "collected_at": seen.collected_at, "engagement": seen.engagement,
    })
}

fn write(folder: &Path, name: &str, lines: &[Value]) -> std::io::Result<()> {
    let journal = folder.join(JOURNAL);
    let written: BTreeSet<String> = match std::fs::read_to_string(&journal) {
        Ok(text) => text.lines().map(str::to_owned).collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeSet::new(),
        Err(error) => return Err(error),
    };
    let path = folder.join(name);
    if written.contains(name) || path.exists() {
        return Ok(());
    }
    let hidden = folder.join(format!(".{name}.part"));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&hidden, text)?;
    std::fs::rename(&hidden, &path)?;
    let mut journal = std::fs::OpenOptions::new().create(true).append(true).open(journal)?;
    writeln!(journal, "{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ItemId;
    use crate::newsroom::url_of;

    #[test]
    fn files_hold_every_item_that_is_not_public_without_labels() {
        let all: Vec<Value> = files().into_values().flatten().collect();
        let items: Vec<&Value> = all.iter().filter(|line| line.get("observation").is_none()).collect();
        assert_eq!(items.len(), 162 - 77);
        assert!(
            items
                .iter()
                .all(|line| line.get("relevant").is_none() && line.get("topics").is_none())
        );
    }

    #[test]
    fn parents_that_are_public_carry_the_id_a_collector_gives_them() {
        let all: Vec<Value> = files().into_values().flatten().collect();
        let of = |id: &str| {
            all.iter()
                .find(|l| l["id"] == id && l.get("observation").is_none())
                .unwrap()
        };
        assert_eq!(of("x052")["parent"], ItemId::from_url(url_of("x043").unwrap()).as_str());
        assert_eq!(
            of("x108")["repost_of"],
            ItemId::from_url(url_of("x104").unwrap()).as_str()
        );
        assert_eq!(of("x009")["parent"], "x007");
    }

    #[test]
    fn a_file_once_written_is_not_written_again_after_it_was_moved_away() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a.ndjson", &[json!({"id": "1"})]).unwrap();
        std::fs::remove_file(folder.path().join("a.ndjson")).unwrap();
        write(folder.path(), "a.ndjson", &[json!({"id": "2"})]).unwrap();
        assert!(!folder.path().join("a.ndjson").exists());
    }
}
