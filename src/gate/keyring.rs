//! The certificate that counts now, and the watch over its files.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio_rustls::rustls::ServerConfig;

use super::certificate::{Flaw, Pair};
use crate::model::config::Tls;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Where the two files are.
pub(super) struct Paths {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// What every worker serves with; swapped when the files change.
///
/// All of it is swapped, not the certificate alone: a ticket that was given under the old one is good
/// for nothing then, and who brings it shakes hands anew.
pub struct Keyring {
    paths: Paths,
    now: RwLock<Arc<ServerConfig>>,
    /// The files that were looked at last, whether they were of use or not.
    seen: Mutex<[u8; 32]>,
}

/// What a look at the files showed.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// They are as they were.
    Same,
    /// They have changed, and count from now on.
    Renewed,
    /// They have changed, and are of no use: the old ones stay.
    Flawed(Flaw),
}

impl Keyring {
    /// Reads the files that the configuration names; `None` where it names none.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn open(tls: &Tls) -> Result<Option<Arc<Self>>, Flaw> {
        let Tls { certificate: Some(certificate), key: Some(key) } = tls.clone() else {
            return Ok(None);
        };
        let paths = Paths { certificate, key };
        let pair = Pair::read(&paths)?;
        let now = RwLock::new(Arc::new(pair.config()?));
        Ok(Some(Arc::new(Self { paths, now, seen: Mutex::new(pair.fingerprint()) })))
    }

    /// What counts now.
    pub fn current(&self) -> Arc<ServerConfig> {
        // An `Arc` is put there whole or not at all.
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks after the files as long as the system runs; needs one of actix's threads.
    pub fn watch(self: Arc<Self>) {
        actix_rt::spawn(async move {
            loop {
                actix_rt::time::sleep(LOOK).await;
                let keyring = Arc::clone(&self);
                // A file may lie on a slow disk, and this thread is the chat's.
                let look = actix_rt::task::spawn_blocking(move || keyring.look()).await;
                match look {
                    Ok(Look::Renewed) => log::info!("the certificate was renewed"),
                    Ok(Look::Flawed(flaw)) => {
                        log::error!(
                            "the new certificate cannot be used, the old one stays: {flaw}"
                        );
                    }
                    Ok(Look::Same) | Err(_) => {}
                }
            }
        });
    }

    /// Looks once. What was found wanting is told of once, until the files change again.
    fn look(&self) -> Look {
        let pair = match Pair::read(&self.paths) {
            Ok(pair) => pair,
            Err(flaw) => return self.differs([0; 32]).map_or(Look::Same, |()| Look::Flawed(flaw)),
        };
        let Some(()) = self.differs(pair.fingerprint()) else { return Look::Same };
        match pair.config() {
            Ok(config) => {
                *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                Look::Renewed
            }
            Err(flaw) => Look::Flawed(flaw),
        }
    }

    fn differs(&self, fingerprint: [u8; 32]) -> Option<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::replace(&mut *seen, fingerprint) != fingerprint).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn write(directory: &Path, names: [&str; 2]) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let texts = [made.cert.pem(), made.signing_key.serialize_pem()];
        for (name, text) in names.iter().zip(texts) {
            fs::write(directory.join(name), text).unwrap();
        }
    }

    #[test]
    fn a_pair_counts_once_both_files_fit_and_until_then_the_old_one_stays() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        write(directory.path(), ["now.pem", "now.key"]);
        write(directory.path(), ["next.pem", "next.key"]);
        let tls = Tls { certificate: Some(at("now.pem")), key: Some(at("now.key")) };
        let keyring = Keyring::open(&tls).unwrap().unwrap();
        let first = keyring.current();
        assert_eq!(keyring.look(), Look::Same);
        fs::copy(at("next.pem"), at("now.pem")).unwrap();
        assert!(matches!(keyring.look(), Look::Flawed(flaw) if flaw.key == "tls.key"));
        assert_eq!(keyring.look(), Look::Same, "it is said once");
        assert!(Arc::ptr_eq(&first, &keyring.current()));
        fs::remove_file(at("now.key")).unwrap();
        assert!(matches!(keyring.look(), Look::Flawed(flaw) if flaw.key == "tls.key"));
        assert_eq!(keyring.look(), Look::Same, "it is said once");
        fs::copy(at("next.key"), at("now.key")).unwrap();
        assert_eq!(keyring.look(), Look::Renewed);
        assert!(!Arc::ptr_eq(&first, &keyring.current()));
        assert_eq!(keyring.look(), Look::Same);
    }

    #[test]
    fn without_files_there_is_no_tls() {
        assert!(Keyring::open(&Tls::default()).unwrap().is_none());
    }
}
