package login

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/fault"
)

var (
	//go:embed login.html
	pageHTML string
	//go:embed login.css
	style string

	pageTemplate = template.Must(template.New("login").Parse(pageHTML))
	policy       = "default-src 'none'; style-src '" + digest(style) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// digest names the one inline style that the page may have.
func digest(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Dress gives another page of ours this one's look: it returns the style, and lets the page have
// it and nothing else.
func Dress(h http.Header) template.CSS {
	h.Set("Content-Security-Policy", policy)
	return template.CSS(style) //nolint:gosec // our own file, embedded
}

// sheet is one of the page's two steps: asking for a code, and entering it.
type sheet struct {
	Problem string // what went wrong, and what to do next; empty: nothing
	Wrong   bool   // what was typed is wrong
	Email   string
	Replace bool // the device limit was reached: another device may be signed out
	Closed  bool // there is nothing to fill in: a gate in front refuses, so nobody knows who asks

	// Of the second step.
	Challenge string // empty: this is the first
	Sent      string
	Expires   string // Unix seconds
	Tries     int
}

// showSheet answers with the page. It needs no script.
func (p *Page) showSheet(w http.ResponseWriter, r *http.Request, status int, s sheet) {
	studio := exchange.Of(r).Tenant
	spoken := Language(r, studio.Locale)
	t := wordsOf(spoken)
	token := ""
	if !s.Closed {
		token = p.Cookies.GiveCSRF(w, r, account.ViewerFrom(r.Context()).SessionID)
	}
	var page bytes.Buffer
	err := pageTemplate.Execute(&page, struct {
		sheet
		Words                             *words
		Lang, Studio, Action, Other, CSRF string
		Style                             template.CSS
	}{
		s, t, string(spoken), studio.Name, pageURL(r, chosenLanguage(r)), pageURL(r, account.Locale(t.Other)), token, template.CSS(style), //nolint:gosec // our own file, embedded
	})
	if err != nil {
		panic(err) // texts always render
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(spoken))
	h.Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(page.Bytes()) // a browser that has gone needs no page
	}
}

// Closed is the page for what the gates in front of it refuse and people can do
// something about.
func (p *Page) Closed(w http.ResponseWriter, r *http.Request, status int, judged *fault.Error) bool {
	switch judged.Code {
	case fault.Unavailable, fault.Internal, fault.CSRFFailed:
		x := exchange.Of(r)
		p.showSheet(w, r, status, sheet{Closed: true, Problem: wordsOf(Language(r, x.Tenant.Locale)).sentence(judged, x.ID)})
		return true
	}
	return false
}

// target is where the visitor goes from here.
func target(r *http.Request) string {
	if wanted := r.URL.Query()["redirect"]; len(wanted) == 1 {
		return ownPath(wanted[0])
	}
	return Home
}

// pageURL is the page itself, for the same target and in a chosen language.
func pageURL(r *http.Request, l account.Locale) string {
	var query []string
	if to := target(r); to != Home {
		query = append(query, "redirect="+url.QueryEscape(to))
	}
	if l != "" {
		query = append(query, "lang="+string(l))
	}
	if len(query) == 0 {
		return Path
	}
	return Path + "?" + strings.Join(query, "&")
}
