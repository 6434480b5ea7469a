package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/secret"
	"pixgate/queries"
)

// SecretMeter tells whoever watches the server whether a secret is in a state.
type SecretMeter interface {
	SecretHealth(name, state string, is bool)
}

// SecurityRecord keeps what happened. It waits for nobody.
type SecurityRecord interface {
	Record(i audit.Incident)
}

// SecretOptions are what Secrets work with. All are required.
type SecretOptions struct {
	DB       queries.DBTX
	Register secret.Register
	Meter    SecretMeter
	Security SecurityRecord
	Now      func() time.Time
	Log      *slog.Logger
}

// Secrets looks after the secrets of the installation while the server runs: one that
// was well at the start may expire meanwhile.
type Secrets struct {
	SecretOptions
	mu   sync.Mutex // held while one looks
	seen map[string][]secret.State
}

// NewSecrets returns Secrets. Without their [Secrets.Run] nobody is told.
func NewSecrets(o SecretOptions) *Secrets {
	return &Secrets{SecretOptions: o, seen: map[string][]secret.State{}}
}

// List returns how each secret is. Operators only: a secret belongs to the installation,
// not to a studio.
func (s *Secrets) List(v account.Viewer) ([]*secret.Health, error) {
	now := s.Now()
	if err := v.Require(account.Operator, now); err != nil {
		return nil, err
	}
	return s.Register.Health(now), nil
}

// Usable reports whether the server may rely on all secrets that it needs, at this
// moment.
func (s *Secrets) Usable() bool {
	return !slices.ContainsFunc(s.Register.Health(s.Now()), func(h *secret.Health) bool { return !h.Usable() })
}

const (
	lookEvery   = time.Hour
	lookTimeout = 10 * time.Second
	recordEvery = 24 * time.Hour // of the same secret
)

// Run looks at the secrets now and every hour until ctx ends. Call it once.
func (s *Secrets) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		_, _ = s.Look(ctx) // the next look tries again, and the log knows
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Look tells how each secret is: the meter always, the log when that is news, and the
// security events once a day while somebody has to do something. The summary counts, and
// names none. An error says that an event could not be looked up; everything else
// has been told all the same.
func (s *Secrets) Look(ctx context.Context) (summary string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limited, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	all, unwell := s.Register.Health(s.Now()), 0
	for _, health := range all {
		for _, state := range secret.States() {
			s.Meter.SecretHealth(health.Name, string(state), slices.Contains(health.States, state))
		}
		s.log(limited, health)
		if !health.Well() {
			unwell++
			err = errors.Join(err, s.record(limited, health))
		}
	}
	return fmt.Sprintf("%d secrets, %d not well", len(all), unwell), err
}

// log says how a secret is where that has changed, or is not well at the start.
func (s *Secrets) log(ctx context.Context, health *secret.Health) {
	before, known := s.seen[health.Name]
	s.seen[health.Name] = health.States
	if slices.Equal(before, health.States) || !known && health.State() == secret.OK {
		return
	}
	level := slog.LevelWarn
	if health.Well() {
		level = slog.LevelInfo
	}
	s.Log.Log(ctx, level, "the health of a secret", "variable", health.Name, "state", health.Words(), "next", health.NextStep)
}

// record notes a secret that is not well, unless that was done within a day, by this
// server or another one. Two that look at the same moment both note it.
func (s *Secrets) record(ctx context.Context, health *secret.Health) error {
	noted, err := queries.New(s.DB).InstallationEventSince(ctx, string(audit.SecretUnhealthy), health.Name, s.Now().Add(-recordEvery))
	if err != nil {
		failed := fault.Database("look up a security event", err)
		if !errors.Is(ctx.Err(), context.Canceled) {
			s.Log.WarnContext(ctx, "a secret that is not well could not be noted", "variable", health.Name, "error", failed)
		}
		return failed
	}
	if !noted {
		s.Security.Record(audit.Incident{Event: audit.SecretUnhealthy, Detail: health.Name})
	}
	return nil
}
