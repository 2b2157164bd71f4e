//! Certificates made on the spot, servers that have one, and clients that trust it.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, version,
};

use super::{PATIENCE, TestApp, Wire, within};

/// A certificate for this machine, and its key, as PEM.
pub struct Certificate {
    pub chain: String,
    pub key: String,
    der: CertificateDer<'static>,
}

impl Certificate {
    /// A new one.
    pub fn make() -> Self {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("sound names");
        Self {
            chain: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
            der: made.cert.der().clone(),
        }
    }

    /// Puts both files into a directory, the key last.
    pub fn lay_into(&self, directory: &Path) {
        fs::write(directory.join("chain.pem"), &self.chain).expect("a file");
        fs::write(directory.join("key.pem"), &self.key).expect("a file");
    }

    /// A client that trusts this certificate and no other.
    pub fn client(&self, protocols: &[&str]) -> ClientConfig {
        self.client_of(protocols, &[&version::TLS13, &version::TLS12])
    }

    /// The same of certain versions of TLS.
    pub fn client_of(
        &self,
        protocols: &[&str],
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("it vouches for itself");
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("ring has them")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

/// Shakes hands.
pub async fn encrypt(stream: TcpStream, config: ClientConfig) -> io::Result<Wire> {
    let host = ServerName::try_from("localhost").expect("a name");
    let shaking = TlsConnector::from(Arc::new(config)).connect(host, stream);
    within("a handshake", shaking).await.map(|stream| Wire::Tls(Box::new(stream)))
}

impl TestApp {
    /// Over TLS, with a certificate of its own.
    pub fn secure(settings: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a directory for the test");
        let certificate = Certificate::make();
        certificate.lay_into(home.path());
        let mut settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
        settings.extend(["tls.certificate=chain.pem", "tls.key=key.pem"].map(str::to_owned));
        let data = home.path().join("data");
        Self::begin(home, data, settings, Some(certificate))
    }

    /// A request over TLS and HTTP/1.1, read to the end of the connection: without a farewell of TLS
    /// it is an error.
    pub(super) fn ask_encrypted(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Vec<u8>> {
        let client = Arc::new(self.certificate().client(&["http/1.1"]));
        let host = ServerName::try_from("localhost").expect("a name");
        let tls = ClientConnection::new(client, host).map_err(io::Error::other)?;
        let tcp = std::net::TcpStream::connect(self.address())?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(tls, tcp);
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address());
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Connection: close\r\nContent-Length: {}\r\n\r\n", body.len()));
        stream.write_all(&[text.as_bytes(), body].concat())?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Its certificate, if it has one.
    pub fn certificate(&self) -> &Certificate {
        self.certificate.as_ref().expect("this server speaks TLS")
    }

    /// Whether it speaks TLS.
    pub fn is_secure(&self) -> bool {
        self.certificate.is_some()
    }

    /// Where its certificate lies.
    pub fn certificate_directory(&self) -> PathBuf {
        self.home.path().to_owned()
    }
}
