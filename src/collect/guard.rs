//! The address guard: nothing of ours may be made to ask an inner address, whatever a feed, a page or a redirect says.
//!
//! Names are checked at the moment they are dialled (own resolver), literals before: reqwest never asks a resolver for
//! those (seanmonstar/reqwest#1515). What the operator names in `network.resolve` and `network.allow` is exempt, exactly.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{LazyLock, Mutex};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::config::Network;

/// Ranges that are not public (IANA special-purpose registries; RFC 6890, 5737, 6598, 3849, 9637). For IPv6 only
/// 2000::/3 is global unicast at all, so mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96) forms are out with the rest.
const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
];

/// Whether an address belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    static RANGES: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
        NOT_PUBLIC
            .iter()
            .map(|range| range.parse().expect("the range is well written"))
            .collect()
    });
    let is_unicast = match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000,
    };
    is_unicast && !RANGES.iter().any(|range| range.contains(&address))
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not http or https, or no host.
    #[error("only http and https addresses are fetched")]
    Scheme,
    /// User name or password in the address.
    #[error("an address must not carry a user name or password")]
    Credentials,
    /// A port of another service.
    #[error("only ports 80 and 443 are fetched; name `{0}` in network.allow if it is meant")]
    Port(String),
    /// An inner address.
    #[error("`{0}` is not an address of the public internet; name it in network.allow if it is meant")]
    NotPublic(String),
}

/// How an address may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Through the resolver that knows only public addresses.
    Public,
    /// As the operator configured.
    Exempt,
}

/// The rules and the operator's exemptions.
#[derive(Debug)]
pub struct Guard {
    resolve: BTreeMap<String, SocketAddr>,
    allow: BTreeSet<String>,
    logged: Mutex<BTreeSet<String>>,
}

impl Guard {
    /// The guard with the exemptions of a configuration.
    pub fn new(network: &Network) -> Self {
        Self {
            resolve: network
                .resolve
                .iter()
                .map(|(host, to)| (host.to_lowercase(), *to))
                .collect(),
            allow: network.allow.iter().map(|pair| pair.trim().to_lowercase()).collect(),
            logged: Mutex::default(),
        }
    }

    /// Host names with the address the operator gave them.
    pub fn overrides(&self) -> &BTreeMap<String, SocketAddr> {
        &self.resolve
    }

    /// Decides about one address, before anything is sent to it.
    pub fn check(&self, url: &Url) -> Result<Pass, Refusal> {
        let (Some(host), "http" | "https") = (url.host(), url.scheme()) else {
            return Err(Refusal::Scheme);
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let name = host.to_string().to_lowercase();
        let port = url.port_or_known_default().unwrap_or_default();
        let pair = format!("{name}:{port}");
        let is_resolved = self
            .resolve
            .get(&name)
            .is_some_and(|to| url.port().is_none_or(|port| port == to.port()));
        if is_resolved || self.allow.contains(&pair) {
            self.log_once(pair);
            return Ok(Pass::Exempt);
        }
        let literal = match host {
            Host::Ipv4(v4) => Some(IpAddr::V4(v4)),
            Host::Ipv6(v6) => Some(IpAddr::V6(v6)),
            Host::Domain(_) => None,
        };
        if literal.is_some_and(|address| !is_public(address)) {
            return Err(Refusal::NotPublic(name));
        }
        if !matches!(port, 80 | 443) {
            return Err(Refusal::Port(pair));
        }
        Ok(Pass::Public)
    }

    fn log_once(&self, pair: String) {
        let mut logged = self.logged.lock().expect("no code panics while it holds the lock");
        if !logged.contains(&pair) {
            tracing::info!(
                address = pair,
                "fetched although it may not be public, as network.resolve or network.allow say"
            );
            logged.insert(pair);
        }
    }
}

/// A resolver that knows only public addresses. What it checked is what is dialled, so a name cannot change in between.
#[derive(Debug, Clone, Copy)]
pub struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let was_found = !found.is_empty();
            let public: Vec<SocketAddr> = found.into_iter().filter(|a| is_public(a.ip())).collect();
            if public.is_empty() && was_found {
                return Err(Refusal::NotPublic(name.as_str().into()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(guard: &Guard, url: &str) -> Result<Pass, Refusal> {
        guard.check(&Url::parse(url).unwrap())
    }

    #[test]
    fn inner_addresses_are_refused_in_every_spelling() {
        let guard = Guard::new(&Network::default());
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://10.1.2.3/",
            "http://172.31.0.1/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest",
            "http://100.64.0.1/",
            "http://0/",
            "http://[::1]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[::ffff:8.8.8.8]/",
            "http://[fd00::1]/",
            "http://[fe80::1]/",
            "http://[64:ff9b::a00:1]/",
            "http://[64:ff9b::808:808]/",
            "http://[2002:a00:1::]/",
            "http://[2001:db8::1]/",
            "http://[ff02::1]/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://203.0.113.7/",
            "http://127.0.0.1:8080/",
        ] {
            assert!(matches!(check(&guard, url), Err(Refusal::NotPublic(_))), "{url}");
        }
    }

    #[test]
    fn other_schemes_ports_and_credentials_are_refused_and_the_public_internet_is_not() {
        let guard = Guard::new(&Network::default());
        assert_eq!(check(&guard, "ftp://baovidu.example/"), Err(Refusal::Scheme));
        assert_eq!(check(&guard, "file:///etc/passwd"), Err(Refusal::Scheme));
        assert!(matches!(
            check(&guard, "http://baovidu.example:22/"),
            Err(Refusal::Port(_))
        ));
        assert_eq!(check(&guard, "http://u:p@baovidu.example/"), Err(Refusal::Credentials));
        for url in [
            "https://baovidu.example/",
            "http://8.8.8.8/",
            "https://[2606:4700::1111]/",
            "http://a.vn:443/",
        ] {
            assert_eq!(check(&guard, url), Ok(Pass::Public), "{url}");
        }
    }

    #[test]
    fn an_exemption_holds_for_exactly_what_it_names() {
        let guard = Guard::new(&Network {
            resolve: BTreeMap::from([("Bao.example".to_string(), "127.0.0.1:8081".parse().unwrap())]),
            allow: vec!["127.0.0.1:9000".into(), "localhost:9000".into()],
            ..Network::default()
        });
        for url in [
            "http://bao.example/x",
            "https://bao.example/",
            "http://bao.example:8081/",
            "http://127.0.0.1:9000/",
        ] {
            assert_eq!(check(&guard, url), Ok(Pass::Exempt), "{url}");
        }
        for url in [
            "http://bao.example:5432/",
            "http://127.0.0.1:9001/",
            "http://127.0.0.1/",
        ] {
            assert!(check(&guard, url).is_err(), "{url}");
        }
        // A name of the list on another port is looked up by the resolver that knows only public addresses.
        assert_eq!(check(&guard, "http://localhost/"), Ok(Pass::Public));
    }
}
