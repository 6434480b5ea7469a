package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/config"
	"pixgate/internal/egress"
	"pixgate/internal/mail"
	"pixgate/internal/mail/report"
	"pixgate/internal/notice"
)

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
