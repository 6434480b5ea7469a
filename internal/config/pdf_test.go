package config_test

import (
	"errors"
	"fmt"
	"testing"

	"pixgate/internal/config"
)

func TestWhosePagesArePrinted(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"": "[]", "example.com": "[example.com]", "Example.COM, *.example.com,.pix.immo": "[example.com *.example.com *.pix.immo]", "xn--bcher-kva.example": "[xn--bcher-kva.example]",
	} {
		c, err := config.Load(with(map[string]string{"PDF_ALLOWED_HOSTS": value}))
		if err != nil || fmt.Sprint(c.PDFAllowedHosts) != want || c.PDFAllowHTTP {
			t.Errorf("%q: %v, %v", value, c.PDFAllowedHosts, err)
		}
	}
	// Each would match nothing, or more than it seems to.
	for _, value := range []string{
		"*", "*.", ".", "example.com,", ",example.com", "example.com,,example.org", "https://example.com", "example.com/", "example.com:443", "*example.com", "ex*mple.com", "*.*.com", "a.*.com",
		"localhost", "*.com.", "127.0.0.1", "[::1]", "::1", "10.*", "*.1", "user@example.com", "exa mple.com", "bücher.example", "*..example.com", "-a.example.com",
	} {
		_, err := config.Load(with(map[string]string{"PDF_ALLOWED_HOSTS": value}))
		if problems, _ := errors.AsType[config.Problems](err); len(problems) == 0 || problems[0].Variable != "PDF_ALLOWED_HOSTS" {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestPagesWithoutTLSAreNeverPrintedInProduction(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in, value  string
		fine, http bool
	}{
		{"development", "true", true, true}, {"staging", "true", true, true}, {"production", "true", false, false},
		{"production", "false", true, false}, {"production", "", true, false}, {"staging", "yes", false, false}, {"staging", "1", false, false},
	} {
		settings := func(name string) string {
			return map[string]string{"APP_ENV": c.in, "PDF_ALLOW_HTTP_URLS": c.value}[name]
		}
		got, err := config.LoadOnly(settings, config.PDF)
		if (err == nil) != c.fine || got.PDFAllowHTTP != c.http {
			t.Errorf("%s, %q: %t, %v", c.in, c.value, got.PDFAllowHTTP, err)
		}
	}
}
