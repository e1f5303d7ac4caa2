//! Mail by SMTP (RFC 5321), and which errors mean what.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor, address::Envelope};
use secrecy::ExposeSecret;

use super::DeliverError;
use crate::clock;
use crate::config::{Mail, MailSecurity};
use crate::model::delivery::SendOutcome;

/// A mail server.
#[derive(Debug, Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    timeout: Duration,
}

impl Smtp {
    /// The server of a configuration.
    ///
    /// # Errors
    /// When server, sender or certificate file are unusable, or the connection would be open on a network.
    pub fn new(mail: &Mail, server: &str) -> Result<Self, DeliverError> {
        let wrong = |problem: String| DeliverError::Config(problem);
        let (host, port) = server
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)))
            .ok_or_else(|| wrong(format!("mail.server `{server}` must be host:port")))?;
        let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let tls = match mail.security {
            MailSecurity::None if is_loopback => Tls::None,
            MailSecurity::None => {
                return Err(wrong(
                    "mail.security = \"none\" is for loopback only; use \"starttls\"".into(),
                ));
            }
            MailSecurity::Starttls => Tls::Required(parameters(mail, host)?),
            MailSecurity::Tls => Tls::Wrapper(parameters(mail, host)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(Duration::from_secs(mail.timeout_seconds)));
        if let (Some(user), Some(password)) = (&mail.user, &mail.password) {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        let from = super::message::mailbox(&mail.from)?;
        Ok(Self {
            transport: builder.build(),
            from: from.email,
            timeout: Duration::from_secs(mail.timeout_seconds),
        })
    }

    /// Hands one message to the server.
    pub async fn send(&self, to: &str, message: &[u8]) -> SendOutcome {
        let to: Address = match to.parse() {
            Ok(address) => address,
            Err(error) => return SendOutcome::GiveUp(format!("`{to}` is not an address: {error}")),
        };
        let envelope = match Envelope::new(Some(self.from.clone()), vec![to]) {
            Ok(envelope) => envelope,
            Err(error) => return SendOutcome::GiveUp(error.to_string()),
        };
        match self.transport.test_connection().await {
            Ok(true) => {}
            Ok(false) => return SendOutcome::Retry("the server does not answer".into()),
            // Nothing was handed over yet, so whatever failed can be tried again; a refused login needs a person.
            Err(error) if error.is_permanent() => return SendOutcome::GiveUp(error.to_string()),
            Err(error) => return SendOutcome::Retry(error.to_string()),
        }
        let limit = self.timeout + Duration::from_secs(5);
        match clock::within(limit, self.transport.send_raw(&envelope, message)).await {
            Ok(Ok(answer)) => SendOutcome::Sent(answer.message().collect::<Vec<_>>().join(" ")),
            Ok(Err(error)) if error.is_permanent() => SendOutcome::GiveUp(error.to_string()),
            Ok(Err(error)) if error.is_transient() => SendOutcome::Retry(error.to_string()),
            // The library does not tell at which reply the connection was lost; the message may have been taken.
            Ok(Err(error)) => SendOutcome::Uncertain(error.to_string()),
            Err(_) => SendOutcome::Uncertain("no answer in time".into()),
        }
    }
}

fn parameters(mail: &Mail, host: &str) -> Result<TlsParameters, DeliverError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &mail.ca_file {
        let pem = std::fs::read(path)
            .map_err(|error| DeliverError::Config(format!("mail.ca_file {}: {error}", path.display())))?;
        let certificate = Certificate::from_pem(&pem)
            .map_err(|error| DeliverError::Config(format!("mail.ca_file {}: {error}", path.display())))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder
        .build_rustls()
        .map_err(|error| DeliverError::Config(format!("TLS: {error}")))
}
