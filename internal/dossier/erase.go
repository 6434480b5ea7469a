package dossier

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// The codes of a [job.Refusal] to erase somebody.
const (
	OwnAccount = "OWN_ACCOUNT"
	LastAdmin  = "LAST_ADMIN"
)

// Tombstone stands where an address stood. It is no address: there is a space in it.
func Tombstone(accountID id.ID) string { return "erased " + accountID.String() }

// erasure is one person on the way out.
type erasure struct {
	*Dossiers
	tenantID, accountID id.ID
	actorID             *id.ID // nil: by retention
	requestID, reason   string
	// judge says, with everything of the person locked, why they stay; nil: they go.
	judge func(ctx context.Context, q *queries.Queries, held held) (*job.Refusal, error)
}

// held is what is locked while somebody is judged.
type held struct {
	person queries.Account
	jobs   []queries.LockJobsOfCustomerRow // own ones
	admins []queries.LockTenantStaffRow
}

// erasedValue is what the audit log keeps of an erasure: how much there was, nothing of it.
type erasedValue struct {
	Role     string `json:"role"`
	Devices  int64  `json:"devices"`
	Sessions int64  `json:"sessions"`
	Bookings int64  `json:"bookings"`
	Uploads  int64  `json:"uploads"`
	Jobs     int64  `json:"jobs"`
}

// Erase removes all that is personal of an account of the viewer's studio: whoever has
// the address may come again, as somebody new. Jobs and pictures stay the studio's.
// Admins only, and nobody erases themselves, somebody above them, or the last admin.
// Erasing again changes nothing. Leaves an audit entry.
func (d *Dossiers) Erase(ctx context.Context, v account.Viewer, accountID, reason string) (*job.Refusal, error) {
	if err := v.Require(account.Admin, d.Now()); err != nil {
		return nil, err
	}
	if wrong := fault.Text("input.reason", reason, 0, job.MaxReason); wrong != nil {
		return nil, fault.Invalid(wrong...)
	}
	named, ok := id.Account.Parse(accountID)
	if !ok {
		return nil, fault.Refused()
	}
	e := erasure{Dossiers: d, tenantID: v.TenantID, accountID: named, actorID: &v.AccountID, requestID: v.RequestID, reason: reason}
	e.judge = func(_ context.Context, _ *queries.Queries, h held) (*job.Refusal, error) {
		switch field := []string{"input", "accountId"}; {
		case h.person.ID == v.AccountID:
			return &job.Refusal{Field: field, Code: OwnAccount, Message: "Nobody erases themselves: let another admin do it."}, nil
		case !v.Role.AtLeast(account.Role(h.person.Role)):
			return &job.Refusal{Field: field, Code: job.WrongRole, Message: "Only an operator erases an operator."}, nil
		case len(h.admins) == 1 && h.admins[0].ID == h.person.ID:
			return &job.Refusal{Field: field, Code: LastAdmin, Message: "This is the studio's last admin: grant somebody else first."}, nil
		}
		return nil, nil
	}
	_, refusal, err := e.run(ctx)
	return refusal, err
}

// errStays undoes the transaction of somebody who is not erased; errMore of somebody who
// booked, or began to upload, while the locks were taken.
var (
	errStays = errors.New("they stay")
	errMore  = errors.New("there is more to lock")
)

// run erases in one transaction, or does nothing; done is false for who is erased already.
func (e *erasure) run(ctx context.Context) (done bool, refusal *job.Refusal, err error) {
	for {
		if done, refusal, err = e.try(ctx); !errors.Is(err, errMore) {
			return done, refusal, err
		}
	}
}

func (e *erasure) try(ctx context.Context) (done bool, refusal *job.Refusal, err error) {
	err = pgx.BeginFunc(ctx, e.DB, func(tx pgx.Tx) error {
		q := queries.New(tx)
		h, err := e.hold(ctx, q)
		if err != nil {
			return err
		}
		if refusal, err = e.judge(ctx, q, h); err != nil {
			return err
		}
		if refusal != nil {
			return errStays
		}
		return e.erase(ctx, tx, h)
	})
	if errors.Is(err, errStays) {
		return false, refusal, nil
	}
	return err == nil, nil, fault.Database("erase somebody", err)
}

// hold locks everything of the person, in the order in which everybody locks it: the
// address, so that nobody proves it or makes a job for it meanwhile; its codes; the bookings;
// the jobs, those of open uploads among them; the studio's admins; the account, with which
// nothing more can be booked or uploaded. Who waited for somebody else's erasure finds it done,
// and goes on to lock nothing: an erased admin is none of the studio's any more, and
// would be locked out of turn.
func (e *erasure) hold(ctx context.Context, q *queries.Queries) (h held, err error) {
	before, err := e.find(ctx, q)
	if err != nil {
		return h, err
	}
	if err := q.LockAddress(ctx, account.LockOf(e.tenantID, before.EmailKey)); err != nil {
		return h, fault.Database("lock an address", err)
	}
	if _, err = e.find(ctx, q); err != nil {
		return h, err
	}
	if err := q.EraseChallenges(ctx, e.tenantID, before.EmailKey); err != nil {
		return h, fault.Database("erase an address's challenges", err)
	}
	if err := q.EraseCodes(ctx, e.tenantID, before.EmailKey); err != nil {
		return h, fault.Database("erase an address's codes", err)
	}
	bookings, err := q.LockBookingsOfCustomer(ctx, e.tenantID, e.accountID)
	if err != nil {
		return h, fault.Database("lock somebody's bookings", err)
	}
	locked, err := q.LockJobsOfCustomer(ctx, e.tenantID, e.accountID, before.EmailKey)
	if err != nil {
		return h, fault.Database("lock somebody's jobs", err)
	}
	jobs := make([]id.ID, len(locked))
	for i, one := range locked {
		if jobs[i] = one.ID; one.Own {
			h.jobs = append(h.jobs, one)
		}
	}
	if e.actorID != nil { // retention takes customers only
		if h.admins, err = q.LockTenantStaff(ctx, e.tenantID); err != nil {
			return h, fault.Database("lock the studio's admins", err)
		}
	}
	if h.person, err = q.LockPerson(ctx, e.tenantID, e.accountID); err != nil {
		return h, fault.Database("lock an account", err)
	}
	more, err := q.HasUnlocked(ctx, queries.HasUnlockedParams{TenantID: e.tenantID, AccountID: e.accountID, Bookings: bookings, Jobs: jobs})
	if err == nil && more {
		err = errMore // locked now, it would be out of turn
	}
	return h, fault.Database("look for what came meanwhile", err)
}

// find reads the account; [errStays] where it is erased.
func (e *erasure) find(ctx context.Context, q *queries.Queries) (queries.Account, error) {
	row, err := q.AccountByID(ctx, e.tenantID, e.accountID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return row, fault.Refused()
	case err != nil:
		return row, fault.Database("find somebody", err)
	case row.ErasedAt != nil:
		return row, errStays
	}
	return row, nil
}

// erase writes. The account goes first: what a request that is under way writes of it
// comes before that and is found below, or is refused by not_of_erased.
func (e *erasure) erase(ctx context.Context, tx pgx.Tx, h held) error {
	q, now, tombstone := queries.New(tx), e.Now(), Tombstone(e.accountID)
	if err := q.EraseAccount(ctx, queries.EraseAccountParams{TenantID: e.tenantID, ID: e.accountID, Tombstone: tombstone, Now: now}); err != nil {
		return fault.Database("erase an account", err)
	}
	gone := erasedValue{Role: h.person.Role, Jobs: int64(len(h.jobs))}
	var err error
	if gone.Sessions, err = q.EraseSessions(ctx, e.tenantID, e.accountID); err != nil {
		return fault.Database("erase somebody's sessions", err)
	}
	if gone.Devices, err = q.EraseDevices(ctx, e.tenantID, e.accountID, now); err != nil {
		return fault.Database("erase somebody's devices", err)
	}
	if gone.Bookings, err = q.EraseBookings(ctx, e.tenantID, e.accountID, now); err != nil {
		return fault.Database("erase somebody's bookings", err)
	}
	if gone.Uploads, err = q.EraseUploads(ctx, e.tenantID, e.accountID, now); err != nil {
		return fault.Database("erase somebody's uploads", err)
	}
	if err := eraseWishes(ctx, q, e.tenantID, h.person.EmailKey); err != nil {
		return err
	}
	jobs := make([]id.ID, len(h.jobs))
	for i, one := range h.jobs {
		jobs[i] = one.ID
	}
	if _, err := q.EraseJobs(ctx, e.tenantID, tombstone, jobs); err != nil {
		return fault.Database("erase somebody's address of jobs", err)
	}
	return e.Audit.Append(ctx, tx, audit.Change{
		TenantID: e.tenantID, ActorID: e.actorID, Action: audit.AccountErased, AccountID: &e.accountID, Old: gone, New: map[string]bool{"erased": true},
		Reason: e.reason, RequestID: e.requestID,
	})
}

// eraseWishes removes what an address wanted of mail, and whether it took any.
func eraseWishes(ctx context.Context, q *queries.Queries, tenantID id.ID, emailKey string) error {
	if err := q.EraseUnsubscribeTokens(ctx, tenantID, emailKey); err != nil {
		return fault.Database("erase an address's ways to unsubscribe", err)
	}
	if err := q.EraseUnsubscribed(ctx, tenantID, emailKey); err != nil {
		return fault.Database("erase what mail an address wants", err)
	}
	return fault.Database("erase whether an address takes mail", q.EraseSuppression(ctx, emailKey))
}
