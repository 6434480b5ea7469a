package stage

import (
	"testing"

	"pixgate/internal/dev/mailbox"
)

// Mailbox opens a mailbox for this test alone.
func Mailbox(t testing.TB) *mailbox.Server {
	t.Helper()
	s, err := mailbox.Start(t.Context(), mailbox.Options{})
	if err != nil {
		t.Fatalf("stage mailbox: %v", err)
	}
	t.Cleanup(s.Stop)
	return s
}
