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
			if _, err := s.take(t.Context(), account); !fault.Is(err, fault.RateLimited) || fault.As(err).RetryAfter <= 0 {
				t.Fatalf("one too many: %v", err)
			}
		}
	}
	var last func()
	for range archivesInAll / archivesOfAccount {
		account := id.New(time.Now())
		for range archivesOfAccount {
			give, err := s.take(t.Context(), account)
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
	if _, err := s.take(t.Context(), stranger); err != nil {
		t.Errorf("the slot that was given back: %v", err)
	}
	refused(id.New(time.Now()))
}
