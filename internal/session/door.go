package session

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Door is a way in for some roles only, at which every attempt is written into the
// studio's audit log: from where, with what, and what came of it. People stand in
// there by their ids and by pseudonyms.
//
// A chain can't be shortened, so a flood must not get into it: whoever comes calls
// [Door.Knock] before anything else, and what that refuses is told to the log of the
// server alone. An address can write twenty entries in ten minutes and no more; the
// price is that of a flood the chain shows the beginning only.
type Door struct {
	service *Service
	least   account.Role
}

// Door returns the way in for accounts of at least this role. The service needs an
// audit log for it.
func (s *Service) Door(least account.Role) *Door {
	if s.audit == nil {
		panic("session: a door without an audit log")
	}
	return &Door{service: s, least: least}
}

// What became of an attempt, beside the codes of failures. The names are stored.
const (
	codeSent = "CODE_SENT"
	signedIn = "SIGNED_IN"
)

// noteTimeout is how long it may take to write an attempt down.
const noteTimeout = 5 * time.Second

// Knock counts an attempt, whatever it is: RATE_LIMITED for an address that has made
// too many.
func (d *Door) Knock(ctx context.Context, c Client) error {
	s := d.service
	if !c.IP.IsValid() {
		return errors.New("a client without an address knocks")
	}
	now := s.now()
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		over, err := spend(ctx, queries.New(tx), now, []charge{s.charge(attemptsOfIP, single(c.IP))})
		if err != nil || len(over) == 0 {
			return err
		}
		return s.tooMany(ctx, over, now)
	})
	return fault.Database("count an attempt at the door", err)
}

// RequestCode is [Service.RequestCode] at this door.
func (d *Door) RequestCode(ctx context.Context, c Client, r CodeRequest) (Challenge, error) {
	seen := attempted{client: c, requestID: r.RequestID, action: audit.LoginCodeRequested, outcome: codeSent}
	if address, ok := account.ParseAddress(r.Email); ok {
		seen.mailbox = address.Key()
	}
	challenge, err := d.service.RequestCode(ctx, c, r)
	if err := d.note(ctx, seen, err); err != nil {
		return Challenge{}, err
	}
	return challenge, nil
}

// VerifyCode is [Service.VerifyCode] at this door. There is no session without its
// entry: both are made in one transaction.
func (d *Door) VerifyCode(ctx context.Context, c Client, in SignIn) (SignedIn, error) {
	in.Least = d.least
	w := &witness{}
	w.admitted = func(ctx context.Context, tx pgx.Tx, v account.Viewer) error {
		return d.service.audit.Append(ctx, tx, d.service.success(c, in, w, v))
	}
	admitted, err := d.service.verify(ctx, c, in, w)
	if err == nil {
		return admitted, nil
	}
	return SignedIn{}, d.note(ctx, attempted{
		client: c, requestID: in.RequestID, action: audit.LoginFailed, mailbox: w.mailbox, account: w.account,
	}, err)
}

// Refuse writes down an attempt that the caller refuses for a reason of its own, and
// returns what to answer: that reason, if it could be written.
func (d *Door) Refuse(ctx context.Context, c Client, requestID string, reason error) error {
	return d.note(ctx, attempted{client: c, requestID: requestID, action: audit.LoginFailed}, reason)
}

// note writes an attempt down that ended with err, and returns what to answer. An
// attempt that can't be written down is no answer to anybody. The entry does not
// depend on whether somebody still listens: who guesses and hangs up has guessed.
func (d *Door) note(ctx context.Context, a attempted, err error) error {
	if err != nil {
		a.outcome = string(fault.As(err).Code)
	}
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	unwritten := pgx.BeginFunc(writing, d.service.db, func(tx pgx.Tx) error { return d.service.audit.Append(writing, tx, d.service.entry(a)) })
	if unwritten != nil {
		d.service.log.ErrorContext(ctx, "an attempt to sign in could not be audited", "outcome", a.outcome, "requestId", a.requestID)
		return fault.Database("audit an attempt to sign in", unwritten)
	}
	return err
}

// attempted is an attempt and what became of it.
type attempted struct {
	client    Client
	requestID string
	action    audit.Action
	outcome   string
	mailbox   string // key of its address; empty: not known
	account   id.ID  // whose mailbox was proven; zero: nobody's
	actor     id.ID  // who is signed in now; zero: nobody
}

// attemptValue is an attempt as it is chained, in this order.
type attemptValue struct {
	Outcome   string `json:"outcome"`
	Address   string `json:"address"`
	Mailbox   string `json:"mailbox,omitempty"`
	UserAgent string `json:"userAgent"`
}

// success is the entry of somebody who is let in.
func (s *Service) success(c Client, in SignIn, w *witness, v account.Viewer) audit.Change {
	return s.entry(attempted{
		client: c, requestID: in.RequestID, action: audit.LoginSucceeded, outcome: signedIn, mailbox: w.mailbox, account: v.AccountID, actor: v.AccountID,
	})
}

func (s *Service) entry(a attempted) audit.Change {
	log, studio := s.audit, a.client.Tenant.ID
	value := attemptValue{
		Outcome: a.outcome, Address: log.Pseudonym("address", studio, single(a.client.IP)), UserAgent: printable(a.client.UserAgent, maxUserAgent),
	}
	if a.mailbox != "" {
		value.Mailbox = log.Pseudonym("mailbox", studio, []byte(a.mailbox))
	}
	return audit.Change{
		TenantID: studio, ActorID: orNil(a.actor), Action: a.action, AccountID: orNil(a.account), New: value, RequestID: a.requestID,
	}
}

func orNil(known id.ID) *id.ID {
	if known == id.Nil {
		return nil
	}
	return &known
}

const maxUserAgent = 200 // characters

// printable returns the beginning of a foreign text, without what can't be read or
// would change how the text around it is shown.
func printable(text string, most int) string {
	kept := make([]rune, 0, most)
	for _, r := range strings.ToValidUTF8(text, "") {
		if len(kept) == most {
			break
		}
		if unicode.IsPrint(r) {
			kept = append(kept, r)
		}
	}
	return string(kept)
}
