package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// CodeRequest asks for a code to be mailed.
type CodeRequest struct {
	Email     string
	Device    *Device        // nil: none
	Locale    account.Locale // of the mail; empty: the account's, else the studio's
	RequestID string         // of the request, for records
}

// Challenge is what the asker gets: the same for every address.
type Challenge struct {
	ID         string // 128 bits, base64url; goes back into [SignIn]
	ExpiresAt  time.Time
	RetryAfter time.Duration // until this asker may ask for another code
}

// ask is a request that has been read.
type ask struct {
	client  Client
	now     time.Time
	address account.Address
	locale  account.Locale // empty: the account's, else the studio's
	devices [][]byte       // hashes of the device secrets that the asker holds
}

// RequestCode takes in a request for a code. The mail leaves from a task after the
// answer. Nothing in answer, cost or counters tells whether the address is
// known. It answers VALIDATION_FAILED for a bad input and RATE_LIMITED for an
// asker who must wait.
func (s *Service) RequestCode(ctx context.Context, c Client, r CodeRequest) (Challenge, error) {
	a, err := s.read(c, r)
	if err != nil {
		return Challenge{}, err
	}
	var answer Challenge
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) (err error) {
		answer, err = s.request(ctx, tx, a)
		return err
	})
	if err != nil {
		return Challenge{}, fault.Database("take in a request for a code", err)
	}
	return answer, nil
}

func (s *Service) read(c Client, r CodeRequest) (ask, error) {
	if !c.IP.IsValid() {
		return ask{}, errors.New("a client without an address asks for a code")
	}
	a := ask{client: c, now: s.now(), locale: r.Locale}
	wrong := r.Device.check()
	var ok bool
	switch a.address, ok = account.ParseAddress(r.Email); {
	case r.Email == "":
		wrong = append(wrong, fault.Field{Path: "input.email", Code: fault.Required, Message: "An e-mail address is needed."})
	case !ok:
		wrong = append(wrong, fault.Field{Path: "input.email", Code: fault.InvalidValue, Message: "This is not an e-mail address."})
	}
	if r.Locale != "" && r.Locale != account.German && r.Locale != account.English {
		wrong = append(wrong, fault.Field{Path: "input.locale", Code: fault.InvalidValue, Message: "Must be DE or EN."})
	}
	if len(wrong) > 0 {
		return ask{}, fault.Invalid(wrong...)
	}
	a.devices = [][]byte{}
	if r.Device != nil {
		a.devices = append(a.devices, r.Device.hash())
	}
	if c.DeviceSecret != "" {
		a.devices = append(a.devices, hashDevice(c.DeviceSecret))
	}
	return a, nil
}

// request answers one asker while nobody else can ask for the same address.
// What it answers depends on what strangers can see and do, never on whether
// there is an account or whether somebody has signed in.
func (s *Service) request(ctx context.Context, tx pgx.Tx, a ask) (Challenge, error) {
	q := queries.New(tx)
	address := addressOf(a.client.Tenant, a.address.Key())
	if err := q.LockAddress(ctx, account.LockOf(a.client.Tenant.ID, a.address.Key())); err != nil {
		return Challenge{}, fault.Database("lock an address", err)
	}
	to, err := q.Addressee(ctx, a.devices, a.client.Tenant.ID, a.address.Key())
	if err != nil {
		return Challenge{}, fault.Database("look up an address", err)
	}
	by := s.askerOf(a, address, to.DeviceHash)
	last, err := q.LatestCode(ctx, a.client.Tenant.ID, a.address.Key(), by.hash)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return Challenge{}, fault.Database("look up the latest code", err)
	}
	if wait := last.CreatedAt.Add(codeCooldown).Sub(a.now); wait > 0 {
		asked := !last.AskedAt.Before(last.CreatedAt)
		if asked || by.known && last.ConsumedAt != nil {
			return Challenge{}, tooSoon(wait)
		}
		return s.challenge(ctx, q, a, by, last.ID, last.ExpiresAt, wait)
	}

	known := to.AccountID != nil || to.Invited
	charges := s.mailCharges(a, address, by, known, last)
	over, err := spend(ctx, q, a.now, charges)
	if err != nil {
		return Challenge{}, err
	}
	decoy := !known && !a.client.Tenant.SignUp
	if others := slices.DeleteFunc(over, isNewcomers); len(others) < len(over) {
		// From here on nobody hears of this budget: how long it lasts would tell
		// that the address is new.
		over, decoy = others, true
		s.log.WarnContext(ctx, "no more mails to new addresses today", "tenant", a.client.Tenant.Slug)
	}
	attach := false
	for _, o := range over {
		switch o.limit {
		case mailsHourly, mailsDaily:
			attach = true
		default:
			return Challenge{}, s.tooMany(ctx, over, a.now)
		}
	}
	if attach {
		return s.attach(ctx, q, a, by, last, over, charges)
	}
	return s.mail(ctx, tx, a, by, to, decoy)
}

// attach serves a stranger whose address has had all its mails by the code that is
// still live, once a minute. No mail goes out, so nothing is paid.
func (s *Service) attach(
	ctx context.Context, q *queries.Queries, a ask, by asker, last queries.LatestCodeRow, over []overrun, charges []charge,
) (Challenge, error) {
	if !last.ExpiresAt.After(a.now) {
		return Challenge{}, s.tooMany(ctx, over, a.now)
	}
	if wait := last.AskedAt.Add(codeCooldown).Sub(a.now); wait > 0 {
		return Challenge{}, tooSoon(wait)
	}
	if err := refund(ctx, q, charges); err != nil {
		return Challenge{}, err
	}
	return s.challenge(ctx, q, a, by, last.ID, last.ExpiresAt, codeCooldown)
}

// mail makes a code and queues its mail; for a decoy it does just the same.
func (s *Service) mail(ctx context.Context, tx pgx.Tx, a ask, by asker, to queries.AddresseeRow, decoy bool) (Challenge, error) {
	q := queries.New(tx)
	mailbox, locale := a.address.Mailbox(), a.client.Tenant.Locale
	if to.Email != nil {
		mailbox = *to.Email
	}
	if to.Locale != nil {
		locale = account.Locale(*to.Locale)
	}
	if a.locale != "" {
		locale = a.locale
	}
	codeID, expires := id.New(a.now), a.now.Add(codeLife)
	if err := q.InsertCode(ctx, queries.InsertCodeParams{
		ID: codeID, TenantID: a.client.Tenant.ID, EmailKey: a.address.Key(), Email: mailbox, Locale: string(locale),
		KeyID: s.codes.Current().ID(), Decoy: decoy, Now: a.now, ExpiresAt: expires,
	}); err != nil {
		return Challenge{}, fault.Database("make a code", err)
	}
	answer, err := s.challenge(ctx, q, a, by, codeID, expires, codeCooldown)
	if err != nil {
		return Challenge{}, err
	}
	if err := s.queue.LoginMail(ctx, tx, codeID, expires); err != nil {
		return Challenge{}, fault.Database("queue a mail", err)
	}
	return answer, nil
}

// mailCharges is what a mail costs. A known device pays from a lane of its own that
// strangers can't exhaust. A stranger's mail costs the same number of budgets for
// every address: one that neither has an account nor a job that waits for it, and
// was never seen before, counts against the studio's newcomers,
// any other one against a budget that has no end.
func (s *Service) mailCharges(a ask, address []byte, by asker, known bool, last queries.LatestCodeRow) []charge {
	if by.known {
		return s.charge(mailsOfDevice, by.hash)
	}
	charges := slices.Concat(
		s.charge(mailsHourly, address), s.charge(mailsDaily, address),
		s.charge(mailsOfNetwork, address, network(a.client.IP)), s.charge(mailsOfNetworkDaily, address, network(a.client.IP)),
		s.charge(mailsOfIP, single(a.client.IP)),
	)
	mailedBefore := last.ID != id.Nil && !last.Decoy
	if !known && !mailedBefore && a.client.Tenant.SignUp {
		return append(charges, s.charge(newcomersDaily, a.client.Tenant.ID[:])...)
	}
	return append(charges, s.charge(acquaintedDaily, address)...)
}

func isNewcomers(o overrun) bool { return o.limit == newcomersDaily }

func tooSoon(wait time.Duration) error {
	return fault.TooMany("A code was mailed a moment ago. Please look into your mailbox, or wait.", wait)
}
