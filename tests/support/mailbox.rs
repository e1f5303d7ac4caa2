//! A small real mail server on loopback (RFC 5321): STARTTLS, AUTH PLAIN, and it can refuse or hang up where it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What the server does out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes every message.
    Takes,
    /// Answers the recipient with this code.
    RefusesRecipient(u16),
    /// Hangs up after the whole message, before its answer.
    HangsUpAfterMessage,
}

/// A running server; it ends with the test's runtime.
pub struct Mailbox {
    pub address: SocketAddr,
    /// PEM of the certificate it shows.
    pub certificate: String,
    messages: Arc<Mutex<Vec<String>>>,
}

impl Mailbox {
    pub async fn start(manner: Manner) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let messages = Arc::new(Mutex::new(Vec::new()));
        let kept = messages.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(talk(socket, acceptor.clone(), manner, kept.clone()));
            }
        });
        Self {
            address,
            certificate: made.cert.pem(),
            messages,
        }
    }

    /// The messages taken, as received.
    pub fn messages(&self) -> Vec<String> {
        self.messages.lock().unwrap().clone()
    }
}

async fn talk(socket: TcpStream, acceptor: TlsAcceptor, manner: Manner, messages: Arc<Mutex<Vec<String>>>) {
    let mut plain = BufReader::new(socket);
    plain.write_all(b"220 localhost\r\n").await.unwrap();
    if dialogue(&mut plain, true, manner, &messages).await {
        let Ok(secure) = acceptor.accept(plain.into_inner()).await else {
            return;
        };
        dialogue(&mut BufReader::new(secure), false, manner, &messages).await;
    }
}

/// Speaks until the end; `true` when the client asks for TLS.
async fn dialogue<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut BufReader<S>,
    offers_tls: bool,
    manner: Manner,
    messages: &Mutex<Vec<String>>,
) -> bool {
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return false;
        }
        let verb = line.split_whitespace().next().unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" if offers_tls => "250-localhost\r\n250 STARTTLS\r\n".to_owned(),
            "EHLO" => "250-localhost\r\n250 AUTH PLAIN\r\n".to_owned(),
            "STARTTLS" => {
                stream.write_all(b"220 go\r\n").await.unwrap();
                return true;
            }
            // "\0diemtin\0secret" in base64.
            "AUTH" if line.contains("AGRpZW10aW4Ac2VjcmV0") => "235 welcome\r\n".to_owned(),
            "AUTH" => "535 unknown\r\n".to_owned(),
            "RCPT" => match manner {
                Manner::RefusesRecipient(code) => format!("{code} not now\r\n"),
                _ => "250 ok\r\n".to_owned(),
            },
            "DATA" => {
                stream.write_all(b"354 go\r\n").await.unwrap();
                let received = message(stream).await;
                messages.lock().unwrap().push(received);
                if manner == Manner::HangsUpAfterMessage {
                    return false;
                }
                "250 taken\r\n".to_owned()
            }
            "QUIT" => {
                let _ = stream.write_all(b"221 bye\r\n").await;
                return false;
            }
            _ => "250 ok\r\n".to_owned(),
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return false;
        }
    }
}

async fn message<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut text = String::new();
    let mut line = String::new();
    while stream.read_line(&mut line).await.unwrap_or(0) > 0 && line != ".\r\n" {
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
        line.clear();
    }
    text
}
