package edge

import (
	"bytes"
	"context"
	_ "embed" // the page
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/login"
	"pixgate/internal/id"
)

// Notices takes addresses off the list of those that get notifications, and hears what
// became of mails.
type Notices interface {
	// Unsubscribe spends a token, of a studio or, with the nil id, of any. It never tells whether there was one.
	Unsubscribe(ctx context.Context, studioID id.ID, token string) error
	// Hear takes in a post of Amazon SNS.
	Hear(ctx context.Context, post []byte) error
}

const unsubscribePath = "/unsubscribe"

// unsubscribe stands before everything that is about whose page sent a request and who
// asks: mail programs send theirs without a page, a cookie or an origin (RFC 8058), and
// the token alone counts. Nothing of a session is read or written.
func (e *edge) unsubscribe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchange.Of(r)
		if x.Template != unsubscribePath {
			next.ServeHTTP(w, r)
			return
		}
		if err := x.Counted(); err != nil {
			exchange.Refuse(w, r, err)
			return
		}
		e.routes.ServeHTTP(w, r)
	})
}

// showUnsubscribe asks. Whatever looks at links beforehand, such as a scanner of mails,
// changes nothing by it; and the page is the same for every token.
func (e *edge) showUnsubscribe(w http.ResponseWriter, r *http.Request) {
	e.unsubscribePage(w, r, false)
}

// doUnsubscribe does it. The page is the same whatever became of it.
func (e *edge) doUnsubscribe(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), lookupTimeout)
	defer cancel()
	// Under a studio's own name only its own tokens count. Under a name that is no
	// studio's own, such as the installation's, those of all do: mails of studios without one lead there.
	studio := id.Nil
	if tenant := exchange.Of(r).Tenant; slices.Contains(tenant.Hosts, host(r)) {
		studio = tenant.ID
	}
	if err := e.Notices.Unsubscribe(ctx, studio, r.URL.Query().Get("token")); err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	e.unsubscribePage(w, r, true)
}

//go:embed unsubscribe.html
var unsubscribeHTML string

var unsubscribeTemplate = template.Must(template.New("unsubscribe").Parse(unsubscribeHTML))

// unsubscribeWords are the texts of the page. They name no studio: the token may be
// another one's.
type unsubscribeWords struct{ Title, Ask, Button, Done string }

var unsubscribeTexts = map[account.Locale]unsubscribeWords{
	account.German: {
		Title: "Mails abbestellen", Ask: "Möchtest du keine Hinweise zu deinen Bildern mehr per Mail bekommen? Login-Codes kommen weiter.", Button: "Abbestellen",
		Done: "Erledigt: Über diesen Link kommen keine Hinweise mehr. Angemeldet kannst du sie jederzeit wieder einschalten.",
	},
	account.English: {
		Title: "Unsubscribe", Ask: "No more notifications by mail about your pictures? Sign-in codes still come.", Button: "Unsubscribe",
		Done: "Done: no more notifications come by this link. Signed in, you can turn them on again at any time.",
	},
}

func (e *edge) unsubscribePage(w http.ResponseWriter, r *http.Request, done bool) {
	spoken, h := login.Language(r, exchange.Of(r).Tenant.Locale), w.Header()
	var page bytes.Buffer
	err := unsubscribeTemplate.Execute(&page, struct {
		Words unsubscribeWords
		Lang  string
		Style template.CSS
		Done  bool
	}{unsubscribeTexts[spoken], string(spoken), login.Dress(h), done})
	if err != nil {
		panic(err) // texts always render
	}
	h.Set("Referrer-Policy", "no-referrer") // the address holds the token
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(spoken))
	h.Set("Content-Length", strconv.Itoa(page.Len()))
	if r.Method != http.MethodHead {
		_, _ = w.Write(page.Bytes()) // a browser that has gone needs no page
	}
}
