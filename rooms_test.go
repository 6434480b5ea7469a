package main

import (
	"testing"

	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
	"pixgate/internal/id"
)

// What the tasks find out later counts as much as what the API sees at once.
func TestFailuresOfUploadsAreCounted(t *testing.T) {
	t.Parallel()
	limits := stage.Limits(t, map[gate.Name]gate.Limit{gate.UploadMistakes: gate.Defaults()[gate.UploadMistakes], gate.UploadFailures: gate.Defaults()[gate.UploadFailures]})
	count := uploadFailures{limits}
	first, second := id.ID{1}, id.ID{2}
	for range 10 {
		count.Count(t.Context(), first, "alias")
	}
	look := func(name gate.Name, key string) bool {
		result, err := limits.Look(t.Context(), name, key)
		if err != nil {
			t.Fatal(err)
		}
		return result.Allowed
	}
	if look(gate.UploadMistakes, first.String()) || !look(gate.UploadMistakes, second.String()) || !look(gate.UploadFailures, "alias") {
		t.Error("ten failures stop the session, and nobody else")
	}
	for range 10 {
		count.Count(t.Context(), second, "alias")
	}
	if look(gate.UploadFailures, "alias") {
		t.Error("twenty failures stop the address")
	}
}
