package audit_test

import (
	"regexp"
	"testing"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

func TestAPseudonymIsOneForAThingAndNobodysWithoutTheKey(t *testing.T) {
	t.Parallel()
	log, other := audit.NewLog(secret.NewRing(auditSecret, ""), time.Now), audit.NewLog(secret.NewRing("another secret", ""), time.Now)
	anna := []byte("anna@kunde.example")
	first := log.Pseudonym("mailbox", id.ID{1}, anna)
	if !regexp.MustCompile(`^[0-9a-f]{16}$`).MatchString(first) || log.Pseudonym("mailbox", id.ID{1}, anna) != first {
		t.Errorf("not one for a thing: %q", first)
	}
	for name, differs := range map[string]string{
		"another thing":  log.Pseudonym("mailbox", id.ID{1}, []byte("ben@kunde.example")),
		"another kind":   log.Pseudonym("address", id.ID{1}, anna),
		"another studio": log.Pseudonym("mailbox", id.ID{2}, anna),
		"another key":    other.Pseudonym("mailbox", id.ID{1}, anna),
	} {
		if differs == first {
			t.Errorf("%s has the same", name)
		}
	}
}
