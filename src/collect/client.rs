//! The two HTTP clients behind the fetcher: one that reaches only the public internet, one for what the operator exempts.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Proxy};

use super::fetch::FetchError;
use super::guard::{Guard, Pass, PublicOnly};
use crate::config::{Collect, Network};

/// The clients; redirects are never followed by them.
#[derive(Debug)]
pub struct Clients {
    public: Client,
    exempt: Client,
}

impl Clients {
    /// Builds both from the configuration.
    pub fn new(collect: &Collect, network: &Network, guard: &Guard) -> Result<Self, FetchError> {
        install_crypto();
        let certificates = certificates(network)?;
        let proxy = match &network.proxy {
            Some(address) => Some(Proxy::all(address).map_err(|error| {
                FetchError::Setup(format!(
                    "network.proxy `{address}` is not an address like http://host:port: {error}"
                ))
            })?),
            None => None,
        };
        // The environment's proxy variables are not ours: only what the configuration names is used.
        let public = finish(&certificates, || {
            let builder = base(collect).no_proxy().dns_resolver(PublicOnly);
            match &proxy {
                Some(proxy) => builder.proxy(proxy.clone()),
                None => builder,
            }
        })?;
        let exempt = finish(&certificates, || {
            let overrides = guard.overrides().iter();
            overrides.fold(base(collect).no_proxy(), |builder, (host, to)| {
                builder.resolve(host, *to)
            })
        })?;
        Ok(Self { public, exempt })
    }

    /// The client for an address that the guard has let pass.
    pub fn of(&self, pass: Pass) -> &Client {
        match pass {
            Pass::Public => &self.public,
            Pass::Exempt => &self.exempt,
        }
    }
}

/// Who asks, and where to complain.
pub fn user_agent(collect: &Collect) -> String {
    format!(
        "{}/{} (+{})",
        super::robots::TOKEN,
        env!("CARGO_PKG_VERSION"),
        collect.contact
    )
}

/// One crypto provider for the process; whoever comes first installs it.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Fails only when another thread was faster, and then there is one.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
    });
}

fn certificates(network: &Network) -> Result<Vec<Certificate>, FetchError> {
    let Some(path) = &network.ca_file else {
        return Ok(Vec::new());
    };
    let setup = |problem: String| FetchError::Setup(format!("network.ca_file {}: {problem}", path.display()));
    let pem = std::fs::read(path).map_err(|error| setup(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| setup(error.to_string()))?;
    if found.is_empty() {
        return Err(setup("holds no PEM certificate".into()));
    }
    Ok(found)
}

fn base(collect: &Collect) -> ClientBuilder {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that builds a client, behind guard and slots"
    )]
    let builder = Client::builder();
    builder
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(collect.timeout_seconds.clamp(1, 20)))
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(1)
}

/// Builds a client with the system's certificates and ours; on a system without any, with ours alone.
fn finish(certificates: &[Certificate], builder: impl Fn() -> ClientBuilder) -> Result<Client, FetchError> {
    let merged = builder().tls_certs_merge(certificates.iter().cloned()).build();
    match merged {
        Ok(client) => Ok(client),
        Err(error) => {
            tracing::warn!(
                reason = &error as &dyn std::error::Error,
                "the system has no certificate authorities: https works only with network.ca_file"
            );
            let alone = builder().tls_certs_only(certificates.iter().cloned());
            alone.build().map_err(|error| FetchError::Setup(error.to_string()))
        }
    }
}
