// signal_hook.rs: one iterator that is waited for; further subscribers are
// flags, set in the handler.
use crate::{bench_also_told, heard, list};
use signal_hook::{flag, iterator::Signals, low_level::unregister, SigId};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::Arc;

struct Peer {
    signals: Signals,
    flags: Vec<(SigId, Arc<AtomicBool>)>,
}

static mut PEER: Option<Peer> = None;

unsafe fn peer() -> &'static mut Peer {
    PEER.as_mut().unwrap()
}

#[no_mangle]
pub unsafe extern "C" fn peer_setup(signals: *const i32) {
    PEER = Some(Peer {
        signals: Signals::new(list(signals)).unwrap(),
        flags: Vec::new(),
    });
}

#[no_mangle]
pub unsafe extern "C" fn peer_wait() {
    for signo in peer().signals.wait() {
        if let Some((_, last)) = peer().flags.last() {
            if last.swap(false, SeqCst) {
                bench_also_told(peer().flags.len() as u64);
            }
        }
        heard(signo);
    }
}

#[no_mangle]
pub unsafe extern "C" fn peer_subscribe(signo: i32) -> *mut u8 {
    let told = Arc::new(AtomicBool::new(false));
    peer()
        .flags
        .push((flag::register(signo, told.clone()).unwrap(), told));
    Arc::as_ptr(&peer().flags.last().unwrap().1) as *mut u8
}

#[no_mangle]
pub unsafe extern "C" fn peer_unsubscribe(_subscriber: *mut u8) {
    unregister(peer().flags.pop().unwrap().0); // it is the last
}
