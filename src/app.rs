//! The composition root: store, chat, janitor, HTTP and sockets put together, started, stopped.

use std::future::ready;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use actix::prelude::*;
use actix_codec::Framed;
use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_rt::net::TcpStream;
use actix_rt::signal::unix::{SignalKind, signal};
use actix_rt::time::timeout;
use actix_server::{Server, ServerHandle};
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::{App, middleware, web};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use rand::SeedableRng;

use crate::chat::{Chat, ChatServer, Cut, Local, Meters, Moment, Relay, Rules, Shutdown, WorkerUp};
use crate::janitor::Janitor;
use crate::model::config::{Config, Durability};
use crate::model::{Timestamp, uptime_ms};
use crate::session::{
    Admission, Doorman, Household, LinkLimits, Origins, Pulse, Seat, TURNS_A_PASS, Turns,
};
use crate::store::{self, Store, StoreError};
use crate::uploads::Gallery;
use crate::web::{
    Darkroom, KEEP_ALIVE_MS, Patience, Site, Surroundings, Watched, routes, security_headers,
    turnstile,
};

/// How long connections may take to say goodbye at a shutdown.
const FAREWELL: Duration = Duration::from_secs(3);
/// Upper ends of the buckets of `parlor_log_commit_seconds`.
const COMMIT_BUCKETS: [f64; 9] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1.0, 10.0];
/// File descriptors that are not for connections: the store, listeners, standard streams.
const SPARE_FILES: u64 = 64;
/// So many connections that found no place may stay to be told so, and at most a share of all.
const STANDING: usize = 8_192;
const STANDING_SHARE: usize = 4;
/// How long they have for their request, in milliseconds.
const STANDING_MS: u64 = 4_000;

/// Serves until told to stop (SIGTERM, SIGINT).
///
/// # Errors
/// When the address, the data directory or the store cannot be used.
pub fn serve(config: Config) -> io::Result<()> {
    abort_when_the_heart_stops();
    actix::System::new().block_on(async {
        let running = Running::start(config).await?;
        announce(running.address)?;
        wait_for_signal().await?;
        running.stop().await;
        Ok(())
    })
}

fn announce(address: SocketAddr) -> io::Result<()> {
    use std::io::Write;
    let mut out = io::stdout().lock();
    writeln!(out, "Parlor is open: http://{address}/")?;
    out.flush()
}

async fn wait_for_signal() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    std::future::poll_fn(|cx| {
        if terminate.poll_recv(cx).is_ready() || interrupt.poll_recv(cx).is_ready() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
    Ok(())
}

/// A panic in the chat or the store would leave a server that answers nobody: better to end, so
/// that whoever supervises the process starts it anew. Workers restart by themselves.
fn abort_when_the_heart_stops() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        let thread = std::thread::current();
        if thread.name().is_some_and(|name| name == "main" || name.starts_with("store-")) {
            log::error!("the chat or its store panicked; ending the process");
            std::process::abort();
        }
    }));
}

/// A server that runs.
pub struct Running {
    /// Where it listens; the real port.
    pub address: SocketAddr,
    chat: Addr<ChatServer>,
    store: Store,
    server: ServerHandle,
    open: Arc<AtomicBool>,
    admission: Arc<Admission>,
}

/// What every worker builds its own services from.
#[derive(Clone)]
struct Blueprint {
    config: Arc<Config>,
    chat: Addr<ChatServer>,
    admission: Arc<Admission>,
    open: Arc<AtomicBool>,
    meters: Meters,
    prometheus: PrometheusHandle,
    workers: Arc<AtomicU32>,
    darkroom: Darkroom,
}

impl Running {
    /// Starts everything; needs a running actix system.
    ///
    /// # Errors
    /// When the address, the data directory or the store cannot be used.
    pub async fn start(config: Config) -> io::Result<Self> {
        let _ = uptime_ms();
        let files = raise_file_limit();
        survive_file_size_limit()?;
        std::fs::create_dir_all(&config.data).map_err(|error| {
            let data = config.data.display();
            about(&error, &format!("the data directory {data} (key data) cannot be used"))
        })?;
        let durability = match config.durability {
            Durability::Normal => store::Durability::Normal,
            Durability::Full => store::Durability::Full,
        };
        let (store, boot) =
            Store::open(&config.data.join("parlor.db"), durability).map_err(cannot_open)?;
        let listener = listen(config.listen).map_err(|error| {
            about(&error, &format!("cannot listen on {} (key listen)", config.listen))
        })?;
        let address = listener.local_addr()?;
        let recorder = PrometheusBuilder::new()
            .set_buckets(&COMMIT_BUCKETS)
            .map_err(io::Error::other)?
            .build_recorder();
        let meters = Meters::new(&recorder);
        let now = Moment { mono: uptime_ms(), wall: Timestamp::now() };
        let rng = rand::rngs::StdRng::from_rng(&mut rand::rng());
        let chat = Chat::new(Rules::of(&config), boot, now, rng);
        let chat = ChatServer::new(chat, store.clone(), meters.clone()).start();
        let (sync, uploads) = (config.durability == Durability::Full, config.data.join("uploads"));
        let gallery = Gallery::open(uploads, sync)
            .map_err(|error| about(&error, "the directory of pictures cannot be used"))?;
        Janitor::begin(chat.clone(), gallery.clone(), &config)
            .await
            .map_err(|error| about(&error, "the directory of pictures cannot be tidied"))?;
        let darkroom = Darkroom::new(gallery, config.limits.image_pixels)
            .map_err(|error| about(&error, "the threads for pictures cannot be started"))?;
        let standing = STANDING.min(files / STANDING_SHARE);
        let most = match config.limits.connections {
            0 => files - standing,
            connections => connections,
        };
        let admission = Admission::new(most, config.limits.connections_per_address, standing);
        let open = Arc::new(AtomicBool::new(true));
        let blueprint = Blueprint {
            config: Arc::new(config),
            chat: chat.clone(),
            admission: Arc::clone(&admission),
            open: Arc::clone(&open),
            meters,
            prometheus: recorder.handle(),
            workers: Arc::default(),
            darkroom,
        };
        let server = blueprint.serve(listener, address)?;
        let handle = server.handle();
        actix_rt::spawn(server);
        Ok(Self { address, chat, store, server: handle, open, admission })
    }

    /// Stops kindly: no new work, what is under way is kept and answered, everybody is told when
    /// to come back, everything is written.
    pub async fn stop(self) {
        self.open.store(false, Ordering::Release);
        if let Err(error) = self.chat.send(Shutdown).await {
            log::error!("the chat does not answer: {error}");
        }
        if actix_rt::time::timeout(FAREWELL, self.admission.empty()).await.is_err() {
            log::warn!("some connections did not say goodbye in time");
        }
        self.server.stop(true).await;
        self.store.close();
    }
}

/// An error of the system, with a word for what was being done.
fn about(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

fn cannot_open(error: StoreError) -> io::Error {
    match error {
        StoreError::Broken(why) => io::Error::new(io::ErrorKind::InvalidData, why),
        StoreError::Full => io::Error::new(io::ErrorKind::StorageFull, "the disk is full"),
        StoreError::Busy => io::Error::other("the database cannot be read or written"),
    }
}

/// A listener whose queue takes a storm of connections.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    use socket2::{Domain, Protocol, Socket, Type};
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(4096)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// As many files as the system lets us have; returns how many connections that makes.
fn raise_file_limit() -> usize {
    let limit = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(1024);
    usize::try_from(limit.saturating_sub(SPARE_FILES)).unwrap_or(usize::MAX)
}

/// A write beyond the file size limit must be an error of the store, not the end of the process.
fn survive_file_size_limit() -> io::Result<()> {
    const SIGXFSZ: i32 = 25;
    signal(SignalKind::from_raw(SIGXFSZ)).map(drop)
}

impl Blueprint {
    fn serve(self, listener: TcpListener, address: SocketAddr) -> io::Result<Server> {
        let workers = match self.config.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        Server::build()
            .workers(workers)
            .disable_signals()
            .shutdown_timeout(1)
            .max_concurrent_connections(usize::MAX >> 1)
            .listen("parlor", listener, move || {
                let (site, doorman) = self.move_in();
                let admission = Arc::clone(&self.admission);
                let trusted = Rc::clone(&site.trusted);
                let limits = &self.config.limits;
                let patience = Patience { head_ms: limits.head_ms, unread_ms: limits.unread_ms };
                let upgrade = move |(request, framed): (_, Framed<Watched<TcpStream>, _>)| {
                    let (doorman, meters) = (doorman.clone(), doorman.house.meters.clone());
                    let framed = framed.into_map_io(Watched::release);
                    let time = Duration::from_millis(patience.unread_ms);
                    async move {
                        match timeout(time, doorman.answer(request, framed)).await {
                            Ok(Ok(())) => {}
                            Ok(Err(error)) => log::debug!("a handshake broke off: {error}"),
                            Err(_) => meters.cut(Cut::UnreadAnswer),
                        }
                        Ok::<(), actix_web::Error>(())
                    }
                };
                let around = Surroundings::new(self.meters.clone());
                let watch = move |io: TcpStream| {
                    // Or a picture's bytes wait 40 ms for its head to be acknowledged; the
                    // builder's own setting does not reach plain HTTP/1.
                    let _ = io.set_nodelay(true);
                    let peer = io.peer_addr().ok();
                    let io = Watched::new(io, patience, Rc::clone(&around));
                    ready(Ok::<_, DispatchError>((io, peer)))
                };
                let app = App::new()
                    .app_data(web::Data::new(site))
                    .wrap(middleware::from_fn(turnstile))
                    .wrap(security_headers())
                    .wrap(middleware::NormalizePath::trim())
                    .configure(routes);
                let app = map_config(app, |()| AppConfig::default());
                let http = HttpService::build()
                    .keep_alive(Duration::from_millis(KEEP_ALIVE_MS))
                    .client_request_timeout(Duration::from_millis(patience.head_ms))
                    .client_disconnect_timeout(Duration::from_secs(1))
                    .local_addr(address)
                    .on_connect_ext(move |io: &Watched<TcpStream>, data| {
                        // Whose peer is gone already gets no seat, and needs none.
                        let Ok(peer) = io.socket().peer_addr() else { return };
                        let known = !trusted.contain(peer.ip());
                        match Seat::find(&admission, peer.ip(), known) {
                            Some(seat) => {
                                if seat.full().is_some() {
                                    io.watch().hurry(STANDING_MS);
                                }
                                data.insert(seat);
                            }
                            None => io.watch().turn_away(),
                        }
                        data.insert(io.watch());
                    })
                    .upgrade(fn_service(upgrade))
                    .h1(app);
                fn_service(watch).and_then(http)
            })
            .map(actix_server::ServerBuilder::run)
    }

    /// Sets one worker up: its table of connections, its relay, what its services know.
    fn move_in(&self) -> (Site, Doorman) {
        let config = &self.config;
        let worker = self.workers.fetch_add(1, Ordering::Relaxed);
        let pulse = Pulse::new(config.heartbeat.interval_ms, config.heartbeat.timeout_ms);
        let local = Local::new(worker, pulse.tick_ms, self.meters.clone());
        let relay = Relay::new(local.clone(), pulse.tick_ms).start();
        self.chat.do_send(WorkerUp { worker, relay });
        let house = Rc::new(Household {
            chat: self.chat.clone(),
            local: local.clone(),
            meters: self.meters.clone(),
            frame_bytes: config.limits.frame_bytes,
            text_chars: config.limits.text_chars,
        });
        let limits = Rc::new(LinkLimits {
            backlog_bytes: config.limits.backlog_bytes,
            pulse,
            hello_ms: config.limits.hello_ms,
            turns: Turns::begin(TURNS_A_PASS),
            meters: self.meters.clone(),
        });
        let origins = Origins::new(config.origins.clone());
        let trusted = Rc::new(config.trusted_proxies.clone());
        let doorman = Doorman {
            house,
            limits,
            origins: origins.clone(),
            trusted: Rc::clone(&trusted),
            open: Arc::clone(&self.open),
        };
        let site = Site {
            origins,
            trusted,
            chat: self.chat.clone(),
            local,
            pulse,
            backlog_bytes: config.limits.backlog_bytes,
            text_chars: config.limits.text_chars,
            image_bytes: config.limits.image_bytes,
            darkroom: self.darkroom.clone(),
            guests: config.guests,
            open: Arc::clone(&self.open),
            meters: self.meters.clone(),
            prometheus: self.prometheus.clone(),
        };
        (site, doorman)
    }
}
