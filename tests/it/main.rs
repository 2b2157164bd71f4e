//! The promises of the protocol, kept by the real program over real sockets: one file a
//! behaviour, one sentence a test.

mod stage;

mod bad_frames;
mod catching_up;
mod crash;
mod event_stream;
mod flood;
mod framing;
mod full_disk;
mod handshake;
mod headers;
mod health;
mod heartbeat;
mod help;
mod limits;
mod memory_rooms;
mod names;
mod naughty;
mod order;
mod origins;
mod picture_access;
mod picture_crash;
mod picture_disk;
mod picture_forms;
mod picture_life;
mod picture_memory_rooms;
mod picture_messages;
mod posting;
mod presence;
mod program;
mod proxies;
mod reading_over_http;
mod refusals;
mod removal;
mod replies;
mod restart;
mod resume;
mod retry;
mod shutdown;
mod slow_reader;
mod snapshot;
mod typing;
mod uploading;
