//! Our side of the socket: an order to the server that runs, and its answer.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use super::{Answer, Undone, desk, order};
use crate::chat::Operation;

/// How long the server may take: longer than it takes itself.
const WAITS: Duration = Duration::from_secs(45);

/// Asks the server at `socket`; `None` where nobody listens.
///
/// # Errors
/// When somebody does, and this goes wrong.
pub(super) async fn ask(socket: &Path, operation: &Operation) -> Result<Option<Answer>, Undone> {
    let mut server = match UnixStream::connect(socket).await {
        Ok(server) => server,
        Err(error) => {
            return match error.kind() {
                // There is none, one of a server that was killed, or its path is too long for one.
                ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::InvalidInput => {
                    Ok(None)
                }
                ErrorKind::PermissionDenied => Err(Undone::Forbidden(socket.to_owned())),
                _ => Err(Undone::System(error)),
            };
        }
    };
    let answer = actix_rt::time::timeout(WAITS, talk(&mut server, operation)).await;
    let answer = answer.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
    answer.map(Some).map_err(|error| Undone::Unanswered(socket.to_owned(), error))
}

async fn talk(server: &mut UnixStream, operation: &Operation) -> io::Result<Answer> {
    let mut order = order::write(operation);
    order.push(b'\n');
    server.write_all(&order).await?;
    let line = desk::line(server).await?;
    let line = line.ok_or_else(|| io::Error::new(ErrorKind::UnexpectedEof, "it hung up"))?;
    Ok(serde_json::from_slice(&line)?)
}
