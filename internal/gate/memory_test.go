package gate_test

import (
	"crypto/sha256"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"pixgate/internal/gate"
)

func random(i int) [16]byte {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i)))
	return [16]byte(sum[:])
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A botnet has as many addresses as it likes.
func TestAMillionKeysLeaveMemoryFlat(t *testing.T) { // alone: it looks at the whole heap
	limit := gate.Limit{Most: 60, Period: time.Minute}
	before := heap()
	m := gate.NewMemory(1 << 16)
	var afterFirst uint64
	for i := range 1_000_000 {
		if !m.Take(random(i), limit, time.Duration(i)).Allowed {
			t.Fatalf("key %d is refused at its first use", i)
		}
		if i == 200_000 {
			afterFirst = heap()
		}
	}
	after := heap()
	t.Logf("%d keys, %.1f MiB, %d bytes a key; after a fifth of them %.1f MiB", m.Len(), float64(after-before)/(1<<20), (after-before)/uint64(m.Len()), float64(afterFirst-before)/(1<<20))
	if m.Len() > 1<<16 {
		t.Errorf("%d keys are kept, more than %d", m.Len(), 1<<16)
	}
	if after > afterFirst+afterFirst/10 || after-before > 6<<20 {
		t.Errorf("%d bytes after a fifth, %d in the end, of these %d for the keys", afterFirst, after, after-before)
	}
	runtime.KeepAlive(m)
}

func TestWhatOwesNothingIsSwept(t *testing.T) {
	t.Parallel()
	limit := gate.Limit{Most: 60, Period: time.Minute}
	m := gate.NewMemory(1 << 16)
	for i := range 10_000 {
		m.Take(random(i), limit, 0)
	}
	for i := range 6_000 {
		m.Take(random(10_000+i), limit, 2*time.Second)
	}
	if m.Len() > 6_100 {
		t.Errorf("%d keys are kept where 6000 owe something", m.Len())
	}
}

// Whoever knocks on, even in vain, is not forgotten for the sake of new ones.
func TestTheMostSilentIsForgotten(t *testing.T) {
	t.Parallel()
	limit := gate.Limit{Most: 1, Period: time.Hour}
	m := gate.NewMemory(1 << 10)
	silent, loud := random(-1), random(-2)
	m.Take(silent, limit, 0)
	m.Take(loud, limit, 0)
	for i := range 20_000 {
		m.Take(random(i), limit, time.Second)
		if m.Take(loud, limit, time.Second).Allowed {
			t.Fatalf("forgotten after %d others", i)
		}
	}
	if m.Len() > 1<<10 {
		t.Errorf("%d keys", m.Len())
	}
	if !m.Look(silent, limit, time.Second).Allowed {
		t.Error("the silent one is still known")
	}
}

func TestLookingLeavesNoTrace(t *testing.T) {
	t.Parallel()
	l := limiter(t, gate.Options{})
	for range 100 {
		asker(t, l)(0, gate.Auth, "anna")
	}
	if n := l.Kept(gate.Auth); n != 0 {
		t.Errorf("%d keys are kept", n)
	}
}
