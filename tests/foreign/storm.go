// storm.go: a Go program that is hit by signals while its stacks are small,
// and that hears of them through os/signal although a C library listens too.
//
//	storm SIGNO...
//
// Prints "go SIGNO 1" for each signal that Go hears of, beside the library's
// own lines, until its standard input ends.  With DEAF in the environment Go
// does not ask for signals.
package main

/*
#cgo LDFLAGS: -llistener_c

int start_listening(const int *signals);
void stop_listening(void);
*/
import "C"

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
)

// The kernel prefers the main thread for a signal; so that is where main()
// runs.  Two threads are kept busy, and others are to print meanwhile.
func init() {
	runtime.LockOSThread()
	runtime.GOMAXPROCS(4)
}

// wanted is the list of signals, that for C with its zero at the end.
func wanted(arguments []string) (forGo []os.Signal, forC []C.int) {
	for _, argument := range arguments {
		signo, err := strconv.Atoi(argument)
		if err != nil {
			panic(err)
		}
		forGo = append(forGo, syscall.Signal(signo))
		forC = append(forC, C.int(signo))
	}
	return forGo, append(forC, 0)
}

func printHeard(heard <-chan os.Signal) {
	for each := range heard {
		fmt.Printf("go %d 1\n", each)
	}
}

// dig goes down on a stack that has to grow on the way.
func dig(depth int) int {
	if depth == 0 {
		return 0
	}
	return 1 + dig(depth-1)
}

// churn keeps another thread busy with goroutines whose stacks are new.
func churn() {
	for {
		done := make(chan int)
		go func() { done <- dig(100) }()
		<-done
	}
}

func main() {
	forGo, forC := wanted(os.Args[1:])
	heard := make(chan os.Signal, 1000)
	if os.Getenv("DEAF") == "" {
		signal.Notify(heard, forGo...)
	}
	if code := C.start_listening(&forC[0]); code < 0 {
		panic(syscall.Errno(-code))
	}
	fmt.Println("ready")
	var ended atomic.Bool
	go printHeard(heard)
	go churn()
	go func() {
		io.Copy(io.Discard, os.Stdin)
		ended.Store(true)
	}()
	for depth := 0; !ended.Load(); depth++ {
		dig(depth % 100)
	}
	C.stop_listening()
}
