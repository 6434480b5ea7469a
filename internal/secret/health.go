package secret

import (
	"fmt"
	"strings"
	"time"
)

// State is something to be said of a secret.
type State string

// The states.
const (
	Missing         State = "MISSING"          // it is not set
	Expired         State = "EXPIRED"          // its end has come
	Weak            State = "WEAK"             // too short, too simple, an example, or another one's double
	Expiring        State = "EXPIRING"         // its end is near
	RotationOverdue State = "ROTATION_OVERDUE" // it is older than secrets may get
	OK              State = "OK"               // nothing of these
)

// States are all states, the worst first.
func States() []State { return []State{Missing, Expired, Weak, Expiring, RotationOverdue, OK} }

// Facts are what can be known of a secret without knowing it. Nothing here tells its
// value, its length or a hash of it.
type Facts struct {
	Name        string     // its variable, such as OTP_SECRET
	Missing     bool       // not set
	Optional    bool       // the server serves without it
	Weakness    string     // why it can't be used, such as "is too simple"; empty: it can
	RotatedAt   *time.Time // when it was made; nil: nobody says
	ExpiresAt   *time.Time // when it ends; nil: it does not by itself
	HasPrevious bool       // one before it still counts
	Renewal     string     // where a new one comes from, to stand behind "to"

	// How long what it has made may be met after it was replaced.
	InUse time.Duration
}

// Forever is [Facts.InUse] of a secret whose work never goes out of use.
const Forever time.Duration = -1

// Policy says when a secret must be looked after.
type Policy struct {
	Warning time.Duration // how long before its end
	MaxAge  time.Duration // how old it may get
}

// Register is everything that is known of the secrets of an installation.
type Register struct {
	Secrets []Facts
	Policy  Policy
}

// Health judges all secrets at a time, in the order of the register.
func (r Register) Health(now time.Time) []*Health {
	all := make([]*Health, len(r.Secrets))
	for i, facts := range r.Secrets {
		all[i] = facts.judge(r.Policy, now)
	}
	return all
}

// Health is how a secret is, and what to do about it.
type Health struct {
	Name        string
	States      []State // all that hold, the worst first; OK alone
	RotatedAt   *time.Time
	ExpiresAt   *time.Time
	DaysLeft    *int // whole days until its end, 0 on the last one and after; nil: it has no end
	HasPrevious bool
	NextStep    string // a sentence

	optional bool
}

// State is the worst of the states.
func (h *Health) State() State { return h.States[0] }

// Usable reports whether the server may rely on the secret: false where it is missing
// although it is needed, weak, or expired.
func (h *Health) Usable() bool {
	switch h.State() {
	case Missing:
		return h.optional
	case Expired, Weak:
		return false
	}
	return true
}

// Well reports whether nobody has to do anything soon. A secret that the server does
// without may be missing.
func (h *Health) Well() bool { return h.State() == OK || h.State() == Missing && h.optional }

func (f Facts) judge(p Policy, now time.Time) *Health {
	h := &Health{Name: f.Name, RotatedAt: f.RotatedAt, ExpiresAt: f.ExpiresAt, HasPrevious: f.HasPrevious, optional: f.Optional}
	expired := f.ExpiresAt != nil && !now.Before(*f.ExpiresAt)
	holds := map[State]bool{
		Missing: f.Missing, Expired: expired, Weak: f.Weakness != "",
		Expiring:        f.ExpiresAt != nil && !expired && !now.Before(f.ExpiresAt.Add(-p.Warning)),
		RotationOverdue: f.RotatedAt != nil && now.After(f.RotatedAt.Add(p.MaxAge)),
	}
	if f.Missing { // what its dates say is about one that is gone
		holds = map[State]bool{Missing: true}
	}
	for _, state := range States() {
		if holds[state] || state == OK && len(h.States) == 0 {
			h.States = append(h.States, state)
		}
	}
	if f.ExpiresAt != nil {
		h.DaysLeft = new(max(0, int(f.ExpiresAt.Sub(now)/(24*time.Hour))))
	}
	h.NextStep = f.nextStep(h, p, now)
	return h
}

// nextStep says what to do about the worst, or what would make the next look easier.
func (f Facts) nextStep(h *Health, p Policy, now time.Time) string {
	switch h.State() {
	case Missing:
		return fmt.Sprintf("Set it to %s.", f.Renewal)
	case Weak:
		return fmt.Sprintf("It %s: set it to %s.", f.Weakness, f.Renewal)
	case Expired:
		return fmt.Sprintf("Change it now, as docs/secrets.md says, and set %s_EXPIRES_AT anew.", f.Name)
	case Expiring:
		return fmt.Sprintf("Change it before %s, as docs/secrets.md says.", f.ExpiresAt.UTC().Format(time.DateOnly))
	case RotationOverdue:
		return fmt.Sprintf("Change it, as docs/secrets.md says: it is older than %d days.", int(p.MaxAge/(24*time.Hour)))
	}
	switch {
	case f.RotatedAt == nil:
		return fmt.Sprintf("Set %s_ROTATED_AT to when it was made, or its age can't be judged.", f.Name)
	case f.HasPrevious && f.InUse != Forever && now.After(f.RotatedAt.Add(f.InUse)):
		return fmt.Sprintf("Remove %s_PREVIOUS: nothing that it made is in use any more.", f.Name)
	}
	return "Nothing."
}

// Words are the states as people read them, such as "EXPIRING, ROTATION_OVERDUE".
func (h *Health) Words() string {
	words := make([]string, len(h.States))
	for i, state := range h.States {
		words[i] = string(state)
	}
	return strings.Join(words, ", ")
}
