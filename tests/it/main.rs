//! The promises of the protocol, kept by the real program over real sockets: one file a
//! behaviour, one sentence a test.

mod stage;

mod catching_up;
mod crash;
mod order;
mod retry;
