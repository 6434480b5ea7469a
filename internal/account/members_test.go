package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/page"
	"pixgate/internal/secret"
)

// club is the cast, and what is done to its members.
type club struct {
	*cast.Cast
	t       *testing.T
	db      *stage.DB
	members *account.Members
	people  *account.Accounts
}

func newClub(t *testing.T) *club {
	t.Helper()
	db := stage.Database(t)
	return &club{
		Cast: cast.New(t, db.Owner), t: t, db: db, people: account.NewAccounts(db.Pool, time.Now),
		members: account.NewMembers(db.Pool, audit.NewLog(secret.NewRing("a key of the tests, long enough for it", ""), time.Now), time.Now),
	}
}

// as is the viewer that somebody's session proved.
func as(p *cast.Person) account.Viewer {
	return account.Viewer{TenantID: p.TenantID, AccountID: p.AccountID, SessionID: p.SessionID, DeviceID: p.DeviceID, Email: p.Email, Role: p.Role, RequestID: "request"}
}

func (c *club) count(sql string, args ...any) (n int) {
	c.t.Helper()
	if err := c.db.Owner.QueryRow(c.t.Context(), sql, args...).Scan(&n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// admins makes n admins more.
func (c *club) admins(n int) []*cast.Person {
	c.t.Helper()
	all := make([]*cast.Person, n)
	for i := range all {
		all[i] = c.Person(c.t, c.TenantID, fmt.Sprintf("admin-%d@example.com", i), account.Admin)
	}
	return all
}

// atOnce runs do n times and returns what was refused, by code.
func atOnce(n int, do func(i int) ([]account.Refusal, error)) map[string]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	answers := map[string]int{}
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			refusals, err := do(i)
			code := ""
			if err != nil {
				code = string(fault.As(err).Code)
			} else if len(refusals) > 0 {
				code = refusals[0].Code
			}
			mu.Lock()
			defer mu.Unlock()
			answers[code]++
		})
	}
	close(start)
	all.Wait()
	return answers
}

const running = "SELECT count(*) FROM account WHERE tenant_id = $1 AND role IN ('ADMIN', 'OPERATOR') AND blocked_at IS NULL"

func TestFiftyAdminsWhoStepDownAtOnceLeaveOne(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	c.Exec(t, "UPDATE account SET role = 'CUSTOMER' WHERE tenant_id = $1", c.TenantID)
	admins := c.admins(50)
	got := atOnce(50, func(i int) ([]account.Refusal, error) {
		_, refusals, err := c.members.SetRole(context.WithoutCancel(t.Context()), as(admins[i]), admins[i].PublicID(), account.Customer, "")
		return refusals, err
	})
	if got[""] != 49 || got[account.LastAdmin] != 1 {
		t.Errorf("answers %v, want 49 that step down and the last who can't", got)
	}
	if n := c.count(running, c.TenantID); n != 1 {
		t.Errorf("%d admins are left", n)
	}
}

// Fifty admins in a ring shut each other out at the same moment. Whoever was shut out
// does nothing any more, though the session was read before.
func TestAdminsWhoShutEachOtherOutActNoMoreOnceTheyAreOut(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*club, context.Context, account.Viewer, string) ([]account.Refusal, error){
		"demote": func(c *club, ctx context.Context, v account.Viewer, other string) ([]account.Refusal, error) {
			_, refusals, err := c.members.SetRole(ctx, v, other, account.Customer, "")
			return refusals, err
		},
		"block": func(c *club, ctx context.Context, v account.Viewer, other string) ([]account.Refusal, error) {
			_, refusals, err := c.members.Block(ctx, v, other, "")
			return refusals, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClub(t)
			c.Exec(t, "UPDATE account SET role = 'CUSTOMER' WHERE tenant_id = $1", c.TenantID)
			admins := c.admins(50)
			got := atOnce(50, func(i int) ([]account.Refusal, error) {
				return do(c, context.WithoutCancel(t.Context()), as(admins[i]), admins[(i+1)%50].PublicID())
			})
			left := c.count(running, c.TenantID)
			if got[""]+got["FORBIDDEN"] != 50 || left != 50-got[""] || left < 1 {
				t.Errorf("answers %v, %d admins are left", got, left)
			}
			late := c.count(`SELECT count(*) FROM audit_entry act JOIN audit_entry fall ON fall.account_id = act.actor_id AND fall.sequence < act.sequence`)
			if late != 0 {
				t.Errorf("%d acts of admins who were out already", late)
			}
		})
	}
}

func TestNobodyRaisesThemselvesOrActsOnSomebodyAbove(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	ctx, admin := t.Context(), as(c.Admin)
	for name, try := range map[string]func() error{
		"an admin becomes operator":  func() error { return second(c.members.SetRole(ctx, admin, c.Admin.PublicID(), account.Operator, "")) },
		"an admin makes an operator": func() error { return second(c.members.SetRole(ctx, admin, c.Owner.PublicID(), account.Operator, "")) },
		"an admin unmakes an operator": func() error {
			return second(c.members.SetRole(ctx, admin, c.Operator.PublicID(), account.Customer, ""))
		},
		"an admin blocks an operator": func() error { return second(c.members.Block(ctx, admin, c.Operator.PublicID(), "")) },
		"an admin limits an operator": func() error { return second(c.members.SetMaxDevices(ctx, admin, c.Operator.PublicID(), 1, "")) },
		"a customer makes an admin": func() error {
			return second(c.members.SetRole(ctx, as(c.Owner), c.Owner.PublicID(), account.Admin, ""))
		},
		"a photographer blocks":           func() error { return second(c.members.Block(ctx, as(c.Photographer), c.Owner.PublicID(), "")) },
		"another studio's admin blocks":   func() error { return second(c.members.Block(ctx, as(c.ForeignAdmin), c.Owner.PublicID(), "")) },
		"an admin blocks in another one":  func() error { return second(c.members.Block(ctx, admin, c.Foreigner.PublicID(), "")) },
		"an operator acts in another one": func() error { return second(c.members.Unblock(ctx, as(c.Operator), c.Foreigner.PublicID(), "")) },
		"what is no account":              func() error { return second(c.members.Block(ctx, admin, c.Package.PublicID(), "")) },
		"another's device as one's own": func() error {
			_, err := c.members.RemoveDevice(ctx, as(c.Other), id.Device.Format(c.Owner.DeviceID))
			return err
		},
		"a device of another account": func() error {
			return second(c.members.RemoveDeviceOf(ctx, admin, c.Other.PublicID(), id.Device.Format(c.Owner.DeviceID), ""))
		},
	} {
		if err := try(); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, who := range map[string]*cast.Person{"a customer": c.Owner, "a photographer": c.Photographer} {
		if _, err := c.members.SetDevicePolicy(ctx, as(who), account.ReplaceOldest, ""); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s sets the studio's policy: %v", name, err)
		}
	}
	// Whom the session still calls an operator, and the studio does not any more.
	c.Exec(t, "UPDATE account SET role = 'ADMIN' WHERE id = $1", c.Operator.AccountID)
	if err := second(c.members.SetRole(ctx, as(c.Operator), c.Owner.PublicID(), account.Operator, "")); !fault.Is(err, fault.Forbidden) {
		t.Errorf("an operator of a moment ago made one: %v", err)
	}
	if n := c.count("SELECT count(*) FROM audit_entry"); n != 0 {
		t.Errorf("%d entries of what was refused", n)
	}
}

func second(_ *account.Account, refusals []account.Refusal, err error) error {
	if err == nil && len(refusals) > 0 {
		return errors.New(refusals[0].Code)
	}
	return err
}

func TestNobodyBlocksThemselves(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	_, refusals, err := c.members.Block(t.Context(), as(c.Admin), c.Admin.PublicID(), "")
	if err != nil || len(refusals) != 1 || refusals[0].Code != account.OwnAccount {
		t.Errorf("%v, %v", refusals, err)
	}
}

func TestAStudioWithABlockedAdminHasOneLess(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	c.Exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", c.Operator.AccountID)
	_, refusals, err := c.members.SetRole(t.Context(), as(c.Admin), c.Admin.PublicID(), account.Photographer, "")
	if err != nil || len(refusals) != 1 || refusals[0].Code != account.LastAdmin {
		t.Errorf("the only admin who is not blocked stepped down: %v, %v", refusals, err)
	}
}

// The policy is the admin's own studio's, and sign-ins hear of it.
func TestThePolicyOfDevicesIsTheStudiosOwn(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	if got, err := c.members.SetDevicePolicy(t.Context(), as(c.Admin), account.ReplaceOldest, "the phones of our photographers"); err != nil || got.Devices != account.ReplaceOldest {
		t.Fatalf("%+v, %v", got, err)
	}
	tenants := account.NewTenants(c.db.Pool, "studio", time.Now)
	for tenantID, want := range map[id.ID]account.DevicePolicy{c.TenantID: account.ReplaceOldest, c.ForeignTenantID: account.RefuseDevice} {
		if got, err := tenants.ByID(t.Context(), tenantID); err != nil || got.Devices != want {
			t.Errorf("%s: %q, %v; want %q", got.Slug, got.Devices, err, want)
		}
	}
	demoted := as(c.Admin)
	c.Exec(t, "UPDATE account SET role = 'CUSTOMER' WHERE id = $1", c.Admin.AccountID)
	if _, err := c.members.SetDevicePolicy(t.Context(), demoted, account.RefuseDevice, ""); !fault.Is(err, fault.Forbidden) {
		t.Errorf("an admin of a moment ago: %v", err)
	}
}

func TestALowerLimitSignsOutTheLongestUnseen(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	for hours := 1; hours <= 4; hours++ {
		c.Exec(t, `INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at)
			VALUES (gen_random_uuid(), $1, $2, sha256($3::text::bytea), $3, 'OTHER', now(), now() - $4 * interval '1 hour')`, c.TenantID, c.Owner.AccountID, fmt.Sprint(hours, " hours"), hours)
	}
	if err := second(c.members.SetMaxDevices(t.Context(), as(c.Admin), c.Owner.PublicID(), 2, "lost phones")); err != nil {
		t.Fatal(err)
	}
	left, err := c.people.DevicesOf(t.Context(), as(c.Owner), []id.ID{c.Owner.AccountID})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range left[c.Owner.AccountID] {
		names = append(names, one.Name)
	}
	if got := strings.Join(names, ", "); got != "Test, 1 hours" {
		t.Errorf("left %q", got)
	}
	if n := c.count("SELECT count(*) FROM audit_entry WHERE action = 'account.device_removed' AND account_id = $1 AND reason = 'lost phones'", c.Owner.AccountID); n != 3 {
		t.Errorf("%d entries of devices, want 3", n)
	}
}

func TestARemovedDeviceIsOutAndRemovingItAgainIsNothing(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	public := id.Device.Format(c.Owner.DeviceID)
	for range 2 {
		if _, err := c.members.RemoveDevice(t.Context(), as(c.Owner), public); err != nil {
			t.Fatal(err)
		}
		if err := second(c.members.RemoveDeviceOf(t.Context(), as(c.Admin), c.Owner.PublicID(), public, "")); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.count("SELECT count(*) FROM session WHERE device_id = $1 AND revoked_at IS NULL", c.Owner.DeviceID); n != 0 {
		t.Errorf("%d of its sessions are alive", n)
	}
	if n := c.count("SELECT count(*) FROM audit_entry"); n != 0 {
		t.Errorf("%d entries, though its owner removed it", n)
	}
	for _, v := range []account.Viewer{{}, func() account.Viewer { v := as(c.Blocked); v.BlockedAt = new(time.Now()); return v }()} {
		if _, err := c.members.RemoveDevice(t.Context(), v, public); err == nil {
			t.Error("somebody signed out or blocked removed a device")
		}
	}
}

// erase does to an account what an erasure does to its row.
func (c *club) erase(p *cast.Person) {
	c.t.Helper()
	c.Exec(c.t, `UPDATE account SET email_key = 'erased ' || id, email = 'erased ' || id, role = 'CUSTOMER', locale = NULL, verified_at = NULL, valid_until = NULL,
		blocked_at = now(), last_seen_at = NULL, erased_at = now() WHERE id = $1`, p.AccountID)
}

// Nothing is done to an erased account any more: unblocking or promoting one came out as
// an error of our own, and its end or its devices could be set.
func TestNothingIsDoneToWhoWasErased(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	c.erase(c.Owner)
	v, gone := as(c.Operator), c.Owner.PublicID()
	for what, err := range map[string]error{
		"block":       second(c.members.Block(t.Context(), v, gone, "")),
		"unblock":     second(c.members.Unblock(t.Context(), v, gone, "")),
		"role":        second(c.members.SetRole(t.Context(), v, gone, account.Admin, "")),
		"same role":   second(c.members.SetRole(t.Context(), v, gone, account.Customer, "")),
		"valid until": second(c.members.SetValidUntil(t.Context(), v, gone, new(time.Now()), "")),
		"max devices": second(c.members.SetMaxDevices(t.Context(), v, gone, 1, "")),
		"device":      second(c.members.RemoveDeviceOf(t.Context(), v, gone, id.Device.Format(c.Owner.DeviceID), "")),
	} {
		if !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v, want what an unknown account answers", what, err)
		}
	}
	if n := c.count("SELECT count(*) FROM audit_entry"); n != 0 {
		t.Errorf("%d entries", n)
	}
}

// Who was erased is in no list and in no count; a list that stood at them begins again.
func TestWhoWasErasedIsListedAndCountedNoMore(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	before, err := c.people.Activity(t.Context(), as(c.Admin))
	if err != nil {
		t.Fatal(err)
	}
	c.erase(c.Owner)
	for text, filter := range map[string]account.Filter{"all": {}, "by address": {Text: new("erased")}, "blocked": {Blocked: new(true)}, "by domain": {Text: new("@")}} {
		if got := c.found(as(c.Admin), filter, 3); strings.Contains(strings.Join(got, "; "), "erased ") {
			t.Errorf("%s: %q", text, got)
		}
	}
	after, err := c.people.Activity(t.Context(), as(c.Admin))
	if err != nil || after.Week.All != before.Week.All-1 {
		t.Errorf("seen in a week: %d, then %d; %v", before.Week.All, after.Week.All, err)
	}
	_, _, err = c.people.List(t.Context(), as(c.Admin), account.Filter{}, page.Window{Size: 3, After: &page.Cursor{ID: c.Owner.AccountID}})
	if !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("a list that goes on behind them: %v", err)
	}
}

// found lists the addresses of all pages.
func (c *club) found(v account.Viewer, filter account.Filter, size int) []string {
	c.t.Helper()
	var all []string
	w := page.Window{Size: size}
	for {
		people, more, err := c.people.List(c.t.Context(), v, filter, w)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, one := range people {
			all = append(all, one.Email)
		}
		if !more {
			return all
		}
		w.After = new(people[len(people)-1].Cursor())
	}
}

func TestPeopleAreFoundByTheBeginningsOfAddressAndDomain(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	for _, email := range []string{"anna@kunde.test", "anna-lena@other.test", "ben@anna.test", "zoe@anna.test", "ann_a@x.test", "annaxxx@x.test", "anna%@x.test", "a@xn--mller-kva.test"} {
		c.Person(t, c.TenantID, email, account.Customer)
	}
	c.Person(t, c.ForeignTenantID, "anna@foreign.test", account.Customer)
	for text, want := range map[string]string{
		"anna":           "anna%@x.test anna-lena@other.test anna@kunde.test annaxxx@x.test ben@anna.test zoe@anna.test",
		" ANNA ":         "anna%@x.test anna-lena@other.test anna@kunde.test annaxxx@x.test ben@anna.test zoe@anna.test",
		"anna%":          "anna%@x.test",
		"ann_":           "ann_a@x.test",
		"Anna@Kunde.":    "anna@kunde.test",
		"@anna":          "ben@anna.test zoe@anna.test",
		"@müller.test":   "a@xn--mller-kva.test",
		"a@müller.test":  "a@xn--mller-kva.test",
		"kunde.test":     "anna@kunde.test",
		"%":              "",
		"'; DROP TABLE":  "",
		"anna@foreign":   "",
		"lena":           "", // the middle of an address
		"\u00ff":         "",
		"photographer@e": "photographer@example.com",
	} {
		for _, size := range []int{1, 2, 50} {
			if got := strings.Join(c.found(as(c.Admin), account.Filter{Text: &text}, size), " "); got != want {
				t.Errorf("%q in pages of %d: %q, want %q", text, size, got, want)
			}
		}
	}
	for _, text := range []string{"", "  ", strings.Repeat("a", 255), "a\x00b", "a\xffb"} {
		if _, _, err := c.people.List(t.Context(), as(c.Admin), account.Filter{Text: &text}, page.Window{Size: 5}); !fault.Is(err, fault.ValidationFailed) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPeopleAreListedOnceEachAndFiltered(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	var want []string
	for _, p := range []*cast.Person{c.Owner, c.Other, c.Photographer, c.Idle, c.Admin, c.Operator, c.Blocked, c.Expired, c.Removed} {
		want = append(want, p.Email)
	}
	slices.Sort(want)
	c.Exec(t, "UPDATE account SET valid_until = now() - interval '1 day' WHERE id = $1", c.Admin.AccountID) // binds no admin
	yes, no := true, false
	for name, try := range map[string]struct {
		filter account.Filter
		want   []string
	}{
		"all":           {account.Filter{}, want},
		"photographers": {account.Filter{Role: new(account.Photographer)}, []string{"idle@example.com", "photographer@example.com"}},
		"blocked":       {account.Filter{Blocked: &yes}, []string{"blocked@example.com"}},
		"expired":       {account.Filter{Expired: &yes}, []string{"expired@example.com"}},
		"customers in good standing": {account.Filter{Role: new(account.Customer), Blocked: &no, Expired: &no},
			[]string{"other@example.com", "owner@example.com", "removed@example.com"}},
	} {
		for _, size := range []int{1, 4, 50} {
			if got := c.found(as(c.Admin), try.filter, size); !slices.Equal(got, try.want) {
				t.Errorf("%s in pages of %d: %q, want %q", name, size, got, try.want)
			}
		}
	}
	foreign := page.Window{Size: 5}
	foreign.After = new((&account.Account{ID: c.Foreigner.AccountID}).Cursor())
	if _, _, err := c.people.List(t.Context(), as(c.Admin), account.Filter{}, foreign); !fault.Is(err, fault.ValidationFailed) {
		t.Errorf("a cursor of another studio: %v", err)
	}
	for _, who := range []*cast.Person{c.Owner, c.Photographer} {
		if _, _, err := c.people.List(t.Context(), as(who), account.Filter{}, page.Window{Size: 5}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s lists the people: %v", who.Role, err)
		}
	}
}

// Everything that counts, and what does not.
func TestActivityCountsWhoWasSeenAndIsInGoodStanding(t *testing.T) {
	t.Parallel()
	c := newClub(t)
	now := time.Now().Truncate(time.Microsecond)
	people := account.NewAccounts(c.db.Pool, func() time.Time { return now })
	c.Exec(t, "DELETE FROM session")
	c.Exec(t, "DELETE FROM device")
	seen := func(who *cast.Person, kind string, ago time.Duration, removed bool) {
		made := id.New(now)
		c.Exec(t, `INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at, removed_at)
			VALUES ($1, $2, $3, sha256($4), '', $5, now(), $6, CASE WHEN $7 THEN now() END)`, made, who.TenantID, who.AccountID, made[:], kind, now.Add(-ago), removed)
	}
	const day = 24 * time.Hour
	seen(c.Owner, "HANDHELD", 5*time.Minute-time.Second, false)
	seen(c.Owner, "HANDHELD", time.Second, false) // two of a kind
	seen(c.Owner, "DESKTOP", 5*time.Minute, false)
	seen(c.Other, "DESKTOP", day-time.Second, false)
	seen(c.Photographer, "OTHER", day, false)
	seen(c.Idle, "OTHER", 7*day-time.Second, false)
	seen(c.Removed, "HANDHELD", time.Minute, true) // was seen all the same
	seen(c.Admin, "DESKTOP", time.Minute, false)
	c.Exec(t, "UPDATE account SET valid_until = now() - interval '1 day' WHERE id = $1", c.Admin.AccountID) // binds no admin
	seen(c.Operator, "DESKTOP", 7*day, false)                                                               // too long ago
	seen(c.Blocked, "HANDHELD", time.Second, false)
	seen(c.Expired, "HANDHELD", time.Second, false)
	seen(c.Foreigner, "HANDHELD", time.Second, false)
	got, err := people.Activity(t.Context(), as(c.Admin))
	if err != nil {
		t.Fatal(err)
	}
	if want := (account.Activity{
		Now:   account.Active{All: 3, Handheld: 2, Desktop: 1, Other: 0},
		Today: account.Active{All: 4, Handheld: 2, Desktop: 3, Other: 0},
		Week:  account.Active{All: 6, Handheld: 2, Desktop: 3, Other: 2},
	}); *got != want {
		t.Errorf("counted %+v, want %+v", *got, want)
	}
	if _, err := people.Activity(t.Context(), as(c.Photographer)); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a photographer counts: %v", err)
	}
}
