// tokio.rs: signal streams, polled by one future on a current-thread runtime.
use crate::{heard, list};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{signal, Signal, SignalKind};
use tokio::task::unconstrained;

struct Peer {
    runtime: Runtime,
    streams: Vec<(i32, Signal)>,
}

static mut PEER: Option<Peer> = None;

unsafe fn peer() -> &'static mut Peer {
    PEER.as_mut().unwrap()
}

// Ready when any of the streams was, and all that were have been heard.
struct Any<'a>(&'a mut [(i32, Signal)]);

impl Future for Any<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        let mut result = Poll::Pending;
        for (signo, stream) in self.0.iter_mut() {
            while stream.poll_recv(context).is_ready() {
                heard(*signo);
                result = Poll::Ready(());
            }
        }
        result
    }
}

#[no_mangle]
pub unsafe extern "C" fn peer_setup(signals: *const i32) {
    PEER = Some(Peer {
        runtime: Builder::new_current_thread().enable_all().build().unwrap(),
        streams: Vec::new(),
    });
    for signo in list(signals) {
        peer_subscribe(signo);
    }
}

#[no_mangle]
pub unsafe extern "C" fn peer_wait() {
    let Peer { runtime, streams } = peer();
    runtime.block_on(unconstrained(Any(streams)));
}

#[no_mangle]
pub unsafe extern "C" fn peer_subscribe(signo: i32) -> *mut u8 {
    let _context = peer().runtime.enter();
    let stream = signal(SignalKind::from_raw(signo)).unwrap();
    peer().streams.push((signo, stream));
    peer().streams.as_mut_ptr() as *mut u8
}

#[no_mangle]
pub unsafe extern "C" fn peer_unsubscribe(_subscriber: *mut u8) {
    peer().streams.pop(); // it is the last
}
