//! What most commands need first: configuration, catalogue, store.

use crate::catalogue::{self, Catalogue};
use crate::config::Config;
use crate::private::Vault;
use crate::store::{Store, Target};

use super::{Common, Failure};

/// The configuration of this call; wrong ones end with exit code 2.
pub fn config(common: &Common) -> Result<Config, Failure> {
    let mut config = Config::load(common.config.as_deref(), |name| std::env::var(name).ok())
        .map_err(|error| Failure::Usage(error.to_string()))?;
    if let Some(data) = &common.data {
        config.data.clone_from(data);
    }
    Ok(config)
}

/// The catalogue the configuration names: given folders, else `sources/` and `alerts/` here, else the compiled-in ones.
pub fn catalogue(config: &Config) -> Result<Catalogue, Failure> {
    let here = |given: &Option<std::path::PathBuf>, name: &str| {
        given
            .clone()
            .or_else(|| Some(name.into()).filter(|path: &std::path::PathBuf| path.is_dir()))
    };
    let sources = here(&config.sources, "sources");
    let alerts = here(&config.alerts, "alerts");
    catalogue::load(sources.as_deref(), alerts.as_deref()).map_err(|error| Failure::Usage(error.to_string()))
}

/// The store the configuration names, at the present schema.
pub async fn store(config: &Config) -> Result<Store, Failure> {
    let target = match &config.database.url {
        Some(url) => Target::Postgres(url.clone()),
        None => {
            std::fs::create_dir_all(&config.data).map_err(|error| {
                Failure::Usage(format!(
                    "cannot create the data folder {}: {error}",
                    config.data.display()
                ))
            })?;
            Target::Sqlite(config.data.join("diemtin.db"))
        }
    };
    let store = Store::open(&target)
        .await
        .map_err(|error| Failure::Usage(format!("cannot open the database: {error}")))?;
    Ok(store.with_vault(Vault::at(&config.key_file())))
}

/// A time given on the command line.
pub fn time(text: &str) -> Result<crate::model::Time, Failure> {
    crate::text::date::parse(text).ok_or_else(|| {
        Failure::Usage(format!(
            "`{text}` is not a time; write 2026-11-20 or 2026-11-20T07:00:00+07:00"
        ))
    })
}

/// The parts every command that works on the archive needs, on the time of this machine.
pub async fn service(config: Config) -> Result<crate::pipeline::service::Service, Failure> {
    Ok(crate::pipeline::service::Service {
        catalogue: std::sync::Arc::new(catalogue(&config)?),
        store: store(&config).await?,
        clock: crate::clock::Clock::real(),
        config: std::sync::Arc::new(config),
    })
}
