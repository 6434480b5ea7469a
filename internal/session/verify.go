package session

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// SignIn is an answer to a [Challenge].
type SignIn struct {
	ChallengeID   string
	Code          string
	Device        *Device // needed with Token; with Cookie only its name and kind count
	Transport     Transport
	ReplaceDevice bool         // at the device limit, remove the device that was unseen for longest
	Least         account.Role // that may sign in this way; empty: everybody
	RequestID     string       // of the request, for records
}

// SignedIn is a fresh session.
type SignedIn struct {
	Viewer    account.Viewer
	Token     string // only with Token; with Cookie the client's jar keeps it
	ExpiresAt time.Time
}

// VerifyCode signs somebody in who has the code of a mail. Answers:
// VALIDATION_FAILED (costs no try), OTP_INVALID for a code that is wrong, old or
// spent and for every challenge that this studio doesn't know, RATE_LIMITED; and after a right
// code, which is spent then, ACCOUNT_BLOCKED, MEMBERSHIP_EXPIRED, FORBIDDEN for a role
// below the least, or DEVICE_LIMIT.
//
// Where the service has an audit log, there is no session of an admin without its entry,
// by whatever way they come: a [Door] writes down the attempts that fail besides.
func (s *Service) VerifyCode(ctx context.Context, c Client, in SignIn) (SignedIn, error) {
	w := &witness{}
	w.admitted = func(ctx context.Context, tx pgx.Tx, v account.Viewer) error {
		if s.audit == nil || !v.Role.AtLeast(account.Admin) {
			return nil
		}
		return s.audit.Append(ctx, tx, s.success(c, in, w, v))
	}
	return s.verify(ctx, c, in, w)
}

// witness learns what an attempt is about as that turns out, and is asked before
// anybody is let in.
type witness struct {
	mailbox  string // key of the address that the challenge is about; empty: nobody's
	account  id.ID  // whose mailbox was proven, where the attempt was refused after that
	admitted func(ctx context.Context, tx pgx.Tx, v account.Viewer) error
}

func (s *Service) verify(ctx context.Context, c Client, in SignIn, w *witness) (SignedIn, error) {
	digits, err := checkSignIn(c, in)
	if err != nil {
		return SignedIn{}, err
	}
	a := attempt{client: c, in: in, now: s.now(), device: signInDevice(c, in), witness: w}
	tried, charges, err := s.takeTry(ctx, a)
	if err != nil {
		return SignedIn{}, err
	}
	if !s.matches(tried.ID, tried.KeyID, digits) || tried.Decoy {
		s.log.InfoContext(ctx, "wrong sign-in code", "tenant", c.Tenant.Slug, "requestId", in.RequestID)
		return SignedIn{}, codeInvalid()
	}
	signedIn, err := s.admit(ctx, a, tried, charges)
	if err != nil {
		return SignedIn{}, err
	}
	if in.Transport == Cookie {
		c.Jar.Keep(signedIn.Token, signedIn.ExpiresAt, c.DeviceSecret)
		signedIn.Token = ""
	}
	return signedIn, nil
}

// attempt is a sign-in whose form is right.
type attempt struct {
	client Client
	in     SignIn
	now    time.Time
	device Device // that the session will be bound to

	witness *witness
}

func checkSignIn(c Client, in SignIn) (digits string, err error) {
	if !c.IP.IsValid() {
		return "", errors.New("a client without an address signs in")
	}
	wrong := in.Device.check()
	switch in.Transport {
	case Token:
		if in.Device == nil {
			wrong = append(wrong, fault.Field{Path: "input.device", Code: fault.Required, Message: "A token is bound to a device."})
		}
	case Cookie:
		if !c.Unforged { // or a page could sign its visitor in as somebody else
			return "", fault.New(fault.CSRFFailed, "A sign-in by cookie needs the token of /csrf-token in the header X-CSRF-Token.")
		}
		if !isDeviceSecret(c.DeviceSecret) || c.Jar == nil {
			return "", errors.New("a client without a device cookie signs in by cookie")
		}
	default:
		wrong = append(wrong, fault.Field{Path: "input.transport", Code: fault.InvalidValue, Message: "Must be COOKIE or TOKEN."})
	}
	digits, ok := parseCode(in.Code)
	if !ok {
		wrong = append(wrong, fault.Field{Path: "input.code", Code: fault.InvalidValue, Message: "The code has exactly six digits."})
	}
	if len(wrong) > 0 {
		return "", fault.Invalid(wrong...)
	}
	return digits, nil
}

// takeTry counts one try as failed, in every budget and at the challenge, before
// it is judged: judging comes after the commit, so that no number of parallel
// guesses is judged more often than there are tries. Success pays back.
func (s *Service) takeTry(ctx context.Context, a attempt) (tried queries.TakeTryRow, charges []charge, err error) {
	hash := hashChallenge(a.in.ChallengeID)
	subject, err := queries.New(s.db).ChallengeSubject(ctx, hash, a.client.Tenant.ID)
	unknown := errors.Is(err, pgx.ErrNoRows)
	if err != nil && !unknown {
		return tried, nil, fault.Database("look up a challenge", err)
	}
	a.witness.mailbox = subject.EmailKey
	charges = s.failureCharges(a, subject, unknown)
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		q := queries.New(tx)
		over, err := spend(ctx, q, a.now, charges)
		if err != nil {
			return err
		}
		if len(over) > 0 {
			return s.tooMany(ctx, over, a.now)
		}
		if unknown {
			return nil
		}
		tried, err = q.TakeTry(ctx, a.now, hash)
		if errors.Is(err, pgx.ErrNoRows) {
			unknown = true
			return nil
		}
		return fault.Database("take a try", err)
	})
	switch {
	case err != nil:
		return tried, nil, fault.Database("count a try", err)
	case unknown:
		return tried, nil, codeInvalid()
	}
	return tried, charges, nil
}

// failureCharges is what a wrong code costs: strangers pay from what the address,
// their network and their own address have, a known device from its own lane.
func (s *Service) failureCharges(a attempt, subject queries.ChallengeSubjectRow, unknown bool) []charge {
	address := addressOf(a.client.Tenant, subject.EmailKey)
	switch {
	case unknown: // a guess at nobody's code: the flood is for the limits in front
		return nil
	case subject.KnownDevice:
		return []charge{s.charge(failuresOfDevice, subject.Asker)}
	}
	return []charge{
		s.charge(failuresHourly, address), s.charge(failuresDaily, address),
		s.charge(failuresOfNetwork.or(s.failures.OfNetwork), address, network(a.client.IP)), s.charge(failuresOfNetworkDaily, address, network(a.client.IP)),
		s.charge(failuresOfIP.or(s.failures.OfIP), single(a.client.IP)),
	}
}

func codeInvalid() error {
	return fault.New(fault.OTPInvalid, "This code is wrong, too old or already used.")
}
