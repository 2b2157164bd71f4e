//! Certificate and key: from two PEM files to what rustls serves with.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig, version};

use super::keyring::Paths;

/// A file of a certificate that is larger is somebody's mistake.
const FILE_BYTES: u64 = 1 << 20;
/// What we speak, the preferred first (RFC 7301): a browser takes HTTP/2 for the site and HTTP/1.1
/// for a socket.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Why a certificate or its key is of no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The key of the configuration that it is about.
    pub key: &'static str,
    /// What is wrong, as the end of a sentence.
    pub why: String,
}

impl Flaw {
    fn of_certificate(why: impl fmt::Display) -> Self {
        Self { key: "tls.certificate", why: why.to_string() }
    }

    fn of_key(why: impl fmt::Display) -> Self {
        Self { key: "tls.key", why: why.to_string() }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.why)
    }
}

/// Both files as they were read.
pub(super) struct Pair {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Pair {
    /// Reads both files.
    pub fn read(paths: &Paths) -> Result<Self, Flaw> {
        Ok(Self {
            certificate: read(&paths.certificate).map_err(Flaw::of_certificate)?,
            key: read(&paths.key).map_err(Flaw::of_key)?,
        })
    }

    /// Tells whether the files have changed, without keeping the key.
    pub fn fingerprint(&self) -> [u8; 32] {
        let length = self.certificate.len().to_le_bytes();
        Sha256::new()
            .chain_update(length)
            .chain_update(&self.certificate)
            .chain_update(&self.key)
            .finalize()
            .into()
    }

    /// What rustls needs to serve with them: TLS 1.2 and 1.3, and tickets, so that whoever comes back
    /// costs no signature.
    pub fn config(&self) -> Result<ServerConfig, Flaw> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| Flaw::of_certificate(format!("it is not PEM: {error}")))?;
        if chain.is_empty() {
            return Err(Flaw::of_certificate("there is no certificate in it"));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| match error {
            pem::Error::NoItemsFound => Flaw::of_key("there is no private key in it"),
            error => Flaw::of_key(format!("it is not PEM: {error}")),
        })?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(Flaw::of_certificate)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unfit)?;
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        config.ticketer = ring::Ticketer::new().map_err(Flaw::of_certificate)?;
        config.send_tls13_tickets = 1;
        Ok(config)
    }
}

/// Which of the two files rustls complains about.
fn unfit(error: rustls::Error) -> Flaw {
    match error {
        rustls::Error::InconsistentKeys(_) => {
            Flaw::of_key("it is not the key of the certificate in tls.certificate")
        }
        rustls::Error::InvalidCertificate(why) => {
            Flaw::of_certificate(format!("its certificate cannot be read: {why}"))
        }
        error => Flaw::of_key(format!("its key cannot be used: {error}")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let read = file.take(FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("it cannot be read: {error}"))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err("it is larger than 1 MiB".to_owned());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate of its own, and its key.
    fn pair() -> Pair {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Pair {
            certificate: made.cert.pem().into_bytes(),
            key: made.signing_key.serialize_pem().into_bytes(),
        }
    }

    #[test]
    fn a_pair_that_fits_is_served_with_and_known_again() {
        let (one, other) = (pair(), pair());
        assert!(one.config().is_ok());
        assert_eq!(one.fingerprint(), one.fingerprint());
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn what_does_not_fit_is_told_apart() {
        let (one, other) = (pair(), pair());
        let flaw = |certificate: &[u8], key: &[u8]| {
            let pair = Pair { certificate: certificate.into(), key: key.into() };
            let Flaw { key, why } = pair.config().unwrap_err();
            format!("{key}: {why}")
        };
        assert!(flaw(&one.certificate, &other.key).starts_with("tls.key: it is not the key of"));
        assert!(flaw(&one.certificate, b"").starts_with("tls.key: there is no private key"));
        assert!(flaw(&one.certificate, &one.certificate).starts_with("tls.key: there is no"));
        assert!(flaw(b"", &one.key).starts_with("tls.certificate: there is no certificate"));
        assert!(flaw(&one.key, &one.key).starts_with("tls.certificate: there is no certificate"));
        let broken = b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n";
        assert!(flaw(broken, &one.key).starts_with("tls.certificate: "));
        let noise = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(flaw(noise, &one.key).starts_with("tls.certificate: its certificate"));
    }
}
