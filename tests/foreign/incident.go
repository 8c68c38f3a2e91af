// incident.go: a Go program whose libraries, in C and in Rust, write to a
// connection that is gone, on threads that are not Go's.
//
//	incident FD STEP...
//
// Takes the steps one after the other and prints what each came to:
//
//	c-SCOPE, rust-SCOPE   the library writes to FD; SCOPE is plain, call, thread
//	go                    Go itself writes to FD
//	stdout, stderr        Go writes to its fd 1 or 2 after FD took its place
//	ignore                belay_sigpipe_ignore(), with Go's handler installed
//
// With IGNORE_EARLY in the environment belay_sigpipe_ignore() is called before
// Go's runtime starts.
package main

/*
#cgo LDFLAGS: -lwriter_c -lwriter_rust
#include <belay/sigpipe.h>
#include <stdlib.h>

int c_write(int fd, char scope);
int rust_write(int fd, char scope);

// Constructors run before Go's runtime installs its handler, which then
// forwards to "ignored" what comes on threads that are not Go's.
__attribute__((constructor)) static void ignore_early(void) {
  if (getenv("IGNORE_EARLY") != NULL)
    belay_sigpipe_ignore();
}
*/
import "C"

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// writeUntilItFails is Go's own writing.
func writeUntilItFails(file *os.File) error {
	for {
		if _, err := file.Write([]byte("hello")); err != nil {
			return err.(*os.PathError).Err
		}
	}
}

// breakAndWrite puts the broken fd in the place of a standard one.  If Go
// survived it, nobody could be told but by the exit status.
func breakAndWrite(broken, standard *os.File) error {
	fd := int(standard.Fd())
	if err := syscall.Dup3(int(broken.Fd()), fd, 0); err != nil {
		return err
	}
	writeUntilItFails(standard)
	os.Exit(3)
	return nil
}

func take(step string, broken *os.File) any {
	fd := C.int(broken.Fd())
	writer, scope, _ := strings.Cut(step, "-")
	switch writer {
	case "c":
		return syscall.Errno(C.c_write(fd, C.char(scope[0])))
	case "rust":
		return syscall.Errno(C.rust_write(fd, C.char(scope[0])))
	case "go":
		return writeUntilItFails(broken)
	case "stdout":
		return breakAndWrite(broken, os.Stdout)
	case "stderr":
		return breakAndWrite(broken, os.Stderr)
	case "ignore":
		return C.belay_sigpipe_ignore()
	}
	return "no such step"
}

func main() {
	fd, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	broken := os.NewFile(uintptr(fd), "broken")
	for _, step := range os.Args[2:] {
		fmt.Printf("%s: %v\n", step, take(step, broken))
	}
}
