package edge

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"pixgate/internal/account"
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

const (
	loginPath = "/login"

	// loginTimeout is how long a step of a sign-in may take.
	loginTimeout = 10 * time.Second
)

// showLogin shows the first step of the admins' way in to whoever is not in yet.
func (e *edge) showLogin(w http.ResponseWriter, r *http.Request) {
	if account.ViewerFrom(r.Context()).Require(account.Admin, e.Now()) == nil {
		seeOther(w, target(r))
		return
	}
	e.showSheet(w, r, http.StatusOK, sheet{})
}

// login takes a step: it mails a code, or lets in whoever enters the right one.
func (e *edge) login(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), loginTimeout)
	defer cancel()
	client := session.ClientFrom(ctx)
	knocked := e.Door.Knock(ctx, client)
	form, err := readLogin(r)
	if knocked != nil {
		e.refuseLogin(w, r, form, knocked)
		return
	}
	if errors.Is(err, errMediaType) {
		unrouted(w, r, http.StatusUnsupportedMediaType)
		return
	}
	// The token before what is wrong with the rest: who forges requests learns nothing.
	err = e.checkCSRF(r, form.fields[csrfField])
	if err == nil {
		err = form.check()
	}
	if err == nil {
		err = e.limitLogin(r, form)
	}
	if err != nil {
		e.refuseLogin(w, r, form, e.Door.Refuse(ctx, client, exchangeOf(r).id, err))
		return
	}
	if form.isAnswer() {
		client.Unforged = true // by the form's field
		e.enter(ctx, client, w, r, form)
		return
	}
	e.ask(ctx, w, r, form)
}

// limitLogin asks the limits that sign-ins by the API are under: one way in must not be
// wider than the other.
func (e *edge) limitLogin(r *http.Request, form loginForm) error {
	address := gate.KeyOfIP(exchangeOf(r).client)
	if form.isAnswer() { // failures count: see enter
		return e.Limits.Open(r.Context(), gate.AuthIP, address)
	}
	return e.Limits.Pass(r.Context(), gate.Email, address)
}

// ask is the first step.
func (e *edge) ask(ctx context.Context, w http.ResponseWriter, r *http.Request, form loginForm) {
	client := session.ClientFrom(ctx)
	challenge, err := e.Door.RequestCode(ctx, client, session.CodeRequest{
		Email: form.fields[emailField], Locale: language(r, client.Tenant.Locale), RequestID: exchangeOf(r).id,
	})
	if err != nil {
		e.refuseLogin(w, r, form, outward(err))
		return
	}
	if isProgram(r) {
		send(w, http.StatusOK, "application/json", struct {
			ChallengeID string    `json:"challengeId"`
			ExpiresAt   time.Time `json:"expiresAt"`
			RetryAfter  int       `json:"retryAfter"` // seconds
		}{challenge.ID, challenge.ExpiresAt, int(math.Ceil(challenge.RetryAfter.Seconds()))})
		return
	}
	form.fields[challengeField] = challenge.ID
	form.fields[expiresField] = strconv.FormatInt(challenge.ExpiresAt.Unix(), 10)
	e.showSheet(w, r, http.StatusOK, e.secondSheet(r, form))
}

// enter is the second step. With the new session comes a new token: what was good
// before the sign-in is not any more.
func (e *edge) enter(ctx context.Context, client session.Client, w http.ResponseWriter, r *http.Request, form loginForm) {
	in, err := e.Door.VerifyCode(ctx, client, session.SignIn{
		ChallengeID: form.fields[challengeField], Code: form.fields[codeField], Transport: session.Cookie,
		ReplaceDevice: form.fields[replaceField] == "true", RequestID: exchangeOf(r).id,
	})
	if fault.Is(err, fault.OTPInvalid) {
		// It counts, or the next one is not refused: there is nothing to tell this one.
		_ = e.Limits.Pass(r.Context(), gate.AuthIP, gate.KeyOfIP(exchangeOf(r).client))
	}
	if err != nil {
		e.refuseLogin(w, r, form, outward(err))
		return
	}
	e.giveCSRF(w, r, in.Viewer.SessionID)
	if isProgram(r) {
		send(w, http.StatusOK, "application/json", struct {
			Redirect  string    `json:"redirect"`
			ExpiresAt time.Time `json:"expiresAt"`
		}{target(r), in.ExpiresAt})
		return
	}
	seeOther(w, target(r))
}

// isProgram reports whether the sender of a form wants JSON back.
func isProgram(r *http.Request) bool {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return true
	}
	accepted := preferences(r.Header, "Accept")
	return taken(accepted, "application/json") > taken(accepted, "text/html")
}

// refuseLogin answers a step that failed: programs as everywhere, people by the
// page with a sentence on it, at the step where they can go on.
func (e *edge) refuseLogin(w http.ResponseWriter, r *http.Request, form loginForm, err error) {
	if isProgram(r) {
		refuse(w, r, err)
		return
	}
	status, judged := statusOf(err)
	announce(w, r, status, judged)
	t := wordsOf(language(r, exchangeOf(r).tenant.Locale))
	s := sheet{Email: form.fields[emailField], Replace: judged.Code == fault.DeviceLimit || form.fields[replaceField] == "true"}
	problem := t.sentence(judged, exchangeOf(r).id)
	wrong := judged.Code == fault.OTPInvalid || judged.Code == fault.ValidationFailed
	switch judged.Code {
	case fault.AccountBlocked, fault.MembershipExpired, fault.Forbidden, fault.DeviceLimit: // the code is spent
	case fault.OTPInvalid:
		tries := form.tries() + 1
		form.fields[triesField] = strconv.Itoa(tries)
		left, known := form.left(e.Now())
		switch {
		case known && left <= 0:
			problem = t.expired
		case tries >= maxTries:
			problem = t.spent
		default:
			s = e.secondSheet(r, form)
		}
	default:
		if form.hasChallenge() {
			s = e.secondSheet(r, form)
		}
	}
	s.Problem, s.Wrong = problem, wrong
	e.showSheet(w, r, status, s)
}

// secondSheet is the second step for the challenge of a form.
func (e *edge) secondSheet(r *http.Request, form loginForm) sheet {
	s := sheet{
		Email: strings.TrimSpace(form.fields[emailField]), Challenge: form.fields[challengeField], Expires: form.fields[expiresField],
		Tries: form.tries(), Replace: form.fields[replaceField] == "true",
	}
	if left, ok := form.left(e.Now()); ok && s.Email != "" {
		s.Sent = wordsOf(language(r, exchangeOf(r).tenant.Locale)).sent(s.Email, left)
	}
	return s
}
