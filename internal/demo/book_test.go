package demo

import (
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/dev/stage"
	"pixgate/internal/secret"
)

// Each start of the demo finds what the one before has booked.
func TestTheDemoBooksOnce(t *testing.T) {
	t.Parallel()
	db := stage.Database(t)
	if _, err := account.Found(t.Context(), db.Owner, account.Tenant{Slug: "studio", Name: "Studio", Locale: account.German, SignUp: true}, time.Now()); err != nil {
		t.Fatal(err)
	}
	tenants := account.NewTenants(db.Pool, "studio", time.Now)
	tenant, err := tenants.For(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	log := audit.NewLog(secret.NewRing("audit secret of a test, long enough", ""), time.Now)
	s := Studio{
		DB: db.Pool, Tenant: tenant, Now: time.Now, Offer: booking.NewOffer(db.Pool, log, time.Now),
		Bookings: booking.New(booking.Options{DB: db.Pool, Tenants: tenants, Audit: log, Queue: Quiet{}, Now: time.Now}),
	}
	for range 2 {
		admin, err := s.people(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.book(t.Context(), admin); err != nil {
			t.Fatal(err)
		}
	}
	for sql, want := range map[string]int{
		"SELECT count(*) FROM package WHERE active": 3, "SELECT count(*) FROM booking WHERE state = 'CONFIRMED'": 1, "SELECT count(*) FROM booking WHERE state = 'REQUESTED'": 1,
		"SELECT count(*) FROM account WHERE verified_at IS NOT NULL": 1, "SELECT count(*) FROM task.river_job": 0,
	} {
		var n int
		if err := db.Owner.QueryRow(t.Context(), sql).Scan(&n); err != nil || n != want {
			t.Errorf("%s: %d, want %d (%v)", sql, n, want, err)
		}
	}
}
