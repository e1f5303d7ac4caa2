//! Saved pages served over TLS under their outlets' real names, and a proxy that leads there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_util::task::AbortOnDropHandle;

/// Pages by host and path, with their content type.
pub type Pages = BTreeMap<String, (&'static str, Vec<u8>)>;

/// A TLS server for some hosts; it ends with the test.
pub struct Outlets {
    pub address: SocketAddr,
    /// PEM of the authority that vouches for it.
    pub authority: String,
    _task: AbortOnDropHandle<()>,
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = tokio_rustls::server::TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else {
                continue;
            };
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// Serves `pages` for `hosts`; every feed of theirs answers with `feeds[host]`, everything else with 404.
pub async fn serve(hosts: &[&str], pages: Pages, feeds: BTreeMap<String, String>) -> Outlets {
    let known = Arc::new((pages, feeds));
    let router = Router::new().fallback(move |request: Request| {
        let known = known.clone();
        async move { answer(&known.0, &known.1, &request) }
    });
    serve_router(hosts, router).await
}

/// Serves whatever `router` answers for `hosts`.
pub async fn serve_router(hosts: &[&str], router: Router) -> Outlets {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = parameters.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(parameters, key);
    let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let server_key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(names)
        .unwrap()
        .signed_by(&server_key, &issuer)
        .unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let listener = TlsListener {
        tcp,
        acceptor: TlsAcceptor::from(Arc::new(config)),
    };
    let task = tokio::spawn(async move {
        axum::serve(listener, router).await.unwrap();
    });
    Outlets {
        address,
        authority: authority.pem(),
        _task: AbortOnDropHandle::new(task),
    }
}

fn answer(pages: &Pages, feeds: &BTreeMap<String, String>, request: &Request) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .map_or("", |host| host.to_str().unwrap());
    let host = host.split(':').next().unwrap();
    let path = request.uri().path();
    if path == "/robots.txt" {
        return "User-agent: *\nAllow: /\n".into_response();
    }
    if let Some((kind, body)) = pages.get(&format!("{host}{path}")) {
        return ([(header::CONTENT_TYPE, *kind)], body.clone()).into_response();
    }
    match feeds.get(host).filter(|_| path.contains("rss")) {
        Some(feed) => ([(header::CONTENT_TYPE, "application/rss+xml")], feed.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// A proxy that answers CONNECT and leads every host to one address; counts how many it led.
pub struct Proxy {
    pub address: SocketAddr,
    pub led: Arc<AtomicUsize>,
    _task: AbortOnDropHandle<()>,
}

/// Starts the proxy.
pub async fn proxy_to(target: SocketAddr) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let led = Arc::new(AtomicUsize::new(0));
    let counter = led.clone();
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let counter = counter.clone();
            tokio::spawn(async move { lead(stream, target, &counter).await });
        }
    });
    Proxy {
        address,
        led,
        _task: AbortOnDropHandle::new(task),
    }
}

async fn lead(mut client: TcpStream, target: SocketAddr, led: &AtomicUsize) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    if !head.starts_with(b"CONNECT ") {
        return client.write_all(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n").await;
    }
    led.fetch_add(1, Ordering::Relaxed);
    let mut server = TcpStream::connect(target).await?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    tokio::io::copy_bidirectional(&mut client, &mut server)
        .await
        .map(|_| ())
}
