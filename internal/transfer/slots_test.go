package transfer

import (
	"testing"
	"time"

	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/id"
)

// A process sends so many archives and no more, whoever they are for; who was refused
// has taken nothing.
func TestSlotsAreFewForAnAccountAndForTheProcess(t *testing.T) {
	t.Parallel()
	s := slots{places: stage.Limits(t, nil).Places(gate.Archives)}
	refused := func(account id.ID) {
		t.Helper()
		for range 2 * archivesInAll {
			if _, err := s.take(t.Context(), account, false); !fault.Is(err, fault.RateLimited) || fault.As(err).RetryAfter <= 0 {
				t.Fatalf("one too many: %v", err)
			}
		}
	}
	var last func()
	for range archivesInAll / archivesOfAccount {
		account := id.New(time.Now())
		for range archivesOfAccount {
			give, err := s.take(t.Context(), account, false)
			if err != nil {
				t.Fatal(err)
			}
			last = give
		}
		refused(account)
	}
	stranger := id.New(time.Now())
	refused(stranger)
	last()
	last() // gives nothing back any more
	if _, err := s.take(t.Context(), stranger, false); err != nil {
		t.Errorf("the slot that was given back: %v", err)
	}
	refused(id.New(time.Now()))
}

// Whoever was handed a link takes three places at most, of all that run: the fourth is for who is signed in.
func TestLinksLeaveOneSlotToWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	s := slots{places: stage.Limits(t, nil).Places(gate.Archives)}
	account := id.New(time.Now())
	var give func()
	for n := range archivesByLink {
		var err error
		if give, err = s.take(t.Context(), account, true); err != nil {
			t.Fatalf("link %d: %v", n, err)
		}
	}
	refused := func(linked bool) {
		t.Helper()
		if _, err := s.take(t.Context(), account, linked); !fault.Is(err, fault.RateLimited) || fault.As(err).RetryAfter <= 0 {
			t.Errorf("one too many, by a link %v: %v", linked, err)
		}
	}
	refused(true)
	own, err := s.take(t.Context(), account, false)
	if err != nil {
		t.Fatalf("links lock out who is signed in: %v", err)
	}
	refused(false)
	give()
	refused(true) // three run, one of them of who is signed in
	own()
	if _, err := s.take(t.Context(), account, true); err != nil {
		t.Errorf("the slot that was given back: %v", err)
	}
}
