package booking

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

const (
	// MaxPackages is how many packages a studio has at most, those that it offers no more included.
	MaxPackages = 100

	maxKey         = 40 // characters
	maxName        = 100
	maxDescription = 2000
	maxIncluded    = 100_000
	maxPrice       = 100_000_000
)

// Package is something that a studio offers. The JSON is what the audit log keeps.
type Package struct {
	Key               string `json:"key"` // one for each of a studio: small letters, digits and hyphens, 1 to 40
	Name              string `json:"name"`
	Description       string `json:"description"`
	IncludedImages    int    `json:"includedImages"`       // 0 to 100,000
	AllImagesIncluded bool   `json:"allImagesIncluded"`    //
	ExtraPrice        *int   `json:"extraPrice,omitempty"` // of one picture past the package, in the currency's smallest unit; nil: none is sold
	Currency          string `json:"currency"`             // ISO 4217
	Active            bool   `json:"active"`               // may be booked
}

func (p Package) same(other Package) bool {
	prices := (p.ExtraPrice == nil) == (other.ExtraPrice == nil) && (p.ExtraPrice == nil || *p.ExtraPrice == *other.ExtraPrice)
	p.ExtraPrice, other.ExtraPrice = nil, nil
	return prices && p == other
}

var (
	keys       = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	currencies = regexp.MustCompile(`^[A-Z]{3}$`)
)

func (p Package) check(reason string) error {
	wrong := slices.Concat(
		fault.Text("input.name", p.Name, 1, maxName),
		checkLines("input.description", p.Description, 0, maxDescription),
		fault.Text("input.reason", reason, 0, maxReason),
	)
	say := func(path, message string) {
		wrong = append(wrong, fault.Field{Path: path, Code: fault.InvalidValue, Message: message})
	}
	if !keys.MatchString(p.Key) {
		say("input.key", "Use 1 to 40 small letters, digits and hyphens.")
	}
	if p.IncludedImages < 0 || p.IncludedImages > maxIncluded {
		say("input.includedImages", "Give a number from 0 to 100,000.")
	}
	if p.ExtraPrice != nil && (*p.ExtraPrice < 0 || *p.ExtraPrice > maxPrice) {
		say("input.extraPrice", "Give a number from 0 to 100,000,000.")
	}
	if !currencies.MatchString(p.Currency) {
		say("input.currency", "Give the three letters of ISO 4217, such as EUR.")
	}
	if wrong != nil {
		return fault.Invalid(wrong...)
	}
	return nil
}

// Offer is what the studios offer.
type Offer struct {
	db    *pgxpool.Pool
	audit *audit.Log
	now   func() time.Time
}

// NewOffer returns the packages in db.
func NewOffer(db *pgxpool.Pool, log *audit.Log, now func() time.Time) *Offer {
	return &Offer{db: db, audit: log, now: now}
}

// List returns what a studio offers to everybody, by key; for admins of it, with what it
// offers no more, where they ask for that.
func (o *Offer) List(ctx context.Context, v account.Viewer, tenantID id.ID, inactive bool) ([]*Package, error) {
	if inactive {
		if err := v.Require(account.Admin, o.now()); err != nil {
			return nil, err
		}
		if v.TenantID != tenantID {
			return nil, fault.Refused()
		}
	}
	rows, err := queries.New(o.db).Packages(ctx, tenantID)
	if err != nil {
		return nil, fault.Database("list packages", err)
	}
	packages := make([]*Package, 0, len(rows))
	for _, row := range rows {
		if row.Active || inactive {
			packages = append(packages, fromPackage(row))
		}
	}
	return packages, nil
}

// Set makes a package, or changes the one with its key. Admins only; leaves an audit entry
// where that changes anything.
func (o *Offer) Set(ctx context.Context, v account.Viewer, p Package, reason string) (*Package, []Refusal, error) {
	if err := v.Require(account.Admin, o.now()); err != nil {
		return nil, nil, err
	}
	p.Name, p.Description = strings.TrimSpace(p.Name), lines(p.Description)
	if err := p.check(reason); err != nil {
		return nil, nil, err
	}
	return o.change(ctx, v, audit.PackageSet, p.Key, reason, func(known *Package, all int) (*Package, []Refusal) {
		if known == nil && all >= MaxPackages {
			return nil, []Refusal{{Field: []string{"input", "key"}, Code: TooManyPackages, Message: "A studio has a hundred packages at most. Change one of them."}}
		}
		return &p, nil
	})
}

// Remove offers a package no more. Bookings of it stay as they are. Admins only; leaves an
// audit entry where that changes anything.
func (o *Offer) Remove(ctx context.Context, v account.Viewer, key, reason string) (*Package, []Refusal, error) {
	if err := v.Require(account.Admin, o.now()); err != nil {
		return nil, nil, err
	}
	if wrong := fault.Text("input.reason", reason, 0, maxReason); wrong != nil {
		return nil, nil, fault.Invalid(wrong...)
	}
	return o.change(ctx, v, audit.PackageRemoved, key, reason, func(known *Package, _ int) (*Package, []Refusal) {
		if known == nil {
			return nil, []Refusal{{Field: []string{"input", "key"}, Code: NotFound, Message: "The studio has no such package."}}
		}
		removed := *known
		removed.Active = false
		return &removed, nil
	})
}

// change carries out one change of a studio's offer. become tells what is to become of the
// package that is known by key, nil for none.
func (o *Offer) change(
	ctx context.Context, v account.Viewer, action audit.Action, key, reason string, become func(known *Package, all int) (*Package, []Refusal),
) (p *Package, refusals []Refusal, err error) {
	err = pgx.BeginFunc(ctx, o.db, func(tx pgx.Tx) error {
		q := queries.New(tx)
		if err := q.LockOffer(ctx, v.TenantID); err != nil {
			return fault.Database("lock a studio's offer", err)
		}
		rows, err := q.Packages(ctx, v.TenantID)
		if err != nil {
			return fault.Database("list packages", err)
		}
		var known *Package
		if at := slices.IndexFunc(rows, func(row queries.Package) bool { return row.Key == key }); at >= 0 {
			known = fromPackage(rows[at])
		}
		if p, refusals = become(known, len(rows)); refusals != nil || known != nil && known.same(*p) {
			return nil
		}
		row, err := q.SetPackage(ctx, queries.SetPackageParams{
			TenantID: v.TenantID, Key: p.Key, Name: p.Name, Description: p.Description, IncludedImages: int32(p.IncludedImages),
			AllImagesIncluded: p.AllImagesIncluded, ExtraPrice: stored(p.ExtraPrice), Currency: p.Currency, Active: p.Active, Now: o.now(),
		})
		if err != nil {
			return fault.Database("write a package", err)
		}
		p = fromPackage(row)
		change := audit.Change{TenantID: v.TenantID, ActorID: &v.AccountID, Action: action, New: p, Reason: reason, RequestID: v.RequestID}
		if known != nil {
			change.Old = known
		}
		return o.audit.Append(ctx, tx, change)
	})
	return p, refusals, fault.Database("change a studio's offer", err)
}

func fromPackage(row queries.Package) *Package {
	return &Package{
		Key: row.Key, Name: row.Name, Description: row.Description, IncludedImages: int(row.IncludedImages), AllImagesIncluded: row.AllImagesIncluded,
		ExtraPrice: price(row.ExtraPrice), Currency: row.Currency, Active: row.Active,
	}
}

func price(stored *int32) *int {
	if stored == nil {
		return nil
	}
	return new(int(*stored))
}

func stored(price *int) *int32 {
	if price == nil {
		return nil
	}
	return new(int32(*price))
}
