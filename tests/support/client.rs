//! Helpers of the tests: a plain HTTP client that reaches invented hosts on loopback.

use std::net::SocketAddr;

/// A client that finds each of `hosts` at `addr` follows no redirects and unpacks no answers.
#[expect(
    clippy::disallowed_methods,
    reason = "a test asks the newsroom as any browser would, not as the polite collector"
)]
pub fn client(hosts: &[&str], addr: SocketAddr) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy();
    hosts
        .iter()
        .fold(builder, |builder, host| builder.resolve(host, addr))
        .build()
        .unwrap()
}
