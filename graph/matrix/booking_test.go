package matrix

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
)

const createBooking = `mutation($input: CreateBookingInput!) { createBooking(input: $input) { booking { id customer { email } } userErrors { code } } }`

// Whose a booking is the session says: the input has no place for it, whatever it is called.
func TestABookingsAddressComesFromTheSessionAlone(t *testing.T) {
	t.Parallel()
	var names []string
	for _, field := range matrixSchema().Types["CreateBookingInput"].Fields {
		names = append(names, field.Name)
	}
	if slices.Sort(names); strings.Join(names, " ") != "address contactPhone notes package preferredDates" {
		t.Errorf("the input takes %q", names)
	}
	m := newMatrix(t)
	for _, name := range []string{"email", "customerEmail", "accountId", "customer", "tenantId", "verifiedAt", "status"} {
		input := m.wish(cast.PackageKey, 7)
		input[name] = m.Other.Email
		if got := m.send(t, m.Owner, createBooking, map[string]any{"input": input}); got.status != http.StatusBadRequest || got.ran != 0 {
			t.Errorf("with %s: %v", name, got)
		}
	}
	got := m.send(t, m.Owner, createBooking, map[string]any{"input": m.wish(cast.PackageKey, 7)})
	if got.status != http.StatusOK || !strings.Contains(got.body, `"customer":{"email":"owner@example.com"}`) {
		t.Errorf("%v", got)
	}
}

func TestOnlyDaysOfTheCalendarAreDates(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	year := time.Now().Year() + 1
	text := func(day string) string { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006") + day }
	for _, date := range []any{text("-02-30"), text("-2-03"), text("-02-03T00:00:00Z"), text("0203"), " " + text("-02-03"), text("-02-03 "), "0000-00-00", "", "tomorrow", 20270203, true, nil} {
		input := m.wish(cast.PackageKey)
		input["preferredDates"] = []any{date}
		if got := m.send(t, m.Owner, createBooking, map[string]any{"input": input}); got.status != http.StatusBadRequest {
			t.Errorf("%v is taken for a day: %v", date, got)
		}
	}
	input := m.wish(cast.PackageKey)
	input["preferredDates"] = []any{text("-02-28")}
	got := m.send(t, m.Owner, `mutation($input: CreateBookingInput!) { createBooking(input: $input) { booking { preferredDates } } }`, map[string]any{"input": input})
	if !strings.Contains(got.body, `"preferredDates":["`+text("-02-28")+`"]`) {
		t.Errorf("%v", got)
	}
}

// Five bookings in ten minutes for an account, from wherever; another account has its own five.
func TestBookingsAreLimitedByAccount(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	m.resolver.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.Form: gate.Defaults()[gate.Form]})
	for n := range 7 {
		got := m.send(t, m.Owner, createBooking, map[string]any{"input": m.wish(cast.PackageKey, 7)})
		if want := map[bool]int{true: http.StatusOK, false: http.StatusTooManyRequests}[n < 5]; got.status != want {
			t.Errorf("booking %d: %v, want %d", n+1, got, want)
		}
	}
	if got := m.send(t, m.Other, createBooking, map[string]any{"input": m.wish(cast.PackageKey, 7)}); got.status != http.StatusOK {
		t.Errorf("another account: %v", got)
	}
	if n := m.count("SELECT count(*) FROM booking WHERE account_id = $1 AND address LIKE 'See %'", m.Owner.AccountID); n != 5 {
		t.Errorf("%d bookings", n)
	}
}

func TestWhatIsOfferedNoMoreIsForAdmins(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	m.Exec(t, "INSERT INTO package SELECT tenant_id, 'gone', 'Gone', '', 1, false, NULL, 'EUR', false, now() FROM package WHERE key = $1", cast.PackageKey)
	for caller, status := range map[string]int{"anon": 401, "own": 403, "pho": 403, "blk": 403, "exp": 403, "rem": 401, "str": 401, "for": 403, "adm": 200, "opr": 200, "fad": 200} {
		who := m.person(caller)
		if got := m.send(t, who, "{ packages { key active } }", nil); got.status != http.StatusOK || strings.Contains(got.body, "gone") || !strings.Contains(got.body, cast.PackageKey) {
			t.Errorf("%s: %v", caller, got)
		}
		if got := m.send(t, who, "{ packages(includeInactive: true) { key active } }", nil); got.status != status || strings.Contains(got.body, "gone") != (status == 200) {
			t.Errorf("%s asks for all: %v, want %d", caller, got, status)
		}
	}
}

// Where admins may act from listed addresses only, they cancel from there only, and see
// there only what is offered no more.
func TestAdminsActOnBookingsFromListedAddresses(t *testing.T) {
	t.Parallel()
	m := newMatrix(t)
	m.resolver.Lists = gate.Lists{Allowed: map[gate.Surface][]netip.Prefix{gate.Admin: {netip.MustParsePrefix("198.51.100.0/24")}}}
	const cancel = `mutation($input: CancelBookingInput!) { cancelBooking(input: $input) { booking { status } } }`
	for caller, status := range map[string]int{"adm": 403, "own": 200} {
		got := m.send(t, m.person(caller), cancel, map[string]any{"input": map[string]any{"bookingId": m.booked(t, "REQUESTED")}})
		if got.status != status || status == 403 && !got.has("IP_DENIED", []any{"cancelBooking"}) {
			t.Errorf("%s: %v", caller, got)
		}
	}
	if got := m.send(t, m.Admin, "{ packages(includeInactive: true) { key } }", nil); !got.has("IP_DENIED", []any{"packages"}) {
		t.Errorf("packages: %v", got)
	}
}

// A list with everything that its bookings name costs as many statements for forty as for two.
func TestAListOfBookingsIsReadAtOnce(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.Exec(t, "UPDATE job SET booking_id = $1 WHERE id = $2", a.Booking.ID, a.Package.ID)
	const query = `{ bookings(first: 100) { totalCount nodes { id customer { email } photographer { email } job { title booking { id customer { email } job { id } } } } } }`
	ask := func() (statements int64, nodes int) {
		t.Helper()
		before := a.statements.Load()
		got := a.as(a.Admin, query, nil)
		var parsed struct {
			Data struct {
				Bookings struct {
					Nodes []struct {
						Customer struct{ Email string }
						Job      *struct{ Booking struct{ ID string } }
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(got.body), &parsed); err != nil || got.status != http.StatusOK || strings.Contains(got.body, "errors") {
			t.Fatalf("%d %.300s: %v", got.status, got.body, err)
		}
		for _, node := range parsed.Data.Bookings.Nodes {
			if node.Customer.Email == "" || node.Job != nil && node.Job.Booking.ID == "" {
				t.Errorf("a booking lacks what it names: %+v", node)
			}
		}
		return a.statements.Load() - before, len(parsed.Data.Bookings.Nodes)
	}
	few, _ := ask()
	for n := range 40 {
		who := a.Person(t, a.TenantID, fmt.Sprintf("newcomer-%d@example.com", n), "CUSTOMER")
		b := a.Booked(t, who, a.Photographer)
		a.Exec(t, "UPDATE job SET booking_id = $1 WHERE id = $2", b.ID, a.Job(t, who, nil, true).ID)
	}
	for range 20 { // resolvers run side by side: they must neither wait for each other nor read anew
		if many, nodes := ask(); many > few || nodes < 40 {
			t.Fatalf("%d statements for %d bookings, %d for a few", many, nodes, few)
		}
	}
	if few > 6 {
		t.Errorf("%d statements; want session, list, count, people, jobs, their bookings", few)
	}
}
