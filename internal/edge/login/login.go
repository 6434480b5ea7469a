// Package login is the admins' way in by a page that works without scripts: it mails a code, and
// lets in whoever enters the right one. Programs take the same two steps by JSON or a form.
package login

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/edge/browser"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/header"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/session"
)

// Door lets the studio's own people in by a code from their mailbox, and writes
// every attempt down.
type Door interface {
	// Knock comes before anything else of an attempt: RATE_LIMITED after too many.
	Knock(ctx context.Context, c session.Client) error
	RequestCode(ctx context.Context, c session.Client, r session.CodeRequest) (session.Challenge, error)
	VerifyCode(ctx context.Context, c session.Client, in session.SignIn) (session.SignedIn, error)
	// Refuse writes down what never came to a code, and returns what to answer.
	Refuse(ctx context.Context, c session.Client, requestID string, reason error) error
}

// Path is where the page is.
const Path = "/login"

// stepTimeout is how long a step of a sign-in may take.
const stepTimeout = 10 * time.Second

// Page is the way in. All of it is required.
type Page struct {
	Door    Door
	Cookies browser.Cookies
	Limits  *gate.Limiter
	Now     func() time.Time
}

// Show shows the first step of the admins' way in to whoever is not in yet.
func (p *Page) Show(w http.ResponseWriter, r *http.Request) {
	if account.ViewerFrom(r.Context()).Require(account.Admin, p.Now()) == nil {
		exchange.SeeOther(w, target(r))
		return
	}
	p.showSheet(w, r, http.StatusOK, sheet{})
}

// Step takes one: it mails a code, or lets in whoever enters the right one.
func (p *Page) Step(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), stepTimeout)
	defer cancel()
	client := session.ClientFrom(ctx)
	knocked := p.Door.Knock(ctx, client)
	form, err := readForm(r)
	if knocked != nil {
		p.refuse(w, r, form, knocked)
		return
	}
	if errors.Is(err, errMediaType) {
		exchange.Unrouted(w, r, http.StatusUnsupportedMediaType)
		return
	}
	// The token before what is wrong with the rest: who forges requests learns nothing.
	err = p.Cookies.CheckCSRF(r, form.fields[csrfField])
	if err == nil {
		err = form.check()
	}
	if err == nil {
		err = p.limit(r, form)
	}
	if err != nil {
		p.refuse(w, r, form, p.Door.Refuse(ctx, client, exchange.Of(r).ID, err))
		return
	}
	if form.isAnswer() {
		client.Unforged = true // by the form's field
		p.enter(ctx, client, w, r, form)
		return
	}
	p.ask(ctx, w, r, form)
}

// limit asks the limits that sign-ins by the API are under: one way in must not be
// wider than the other.
func (p *Page) limit(r *http.Request, form filled) error {
	address := gate.KeyOfIP(exchange.Of(r).Client)
	if form.isAnswer() { // failures count: see enter
		return p.Limits.Open(r.Context(), gate.AuthIP, address)
	}
	return p.Limits.Pass(r.Context(), gate.Email, address)
}

// ask is the first step.
func (p *Page) ask(ctx context.Context, w http.ResponseWriter, r *http.Request, form filled) {
	client := session.ClientFrom(ctx)
	challenge, err := p.Door.RequestCode(ctx, client, session.CodeRequest{
		Email: form.fields[emailField], Locale: Language(r, client.Tenant.Locale), RequestID: exchange.Of(r).ID,
	})
	if err != nil {
		p.refuse(w, r, form, outward(err))
		return
	}
	if IsProgram(r) {
		exchange.Send(w, http.StatusOK, "application/json", struct {
			ChallengeID string    `json:"challengeId"`
			ExpiresAt   time.Time `json:"expiresAt"`
			RetryAfter  int       `json:"retryAfter"` // seconds
		}{challenge.ID, challenge.ExpiresAt, int(math.Ceil(challenge.RetryAfter.Seconds()))})
		return
	}
	form.fields[challengeField] = challenge.ID
	form.fields[expiresField] = strconv.FormatInt(challenge.ExpiresAt.Unix(), 10)
	p.showSheet(w, r, http.StatusOK, p.secondSheet(r, form))
}

// enter is the second step. With the new session comes a new token: what was good
// before the sign-in is not any more.
func (p *Page) enter(ctx context.Context, client session.Client, w http.ResponseWriter, r *http.Request, form filled) {
	in, err := p.Door.VerifyCode(ctx, client, session.SignIn{
		ChallengeID: form.fields[challengeField], Code: form.fields[codeField], Transport: session.Cookie,
		ReplaceDevice: form.fields[replaceField] == "true", RequestID: exchange.Of(r).ID,
	})
	if fault.Is(err, fault.OTPInvalid) {
		// It counts, or the next one is not refused: there is nothing to tell this one.
		_ = p.Limits.Pass(r.Context(), gate.AuthIP, gate.KeyOfIP(exchange.Of(r).Client))
	}
	if err != nil {
		p.refuse(w, r, form, outward(err))
		return
	}
	p.Cookies.GiveCSRF(w, r, in.Viewer.SessionID)
	if IsProgram(r) {
		exchange.Send(w, http.StatusOK, "application/json", struct {
			Redirect  string    `json:"redirect"`
			ExpiresAt time.Time `json:"expiresAt"`
		}{target(r), in.ExpiresAt})
		return
	}
	exchange.SeeOther(w, target(r))
}

// IsProgram reports whether the sender of a form wants JSON back.
func IsProgram(r *http.Request) bool {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return true
	}
	accepted := header.Preferences(r.Header, "Accept")
	return header.Taken(accepted, "application/json") > header.Taken(accepted, "text/html")
}

// refuse answers a step that failed: programs as everywhere, people by the
// page with a sentence on it, at the step where they can go on.
func (p *Page) refuse(w http.ResponseWriter, r *http.Request, form filled, err error) {
	if IsProgram(r) {
		exchange.Refuse(w, r, err)
		return
	}
	status, judged := exchange.StatusOf(err)
	exchange.Announce(w, r, status, judged)
	t := wordsOf(Language(r, exchange.Of(r).Tenant.Locale))
	s := sheet{Email: form.fields[emailField], Replace: judged.Code == fault.DeviceLimit || form.fields[replaceField] == "true"}
	problem := t.sentence(judged, exchange.Of(r).ID)
	wrong := judged.Code == fault.OTPInvalid || judged.Code == fault.ValidationFailed
	switch judged.Code {
	case fault.AccountBlocked, fault.MembershipExpired, fault.Forbidden, fault.DeviceLimit: // the code is spent
	case fault.OTPInvalid:
		tries := form.tries() + 1
		form.fields[triesField] = strconv.Itoa(tries)
		left, known := form.left(p.Now())
		switch {
		case known && left <= 0:
			problem = t.expired
		case tries >= maxTries:
			problem = t.spent
		default:
			s = p.secondSheet(r, form)
		}
	default:
		if form.hasChallenge() {
			s = p.secondSheet(r, form)
		}
	}
	s.Problem, s.Wrong = problem, wrong
	p.showSheet(w, r, status, s)
}

// secondSheet is the second step for the challenge of a form.
func (p *Page) secondSheet(r *http.Request, form filled) sheet {
	s := sheet{
		Email: strings.TrimSpace(form.fields[emailField]), Challenge: form.fields[challengeField], Expires: form.fields[expiresField],
		Tries: form.tries(), Replace: form.fields[replaceField] == "true",
	}
	if left, ok := form.left(p.Now()); ok && s.Email != "" {
		s.Sent = wordsOf(Language(r, exchange.Of(r).Tenant.Locale)).sent(s.Email, left)
	}
	return s
}
