//! How an alert opens, rises, falls and goes quiet.

use crate::model::alert::{Alert, AlertEvent, AlertEventKind, AlertKind, AlertState, Level};
use crate::model::knowledge::RumourType;
use crate::model::{AlertId, Time};

use super::evaluate::{minutes, window};
use super::window::Group;
use super::{Detector, reason};

impl Detector {
    /// Judges a group after its evidence changed.
    pub(super) fn judge(&mut self, rule: usize, key: &str, now: Time) -> Option<AlertEvent> {
        let place = (rule, key.to_owned());
        let mut group = self.groups.remove(&place)?;
        group.forget(now - window(&self.rules[rule]), now - Detector::history());
        let event = self.step(rule, key, &mut group, now);
        self.groups.insert(place, group);
        event
    }

    fn step(&mut self, rule: usize, key: &str, group: &mut Group, now: Time) -> Option<AlertEvent> {
        let reached = self.level(rule, group, now);
        let Some(mut alert) = group.alert.take() else {
            let level = reached?;
            let alert = self.opened(rule, key, group, level, now);
            group.alert = Some(alert.clone());
            return Some(AlertEvent {
                at: now,
                event: AlertEventKind::Open,
                alert,
            });
        };
        let rises = reached.is_some_and(|level| level > alert.level);
        let again = group.answered_at.is_some_and(|then| group.authors(None) > then);
        alert.level = alert.level.max(reached.unwrap_or(alert.level));
        self.describe(rule, group, &mut alert, now);
        group.alert = Some(alert.clone());
        (rises || again).then(|| {
            group.answered_at = None;
            AlertEvent {
                at: now,
                event: AlertEventKind::Raise,
                alert,
            }
        })
    }

    fn opened(&mut self, rule: usize, key: &str, group: &Group, level: Level, now: Time) -> Alert {
        let first = group.evidence.first().map(|e| e.item.as_str()).unwrap_or_default();
        let plain = AlertId(format!("a-{}-{key}", self.rules[rule].id));
        let id = if self.used_ids.contains(&plain) {
            AlertId(format!("{plain}-{first}"))
        } else {
            plain
        };
        self.used_ids.insert(id.clone());
        let mut alert = Alert {
            id,
            rule: self.rules[rule].id.clone(),
            kind: self.rules[rule].kind,
            level,
            state: AlertState::New,
            title: String::new(),
            reason: String::new(),
            rumour_id: None,
            story: None,
            items: Vec::new(),
            topics: Vec::new(),
            departments: Vec::new(),
            opened_at: now,
            updated_at: now,
            resolved: false,
            version: self.version.clone(),
        };
        self.describe(rule, group, &mut alert, now);
        alert
    }

    /// Fills in what follows from the evidence.
    fn describe(&self, rule: usize, group: &Group, alert: &mut Alert, now: Time) {
        for evidence in &group.evidence {
            if !alert.items.contains(&evidence.item) {
                alert.items.push(evidence.item.clone());
            }
        }
        let catalogued = group.evidence.iter().find_map(|e| e.rumour.clone());
        alert.rumour_id = alert.rumour_id.take().or(catalogued);
        alert.story = commonest(group.evidence.iter().map(|e| e.story.clone()))
            .into_iter()
            .next();
        let main = group.evidence.iter().filter_map(|e| e.topics.first().cloned());
        alert.topics = commonest(main.chain(group.evidence.iter().flat_map(|e| e.topics.iter().skip(1).cloned())));
        let rumour = alert.rumour_id.as_ref().and_then(|id| self.rumours.get(id));
        if alert.kind == AlertKind::Scam && rumour.is_some_and(|r| r.kind == RumourType::IdentityImpersonation) {
            alert.kind = AlertKind::Impersonation;
        }
        alert.departments = match rumour {
            Some(rumour) => rumour.departments.clone(),
            None => self.departments(&alert.topics),
        };
        alert.title = self.title(rule, group, rumour, alert);
        let denied = self.denied(alert);
        alert.reason = reason::sentence(&self.rules[rule].reason, group, &alert.title, denied);
        alert.updated_at = now;
    }

    fn departments(&self, topics: &[String]) -> Vec<String> {
        let mut all = Vec::new();
        let first = topics
            .iter()
            .take(2)
            .filter_map(|t| self.topics.get(t))
            .flat_map(|(_, list)| list);
        for department in first {
            if !all.contains(department) {
                all.push(department.clone());
            }
        }
        all
    }

    /// Items that deny the rumour of an alert; where it is in no catalogue, those that deny its story.
    fn denied(&self, alert: &Alert) -> usize {
        if matches!(alert.kind, AlertKind::ComplaintWave | AlertKind::Surge) {
            return 0;
        }
        let name = alert.rumour_id.as_ref().or(alert.story.as_ref().map(|s| &s.0));
        name.and_then(|name| self.denials.get(name))
            .map_or(0, |items| items.len())
    }

    /// Resolves an alert that went quiet, or lowers one whose window holds less than its level asks.
    pub(super) fn cool(&mut self, rule: usize, key: &str, now: Time) -> Option<AlertEvent> {
        let place = (rule, key.to_owned());
        let mut group = self.groups.remove(&place)?;
        let event = self.calm(rule, &mut group, now);
        group.forget(now - window(&self.rules[rule]), now - Detector::history());
        self.groups.insert(place, group);
        event
    }

    fn calm(&self, rule: usize, group: &mut Group, now: Time) -> Option<AlertEvent> {
        let mut alert = group.alert.take()?;
        let last = group.evidence.last().map_or(alert.updated_at, |e| e.at);
        if now - last >= minutes(self.rules[rule].quiet_hours) {
            alert.resolved = true;
            alert.updated_at = now;
            group.answered_at = None;
            return Some(AlertEvent {
                at: now,
                event: AlertEventKind::Resolve,
                alert,
            });
        }
        let held = self.level(rule, group, now).unwrap_or(Level::Watch);
        let falls = held < alert.level && now - last >= window(&self.rules[rule]);
        if falls {
            alert.level = held;
            alert.updated_at = now;
        }
        group.alert = Some(alert.clone());
        falls.then_some(AlertEvent {
            at: now,
            event: AlertEventKind::Demote,
            alert,
        })
    }
}

/// Different values, commonest first, earlier ones first among equals.
fn commonest<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for value in values {
        match counts.iter_mut().find(|(known, _)| *known == value) {
            Some((_, count)) => *count += 1,
            None => counts.push((value, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(value, _)| value).collect()
}
