// Package playground serves GraphiQL, with its explorer, from the server itself: the browser loads nothing from elsewhere,
// and the page's policy would not let it.
package playground

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"
)

// The files of dist are other people's, see dist/LICENSES; refresh.sh fetches them.
//
//go:embed dist/*.js dist/*.css playground.js playground.css
var files embed.FS

//go:embed page.html
var pageHTML string

// What the page loads, in this order.
var (
	styles  = []string{"dist/graphiql.min.css", "dist/explorer.min.css", "playground.css"}
	scripts = []string{"dist/react.production.min.js", "dist/react-dom.production.min.js", "dist/graphiql.min.js", "dist/explorer.min.js", "playground.js"}
)

// policy allows no script but the server's own files. Styles must be allowed inline: GraphiQL's menus and editors make theirs
// as they open.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Operation is a query that stands ready in a tab of its own when somebody opens the playground for the first time.
type Operation struct {
	Name      string // shown above the query
	Query     string
	Variables string // JSON, or empty
}

// asset is a file as it is served.
type asset struct {
	content []byte
	etag    string
}

// Handler serves the page at /playground and its files below /playground/assets/. The page sends its queries to endpoint, a path
// of the same server. It decides nothing about who may see it.
func Handler(endpoint string, operations []Operation) http.Handler {
	assets := make(map[string]asset)
	page := asset{content: render(endpoint, operations, publish(assets, styles), publish(assets, scripts))}
	page.etag = etag(page.content)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /playground", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-cache")
		page.serve(w, r, "page.html")
	})
	mux.Handle("GET /playground/{$}", http.RedirectHandler("/playground", http.StatusMovedPermanently))
	mux.HandleFunc("GET /playground/assets/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		a, ok := assets[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		a.serve(w, r, name)
	})
	return mux
}

// publish adds files to assets under names that change with their content, and returns where they are served.
func publish(assets map[string]asset, names []string) []string {
	urls := make([]string, len(names))
	for i, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("playground: %v", err)) // the build would have failed
		}
		tag := etag(content)
		base, extension, _ := strings.Cut(path.Base(name), ".")
		published := base + "-" + tag[1:17] + "." + extension
		assets[published] = asset{content: content, etag: tag}
		urls[i] = "/playground/assets/" + published
	}
	return urls
}

func render(endpoint string, operations []Operation, styles, scripts []string) []byte {
	type tab struct {
		Query     string `json:"query"`
		Variables string `json:"variables,omitempty"`
	}
	tabs := make([]tab, len(operations))
	for i, o := range operations {
		tabs[i] = tab{Query: "# " + o.Name + "\n" + o.Query, Variables: o.Variables}
	}
	text, err := json.Marshal(tabs)
	if err != nil {
		panic(fmt.Sprintf("playground: %v", err)) // strings always marshal
	}
	var page bytes.Buffer
	err = template.Must(template.New("page").Parse(pageHTML)).Execute(&page, struct {
		Endpoint, Operations string
		Styles, Scripts      []string
	}{endpoint, string(text), styles, scripts})
	if err != nil {
		panic(fmt.Sprintf("playground: %v", err)) // TestPage renders it
	}
	return page.Bytes()
}

// etag is strong: the content's own checksum.
func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (a asset) serve(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", a.etag)
	switch path.Ext(name) { // the machine's own table of types must not matter
	case ".html":
		h.Set("Content-Type", "text/html; charset=utf-8")
	case ".css":
		h.Set("Content-Type", "text/css; charset=utf-8")
	case ".js":
		h.Set("Content-Type", "text/javascript; charset=utf-8")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.content))
}
