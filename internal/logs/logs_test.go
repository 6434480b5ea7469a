package logs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pixgate/internal/logs"
)

func logged(t *testing.T, write func(*slog.Logger)) (line string, fields map[string]any) {
	t.Helper()
	var out bytes.Buffer
	write(logs.New(&out, slog.LevelDebug))
	if err := json.Unmarshal(out.Bytes(), &fields); err != nil {
		t.Fatalf("not one JSON object: %v: %s", err, out.String())
	}
	return out.String(), fields
}

func TestFieldsWithSecretNamesAreMasked(t *testing.T) {
	t.Parallel()
	const value = "hunter2"
	for _, name := range []string{
		"password", "passwd", "pwd", "token", "accessToken", "refreshToken", "access_token", "apiKey", "api_key", "secret", "clientSecret",
		"credentials", "privateKey", "private_key", "smtpPassword", "smtp_pass", "Authorization", "Cookie", "Set-Cookie", "OTP_SECRET",
		"X-CSRF-Token", "X-Amz-Signature", "S3_SECRET_ACCESS_KEY", "otp", "ticket",
	} {
		for how, write := range map[string]func(*slog.Logger){
			"field":        func(l *slog.Logger) { l.Info("m", name, value) },
			"bytes":        func(l *slog.Logger) { l.Info("m", name, []byte(value)) },
			"with":         func(l *slog.Logger) { l.With(name, value).Info("m") },
			"group":        func(l *slog.Logger) { l.Info("m", slog.Group("g", slog.String(name, value))) },
			"group's name": func(l *slog.Logger) { l.Info("m", slog.Group(name, slog.String("inner", value))) },
			"within a map": func(l *slog.Logger) {
				l.Info("m", "data", map[string]any{"list": []any{map[string]string{name: value}}})
			},
			"within struct": func(l *slog.Logger) { l.Info("m", "data", struct{ Password any }{map[string]string{name: value}}) },
		} {
			if line, _ := logged(t, write); strings.Contains(line, value) {
				t.Errorf("%s %q: %s", how, name, line)
			}
		}
	}
}

func TestPatternsAreMaskedWhereverTheyStand(t *testing.T) {
	t.Parallel()
	const key = "MIIEowIBAAKCAQEA7"
	jwtHead := "eyJhbGciOiJIUzI1NiJ9"
	for _, c := range []struct{ text, hidden, stays string }{
		{"got pgs_A9-_xyz0 from it", "A9-_xyz0", "got pgs_"},
		{"signed by whsec_A9+/xyz0= just now", "A9+/xyz0", "signed by whsec_"},
		{jwtHead + ".eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "c2lnbmF0dXJl", jwtHead},
		{jwtHead + ".eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJzdWIiOiIxIn0", jwtHead},
		{"dial postgres://server:hunter2@db.internal:5432/pixgate: refused", "hunter2", "postgres://server:[redacted]@db.internal:5432/pixgate: refused"},
		{"postgres://server:hun@ter/2@db/pixgate", "ter/2", "postgres://server:"},
		{"redis://:hunter2@cache:6379", "hunter2", "@cache:6379"},
		{"user=server password=hunter2 host=db", "hunter2", "user=server"},
		{"user=server password='hunt er2' host=db", "er2", "host=db"},
		{"-----BEGIN RSA PRIVATE KEY-----\n" + key + "\n-----END RSA PRIVATE KEY-----", key, ""},
		{"-----BEGIN PRIVATE KEY-----\n" + key, key, ""},
		{"https://store/b/k?X-Amz-Credential=AK%2F20260101&X-Amz-Date=20260101T000000Z&X-Amz-Signature=0badc0de", "0badc0de", "X-Amz-Date=20260101T000000Z"},
		{"https://store/b/k?X-Amz-Credential=AK%2F20260101&X-Amz-Signature=0badc0de", "AK%2F20260101", "https://store/b/k"},
		{"GET /jobs/1/download.zip?ticket=hunter2&image=2", "hunter2", "image=2"},
		{"Authorization: Bearer abc.def-ghi", "abc.def-ghi", "Bearer "},
		{"key AKIAIOSFODNN7EXAMPLE is unknown", "AKIAIOSFODNN7EXAMPLE", "is unknown"},
		{"address anna.b+c@mail.example.com is suppressed", "anna.b+c@mail.example.com", "is suppressed"},
	} {
		for how, write := range map[string]func(*slog.Logger){
			"message":     func(l *slog.Logger) { l.Info(c.text) },
			"field":       func(l *slog.Logger) { l.Info("m", "text", c.text) },
			"error":       func(l *slog.Logger) { l.Info("m", "error", fmt.Errorf("outer: %w", errors.New(c.text))) },
			"joined":      func(l *slog.Logger) { l.Info("m", "error", errors.Join(errors.New("one"), errors.New(c.text))) },
			"list":        func(l *slog.Logger) { l.Info("m", "list", []string{"a", c.text}) },
			"with, group": func(l *slog.Logger) { l.WithGroup("g").With("text", c.text).Info("m") },
		} {
			line, _ := logged(t, write)
			if strings.Contains(line, c.hidden) {
				t.Errorf("%s: %s", how, line)
			}
			escaped, _ := json.Marshal(c.stays)
			if !strings.Contains(line, strings.Trim(string(escaped), `"`)) {
				t.Errorf("%s: %q is gone: %s", how, c.stays, line)
			}
		}
	}
}

// Masking must not eat what an operator needs.
func TestOrdinaryTextStays(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"/images/{id}/download", "GET /graphql 200", "https://api.pix.immo:8443/graphql", "job_018f2c0a", "2026-01-01T00:00:00Z",
		"pkg/mod/github.com/rs/cors@v1.11.1/cors.go:12", "12:30 @ noon", "a=b", "decode: unexpected EOF",
	} {
		if got := logs.Text(text); got != text {
			t.Errorf("Text(%q) = %q", text, got)
		}
	}
	_, fields := logged(t, func(l *slog.Logger) {
		l.Info("request", "status", 200, "code", "FORBIDDEN", "keys", []int{1, 2}, "ok", true)
	})
	if fields["status"] != 200.0 || fields["code"] != "FORBIDDEN" || fields["ok"] != true || fields["msg"] != "request" || fields["level"] != "INFO" {
		t.Errorf("fields: %v", fields)
	}
}

func TestWhatHasNoJSONIsNotWritten(t *testing.T) {
	t.Parallel()
	if line, _ := logged(t, func(l *slog.Logger) { l.Info("m", "data", func() {}) }); !strings.Contains(line, "[redacted]") {
		t.Errorf("line: %s", line)
	}
}

func TestARequestHasOneEvent(t *testing.T) {
	t.Parallel()
	ctx, event := logs.WithEvent(t.Context())
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	logs.Note(inner, slog.String("operation", "Jobs"))
	logs.Note(ctx, slog.Int("images", 3))
	logs.Note(t.Context(), slog.String("lost", "outside a request"))
	if attrs := event.Attrs(); len(attrs) != 2 || attrs[0].Value.String() != "Jobs" || attrs[1].Key != "images" {
		t.Errorf("attrs: %v", attrs)
	}
	for range 1000 { // as a stream does with each event
		logs.Note(ctx, slog.String("operation", "Watch"))
	}
	if attrs := event.Attrs(); len(attrs) != 2 || attrs[0].Value.String() != "Watch" {
		t.Errorf("a stream of a thousand events leaves %d notes, the first %v", len(attrs), attrs[0])
	}
}

func BenchmarkTextWithoutSecrets(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		logs.Text("GET /images/{id}/download")
	}
}
