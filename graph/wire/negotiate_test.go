package wire

import "testing"

func TestNegotiate(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"":                                  mediaJSON,
		" ":                                 mediaJSON,
		"*/*":                               mediaJSON,
		"application/*":                     mediaJSON,
		"application/json":                  mediaJSON,
		"application/graphql-response+json": mediaGraphQL,
		"APPLICATION/JSON":                  mediaJSON,
		"application/json; charset=utf-8":   mediaJSON,
		"application/json; charset=latin1":  "",
		"text/html":                         "",
		"text/*, image/png":                 "",
		"application/json;q=0":              "",
		"*/*;q=0":                           "",
		"nonsense":                          "",
		"application/json;q=2":              "",
		"application/json;q=NaN":            "",
		"application/graphql-response+json, application/json;q=0.9":         mediaGraphQL,
		"application/graphql-response+json;q=0.8, application/json;q=0.9":   mediaJSON,
		"application/graphql-response+json, application/json":               mediaGraphQL,
		"application/json, application/graphql-response+json":               mediaGraphQL,
		"application/json, */*":                                             mediaJSON,
		"application/json;q=0.5, */*":                                       mediaGraphQL,
		"application/graphql-response+json, */*;q=0.1":                      mediaGraphQL,
		"application/json;q=0, */*":                                         mediaGraphQL,
		"application/graphql-response+json;q=0, application/*":              mediaJSON,
		"text/html, application/xhtml+xml, application/xml;q=0.9,*/*;q=0.8": mediaJSON,
		"multipart/mixed, application/json;q=0.1":                           mediaJSON,
	} {
		if got := negotiate([]string{accept}); got != want {
			t.Errorf("%q: %q, want %q", accept, got, want)
		}
	}
	if got := negotiate([]string{"text/html", mediaGraphQL}); got != mediaGraphQL {
		t.Errorf("two headers: %q", got)
	}
	if got := negotiate(nil); got != mediaJSON {
		t.Errorf("no header: %q", got)
	}
}
