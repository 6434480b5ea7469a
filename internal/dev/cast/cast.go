// Package cast is the people and pictures that tests play with: two studios,
// somebody of every role and standing, each signed in, and jobs with a picture in
// every state. Everything is written straight into the database.
package cast

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// States are all states of a picture.
var States = []job.SelectionState{job.None, job.Included, job.ExtraPending, job.ExtraPaid, job.ExtraFree, job.Blocked}

// Person is somebody with an account and a session.
type Person struct {
	TenantID  id.ID
	AccountID id.ID
	SessionID id.ID
	DeviceID  id.ID
	Email     string
	Role      account.Role
	Token     string // bearer
	Device    string // the device's secret
}

// PublicID is how callers name the account.
func (p *Person) PublicID() string { return id.Account.Format(p.AccountID) }

// Job is a job with one picture in each state.
type Job struct {
	ID     id.ID
	Images map[job.SelectionState]id.ID
}

// PublicID is how callers name the job.
func (j *Job) PublicID() string { return id.Job.Format(j.ID) }

// Image is how callers name the picture in a state.
func (j *Job) Image(state job.SelectionState) string { return id.Image.Format(j.Images[state]) }

// Cast is everybody and everything.
type Cast struct {
	db              *pgxpool.Pool
	TenantID        id.ID // studio "studio"
	ForeignTenantID id.ID // studio "foreign", of host foreign.test

	Owner, Other              *Person // customers; Owner's jobs are Package and All
	Photographer, Idle        *Person // assigned to Package and All; assigned to nothing
	Admin, Operator           *Person
	Blocked, Expired, Removed *Person // customers with a job each; Removed's device was removed
	Foreigner, ForeignAdmin   *Person // of the foreign studio

	Package, All                                                        *Job // of Owner: 100 included; every picture included
	OtherJob, BlockedJob, ExpiredJob, RemovedJob, ForeignJob, Unclaimed *Job
	Import, ForeignImport                                               id.ID

	Booking                                                                      *Booking // of Owner, assigned to Photographer
	OtherBooking, BlockedBooking, ExpiredBooking, RemovedBooking, ForeignBooking *Booking
}

// PackageKey is the key of the package that both studios offer: ten pictures, more for money.
const PackageKey = "small"

// Booking is a booking that nobody has answered.
type Booking struct{ ID id.ID }

// PublicID is how callers name the booking.
func (b *Booking) PublicID() string { return id.Booking.Format(b.ID) }

// New writes the cast into a migrated, empty database, by a pool whose role may
// write all tables.
func New(t testing.TB, db *pgxpool.Pool) *Cast {
	t.Helper()
	c := &Cast{db: db}
	c.TenantID = c.tenant(t, "studio", nil)
	c.ForeignTenantID = c.tenant(t, "foreign", []string{"foreign.test"})

	c.Owner = c.Person(t, c.TenantID, "owner@example.com", account.Customer)
	c.Other = c.Person(t, c.TenantID, "other@example.com", account.Customer)
	c.Photographer = c.Person(t, c.TenantID, "photographer@example.com", account.Photographer)
	c.Idle = c.Person(t, c.TenantID, "idle@example.com", account.Photographer)
	c.Admin = c.Person(t, c.TenantID, "admin@example.com", account.Admin)
	c.Operator = c.Person(t, c.TenantID, "operator@example.com", account.Operator)
	c.Blocked = c.Person(t, c.TenantID, "blocked@example.com", account.Customer)
	c.Expired = c.Person(t, c.TenantID, "expired@example.com", account.Customer)
	c.Removed = c.Person(t, c.TenantID, "removed@example.com", account.Customer)
	c.Foreigner = c.Person(t, c.ForeignTenantID, "owner@example.com", account.Customer)
	c.ForeignAdmin = c.Person(t, c.ForeignTenantID, "admin@example.com", account.Admin)

	c.Package = c.Job(t, c.Owner, c.Photographer, false)
	c.All = c.Job(t, c.Owner, c.Photographer, true)
	c.OtherJob = c.Job(t, c.Other, nil, true)
	c.BlockedJob = c.Job(t, c.Blocked, nil, true)
	c.ExpiredJob = c.Job(t, c.Expired, nil, true)
	c.RemovedJob = c.Job(t, c.Removed, nil, true)
	c.ForeignJob = c.Job(t, c.Foreigner, nil, true)
	c.Unclaimed = c.Job(t, &Person{TenantID: c.TenantID, Email: "nobody@example.com"}, nil, true)
	c.Import = c.imported(t, c.Admin, c.Package)
	c.ForeignImport = c.imported(t, c.ForeignAdmin, c.ForeignJob)

	for _, tenantID := range []id.ID{c.TenantID, c.ForeignTenantID} {
		c.Exec(t, "INSERT INTO package VALUES ($1, $2, 'Small', 'Ten pictures', 10, false, 1500, 'EUR', true, now())", tenantID, PackageKey)
	}
	c.Booking = c.Booked(t, c.Owner, c.Photographer)
	c.OtherBooking = c.Booked(t, c.Other, nil)
	c.BlockedBooking = c.Booked(t, c.Blocked, nil)
	c.ExpiredBooking = c.Booked(t, c.Expired, nil)
	c.RemovedBooking = c.Booked(t, c.Removed, nil)
	c.ForeignBooking = c.Booked(t, c.Foreigner, nil)

	c.Exec(t, "UPDATE account SET blocked_at = now() WHERE id = $1", c.Blocked.AccountID)
	c.Exec(t, "UPDATE account SET valid_until = now() - interval '1 second' WHERE id = $1", c.Expired.AccountID)
	c.Exec(t, "UPDATE device SET removed_at = now() WHERE id = $1", c.Removed.DeviceID)
	return c
}

// Exec runs a statement that must succeed.
func (c *Cast) Exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := c.db.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("cast: %s: %v", sql, err)
	}
}

func (c *Cast) tenant(t testing.TB, slug string, hosts []string) id.ID {
	t.Helper()
	made := id.New(time.Now())
	c.Exec(t, "INSERT INTO tenant (id, slug, name, hosts, created_at) VALUES ($1, $2, $3, $4, now())", made, slug, "Studio "+slug, append([]string{}, hosts...))
	return made
}

// Person makes somebody with a proven mailbox who is signed in with a token.
func (c *Cast) Person(t testing.TB, tenantID id.ID, email string, role account.Role) *Person {
	t.Helper()
	now := time.Now()
	p := &Person{TenantID: tenantID, AccountID: id.New(now), SessionID: id.New(now), DeviceID: id.New(now), Email: email, Role: role}
	c.Exec(t, "INSERT INTO account (id, tenant_id, email_key, email, role, verified_at, created_at) VALUES ($1, $2, $3, $3, $4, now(), now())",
		p.AccountID, tenantID, email, role)
	p.Device = "device of " + p.AccountID.String()
	secretHash := sha256.Sum256([]byte("pixgate device\x00" + p.Device))
	c.Exec(t, `INSERT INTO device (id, tenant_id, account_id, secret_hash, name, kind, created_at, last_seen_at)
		VALUES ($1, $2, $3, $4, 'Test', 'OTHER', now(), now())`, p.DeviceID, tenantID, p.AccountID, secretHash[:])
	raw := sha256.Sum256([]byte("token of " + p.SessionID.String()))
	p.Token = "pgs_" + base64.RawURLEncoding.EncodeToString(raw[:])
	tokenHash := sha256.Sum256([]byte(p.Token))
	c.Exec(t, `INSERT INTO session (id, tenant_id, account_id, device_id, token_hash, transport, role, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, 'TOKEN', $6, now(), now() + interval '1 day')`, p.SessionID, tenantID, p.AccountID, p.DeviceID, tokenHash[:], role)
	return p
}

// Job makes a job of a customer with one picture in each state.
func (c *Cast) Job(t testing.TB, customer, photographer *Person, all bool) *Job {
	t.Helper()
	j := &Job{ID: id.New(time.Now()), Images: map[job.SelectionState]id.ID{}}
	var accountID, photographerID *id.ID
	if customer.AccountID != id.Nil {
		accountID = &customer.AccountID
	}
	if photographer != nil {
		photographerID = &photographer.AccountID
	}
	c.Exec(t, `INSERT INTO job (id, tenant_id, account_id, customer_email_key, customer_email, photographer_id, title, included_images, all_images_included, created_at)
		VALUES ($1, $2, $3, $4, $4, $5, $6, 100, $7, now())`, j.ID, customer.TenantID, accountID, customer.Email, photographerID, "Job of "+customer.Email, all)
	for _, state := range States {
		j.Images[state] = c.Image(t, customer.TenantID, j.ID, len(j.Images), state)
	}
	return j
}

// Booked makes a booking of a customer.
func (c *Cast) Booked(t testing.TB, customer, photographer *Person) *Booking {
	t.Helper()
	b := &Booking{ID: id.New(time.Now())}
	var photographerID *id.ID
	if photographer != nil {
		photographerID = &photographer.AccountID
	}
	c.Exec(t, `INSERT INTO booking (id, tenant_id, account_id, verified_at, state, address, package, preferred_dates, notes, contact_phone, created_at,
			package_name, included_images, extra_price, photographer_id, events)
		VALUES ($1, $2, $3, now(), 'REQUESTED', $4, $5, ARRAY[current_date + 7], 'Key at the neighbour', '+49 30 123456', now(), 'Small', 10, 1500, $6, 1)`,
		b.ID, customer.TenantID, customer.AccountID, "House of "+customer.Email, PackageKey, photographerID)
	c.Exec(t, "INSERT INTO booking_event VALUES ($1, $2, $3, 1, 'REQUESTED', $4, now(), 'cast', '{}')", id.New(time.Now()), customer.TenantID, b.ID, customer.AccountID)
	return b
}

// Image adds a picture to a job; its object does not exist.
func (c *Cast) Image(t testing.TB, tenantID, jobID id.ID, position int, state job.SelectionState) id.ID {
	t.Helper()
	now := time.Now()
	made := id.New(now)
	sum := sha256.Sum256(made[:])
	key := fmt.Sprintf("tenants/test/jobs/%s/%x/", jobID, sum)
	q := queries.New(c.db)
	if _, err := q.InsertImage(context.Background(), queries.InsertImageParams{
		ID: made, TenantID: tenantID, JobID: jobID, Position: int32(position), Filename: fmt.Sprintf("Küche %d.jpg", position+1), ContentType: "image/jpeg",
		Size: 1000, Width: 3000, Height: 2000, Sha256: sum[:], Crc32: 1, ObjectKey: key + "original", Etag: `"etag"`,
		SmallKey: key + "small.jpg", MediumKey: key + "medium.jpg", SourceKey: key, SourceEtag: `"etag"`, Now: now,
	}); err != nil {
		t.Fatalf("cast: insert an image: %v", err)
	}
	c.Exec(t, "UPDATE image SET selection_state = $2 WHERE id = $1", made, state)
	return made
}

func (c *Cast) imported(t testing.TB, admin *Person, j *Job) id.ID {
	t.Helper()
	made := id.New(time.Now())
	c.Exec(t, `INSERT INTO image_import (id, tenant_id, job_id, account_id, prefix, state, created_at) VALUES ($1, $2, $3, $4, 'test', 'DONE', now())`,
		made, admin.TenantID, j.ID, admin.AccountID)
	return made
}
