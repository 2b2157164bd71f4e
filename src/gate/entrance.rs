//! Where connections come in: a seat for each, and with TLS the handshake.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::Protocol;
use actix_rt::net::TcpStream;
use actix_rt::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::counts::Counts;
use super::feed::TURNS_A_PASS;
use super::keyring::Keyring;
use super::line::{Ledger, Line, Times};
use super::pacing::Paced;
use super::parting::Parting;
use crate::chat::{Cut, Meters};
use crate::model::Networks;
use crate::protocol::{Code, Refusal};
use crate::session::{Admission, Seat, Turns, settle_in};

/// How long a handshake may take, from the first byte that is waited for to the last.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A worker's entrance.
#[derive(Clone)]
pub struct Entrance {
    admission: Arc<Admission>,
    trusted: Rc<Networks>,
    ledger: Rc<Ledger>,
}

impl Entrance {
    /// An entrance; `tls`: connections are encrypted.
    pub fn new(
        admission: Arc<Admission>,
        trusted: Rc<Networks>,
        meters: Meters,
        counts: Counts,
        tls: bool,
        times: Times,
    ) -> Self {
        let turns = Turns::begin(TURNS_A_PASS);
        let ledger = Rc::new(Ledger { meters, counts, tls, times, turns });
        Self { admission, trusted, ledger }
    }

    /// Lets a connection in as it is.
    ///
    /// # Errors
    /// When there is no room for it, not even to be told so.
    pub fn plain(&self, io: TcpStream) -> io::Result<(Line<TcpStream>, Option<SocketAddr>)> {
        let (seat, peer) = self.seat(&io)?;
        Ok((Line::new(io, seat, Rc::clone(&self.ledger), false), peer))
    }

    /// Lets a connection in once it is encrypted. It has its seat from the first moment: who does not
    /// come to the end of the handshake takes one as well, as long as it lasts.
    ///
    /// # Errors
    /// When there is no handshake, or none in time; or no room, as for [`Entrance::plain`].
    pub async fn encrypted(
        &self,
        io: TcpStream,
        keyring: &Keyring,
    ) -> io::Result<(Line<TlsStream<TcpStream>>, Protocol, Option<SocketAddr>)> {
        let (seat, peer) = self.seat(&io)?;
        let shaken = timeout(HANDSHAKE, self.shake_hands(io, keyring)).await;
        let shaken = shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let counts = &self.ledger.counts;
        let counter = if shaken.is_ok() { &counts.handshakes } else { &counts.failed_handshakes };
        counter.increment(1);
        let stream = shaken?;
        let two = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let protocol = if two { Protocol::Http2 } else { Protocol::Http1 };
        Ok((Line::new(stream, seat, Rc::clone(&self.ledger), two), protocol, peer))
    }

    fn seat(&self, io: &TcpStream) -> io::Result<(Option<Seat>, Option<SocketAddr>)> {
        settle_in(io);
        // Whose peer is gone already gets no seat, and needs none.
        let Ok(peer) = io.peer_addr() else { return Ok((None, None)) };
        let known = !self.trusted.contain(peer.ip());
        match Seat::find(&self.admission, peer.ip(), known) {
            Some(seat) => Ok((Some(seat), Some(peer))),
            None => {
                self.ledger.meters.cut(Cut::NoRoom);
                Err(io::ErrorKind::ConnectionRefused.into())
            }
        }
    }

    async fn shake_hands(
        &self,
        mut io: TcpStream,
        keyring: &Keyring,
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut first = [0];
        io.peek(&mut first).await?;
        // A handshake begins with 22 (RFC 8446 section 5.1), a method of HTTP with a letter.
        if first[0].is_ascii_alphabetic() {
            let message = "This port speaks TLS: its addresses begin with https:// and wss://.";
            let refusal = Refusal::because(Code::BadRequest, message);
            self.ledger.meters.refused(refusal.code);
            let mut parting = Parting::with(&refusal, false);
            std::future::poll_fn(|cx| parting.poll(&mut io, cx)).await;
            return Err(io::ErrorKind::InvalidData.into());
        }
        Paced::new(TlsAcceptor::from(keyring.current()).accept(io)).await
    }
}
