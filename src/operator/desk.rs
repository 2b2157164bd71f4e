//! The server's side: a socket in the data directory at which this machine's operator is heard.
//!
//! One line of JSON comes in, one goes out, and the connection ends. Who may come is decided by the
//! file's mode and, should a file system not care for it, by the user at the other end.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use actix::Addr;
use actix_rt::task::JoinHandle;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::{Answer, SOCKET, order};
use crate::chat::ChatServer;
use crate::protocol::{Code, Refusal};

/// The longest line, in bytes, its end included: a name and a hash fit three times over.
pub(super) const LINE_BYTES: u64 = 4096;
/// So many are heard at once; others wait at the door.
const CALLERS: usize = 8;
/// How long a line may take to come, and its answer to be taken.
const LISTENS: Duration = Duration::from_secs(5);
/// How long the chat may take.
const WORKS: Duration = Duration::from_secs(30);
/// After a connection that cannot be had (no file descriptors), a pause.
const PAUSE: Duration = Duration::from_millis(500);

/// The socket while the server runs; dropped, it is gone.
#[derive(Debug)]
pub struct Desk {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Desk {
    /// Opens the socket under `data`, in place of what a crash left there: whoever calls this holds
    /// the database, so nobody else listens. Where there can be none, the log says so and the server
    /// goes on without.
    pub fn open(data: &Path, chat: Addr<ChatServer>) -> Option<Self> {
        let path = data.join(SOCKET);
        match bind(&path) {
            Ok(listener) => {
                let task = actix_rt::spawn(receive(listener, chat));
                Some(Self { path, task })
            }
            Err(error) => {
                log::warn!(
                    "no socket for the operator at {}: {error}. `parlor user` works only while this \
                     server is stopped; a data directory with a shorter path on a local disk helps",
                    path.display()
                );
                None
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.task.abort();
        // Somebody may have tidied it away.
        let _ = fs::remove_file(&self.path);
    }
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => fs::remove_file(path)?,
        Ok(_) => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file is in its place"));
        }
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    // Who came in between is asked who they are.
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn receive(listener: UnixListener, chat: Addr<ChatServer>) {
    let places = Arc::new(Semaphore::new(CALLERS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((caller, _)) => {
                let chat = chat.clone();
                actix_rt::spawn(async move {
                    // A caller who hangs up has nobody to be told.
                    let _ = attend(caller, &chat).await;
                    drop(place);
                });
            }
            Err(error) => {
                log::warn!("the operator's socket takes nobody: {error}");
                actix_rt::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn attend(mut caller: UnixStream, chat: &Addr<ChatServer>) -> io::Result<()> {
    if !is_ours(caller.peer_cred()?.uid()) {
        log::warn!("somebody of another user came to the operator's socket and was sent away");
        return Ok(());
    }
    let line = within(LISTENS, line(&mut caller)).await?;
    let answer = match line.as_deref().ok_or_else(too_long).and_then(order::read) {
        Ok(operation) => within(WORKS, async { Ok(Answer::of(chat, operation).await) }).await?,
        Err(refusal) => refusal.into(),
    };
    let mut line = crate::protocol::wire::json(&answer);
    line.push(b'\n');
    within(LISTENS, caller.write_all(&line)).await
}

/// Whether a user is the one that the server runs as, or may do anything anyway.
fn is_ours(user: u32) -> bool {
    user == rustix::process::geteuid().as_raw() || user == 0
}

fn too_long() -> Refusal {
    Refusal::because(Code::PayloadTooLarge, "This is not one line, or too long a one.")
}

/// A line without its end; none where what comes is none, or too long.
pub(super) async fn line(stream: &mut UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(LINE_BYTES)).read_until(b'\n', &mut line).await?;
    Ok((line.pop() == Some(b'\n')).then_some(line))
}

async fn within<T>(time: Duration, done: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    actix_rt::time::timeout(time, done).await.map_err(|_| io::ErrorKind::TimedOut)?
}
