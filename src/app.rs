//! The composition root: store, chat, janitor, HTTP and sockets put together, started, stopped.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use actix::prelude::*;
use actix_codec::Framed;
use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpServiceBuilder, Request, h1};
use actix_rt::net::TcpStream;
use actix_rt::signal::unix::{Signal, SignalKind, signal};
use actix_rt::time::timeout;
use actix_server::{Server, ServerHandle};
use actix_service::{ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::{App, middleware, web};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use rand::SeedableRng;

use crate::auth::Hashing;
use crate::chat::{Chat, ChatServer, Cut, Local, Meters, Moment, Relay, Rules, Shutdown, WorkerUp};
use crate::gate::{Answer, Counts, Entrance, Front, Keyring, Line, Times};
use crate::janitor::Janitor;
use crate::model::config::{Config, Durability};
use crate::model::{Role, Timestamp, uptime_ms};
use crate::operator::Desk;
use crate::session::{
    Admission, Doorman, Household, LinkLimits, Origins, Pulse, Socket, TURNS_A_PASS, Turns,
};
use crate::store::{AccountRow, Boot, Store, StoreError};
use crate::uploads::Gallery;
use crate::web::{Darkroom, Site, cors, routes, turnstile};

/// How long connections may take to say goodbye at a shutdown.
const FAREWELL: Duration = Duration::from_secs(3);
/// Upper ends of the buckets of `parlor_log_commit_seconds`.
const COMMIT_BUCKETS: [f64; 9] = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 1.0, 10.0];
/// What a client may send over HTTP/2 before it is read: of one request,
const STREAM_WINDOW: u32 = 256 * 1024;
/// and of all requests of a connection.
const CONNECTION_WINDOW: u32 = 512 * 1024;
/// File descriptors that are not for connections: the store, listeners, standard streams.
const SPARE_FILES: u64 = 64;
/// So many connections that found no place may stay to be told so, and at most a share of all.
const STANDING: usize = 8_192;
const STANDING_SHARE: usize = 4;

/// Serves until told to stop (SIGTERM, SIGINT); with a keyring over TLS.
///
/// # Errors
/// When the address, the data directory or the store cannot be used.
pub fn serve(config: Config, keyring: Option<Arc<Keyring>>) -> io::Result<()> {
    abort_when_the_heart_stops();
    actix::System::new().block_on(async {
        let scheme = if keyring.is_some() { "https" } else { "http" };
        // Whoever has read where it listens may stop it: it listens for signals before it says so.
        let told = signals()?;
        let running = Running::start(config, keyring).await?;
        announce(scheme, running.address)?;
        first_of(told).await;
        running.stop().await;
        Ok(())
    })
}

fn announce(scheme: &str, address: SocketAddr) -> io::Result<()> {
    use std::io::Write;
    let mut out = io::stdout().lock();
    writeln!(out, "Parlor is open: {scheme}://{address}/")?;
    out.flush()
}

/// What tells it to stop.
fn signals() -> io::Result<[Signal; 2]> {
    Ok([signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?])
}

async fn first_of(mut signals: [Signal; 2]) {
    std::future::poll_fn(|cx| {
        let mut told = signals.iter_mut().map(|signal| signal.poll_recv(cx).is_ready());
        // All are asked, so that each wakes this.
        if told.by_ref().fold(false, |any, this| any | this) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
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
    desk: Option<Desk>,
}

/// What every worker builds its own services from.
#[derive(Clone)]
struct Blueprint {
    config: Arc<Config>,
    chat: Addr<ChatServer>,
    admission: Arc<Admission>,
    open: Arc<AtomicBool>,
    meters: Meters,
    counts: Counts,
    keyring: Option<Arc<Keyring>>,
    prometheus: PrometheusHandle,
    workers: Arc<AtomicU32>,
    darkroom: Darkroom,
    hashing: Hashing,
}

impl Running {
    /// Starts everything; needs a running actix system.
    ///
    /// # Errors
    /// When the address, the data directory or the store cannot be used.
    pub async fn start(config: Config, keyring: Option<Arc<Keyring>>) -> io::Result<Self> {
        let _ = uptime_ms();
        let files = raise_file_limit();
        survive_file_size_limit()?;
        std::fs::create_dir_all(&config.data).map_err(|error| {
            let data = config.data.display();
            about(&error, &format!("the data directory {data} (key data) cannot be used"))
        })?;
        let (store, boot) = Store::open(&config.data.join("parlor.db"), config.durability.into())
            .map_err(cannot_open)?;
        let listener = listen(config.listen).map_err(|error| {
            about(&error, &format!("cannot listen on {} (key listen)", config.listen))
        })?;
        let address = listener.local_addr()?;
        let recorder = PrometheusBuilder::new()
            .set_buckets(&COMMIT_BUCKETS)
            .map_err(io::Error::other)?
            .build_recorder();
        let (meters, counts) = (Meters::new(&recorder), Counts::new(&recorder));
        say_who_runs_it(&config.data, &boot);
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
        let hashing = Hashing::start()
            .map_err(|error| about(&error, "the threads for passwords cannot be started"))?;
        let darkroom = Darkroom::new(gallery, config.limits.image_pixels)
            .map_err(|error| about(&error, "the threads for pictures cannot be started"))?;
        let standing = STANDING.min(files / STANDING_SHARE);
        let most = match config.limits.connections {
            0 => files - standing,
            connections => connections,
        };
        let admission = Admission::new(most, config.limits.connections_per_address, standing);
        let open = Arc::new(AtomicBool::new(true));
        let desk = Desk::open(&config.data, chat.clone());
        let blueprint = Blueprint {
            config: Arc::new(config),
            chat: chat.clone(),
            admission: Arc::clone(&admission),
            open: Arc::clone(&open),
            meters,
            counts,
            keyring,
            prometheus: recorder.handle(),
            workers: Arc::default(),
            darkroom,
            hashing,
        };
        let server = blueprint.serve(listener, address)?;
        let handle = server.handle();
        actix_rt::spawn(server);
        Ok(Self { address, chat, store, server: handle, open, admission, desk })
    }

    /// Stops kindly: no new work, what is under way is kept and answered, everybody is told when
    /// to come back, everything is written.
    pub async fn stop(self) {
        self.open.store(false, Ordering::Release);
        drop(self.desk);
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

/// Nobody becomes an owner over the network, so a server without one says how there is one.
fn say_who_runs_it(data: &Path, boot: &Boot) {
    let runs = |row: &AccountRow| row.role == Role::Owner && row.ended_at.is_none();
    if !boot.accounts.iter().any(runs) {
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        let data = data.display().to_string().replace('\'', r"'\''");
        log::warn!(
            "nobody owns this server yet: parlor user add NAME --role owner --data '{data}'"
        );
    }
}

/// An error of the system, with a word for what was being done.
fn about(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

fn cannot_open(error: StoreError) -> io::Error {
    match error {
        StoreError::InUse(why) | StoreError::Broken(why) => {
            io::Error::new(io::ErrorKind::InvalidData, why)
        }
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

/// What a service does that takes what a client asked and its stream.
type Upgrade<S> = (Request, Framed<Line<S>, h1::Codec>);

impl Blueprint {
    fn serve(self, listener: TcpListener, address: SocketAddr) -> io::Result<Server> {
        let workers = match self.config.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        };
        let server = Server::build()
            .workers(workers)
            .disable_signals()
            .shutdown_timeout(1)
            .max_concurrent_connections(usize::MAX >> 1);
        let Some(keyring) = self.keyring.clone() else {
            let open = move || self.plain_worker(address);
            return server.listen("parlor", listener, open).map(actix_server::ServerBuilder::run);
        };
        Arc::clone(&keyring).watch();
        let open = move || self.tls_worker(address, Arc::clone(&keyring));
        server.listen("parlor", listener, open).map(actix_server::ServerBuilder::run)
    }

    /// A worker's services over TCP: HTTP/1.1.
    fn plain_worker(
        &self,
        address: SocketAddr,
    ) -> impl ServiceFactory<TcpStream, Config = (), Response = (), InitError = ()> + use<> {
        let (app, doorman, entrance) = self.furnish();
        let http = http(address).upgrade(upgrade(doorman, self.times().reading)).h1(app);
        let enter = move |io| std::future::ready(entrance.plain(io).map_err(DispatchError::Io));
        fn_service(enter).and_then(http)
    }

    /// A worker's services over TLS: HTTP/2 or HTTP/1.1, as was agreed in the handshake.
    fn tls_worker(
        &self,
        address: SocketAddr,
        keyring: Arc<Keyring>,
    ) -> impl ServiceFactory<TcpStream, Config = (), Response = (), InitError = ()> + use<> {
        let (app, doorman, entrance) = self.furnish();
        let http = http(address).upgrade(upgrade(doorman, self.times().reading)).finish(app);
        let enter = move |io| {
            let (entrance, keyring) = (entrance.clone(), Arc::clone(&keyring));
            async move { entrance.encrypted(io, &keyring).await.map_err(DispatchError::Io) }
        };
        fn_service(enter).and_then(http)
    }

    /// How long whom is waited for over HTTP.
    fn times(&self) -> Times {
        let limits = &self.config.limits;
        let (head, reading) = (limits.head_ms, limits.unread_ms);
        Times { head: Duration::from_millis(head), reading: Duration::from_millis(reading) }
    }

    /// What a worker does whatever its connections are made of.
    fn furnish(
        &self,
    ) -> (
        impl ServiceFactory<
            Request,
            Config = (),
            Response = Answer<impl MessageBody + use<>>,
            Error = actix_web::Error,
            InitError = (),
        > + use<>,
        Doorman,
        Entrance,
    ) {
        let (site, doorman) = self.move_in();
        let (trusted, tls) = (Rc::clone(&site.trusted), site.tls);
        let (meters, counts) = (self.meters.clone(), self.counts.clone());
        let entrance = Entrance::new(
            Arc::clone(&self.admission),
            Rc::clone(&trusted),
            meters.clone(),
            counts,
            tls,
            self.times(),
        );
        let front = Front::new(trusted, meters, tls);
        let cross_origin = !site.origins.is_closed();
        let app = App::new()
            .app_data(web::Data::new(site))
            .wrap(middleware::from_fn(turnstile))
            .wrap(middleware::Condition::new(cross_origin, middleware::from_fn(cors)))
            .wrap(middleware::NormalizePath::trim())
            .configure(routes);
        let app = map_config(app, |()| AppConfig::default());
        let app = apply_fn_factory(app, move |request, app: &_| front.call(request, app));
        (app, doorman, entrance)
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
        let tls = self.keyring.is_some();
        let origins = Origins::new(config.origins.clone(), tls);
        let trusted = Rc::new(config.trusted_proxies.clone());
        let doorman = Doorman {
            house,
            limits,
            origins: origins.clone(),
            trusted: Rc::clone(&trusted),
            open: Arc::clone(&self.open),
            tls,
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
            hashing: self.hashing.clone(),
            login_max_s: config.logins.max_s,
            tls,
            open: Arc::clone(&self.open),
            meters: self.meters.clone(),
            prometheus: self.prometheus.clone(),
        };
        (site, doorman)
    }
}

/// How connections are kept and given up, whatever they are made of.
fn http<S, A>(address: SocketAddr) -> HttpServiceBuilder<Line<S>, A>
where
    A: ServiceFactory<Request, Config = (), Error = actix_web::Error, InitError = ()>,
    A::Service: 'static,
{
    HttpServiceBuilder::default()
        .keep_alive(Duration::from_secs(30))
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(1))
        .h2_initial_window_size(STREAM_WINDOW)
        .h2_initial_connection_window_size(CONNECTION_WINDOW)
        .local_addr(address)
        .on_connect_ext(|line: &Line<S>, data| {
            data.insert(line.visit());
            if let Some(seat) = line.take_seat() {
                data.insert(seat);
            }
        })
}

/// Hands a request to upgrade to the door, together with its bare stream.
fn upgrade<S: Socket>(
    doorman: Doorman,
    time: Duration,
) -> impl ServiceFactory<Upgrade<S>, Config = (), Response = (), Error = actix_web::Error, InitError = ()>
{
    fn_service(move |(request, framed): Upgrade<S>| {
        let doorman = doorman.clone();
        async move {
            let framed = framed.into_map_io(Line::into_inner);
            let meters = doorman.house.meters.clone();
            match timeout(time, doorman.answer(request, framed)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => log::debug!("a handshake broke off: {error}"),
                Err(_) => meters.cut(Cut::UnreadAnswer),
            }
            Ok(())
        }
    })
}
