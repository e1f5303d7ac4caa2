//! Two processes collect into one PostgreSQL: they share the work, and no host is asked more often than by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use diemtin::clock::{Clock, Scale, real_ms};
use diemtin::config::Config;
use diemtin::newsroom;
use diemtin::pipeline::service::Service;
use tokio_util::sync::CancellationToken;

/// Seconds of the day between two requests to a host.
const SPACING: f64 = 20.0;

#[tokio::test(flavor = "multi_thread")]
async fn two_collecting_processes_share_the_hosts_and_the_spacing_holds_across_both() {
    if crate::support::store::is_left_out() {
        return;
    }
    let day = newsroom::day();
    let start = day.start + chrono::Duration::hours(8);
    // Four hours of the day in twelve seconds.
    let clock = Clock::scaled(Scale {
        epoch_ms: real_ms(),
        start,
        end: start + chrono::Duration::hours(4),
        factor: 1200.0,
    });
    let options = newsroom::Options {
        listen: "127.0.0.1:0".parse().unwrap(),
        clock: clock.clone(),
        inbox: None,
        is_bad_day: false,
    };
    let press = newsroom::start(options).await.unwrap();
    let url = crate::support::store::postgres_url();
    let knowledge = diemtin::catalogue::load(None, None).unwrap();
    let catalogue = Arc::new(knowledge.with_sources(&newsroom::source_files()).unwrap());
    let stop = CancellationToken::new();
    let (mut tasks, mut stores) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::support::store::open_postgres(&url, folder.path()).await;
        let mut config = Config {
            data: folder.path().into(),
            ..Config::default()
        };
        config.collect.spacing_seconds = SPACING;
        config.collect.feed_minutes = [10, 30];
        config.network.resolve = newsroom::hosts()
            .into_iter()
            .map(|host| (host.to_owned(), press.addr))
            .collect();
        let service = Service {
            config: Arc::new(config),
            catalogue: catalogue.clone(),
            store: store.clone(),
            clock: clock.clone(),
        };
        let (collecting, token) = (service.collecting().unwrap(), stop.clone());
        stores.push(store);
        tasks.push((
            tokio::spawn(async move { collecting.run(token).await.unwrap() }),
            folder,
        ));
    }
    clock.sleep_until(start + chrono::Duration::hours(4)).await;
    stop.cancel();
    for (task, _folder) in tasks {
        task.await.unwrap();
    }
    let mut asked: BTreeMap<String, Vec<_>> = BTreeMap::new();
    let (mut pages, mut twice) = (BTreeMap::new(), Vec::new());
    for request in press.requests() {
        let is_article = request.status == 200 && request.path.ends_with(".htm") && request.path.len() > 20;
        if is_article {
            let before = pages.insert((request.host.clone(), request.path.clone()), request.at);
            // An article is looked at again for edits an hour after it was collected.
            let is_early = |before| request.at - before < chrono::Duration::minutes(50);
            twice.extend(before.filter(|before| is_early(*before)).map(|_| request.path.clone()));
        }
        asked.entry(request.host).or_default().push(request.at);
    }
    assert!(
        asked.len() > 15 && pages.len() > 3,
        "{} hosts, {} articles",
        asked.len(),
        pages.len()
    );
    assert!(twice.is_empty(), "fetched twice: {twice:?}");
    // The newsroom stamps an answer when it sends it: the clock runs 1,200 times as fast as the machine, so some of the
    // distance between two answers is the machine's own delay. Two processes that do not share would ask at once.
    for (host, times) in &asked {
        let gaps = times
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).num_milliseconds() as f64 / 1000.0);
        let shortest = gaps.fold(f64::MAX, f64::min);
        assert!(shortest > SPACING / 2.0, "{host} was asked again after {shortest} s");
    }
    let beside = diemtin::pipeline::sharing::Sharing::new(stores[0].clone(), clock.clone(), chrono::Duration::zero());
    assert!(
        !beside.is_alone().await.unwrap(),
        "a command beside them leaves the work to them"
    );
    let alive = stores[0].collectors("test", start, start).await.unwrap();
    assert!(alive.len() >= 2, "both processes said that they collect: {alive:?}");
    press.stop().await;
}
