//! Reads the certificate that a server presents, for the doctor. Trusts any, and sends nothing secret.

use anyhow::Context;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConnection, StreamOwned};
use std::net::TcpStream;
use std::sync::Arc;
use store::trust::{Trust, client};

/// Performs a TLS handshake for `name`, and returns the connection and the certificate.
///
/// # Errors
/// When the server does not speak TLS.
pub fn open(
    mut stream: TcpStream,
    name: &str,
) -> anyhow::Result<(StreamOwned<ClientConnection, TcpStream>, CertificateDer<'static>)> {
    let config = client(Trust::Anybody)?;
    let name = ServerName::try_from(name.to_owned())?;
    let mut connection = ClientConnection::new(Arc::new(config), name)?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    let shown = connection.peer_certificates().and_then(<[_]>::first).context("it shows no certificate")?;
    let shown = shown.clone().into_owned();
    Ok((StreamOwned::new(connection, stream), shown))
}
