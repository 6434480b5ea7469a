package main

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/config"
	"pixgate/internal/gate"
	"pixgate/internal/metrics"
	"pixgate/internal/secret"
	"pixgate/internal/session"
)

// openLimits returns the limits, with the numbers of the settings. It is told and
// measured when they leave Redis and when they come back, and recorded where that takes
// long. Their keys are hidden by
// a secret that all servers share; with another one, counting starts anew.
func openLimits(settings config.Config, meter *metrics.Metrics, security *audit.Security, log *slog.Logger) (*gate.Limiter, error) {
	numbers := map[gate.Name]gate.Limit{}
	for name, rate := range settings.RateLimits {
		numbers[gate.Name(name)] = gate.Limit{Most: rate.Count, Period: rate.Per}
	}
	long := newAbsence(func(away bool) {
		event := audit.LimiterRestored
		if away {
			event = audit.LimiterFallback
		}
		security.Record(audit.Incident{Event: event})
	})
	return gate.New(gate.Options{
		Redis: settings.RedisURL, Key: secret.NewKey(settings.CSRFSecret), Limits: numbers, Now: time.Now,
		OnChange: func(away bool) {
			meter.LimiterDegraded(away)
			long.change(away)
			if away {
				log.WarnContext(context.Background(), "Redis is away: each server counts limits in its memory")
				return
			}
			log.InfoContext(context.Background(), "Redis is back: limits are counted for all servers")
		},
	})
}

// failures are the limits of failed sign-ins, which the database counts.
func failures(settings config.Config) session.Failures {
	var limits session.Failures
	if rate, set := settings.RateLimits[string(gate.Auth)]; set {
		limits.OfNetwork = session.Rate{Most: rate.Count, Window: rate.Per}
	}
	if rate, set := settings.RateLimits[string(gate.AuthIP)]; set {
		limits.OfIP = session.Rate{Most: rate.Count, Window: rate.Per}
	}
	return limits
}

// addressLists say from where one may knock.
func addressLists(settings config.Config) gate.Lists {
	return gate.Lists{
		Blocked: settings.BlockedIPs,
		Allowed: map[gate.Surface][]netip.Prefix{
			gate.Admin: settings.AdminAllowedIPs, gate.SendEmail: settings.SendEmailAllowedIPs,
			gate.GeneratePDF: settings.GeneratePDFAllowedIPs, gate.Webhook: settings.WebhookAllowedIPs,
		},
	}
}
