package booking_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pixgate/internal/account"
	"pixgate/internal/booking"
	"pixgate/internal/dev/cast"
	"pixgate/internal/fault"
	"pixgate/internal/id"
)

func large() booking.Package {
	return booking.Package{Key: "large", Name: "Large", Description: "Thirty\npictures", IncludedImages: 30, ExtraPrice: new(1200), Currency: "EUR", Active: true}
}

func (s *studio) keys(t *testing.T, v account.Viewer, tenantID id.ID, inactive bool) string {
	t.Helper()
	list, err := s.offer.List(t.Context(), v, tenantID, inactive)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, p := range list {
		keys = append(keys, p.Key)
	}
	return strings.Join(keys, " ")
}

func TestAStudioChangesItsOffer(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	nobody := account.Viewer{}
	set := func(p booking.Package) *booking.Package {
		t.Helper()
		made, refusals, err := s.offer.Set(t.Context(), viewer(s.Admin), p, "neu")
		if err != nil || refusals != nil {
			t.Fatalf("%v %v", refusals, err)
		}
		return made
	}
	set(large())
	if got := s.keys(t, nobody, s.TenantID, false); got != "large small" {
		t.Errorf("offered to everybody: %s", got)
	}
	if got := s.keys(t, nobody, s.ForeignTenantID, false); got != "small" {
		t.Errorf("the other studio offers: %s", got)
	}
	set(large()) // so already
	if made := set(booking.Package{Key: "large", Name: " All ", AllImagesIncluded: true, Currency: "CHF", Active: true}); made.Name != "All" || made.ExtraPrice != nil || made.Currency != "CHF" || !made.AllImagesIncluded {
		t.Errorf("%+v", made)
	}
	remove := func(key string) string {
		t.Helper()
		removed, refusals, err := s.offer.Remove(t.Context(), viewer(s.Admin), key, "alt")
		if err != nil || removed != nil && removed.Active {
			t.Fatalf("%+v %v", removed, err)
		}
		return codeOf(refusals)
	}
	if code := remove("large"); code != "" {
		t.Error(code)
	}
	remove("large") // so already
	for _, key := range []string{"huge", "Größe", ""} {
		if code := remove(key); code != booking.NotFound {
			t.Errorf("removed %q: %s", key, code)
		}
	}
	if all, rest := s.keys(t, viewer(s.Admin), s.TenantID, true), s.keys(t, viewer(s.Admin), s.TenantID, false); all != "large small" || rest != "small" {
		t.Errorf("%s, offered %s", all, rest)
	}
	set(large())
	if rest := s.keys(t, nobody, s.TenantID, false); rest != "large small" {
		t.Errorf("offered again: %s", rest)
	}
	var actions string
	if err := s.db.Owner.QueryRow(t.Context(), `SELECT string_agg(concat_ws(' ', action, reason, old_value IS NULL), ', ' ORDER BY sequence) FROM audit_entry
		WHERE tenant_id = $1 AND new_value LIKE '%"key":"large"%' AND job_id IS NULL`, s.TenantID).Scan(&actions); err != nil {
		t.Fatal(err)
	}
	if want := "package.set neu t, package.set neu f, package.removed alt f, package.set neu f"; actions != want {
		t.Errorf("the audit log has %q, want %q", actions, want)
	}
}

func TestOnlyAdminsChangeTheOffer(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for name, one := range map[string]struct {
		v    account.Viewer
		code fault.Code
	}{
		"signed out": {account.Viewer{}, fault.Unauthenticated}, "a client": {viewer(s.Owner), fault.Forbidden}, "a photographer": {viewer(s.Photographer), fault.Forbidden},
	} {
		if _, _, err := s.offer.Set(t.Context(), one.v, large(), ""); !fault.Is(err, one.code) {
			t.Errorf("%s sets: %v", name, err)
		}
		if _, _, err := s.offer.Remove(t.Context(), one.v, cast.PackageKey, ""); !fault.Is(err, one.code) {
			t.Errorf("%s removes: %v", name, err)
		}
		if _, err := s.offer.List(t.Context(), one.v, s.TenantID, true); !fault.Is(err, one.code) {
			t.Errorf("%s lists what is offered no more: %v", name, err)
		}
	}
	if _, err := s.offer.List(t.Context(), viewer(s.ForeignAdmin), s.TenantID, true); !fault.Is(err, fault.Forbidden) {
		t.Errorf("another studio's admin lists what is offered no more: %v", err)
	}
	if _, _, err := s.offer.Set(t.Context(), viewer(s.ForeignAdmin), large(), ""); err != nil {
		t.Fatal(err)
	}
	if got := s.keys(t, viewer(s.Owner), s.TenantID, false); got != "small" {
		t.Errorf("another studio's admin changed it to %s", got)
	}
}

func TestWhatIsNoPackage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	for path, changes := range map[string][]func(*booking.Package){
		"input.key":            {func(p *booking.Package) { p.Key = "" }, func(p *booking.Package) { p.Key = "Large" }, func(p *booking.Package) { p.Key = "-a" }, func(p *booking.Package) { p.Key = strings.Repeat("a", 41) }, func(p *booking.Package) { p.Key = "a\n" }},
		"input.name":           {func(p *booking.Package) { p.Name = " " }, func(p *booking.Package) { p.Name = "a\nb" }, func(p *booking.Package) { p.Name = strings.Repeat("ä", 101) }},
		"input.description":    {func(p *booking.Package) { p.Description = "\x1b[31m" }, func(p *booking.Package) { p.Description = strings.Repeat("ä", 2001) }},
		"input.includedImages": {func(p *booking.Package) { p.IncludedImages = -1 }, func(p *booking.Package) { p.IncludedImages = 100_001 }},
		"input.extraPrice":     {func(p *booking.Package) { p.ExtraPrice = new(-1) }, func(p *booking.Package) { p.ExtraPrice = new(100_000_001) }},
		"input.currency":       {func(p *booking.Package) { p.Currency = "€" }, func(p *booking.Package) { p.Currency = "" }, func(p *booking.Package) { p.Currency = "EURO" }},
	} {
		for i, change := range changes {
			p := large()
			change(&p)
			if _, _, err := s.offer.Set(t.Context(), viewer(s.Admin), p, ""); !slices.Equal(paths(err), []string{path}) {
				t.Errorf("%s %d: %v", path, i, err)
			}
		}
	}
	if _, _, err := s.offer.Set(t.Context(), viewer(s.Admin), large(), "a\x00"); !slices.Equal(paths(err), []string{"input.reason"}) {
		t.Errorf("the reason: %v", err)
	}
}

// Whatever is made at once, a studio has a hundred packages at most.
func TestAStudioHasAHundredPackages(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.Exec(t, "INSERT INTO package SELECT $1, 'p' || n, 'P', '', 1, false, NULL, 'EUR', n > 50, now() FROM generate_series(1, 89) n", s.TenantID)
	var all sync.WaitGroup
	var mu sync.Mutex
	refused := 0
	for i := range 50 {
		all.Go(func() {
			p := large()
			p.Key = fmt.Sprintf("new-%d", i)
			_, refusals, err := s.offer.Set(t.Context(), viewer(s.Admin), p, "")
			if err != nil || refusals != nil && codeOf(refusals) != booking.TooManyPackages {
				t.Errorf("%v %v", refusals, err)
			}
			mu.Lock()
			defer mu.Unlock()
			refused += len(refusals)
		})
	}
	all.Wait()
	if n := s.count(t, "SELECT count(*) FROM package WHERE tenant_id = $1", s.TenantID); n != booking.MaxPackages || refused != 40 {
		t.Errorf("%d packages, %d refused", n, refused)
	}
}
