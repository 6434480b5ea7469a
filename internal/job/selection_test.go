package job

import (
	"fmt"
	"testing"
)

var allStates = []SelectionState{None, Included, ExtraPending, ExtraPaid, ExtraFree, Blocked}

// TestCustomersMoves is the specification of what a customer may do to a picture.
func TestCustomersMoves(t *testing.T) {
	t.Parallel()
	type end struct {
		to      SelectionState
		refusal string
	}
	stays := func(state SelectionState) end { return end{to: state} }
	full, blocked := end{None, PackageFull}, end{Blocked, ImageBlocked}
	granted := func(state SelectionState) end { return end{state, AlreadyGranted} }
	delivered := func(state SelectionState) end { return end{state, AlreadyDelivered} }
	for _, row := range []struct {
		from SelectionState
		// selected: the package has a place; has none, but extras are sold; has none, and none are
		place, extra, past end
		// deselected: not delivered; delivered
		back, kept end
	}{
		{None, end{to: Included}, end{to: ExtraPending}, full, stays(None), stays(None)},
		{Included, stays(Included), stays(Included), stays(Included), end{to: None}, delivered(Included)},
		{ExtraPending, end{to: Included}, stays(ExtraPending), end{ExtraPending, PackageFull}, end{to: None}, delivered(ExtraPending)},
		{ExtraPaid, stays(ExtraPaid), stays(ExtraPaid), stays(ExtraPaid), granted(ExtraPaid), granted(ExtraPaid)},
		{ExtraFree, stays(ExtraFree), stays(ExtraFree), stays(ExtraFree), granted(ExtraFree), granted(ExtraFree)},
		{Blocked, blocked, blocked, blocked, stays(Blocked), stays(Blocked)},
	} {
		for _, delivered := range []bool{false, true} {
			for name, one := range map[string]struct {
				places
				want end
			}{"place": {places{1, true}, row.place}, "place, no extras": {places{1, false}, row.place}, "extra": {places{0, true}, row.extra}, "past": {places{0, false}, row.past}} {
				if to, refusal := one.choose(row.from, delivered, true); (end{to, refusal}) != one.want {
					t.Errorf("select %s, %s, delivered %t: %s %s, want %v", row.from, name, delivered, to, refusal, one.want)
				}
				want := row.back
				if delivered {
					want = row.kept
				}
				if to, refusal := one.choose(row.from, delivered, false); (end{to, refusal}) != want {
					t.Errorf("deselect %s, %s, delivered %t: %s %s, want %v", row.from, name, delivered, to, refusal, want)
				}
			}
		}
	}
}

// TestStudiosMoves is the specification of setSelectionState: from every state to every
// other, with a place left or not, delivered or not, in a job of each kind.
func TestStudiosMoves(t *testing.T) {
	t.Parallel()
	for _, from := range allStates {
		for _, to := range allStates {
			for _, free := range []int{0, 1} {
				for _, delivered := range []bool{false, true} {
					for _, all := range []bool{false, true} {
						left := places{free: free}
						want := ""
						switch {
						case from == to:
						case to == Included && free == 0:
							want = PackageFull
						case delivered && !all && (to == None || to == ExtraPending):
							want = AlreadyDelivered
						}
						if got := left.assign(from, to, delivered, all); got != want {
							t.Errorf("%s to %s, %d free, delivered %t, all %t: %q, want %q", from, to, free, delivered, all, got, want)
						}
					}
				}
			}
		}
	}
}

func TestOnlyPendingExtrasAreSettled(t *testing.T) {
	t.Parallel()
	for _, from := range allStates {
		to, refusal := settle(from)
		if want := from == ExtraPending; want != (to == ExtraPaid && refusal == "" && from != ExtraPaid) || !want && (to != from || refusal != NotPending) {
			t.Errorf("settle %s: %s %q", from, to, refusal)
		}
	}
}

func TestNoPlaceIsCountedTwice(t *testing.T) {
	t.Parallel()
	for _, from := range allStates {
		for _, to := range allStates {
			left := places{free: 5}
			left.moved(from, to)
			want := 5
			if from == Included {
				want++
			}
			if to == Included {
				want--
			}
			if left.free != want {
				t.Errorf("%s to %s leaves %d of 5, want %d", from, to, left.free, want)
			}
		}
	}
}

// What was delivered is released before and after, wherever the studio takes a place
// or the inclusion of all away.
func TestWhatWasDeliveredStaysReleased(t *testing.T) {
	t.Parallel()
	for free := range 2 {
		for _, sells := range []bool{false, true} {
			left := places{free, sells}
			for name, to := range map[string]SelectionState{"giveUp": left.giveUp(true), "retain": left.retain()} {
				if released, _ := Release(to, false); !released {
					t.Errorf("%s with %s leaves %s", name, fmt.Sprint(left), to)
				}
			}
			if to := left.giveUp(false); to != map[bool]SelectionState{true: ExtraPending, false: None}[sells] {
				t.Errorf("an undelivered picture becomes %s, extras sold %t", to, sells)
			}
		}
	}
}
