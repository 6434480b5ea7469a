package mailbox

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strings"
)

//go:embed page.html
var source string

var page = template.Must(template.New("page").Funcs(template.FuncMap{"join": strings.Join}).Parse(source))

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/email/outbound-emails", s.sendEmail)
	mux.HandleFunc("GET /v2/email/account", s.asked(account))
	mux.HandleFunc("GET /v2/email/identities/{name}", s.asked(identity))
	mux.HandleFunc("GET /{$}", s.show)
	return loopback(mux)
}

// loopback answers only who calls us by a loopback name: a page on the
// internet that points its own name at us must not read the codes.
func loopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "not by this name", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// show is the page: all mails, newest first.
func (s *Server) show(w http.ResponseWriter, _ *http.Request) {
	messages := s.Messages()
	slices.Reverse(messages)
	var html bytes.Buffer
	if err := page.Execute(&html, messages); err != nil {
		http.Error(w, fmt.Sprintf("page: %v", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = html.WriteTo(w) // the reader has gone
}
