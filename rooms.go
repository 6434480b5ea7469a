package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os/exec"
	"time"
	_ "time/tzdata" // studios have time zones, and not every machine knows them

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/config"
	"pixgate/internal/egress"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/internal/mail/report"
	"pixgate/internal/notice"
	"pixgate/internal/pdf"
	"pixgate/internal/transfer"
)

// openBookings returns the bookings of the studios, and what mails about them.
func openBookings(pool *pgxpool.Pool, tenants *account.Tenants, log *audit.Log, queue booking.Queue, sender mail.Sender, to *slog.Logger) (*booking.Bookings, *booking.News) {
	bookings := booking.New(booking.Options{DB: pool, Tenants: tenants, Audit: log, Queue: queue, Now: time.Now})
	return bookings, booking.NewNews(booking.NewsOptions{DB: pool, Tenants: tenants, Sender: sender, Log: to})
}

// openNotices returns what customers are told by mail.
func openNotices(
	settings config.Config, pool *pgxpool.Pool, tenants *account.Tenants, chain *audit.Log, queue notice.Queue, sender mail.Sender, security *audit.Security, log *slog.Logger,
) *notice.Notices {
	reports := report.New(report.Options{Topics: settings.SESTopicARNs, Fetch: fetch(egress.New(egress.Options{})), Now: time.Now})
	return notice.New(notice.Options{
		DB: pool, Tenants: tenants, Audit: chain, Queue: queue, Sender: sender, Reports: reports, Security: security, PublicURLs: settings.PublicURLs, Now: time.Now, Log: log,
	})
}

const (
	fetchTimeout = 8 * time.Second
	maxFetched   = 64 << 10 // bytes: a certificate, or a receipt
)

// fetch reads small documents of other people's.
func fetch(dialer *egress.Dialer) func(ctx context.Context, url string) ([]byte, error) {
	client := dialer.Client(fetchTimeout, maxFetched)
	return func(ctx context.Context, url string) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, fmt.Errorf("fetch: %w", err)
		}
		answer, err := client.Do(r)
		if err != nil {
			return nil, fmt.Errorf("fetch: %w", err)
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("fetch: status %d", answer.StatusCode)
		}
		document, err := io.ReadAll(answer.Body)
		if err != nil {
			return nil, fmt.Errorf("fetch: %w", err)
		}
		return document, nil
	}
}

// openUploads lets pictures in. What goes wrong with them is counted by the limits.
func openUploads(o transfer.UploadOptions, limits *gate.Limiter) *transfer.Uploads {
	o.Failures = uploadFailures{limits}
	return transfer.NewUploads(o)
}

// uploadFailures are the limits of what went wrong with uploads: the guard of the API
// asks them, this counts.
type uploadFailures struct{ limits *gate.Limiter }

// Count counts a failure. Past the limit it makes no difference: nobody is let in.
func (f uploadFailures) Count(ctx context.Context, sessionID id.ID, address string) {
	_, _ = f.limits.Take(ctx, gate.UploadMistakes, sessionID.String()) // errors are of names and keys that are always there
	_, _ = f.limits.Take(ctx, gate.UploadFailures, address)
}

// openPages returns what prints pages of the web. A browser that the settings name must be
// there; without any the server runs all the same, and says so.
func openPages(settings config.Config, now func() time.Time, log *slog.Logger) (*pdf.Printer, error) {
	browser, err := findBrowser(settings.Chromium)
	if err != nil {
		return nil, err
	}
	if browser == "" {
		log.WarnContext(context.Background(), "no Chromium: POST /pdf answers 503", "setting", "CHROMIUM")
	}
	return pdf.New(pdf.Options{
		Browser: browser, Hosts: settings.PDFAllowedHosts, Plain: settings.PDFAllowHTTP, Dialer: egress.New(egress.Options{}), Now: now, Log: log,
	}), nil
}

func findBrowser(named string) (path string, err error) {
	switch named {
	case "off":
		return "", nil
	case "":
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			if path, err := exec.LookPath(name); err == nil {
				return path, nil
			}
		}
		return "", nil
	}
	if path, err = exec.LookPath(named); err != nil {
		return "", fmt.Errorf("CHROMIUM: %w", err)
	}
	return path, nil
}
