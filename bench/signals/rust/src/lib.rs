// lib.rs: a Rust peer behind the C interface of common.h.  A peer is used by
// one thread alone, so its state is a plain static.

#[cfg(feature = "signal-hook")]
mod signal_hook;
#[cfg(feature = "tokio")]
mod tokio;

extern "C" {
    fn bench_heard(signo: i32, count: u64);
    #[cfg(feature = "signal-hook")]
    fn bench_also_told(subscribers: u64);
}

fn heard(signo: i32) {
    unsafe { bench_heard(signo, 0) }
}

// The signals of a list that ends with 0.
unsafe fn list(mut signals: *const i32) -> Vec<i32> {
    let mut all = Vec::new();
    while *signals != 0 {
        all.push(*signals);
        signals = signals.add(1);
    }
    all
}
