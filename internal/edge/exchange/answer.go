package exchange

import (
	"fmt"
	"net/http"
)

// Answer counts what is sent.
type Answer struct {
	http.ResponseWriter
	Status int // 0: nothing yet
	Bytes  int64
}

// Begin says that the answer begins, unless it has.
func (a *Answer) Begin(status int) {
	if a.Status == 0 && status >= http.StatusOK { // what is below 200 is not yet the answer
		a.Status = status
	}
}

// WriteHeader counts and passes on.
func (a *Answer) WriteHeader(status int) {
	a.Begin(status)
	a.ResponseWriter.WriteHeader(status)
}

// Write counts and passes on.
func (a *Answer) Write(p []byte) (int, error) {
	a.Begin(http.StatusOK)
	n, err := a.ResponseWriter.Write(p)
	a.Bytes += int64(n)
	return n, err
}

// FlushError sends what has been written so far.
func (a *Answer) FlushError() error {
	a.Begin(http.StatusOK)
	if err := http.NewResponseController(a.ResponseWriter).Flush(); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	return nil
}

// Unwrap lets [http.ResponseController] reach the connection.
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
