//! `diemtin demo`: the newsroom's day through the whole service; `diemtin newsroom`: its press as a process of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::output::{Format, Table};
use super::{Common, Failure, Outcome, context};
use crate::clock::{self, Clock, Scale};
use crate::config::{Config, DigestPlan};
use crate::model::Time;
use crate::newsroom;
use crate::pipeline::publishing::Publishing;
use crate::pipeline::service::Service;
use crate::store::Store;

/// Real seconds in which the day passes.
const DAY_SECONDS: f64 = 45.0;
/// What marks a folder as the demo's: a line with the moment the day began.
const MARK: &str = "demo.json";

#[derive(clap::Args)]
pub struct Arguments {
    /// Run the day through, print a summary and exit
    #[arg(long)]
    once: bool,
    /// Port of the web pages on 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Go on with the day that an earlier call began in the same folder
    #[arg(long)]
    resume: bool,
    /// Address of a newsroom that runs as a process of its own (`diemtin newsroom`)
    #[arg(long, value_name = "ADDR")]
    newsroom: Option<SocketAddr>,
    /// Real seconds in which the day passes
    #[arg(long, default_value_t = DAY_SECONDS)]
    seconds: f64,
}

#[derive(clap::Args)]
pub struct NewsroomArguments {
    /// Address to listen on
    #[arg(long, default_value = "127.0.0.1:9000")]
    listen: SocketAddr,
    /// Folder into which vendor files and tips are dropped
    #[arg(long, value_name = "DIR")]
    inbox: Option<PathBuf>,
    /// Real moment (Unix milliseconds) at which the day begins [default: now]
    #[arg(long, value_name = "MS")]
    epoch: Option<i64>,
    /// Real seconds in which the day passes
    #[arg(long, default_value_t = DAY_SECONDS)]
    seconds: f64,
    /// Let outages, traps and changed layouts happen
    #[arg(long)]
    bad_day: bool,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Mark {
    epoch_ms: i64,
    seconds: f64,
}

impl Mark {
    fn scale(&self) -> Scale {
        let day = newsroom::day();
        let length = (day.end - day.start).num_milliseconds() as f64 / 1000.0;
        Scale {
            epoch_ms: self.epoch_ms,
            start: day.start,
            end: day.end,
            factor: length / self.seconds.max(1.0),
        }
    }
}

/// Runs the newsroom until the process is stopped.
pub async fn newsroom(arguments: NewsroomArguments) -> Outcome {
    let mark = Mark {
        epoch_ms: arguments.epoch.unwrap_or_else(clock::real_ms),
        seconds: arguments.seconds,
    };
    let options = newsroom::Options {
        listen: arguments.listen,
        clock: Clock::scaled(mark.scale()),
        inbox: arguments.inbox,
        is_bad_day: arguments.bad_day,
    };
    let running = newsroom::start(options).await?;
    println!("{}", running.addr);
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}

/// Plays the day.
pub async fn demo(common: &Common, arguments: Arguments) -> Outcome {
    let data = common.data.clone().unwrap_or_else(|| PathBuf::from("data/demo"));
    let watch = clock::stopwatch();
    let mark = prepare(&data, &arguments)?;
    let scale = mark.scale();
    let clock = Clock::scaled(scale);
    let press = match arguments.newsroom {
        Some(_) => None,
        None => {
            let options = newsroom::Options {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                clock: clock.clone(),
                inbox: Some(data.join("inbox")),
                is_bad_day: false,
            };
            Some(newsroom::start(options).await?)
        }
    };
    let address = arguments.newsroom.or(press.as_ref().map(|p| p.addr));
    let mut config = config(
        &data,
        arguments.port,
        address.ok_or_else(|| Failure::Work("no newsroom".into()))?,
    );
    config.database = context::config(common)?.database;
    let _lock = crate::store::lock_service(&data).map_err(|error| Failure::Usage(error.to_string()))?;
    let knowledge = crate::catalogue::load(None, None).map_err(|error| Failure::Usage(error.to_string()))?;
    let catalogue = knowledge
        .with_sources(&newsroom::source_files())
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let service = Service {
        store: store(&config, &arguments).await?,
        catalogue: Arc::new(catalogue),
        clock: clock.clone(),
        config: Arc::new(config),
    };
    play(&service, &arguments, scale.end, || {
        summary(&service, common.format, watch)
    })
    .await?;
    if let Some(press) = press {
        press.stop().await;
    }
    service.store.close().await;
    Ok(())
}

/// The demo's database: new, or, to go on with a day, the one that day began in.
async fn store(config: &Config, arguments: &Arguments) -> Result<Store, Failure> {
    let store = context::store(config).await?;
    let is_used = store.archive(&crate::chance::token()).await?.1 > 0;
    if is_used && !arguments.resume {
        store.close().await;
        return Err(Failure::Usage(
            "the database of the configuration is not empty; the demo needs one of its own, or --resume".into(),
        ));
    }
    Ok(store)
}

/// Starts all roles, waits for the end of the day and until everything of it is done, and sums it up; then serves on
/// unless `--once`.
async fn play<S: Future<Output = Outcome>>(
    service: &Service,
    arguments: &Arguments,
    end: Time,
    summary: impl FnOnce() -> S,
) -> Outcome {
    service.end_leases().await?;
    service.guard().await?;
    let stop = CancellationToken::new();
    let understanding = service.understanding().await?;
    let publishing = Arc::new(service.publishing()?);
    let collecting = service.collecting()?;
    let evidence = collecting.evidence.clone();
    let imported = evidence.clone();
    let mut roles = tokio::task::JoinSet::new();
    roles.spawn({
        let stop = stop.clone();
        async move { collecting.run(stop).await.map_err(|error| error.to_string()) }
    });
    let spawn = |service: &Service| (service.clone(), stop.clone());
    let (s, t) = spawn(service);
    roles.spawn(async move {
        s.seal_loop(evidence, t).await;
        Ok(())
    });
    let (s, t) = spawn(service);
    roles.spawn(async move {
        s.import_loop(imported, t).await;
        Ok(())
    });
    let (s, t) = spawn(service);
    roles.spawn(async move {
        s.analyse_loop(understanding, t).await;
        Ok(())
    });
    let (s, t) = spawn(service);
    let (carrier, editions) = (publishing.carrier.clone(), publishing.clone());
    roles.spawn(async move {
        s.alarm_loop(carrier, t).await;
        Ok(())
    });
    let (s, t) = spawn(service);
    roles.spawn(async move {
        s.deliver_loop(publishing, t).await;
        Ok(())
    });
    let web = super::run::start_web(service, stop.clone()).await;
    match web {
        Ok(address) => println!("Trang web: http://{address}/  (Ctrl-C để dừng)"),
        Err(error) if !arguments.once => return Err(error),
        Err(_) => {}
    }
    service.clock.sleep_until(end).await;
    wait_until_done(service, &editions).await?;
    summary().await?;
    if !arguments.once {
        println!("Một ngày đã trôi qua; các trang vẫn mở.");
        tokio::signal::ctrl_c().await?;
    }
    stop.cancel();
    while let Some(ended) = roles.join_next().await {
        ended?.map_err(Failure::Work)?;
    }
    Ok(())
}

/// Waits until nothing is left to fetch, import, understand, compose or send, for at most four minutes of real time.
async fn wait_until_done(service: &Service, publishing: &Publishing) -> Outcome {
    let real = Clock::real();
    for _ in 0..960 {
        let store = &service.store;
        // Asked first: what is composed a moment later is then an open delivery.
        let due = publishing.due().await?.len();
        let open = store.waiting_entries().await? + store.count_unanalysed().await? + store.open_deliveries().await?;
        let files = std::fs::read_dir(service.inbox())?
            .flatten()
            .filter(|f| f.path().is_file())
            .count();
        let hidden = std::fs::read_dir(service.inbox())?
            .flatten()
            .filter(|f| f.file_name().to_string_lossy().starts_with('.'))
            .count();
        if due == 0 && open == 0 && files == hidden {
            return Ok(());
        }
        real.sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}

/// Clears a folder of an earlier demo, or goes on with it; a folder with anything else in it is left alone.
fn prepare(data: &Path, arguments: &Arguments) -> Result<Mark, Failure> {
    let file = data.join(MARK);
    if arguments.resume
        && let Ok(text) = std::fs::read_to_string(&file)
    {
        return serde_json::from_str(&text).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())));
    }
    let is_empty = std::fs::read_dir(data).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty && !file.exists() {
        let problem = format!(
            "{} holds something else than a demo; name an empty folder with --data",
            data.display()
        );
        return Err(Failure::Usage(problem));
    }
    if !is_empty {
        std::fs::remove_dir_all(data)?;
    }
    std::fs::create_dir_all(data.join("inbox"))?;
    let mark = Mark {
        epoch_ms: clock::real_ms(),
        seconds: arguments.seconds,
    };
    std::fs::write(&file, serde_json::to_string(&mark)?)?;
    Ok(mark)
}

/// The demo's configuration: everything in its folder, every host on loopback, never a real mail server.
fn config(data: &Path, port: u16, newsroom: SocketAddr) -> Config {
    let mut config = Config {
        data: data.to_owned(),
        ..Config::default()
    };
    config.agency.parent = "Cơ quan chủ quản (mẫu)".into();
    config.agency.name = "BHXH (mẫu)".into();
    config.agency.unit = "Trung tâm Truyền thông (mẫu)".into();
    config.agency.is_sample = true;
    config.web.listen = SocketAddr::from(([127, 0, 0, 1], port));
    config.network.resolve = newsroom::hosts()
        .into_iter()
        .map(|host| (host.to_owned(), newsroom))
        .collect();
    config.collect.feed_minutes = [3, 15];
    config.collect.spacing_seconds = 2.0;
    config.mail.from = "Điểm tin (mẫu) <diemtin@baovidu.example>".into();
    let plan = |kind, minute| DigestPlan {
        kind,
        at: chrono::NaiveTime::from_hms_opt(6, minute, 0).unwrap_or_default(),
        days: Vec::new(),
        audience: "leaders".into(),
        recipients: vec![
            "giam-doc@bhxh-mau.example".into(),
            "pho-giam-doc@bhxh-mau.example".into(),
        ],
    };
    use crate::model::digest::DigestKind::{Press, Social};
    config.digests = vec![plan(Press, 40), plan(Social, 45)];
    config
}

async fn summary(service: &Service, format: Format, watch: std::time::Instant) -> Outcome {
    let seconds = watch.elapsed().as_secs_f64();
    let day = newsroom::day();
    let now = service.clock.now().max(day.end);
    let counts = service
        .store
        .day_counts(day.start - chrono::Duration::days(2), now)
        .await?;
    let stories = service
        .store
        .stories_between(day.start - chrono::Duration::days(2), now, i64::MAX)
        .await?
        .len();
    let alerts = service
        .store
        .alerts_between(day.start - chrono::Duration::days(2), now, 1000)
        .await?;
    let editions = service.store.list_editions(100).await?;
    let rows = [
        ("sources", service.catalogue.sources.len().to_string()),
        ("items", counts.items.to_string()),
        ("relevant", counts.relevant.to_string()),
        ("stories", stories.to_string()),
        ("alerts", alerts.len().to_string()),
        ("editions", editions.len().to_string()),
        ("seconds", format!("{seconds:.1}")),
    ];
    if format == Format::Json {
        let object: serde_json::Map<_, _> = rows
            .iter()
            .map(|(name, value)| {
                let number = value.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
                (
                    (*name).to_owned(),
                    number.map_or_else(|| value.clone().into(), serde_json::Value::Number),
                )
            })
            .chain([("sample".to_owned(), true.into())])
            .collect();
        println!("{}", serde_json::Value::Object(object));
        return Ok(());
    }
    println!("DỮ LIỆU MẪU – KHÔNG CÓ THẬT");
    let rows = rows
        .iter()
        .map(|(name, value)| vec![(*name).to_owned(), value.clone()])
        .collect();
    Table {
        columns: vec!["figure", "value"],
        rows,
    }
    .print(format)?;
    for alert in &alerts {
        println!(
            "[{}] {} – {}: {}",
            u8::from(alert.level),
            alert.kind.label(),
            alert.title,
            alert.reason
        );
    }
    for edition in &editions {
        println!(
            "{}: {} ({} of {} sent)",
            edition.id, edition.subject, edition.sent.0, edition.sent.1
        );
    }
    Ok(())
}
