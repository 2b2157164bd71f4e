//! An echo through the very reader and writer that a session uses: what Autobahn's test suite
//! talks to (`scripts/autobahn.sh`). Text and binary come back as they came.
//!
//! `cargo run --release --example echo -- --listen 127.0.0.1:9001`
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::net::TcpListener;
use std::rc::Rc;
use std::time::Duration;

use actix_codec::Framed;
use actix_http::{HttpService, Request, body::BodySize, h1, ws};
use actix_rt::net::TcpStream;
use actix_service::{fn_service, map_config};
use actix_web::{App, dev::AppConfig};
use bytes::BytesMut;
use clap::Parser;
use futures_util::{SinkExt, StreamExt};
use parlor::chat::Meters;
use parlor::protocol::wire;
use parlor::session::{Incoming, Link, LinkLimits, Pulse, Reader, TURNS_A_PASS, Turns};

/// The largest message of Autobahn's cases is 16 MiB.
const FRAME_BYTES: usize = 16 * 1024 * 1024;

/// Echoes WebSocket messages.
#[derive(Parser)]
struct Options {
    /// Where to listen; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:9001")]
    listen: String,
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(Options::parse().listen)?;
    let address = listener.local_addr()?;
    actix::System::new().block_on(async {
        let server = actix_server::Server::build()
            .workers(1)
            .listen("echo", listener, || {
                HttpService::build()
                    .upgrade(fn_service(|(request, framed)| async {
                        if let Err(error) = answer(request, framed).await {
                            eprintln!("echo: {error}");
                        }
                        Ok::<(), actix_web::Error>(())
                    }))
                    .h1(map_config(App::new(), |()| AppConfig::default()))
                    .tcp()
            })?
            .run();
        println!("Echo is open: ws://{address}/ws");
        io::stdout().flush()?;
        server.await
    })
}

async fn answer(request: Request, mut framed: Framed<TcpStream, h1::Codec>) -> io::Result<()> {
    ws::verify_handshake(request.head()).map_err(io::Error::other)?;
    let response = ws::handshake_response(request.head()).finish().drop_body();
    framed.send((response, BodySize::None).into()).await?;
    let parts = framed.into_parts();
    parts.io.set_nodelay(true)?;
    let minute = Duration::from_secs(60).as_millis() as u64;
    let limits = Rc::new(LinkLimits {
        backlog_bytes: usize::MAX,
        pulse: Pulse::new(minute, 2 * minute),
        hello_ms: minute,
        turns: Turns::begin(TURNS_A_PASS),
        meters: Meters::new(&metrics::NoopRecorder),
    });
    let link = Rc::new(Link::new(parts.io, limits, minute));
    let reader = Reader::new(Rc::clone(&link), FRAME_BYTES, &parts.read_buf, Vec::new());
    actix_rt::spawn(echo(link, reader));
    Ok(())
}

async fn echo(link: Rc<Link<TcpStream>>, mut reader: Reader<TcpStream>) {
    while let Some(message) = reader.next().await {
        let mut frame = BytesMut::new();
        match message {
            Incoming::Text(text) => wire::append_message(&mut frame, 1, text.as_bytes()),
            Incoming::Binary(bytes) => wire::append_message(&mut frame, 2, &bytes),
            Incoming::Fragment | Incoming::Ping(_) | Incoming::Pong | Incoming::Close(_) => {
                continue;
            }
        }
        link.reply(frame.freeze());
    }
}
