package job

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// New is what a job is made of.
type New struct {
	CustomerEmail     string
	Title             string // 1 to 200 characters
	IncludedImages    int    // 0 to 100,000
	AllImagesIncluded bool
	SellsExtras       bool
	CustomerUploads   bool
	PhotographerEmail *string // nil: assigned to nobody yet
	Reason            string  // for the audit log, at most MaxReason characters
}

const (
	// MaxReason is how long the reason of an admin's act may be, in characters.
	MaxReason = account.MaxReason
	// MaxIncluded is how many pictures a package includes at most.
	MaxIncluded = 100_000
)

// Refusal is a business rule that said no.
type Refusal struct {
	Field   []string
	Code    string // one of those that selection.go lists
	Message string
	Package *PackageUse // how it stands; only with [PackageFull]
	Quota   *Quota      // likewise; only with [QuotaExceeded]
}

func (n New) check() (customer, photographer account.Address, err error) {
	var wrong []fault.Field
	say := func(path string, code fault.FieldCode, message string) {
		wrong = append(wrong, fault.Field{Path: "input." + path, Code: code, Message: message})
	}
	customer, ok := account.ParseAddress(n.CustomerEmail)
	if !ok {
		say("customerEmail", fault.InvalidValue, "Give one plain address, such as name@example.com.")
	}
	if n.PhotographerEmail != nil {
		if photographer, ok = account.ParseAddress(*n.PhotographerEmail); !ok {
			say("photographerEmail", fault.InvalidValue, "Give one plain address, such as name@example.com.")
		}
	}
	wrong = append(wrong, fault.Text("input.title", strings.TrimSpace(n.Title), 1, 200)...)
	if n.IncludedImages < 0 || n.IncludedImages > MaxIncluded {
		say("includedImages", fault.InvalidValue, "Give a number from 0 to 100,000.")
	}
	wrong = append(wrong, fault.Text("input.reason", n.Reason, 0, MaxReason)...)
	if wrong != nil {
		return customer, photographer, fault.Invalid(wrong...)
	}
	return customer, photographer, nil
}

// Create makes a job. It belongs to the customer's account at once where the
// address is proven, else from when it is. Admins only; leaves an audit entry.
func (s *Jobs) Create(ctx context.Context, v account.Viewer, n New) (*Job, []Refusal, error) {
	now := s.now()
	if err := v.Require(account.Admin, now); err != nil {
		return nil, nil, err
	}
	customer, photographer, err := n.check()
	if err != nil {
		return nil, nil, err
	}
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return nil, nil, fault.Database("begin", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	q := queries.New(tx)

	row := queries.InsertJobParams{
		ID: id.New(now), TenantID: v.TenantID, CustomerEmailKey: customer.Key(), CustomerEmail: customer.Mailbox(),
		Title: strings.TrimSpace(n.Title), IncludedImages: int32(n.IncludedImages), AllImagesIncluded: n.AllImagesIncluded,
		SellsExtras: n.SellsExtras, CustomerUploads: n.CustomerUploads, Now: now,
	}
	if n.PhotographerEmail != nil {
		assigned, refusal, err := findPhotographer(ctx, q, v.TenantID, photographer)
		if err != nil || refusal != nil {
			return nil, refusal, err
		}
		row.PhotographerID = &assigned
	}
	// Whoever proves the address right now finds the job, or is found by it.
	if err := q.LockAddress(ctx, account.LockOf(v.TenantID, customer.Key())); err != nil {
		return nil, nil, fault.Database("lock the customer's address", err)
	}
	person, err := q.AccountByEmail(ctx, v.TenantID, customer.Key())
	switch {
	case err == nil && person.VerifiedAt != nil:
		row.AccountID = &person.ID
	case err != nil && !errors.Is(err, pgx.ErrNoRows):
		return nil, nil, fault.Database("find the customer", err)
	}
	made, err := q.InsertJob(ctx, row)
	if err != nil {
		return nil, nil, fault.Database("insert a job", err)
	}
	if err := s.audit.Append(ctx, tx, audit.Change{
		TenantID: v.TenantID, ActorID: &v.AccountID, Action: audit.JobCreated, JobID: &made.ID, Reason: n.Reason, RequestID: v.RequestID,
		New: struct {
			IncludedImages    int32 `json:"includedImages"`
			AllImagesIncluded bool  `json:"allImagesIncluded"`
			SellsExtras       bool  `json:"sellsExtras"`
			CustomerUploads   bool  `json:"customerUploads"`
		}{made.IncludedImages, made.AllImagesIncluded, made.SellsExtras, made.CustomerUploads},
	}); err != nil {
		return nil, nil, err
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, nil, fault.Database("commit", err)
	}
	return fromRow(made), nil, nil
}

func findPhotographer(ctx context.Context, q *queries.Queries, tenantID id.ID, address account.Address) (id.ID, []Refusal, error) {
	field := []string{"input", "photographerEmail"}
	person, err := q.AccountByEmail(ctx, tenantID, address.Key())
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return id.Nil, []Refusal{{Field: field, Code: NotFound, Message: "Nobody of this studio has that address."}}, nil
	case err != nil:
		return id.Nil, nil, fault.Database("find the photographer", err)
	case !account.Role(person.Role).AtLeast(account.Photographer):
		return id.Nil, []Refusal{{Field: field, Code: WrongRole, Message: "That account is not a photographer's."}}, nil
	}
	return person.ID, nil, nil
}
