package blob

import (
	"testing"
	"time"
)

// A trial leaves nothing, and tells the storage's time.
func TestATrialLeavesNothing(t *testing.T) {
	t.Parallel()
	store := staged(t)
	before := time.Now()
	trial := store.Try(t.Context(), "check/ä b", before)
	if trial.Access != nil || trial.Signed != nil || trial.Clock.Sub(before).Abs() > time.Minute {
		t.Errorf("%+v", trial)
	}
	for object, err := range store.List(t.Context(), "") {
		t.Errorf("left: %s, %v", object.Key, err)
	}
	if err := store.Admits(t.Context(), "https://pix.immo", before); err != nil {
		t.Errorf("an upload from a browser: %v", err)
	}
}
