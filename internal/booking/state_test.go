package booking_test

import (
	"fmt"
	"testing"

	"pixgate/internal/booking"
)

// transitions is the specification: every state, with a job and without, and every act.
// A word in small letters is the refusal.
const transitions = `
state     job   confirm    decline    cancel     assign     make-job
REQUESTED none  CONFIRMED  DECLINED   CANCELLED  REQUESTED  unconfirmed
CONFIRMED none  CONFIRMED  confirmed  CANCELLED  CONFIRMED  CONFIRMED
CONFIRMED job   CONFIRMED  confirmed  job        CONFIRMED  CONFIRMED
DECLINED  none  over       DECLINED   over       over       over
CANCELLED none  over       over       CANCELLED  over       over
REQUESTED job   CONFIRMED  DECLINED   job        REQUESTED  REQUESTED
DECLINED  job   over       DECLINED   over       over       DECLINED
CANCELLED job   over       over       CANCELLED  over       CANCELLED
`

func TestStates(t *testing.T) {
	t.Parallel()
	refusals := map[string]string{
		"over": booking.Over, "confirmed": booking.AlreadyConfirmed, "unconfirmed": booking.NotConfirmed, "job": booking.HasJob,
	}
	seen := map[string]bool{}
	for _, row := range rowsOf(transitions)[1:] {
		from, hasJob := booking.State(row[0]), row[1] == "job"
		seen[row[0]+row[1]] = true
		for act, want := range row[2:] {
			to, refusal := from.After(booking.Act(act), hasJob)
			if code, refused := refusals[want]; refused {
				if refusal != code || to != from {
					t.Errorf("%s, %s, act %d: %s %q, want %q", row[0], row[1], act, to, refusal, code)
				}
				if booking.Sentences[code] == "" {
					t.Errorf("%s has no sentence", code)
				}
				continue
			}
			if refusal != "" || string(to) != want {
				t.Errorf("%s, %s, act %d: %s %q, want %s", row[0], row[1], act, to, refusal, want)
			}
		}
	}
	for _, state := range booking.States {
		for _, with := range []string{"none", "job"} {
			if !seen[fmt.Sprint(state, with)] {
				t.Errorf("the table lacks %s with %s", state, with)
			}
		}
	}
}
