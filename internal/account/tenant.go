package account

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Tenant is a studio.
type Tenant struct {
	ID       id.ID
	Slug     string
	Name     string
	Hosts    []string // lower case, without port
	Origins  []string // of its web apps
	MailFrom string   // empty: the installation's sender
	Locale   Locale
	SignUp   bool         // may a new address make itself an account
	Devices  DevicePolicy // empty: RefuseDevice

	TimeZone        string // of the IANA's list, such as Europe/Berlin: where its days begin
	Uploads         UploadRoom
	Watermark       string // over the previews of pictures; empty: none
	ForgetAfterDays *int   // customers not seen for so long are erased; nil: never
	CreatedAt       time.Time
}

// UploadRoom is up to which uploads are signed and taken in.
type UploadRoom struct {
	JobImages   int    // pictures of a job
	JobBytes    int64  // of a job's originals
	StudioBytes *int64 // of all originals; nil: no limit
}

// Locale is a language that pixgate speaks.
type Locale string

// The languages.
const (
	German  Locale = "de"
	English Locale = "en"
)

// tenantsMaxAge is how long a change of a studio's settings may take to show.
const tenantsMaxAge = 5 * time.Second

// Tenants answers which studio a request is for. Studios are few and change
// rarely: they are read as a whole and kept for a few seconds.
type Tenants struct {
	db       queries.DBTX
	fallback string // slug
	now      func() time.Time
	known    atomic.Pointer[snapshot]
}

type snapshot struct {
	tenants []Tenant
	readAt  time.Time
}

// NewTenants returns the studios in db; fallback is the slug of the one that
// takes requests for no other one's host or origin.
func NewTenants(db queries.DBTX, fallback string, now func() time.Time) *Tenants {
	return &Tenants{db: db, fallback: fallback, now: now}
}

// For returns the studio of a request: by its host, else by its origin, else the
// only one, else the fallback. Both are in lower case, the host without port.
func (t *Tenants) For(ctx context.Context, host, origin string) (Tenant, error) {
	tenants, err := t.all(ctx)
	if err != nil {
		return Tenant{}, err
	}
	for _, tenant := range tenants {
		if slices.Contains(tenant.Hosts, host) {
			return tenant, nil
		}
	}
	for _, tenant := range tenants {
		if origin != "" && slices.Contains(tenant.Origins, origin) {
			return tenant, nil
		}
	}
	if len(tenants) == 1 {
		return tenants[0], nil
	}
	for _, tenant := range tenants {
		if tenant.Slug == t.fallback {
			return tenant, nil
		}
	}
	return Tenant{}, fault.Refused()
}

// ByID returns a studio; a foreign key guarantees that the ones in rows exist.
func (t *Tenants) ByID(ctx context.Context, tenantID id.ID) (Tenant, error) {
	tenants, err := t.all(ctx)
	if err != nil {
		return Tenant{}, err
	}
	for _, tenant := range tenants {
		if tenant.ID == tenantID {
			return tenant, nil
		}
	}
	return Tenant{}, fmt.Errorf("no studio %s", tenantID)
}

func (t *Tenants) all(ctx context.Context) ([]Tenant, error) {
	now := t.now()
	if known := t.known.Load(); known != nil && now.Sub(known.readAt) < tenantsMaxAge {
		return known.tenants, nil
	}
	rows, err := queries.New(t.db).Tenants(ctx)
	if err != nil {
		return nil, fault.Away("database", err)
	}
	tenants := make([]Tenant, len(rows))
	for i, row := range rows {
		tenants[i] = tenantFrom(row)
	}
	t.known.Store(&snapshot{tenants: tenants, readAt: now})
	return tenants, nil
}

func tenantFrom(row queries.Tenant) Tenant {
	tenant := Tenant{
		ID: row.ID, Slug: row.Slug, Name: row.Name, Hosts: row.Hosts, Origins: row.Origins,
		Locale: Locale(row.Locale), SignUp: row.SignUp, Devices: DevicePolicy(row.DevicePolicy),
		Uploads:   UploadRoom{JobImages: int(row.UploadJobImages), JobBytes: row.UploadJobBytes, StudioBytes: row.UploadTenantBytes},
		Watermark: row.Watermark,
		TimeZone:  row.TimeZone, CreatedAt: row.CreatedAt,
	}
	if row.MailFrom != nil {
		tenant.MailFrom = *row.MailFrom
	}
	if row.ForgetAfterDays != nil {
		tenant.ForgetAfterDays = new(int(*row.ForgetAfterDays))
	}
	return tenant
}

// Lists reports whether an origin is a studio's. While the studios can't be read it goes
// by what they were when they last could: their pages may read that they must wait.
func (t *Tenants) Lists(ctx context.Context, origin string) bool {
	tenants, err := t.all(ctx)
	if known := t.known.Load(); err != nil && known != nil {
		tenants = known.tenants
	}
	return slices.ContainsFunc(tenants, func(tenant Tenant) bool { return slices.Contains(tenant.Origins, origin) })
}

// All returns every studio, for the command line.
func (t *Tenants) All(ctx context.Context) ([]Tenant, error) { return t.all(ctx) }
