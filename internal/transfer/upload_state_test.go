package transfer

import "testing"

// TestUploadStates is the specification of an upload's life.
func TestUploadStates(t *testing.T) {
	t.Parallel()
	// From:        PENDING, VERIFYING, READY, REJECTED, ABORTED, EXPIRED
	want := map[uploadEvent][]string{
		completed: {"VERIFYING", "stays", "stays", "stays", "tooLate", "tooLate"},
		taken:     {"READY", "READY", "stays", "tooLate", "tooLate", "tooLate"},
		refused:   {"tooLate", "REJECTED", "tooLate", "stays", "tooLate", "tooLate"},
		aborted:   {"ABORTED", "tooLate", "tooLate", "stays", "stays", "stays"},
		expired:   {"EXPIRED", "tooLate", "stays", "stays", "stays", "stays"},
	}
	for event, row := range want {
		for i, from := range UploadStates {
			to, said := from.after(event)
			got := string(said)
			if said == moves {
				got = string(to)
			} else if to != from {
				t.Errorf("%s of %s %s, and leads to %s", event, from, said, to)
			}
			if got != row[i] {
				t.Errorf("%s of %s: %s, want %s", event, from, got, row[i])
			}
			if said == moves && !from.open() {
				t.Errorf("%s of %s: an end that is none", event, from)
			}
		}
	}
}
