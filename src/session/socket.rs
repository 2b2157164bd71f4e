//! The sockets that a session can own, and what the kernel is told about them.

use actix_codec::{AsyncRead, AsyncWrite};
use actix_rt::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// What the kernel takes of an answer over HTTP beyond what its reader has room for, in bytes. It would
/// take up to 4 MiB for each of those who read slowly, and nobody would see how slowly.
const UNSENT: u32 = 128 * 1024;

/// A socket that a session can own.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + 'static {
    /// The connection itself.
    fn tcp(&self) -> &TcpStream;

    /// A session takes over: what waits for it is bounded by its outbox, and the kernel may take more.
    fn becomes_a_session(&self) {
        set_unsent(self.tcp(), u32::MAX);
    }
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Makes a connection ready for whatever comes: small writes go out at once and not after Nagle's
/// 40 ms, and little waits in the kernel. A peer that is gone already shows at the first read.
pub fn settle_in(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    set_unsent(stream, UNSENT);
}

#[cfg(target_os = "linux")]
fn set_unsent(stream: &TcpStream, bytes: u32) {
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(bytes);
}

#[cfg(not(target_os = "linux"))]
fn set_unsent(_: &TcpStream, _: u32) {}
