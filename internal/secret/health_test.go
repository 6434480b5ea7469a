package secret_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/secret"
)

const day = 24 * time.Hour

var (
	noon   = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	policy = secret.Policy{Warning: 14 * day, MaxAge: 90 * day}
)

func ago(d time.Duration) *time.Time { return new(noon.Add(-d)) }
func in(d time.Duration) *time.Time  { return ago(-d) }

func judged(f secret.Facts) *secret.Health {
	f.Name, f.Renewal = "OTP_SECRET", "a new one"
	return secret.Register{Secrets: []secret.Facts{f}, Policy: policy}.Health(noon)[0]
}

func TestTheHealthOfASecret(t *testing.T) {
	t.Parallel()
	for _, one := range []struct {
		facts        secret.Facts
		states, next string
		days         int // -1: it has no end
		usable, well bool
	}{
		{secret.Facts{RotatedAt: ago(day)}, "OK", "Nothing.", -1, true, true},
		{secret.Facts{}, "OK", "Set OTP_SECRET_ROTATED_AT", -1, true, true},
		{secret.Facts{Missing: true}, "MISSING", "Set it to a new one.", -1, false, false},
		{secret.Facts{Missing: true, Optional: true}, "MISSING", "Set it to a new one.", -1, true, true},
		{secret.Facts{Missing: true, RotatedAt: ago(91 * day), ExpiresAt: ago(day)}, "MISSING", "Set it", 0, false, false},
		{secret.Facts{Weakness: "is too simple", RotatedAt: ago(day)}, "WEAK", "It is too simple: set it to a new one.", -1, false, false},
		{secret.Facts{Optional: true, Weakness: "is too simple"}, "WEAK", "It is too simple", -1, false, false},
		{secret.Facts{RotatedAt: ago(day), ExpiresAt: in(15 * day)}, "OK", "Nothing.", 15, true, true},
		{secret.Facts{RotatedAt: ago(day), ExpiresAt: in(14*day + 1)}, "OK", "Nothing.", 14, true, true},
		{secret.Facts{RotatedAt: ago(day), ExpiresAt: in(14 * day)}, "EXPIRING", "before 2026-12-09, as", 14, true, false},
		{secret.Facts{ExpiresAt: in(1)}, "EXPIRING", "before 2026-11-25, as", 0, true, false},
		{secret.Facts{ExpiresAt: ago(0)}, "EXPIRED", "set OTP_SECRET_EXPIRES_AT anew.", 0, false, false},
		{secret.Facts{ExpiresAt: ago(300 * day)}, "EXPIRED", "now", 0, false, false},
		{secret.Facts{RotatedAt: ago(90 * day)}, "OK", "Nothing.", -1, true, true},
		{secret.Facts{RotatedAt: ago(90*day + 1)}, "ROTATION_OVERDUE", "older than 90 days.", -1, true, false},
		{secret.Facts{RotatedAt: ago(91 * day), ExpiresAt: in(day)}, "EXPIRING, ROTATION_OVERDUE", "before", 1, true, false},
		{secret.Facts{RotatedAt: ago(91 * day), ExpiresAt: ago(day), Weakness: "is too simple"}, "EXPIRED, WEAK, ROTATION_OVERDUE", "now", 0, false, false},
		{secret.Facts{RotatedAt: ago(day), HasPrevious: true, InUse: day}, "OK", "Nothing.", -1, true, true},
		{secret.Facts{RotatedAt: ago(day + 1), HasPrevious: true, InUse: day}, "OK", "Remove OTP_SECRET_PREVIOUS", -1, true, true},
		{secret.Facts{RotatedAt: ago(80 * day), HasPrevious: true, InUse: secret.Forever}, "OK", "Nothing.", -1, true, true},
	} {
		h := judged(one.facts)
		days := -1
		if h.DaysLeft != nil {
			days = *h.DaysLeft
		}
		if h.Words() != one.states || string(h.State()) != strings.Split(one.states, ",")[0] || !strings.Contains(h.NextStep, one.next) || !strings.HasSuffix(h.NextStep, ".") ||
			days != one.days || h.Usable() != one.usable || h.Well() != one.well || h.HasPrevious != one.facts.HasPrevious {
			t.Errorf("%+v\n is %+v (usable %t, well %t), %d days left; want %s, %q …", one.facts, *h, h.Usable(), h.Well(), days, one.states, one.next)
		}
	}
}

// Time alone makes a secret worse, and never better.
func TestASecretThatNobodyLooksAfterGetsWorse(t *testing.T) {
	t.Parallel()
	r := secret.Register{Secrets: []secret.Facts{{Name: "OTP_SECRET", RotatedAt: ago(0), ExpiresAt: in(120 * day)}}, Policy: policy}
	var seen []string
	for at := noon; at.Before(noon.Add(130 * day)); at = at.Add(time.Hour) {
		if words := fmt.Sprint(r.Health(at)[0].States); len(seen) == 0 || seen[len(seen)-1] != words {
			seen = append(seen, words)
		}
	}
	if want := []string{"[OK]", "[ROTATION_OVERDUE]", "[EXPIRING ROTATION_OVERDUE]", "[EXPIRED ROTATION_OVERDUE]"}; !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}
