//! writer.rs: a Rust library that writes on a thread of its own, guarded by one
//! of belay's scopes or by none.
//!
//! Rust's write() on a socket raises no SIGPIPE; its write_vectored(), which
//! hyper and tokio call, is writev(2) and does.

use std::fs::File;
use std::io::{Error, IoSlice, Result, Write};
use std::mem::ManuallyDrop;
use std::os::raw::{c_char, c_int, c_uint};
use std::os::unix::io::FromRawFd;
use std::thread;

#[repr(C)]
struct Guard {
    private: c_uint,
}

extern "C" {
    fn belay_writev(fd: c_int, parts: *const IoSlice, count: c_int) -> isize;
    fn belay_sigpipe_begin(guard: *mut Guard);
    fn belay_sigpipe_end(guard: *mut Guard);
}

fn parts() -> [IoSlice<'static>; 2] {
    [IoSlice::new(b"hel"), IoSlice::new(b"lo")]
}

/// The fd stays its owner's.
fn write_plainly(fd: c_int) -> Result<usize> {
    let mut file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
    file.write_vectored(&parts())
}

/// An IoSlice is a struct iovec.
fn write_by_belay(fd: c_int) -> Result<usize> {
    let n = unsafe { belay_writev(fd, parts().as_ptr(), 2) };
    usize::try_from(n).map_err(|_| Error::from_raw_os_error(-n as i32))
}

fn write_guarded(fd: c_int) -> Result<usize> {
    let mut guard = Guard { private: 0 };
    unsafe { belay_sigpipe_begin(&mut guard) };
    let result = write_plainly(fd);
    unsafe { belay_sigpipe_end(&mut guard) };
    result
}

/// TCP takes what comes before the reset that it provokes.
fn write_until_it_fails(fd: c_int, write: fn(c_int) -> Result<usize>) -> c_int {
    loop {
        if let Err(error) = write(fd) {
            return error.raw_os_error().unwrap_or(-1);
        }
    }
}

/// Returns the errno of the write that failed.  The scope: 'p'lain, 'c'all or
/// 't'hread.
#[no_mangle]
pub extern "C" fn rust_write(fd: c_int, scope: c_char) -> c_int {
    let write = match scope as u8 {
        b'c' => write_by_belay,
        b't' => write_guarded,
        _ => write_plainly,
    };
    let writer = thread::spawn(move || write_until_it_fails(fd, write));
    writer.join().unwrap_or(-1)
}
