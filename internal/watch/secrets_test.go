package watch

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/secret"
)

// keeping is a set of secrets that are looked after, with a clock that tests set.
type keeping struct {
	*Secrets
	pool  *pgxpool.Pool
	now   time.Time
	log   bytes.Buffer
	told  map[string]bool // states by secret
	noted []string
}

func (k *keeping) SecretHealth(name, state string, is bool) { k.told[name+" "+state] = is }

// Record writes what the real one would write a second later.
func (k *keeping) Record(i audit.Incident) {
	k.noted = append(k.noted, string(i.Event)+" "+i.Detail)
	_, err := k.pool.Exec(context.Background(), "INSERT INTO security_event VALUES ($1, NULL, $2, NULL, NULL, '', $3, '', 1, $4, $4)", id.New(k.now), i.Event, i.Detail, k.now)
	if err != nil {
		panic(err)
	}
}

func newKeeping(t *testing.T, secrets ...secret.Facts) *keeping {
	t.Helper()
	db := stage.Database(t)
	k := &keeping{pool: db.Pool, now: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC), told: map[string]bool{}}
	k.Secrets = k.server(db.Pool, secrets)
	return k
}

// server is one of those that share a database.
func (k *keeping) server(pool *pgxpool.Pool, secrets []secret.Facts) *Secrets {
	return NewSecrets(SecretOptions{
		DB: pool, Register: secret.Register{Secrets: secrets, Policy: secret.Policy{Warning: 14 * 24 * time.Hour, MaxAge: 90 * 24 * time.Hour}},
		Meter: k, Security: k, Now: func() time.Time { return k.now }, Log: slog.New(slog.NewTextHandler(&k.log, nil)),
	})
}

// pass looks every hour while time passes.
func (k *keeping) pass(t *testing.T, hours int) {
	t.Helper()
	for range hours {
		k.now = k.now.Add(time.Hour)
		k.look(t)
	}
}

func (k *keeping) look(t *testing.T) { look(t, k.Secrets) }

// look looks, and finds everything that it needs.
func look(t *testing.T, s *Secrets) {
	t.Helper()
	if _, err := s.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestASecretThatExpiresWhileTheServerRunsIsToldOf(t *testing.T) {
	t.Parallel()
	ends := time.Date(2026, 12, 10, 12, 0, 0, 0, time.UTC) // in fifteen days
	k := newKeeping(t, secret.Facts{Name: "OTP_SECRET", ExpiresAt: &ends}, secret.Facts{Name: "CSRF_SECRET"}, secret.Facts{Name: "CRON_SECRET", Missing: true, Optional: true})
	k.look(t)
	if said := k.log.String(); !k.Usable() || len(k.noted) > 0 || !k.told["OTP_SECRET OK"] || k.told["OTP_SECRET EXPIRING"] || !k.told["CRON_SECRET MISSING"] || len(k.told) != 18 ||
		strings.Count(said, "\n") != 1 || !strings.Contains(said, "level=INFO") || !strings.Contains(said, "variable=CRON_SECRET state=MISSING") {
		t.Errorf("at the start: usable %t, noted %q, told %v, the log says %q", k.Usable(), k.noted, k.told, said)
	}
	k.pass(t, 24) // the warning begins
	if !k.Usable() || !k.told["OTP_SECRET EXPIRING"] || k.told["OTP_SECRET OK"] || !slices.Equal(k.noted, []string{"secret_unhealthy OTP_SECRET"}) {
		t.Errorf("two weeks before: usable %t, noted %q, told %v", k.Usable(), k.noted, k.told)
	}
	k.pass(t, 13*24)
	if days := len(k.noted); days < 13 || days > 14 {
		t.Errorf("noted %d times in two weeks", days)
	}
	k.pass(t, 24)
	if k.Usable() || !k.told["OTP_SECRET EXPIRED"] || k.told["OTP_SECRET EXPIRING"] || !k.told["CSRF_SECRET OK"] {
		t.Errorf("at the end: usable %t, told %v", k.Usable(), k.told)
	}
	said := k.log.String()
	if strings.Count(said, "variable=OTP_SECRET") != 2 || strings.Count(said, "level=WARN") != 2 || !strings.Contains(said, "state=EXPIRING") || !strings.Contains(said, "state=EXPIRED") {
		t.Errorf("the log says %q", said)
	}
}

// A server that starts again and again, or several of them, tell once a day all the same.
func TestSeveralServersNoteASecretOnceADay(t *testing.T) {
	t.Parallel()
	old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	facts := []secret.Facts{{Name: "OTP_SECRET", RotatedAt: &old}, {Name: "CSRF_SECRET", ExpiresAt: &old}}
	k := newKeeping(t, facts...)
	for range 3 {
		look(t, k.server(k.pool, facts))
	}
	k.now = k.now.Add(23 * time.Hour)
	look(t, k.server(k.pool, facts))
	if want := []string{"secret_unhealthy OTP_SECRET", "secret_unhealthy CSRF_SECRET"}; !slices.Equal(k.noted, want) {
		t.Errorf("noted %q, want %q", k.noted, want)
	}
	k.now = k.now.Add(time.Hour)
	look(t, k.server(k.pool, facts))
	if len(k.noted) != 4 {
		t.Errorf("a day later: %q", k.noted)
	}
}

func TestADatabaseThatIsAwayDoesNotKeepTheHealthFromTheMeter(t *testing.T) {
	t.Parallel()
	old := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	k := newKeeping(t, secret.Facts{Name: "OTP_SECRET", ExpiresAt: &old})
	k.pool.Close()
	summary, err := k.Look(t.Context())
	if !fault.Is(err, fault.Unavailable) || summary != "1 secrets, 1 not well" {
		t.Errorf("%q, %v; want UNAVAILABLE: whoever asked for the look must not take it for done", summary, err)
	}
	if !k.told["OTP_SECRET EXPIRED"] || k.Usable() || !strings.Contains(k.log.String(), "could not be noted") {
		t.Errorf("told %v, the log says %q", k.told, k.log.String())
	}
}

func TestOnlyOperatorsReadTheHealthOfSecrets(t *testing.T) {
	t.Parallel()
	k := newKeeping(t, secret.Facts{Name: "OTP_SECRET"})
	for role, want := range map[account.Role]fault.Code{account.Operator: "", account.Admin: fault.Forbidden, account.Photographer: fault.Forbidden, account.Customer: fault.Forbidden} {
		health, err := k.List(account.Viewer{TenantID: id.New(k.now), AccountID: id.New(k.now), SessionID: id.New(k.now), Role: role})
		if want == "" && (err != nil || len(health) != 1 || health[0].Name != "OTP_SECRET") || want != "" && (!fault.Is(err, want) || health != nil) {
			t.Errorf("%s: %v, %v", role, health, err)
		}
	}
	if _, err := k.List(account.Viewer{}); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("signed out: %v", err)
	}
}
