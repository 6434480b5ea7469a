package gate_test

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
	"pixgate/internal/secret"
)

// deaf is a way to a Redis that loses answers: Redis has done then what was asked of it, and nobody
// is told.
type deaf struct {
	url    string
	loses  atomic.Bool // the next answer
	losses atomic.Int32
}

func newDeaf(t testing.TB, redis string) *deaf {
	t.Helper()
	behind, err := url.Parse(redis)
	if err != nil {
		t.Fatal(err)
	}
	front, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { front.Close() })
	d := &deaf{}
	target := behind.Host
	behind.Host = front.Addr().String()
	d.url = behind.String()
	go func() {
		for {
			in, err := front.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				in.Close()
				return
			}
			go func() {
				_, _ = io.Copy(out, in)
				out.Close()
			}()
			go d.answer(in, out)
		}
	}()
	return d
}

func (d *deaf) answer(in, out net.Conn) {
	defer in.Close()
	block := make([]byte, 64<<10)
	for {
		n, err := out.Read(block)
		if err != nil {
			return
		}
		if d.loses.CompareAndSwap(true, false) {
			d.losses.Add(1)
			return
		}
		if _, err := in.Write(block[:n]); err != nil {
			return
		}
	}
}

// Redis gave the last place away and its answer was lost: whoever it was for asks again, and is in.
func TestALostAnswerTakesNobodysPlace(t *testing.T) {
	t.Parallel()
	redis := stage.Redis(t)
	way := newDeaf(t, redis)
	never := gate.NewHurried(time.Hour, time.Hour) // no renewal
	here, there := run(t, never, gate.Options{Redis: secret.Value(way.url)}), run(t, never, gate.Options{Redis: secret.Value(redis)})
	for range 2 {
		defer enter(t, here, "anna")()
	}
	defer enter(t, there, "anna")()
	way.loses.Store(true)
	leave, err := here.Places(gate.Archives).Enter(t.Context(), "anna", 4)
	if way.losses.Load() != 1 {
		t.Fatal("no answer was lost: nothing has been tested")
	}
	if err != nil {
		t.Fatalf("the fourth of four is refused for the place that it has: %v", err)
	}
	if here.Where() != gate.Redis {
		t.Error("Redis was lost: nobody asked it again")
	}
	if mayEnter(here, "anna") || mayEnter(there, "anna") {
		t.Error("a fifth is let in")
	}
	leave()
	enter(t, there, "anna")()
}
