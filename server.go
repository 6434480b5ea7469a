// Pixgate is the API server of a real-estate photo studio: clients sign in with a
// code from their mailbox, see their jobs, and download what has been released.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"pixgate/graph"
	"pixgate/graph/playground"
	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/audit/vault"
	"pixgate/internal/booking"
	"pixgate/internal/commands"
	"pixgate/internal/config"
	"pixgate/internal/dossier"
	"pixgate/internal/edge"
	"pixgate/internal/feed"
	"pixgate/internal/gate"
	"pixgate/internal/job"
	"pixgate/internal/journal"
	"pixgate/internal/logs"
	"pixgate/internal/metrics"
	"pixgate/internal/notice"
	"pixgate/internal/outside"
	"pixgate/internal/secret"
	"pixgate/internal/session"
	"pixgate/internal/task"
	"pixgate/internal/transfer"
	"pixgate/internal/watch"
	"pixgate/internal/webhook"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends us at once
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, commands.ErrUsage):
		fmt.Fprint(os.Stderr, commands.Usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run is the program: everything from outside comes in as an argument, but what is piped into a command.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return serve(ctx, drain, getenv, stderr)
	}
	return commands.Run(ctx, args, getenv, os.Stdin, stdout, stderr)
}

// queryTimeout is how long one GraphQL request may take.
const queryTimeout = 10 * time.Second

// serve is the server: it opens what it needs, builds the rooms on it, and runs
// until ctx ends and, for at most patience, what was under way then. What is started
// last is stopped first.
func serve(ctx context.Context, patience time.Duration, getenv func(string) string, stderr io.Writer) error {
	settings, err := config.Load(getenv)
	if err != nil {
		return err
	}
	log := logs.New(stderr, settings.LogLevel)
	now := time.Now
	if err := settings.CheckTime(now()); err != nil {
		return err
	}

	// What lies outside.
	pool, err := outside.Database(settings.DatabaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := outside.CheckDatabase(ctx, pool, settings.Environment, log); err != nil {
		return err
	}
	store, err := outside.Store(ctx, settings)
	if err != nil {
		return err
	}
	ses, err := outside.Sender(ctx, settings)
	if err != nil {
		return err
	}

	// The rooms.
	tenants := account.NewTenants(pool, settings.DefaultTenant, now)
	auditKeys := secret.NewRing(settings.AuditSecret, settings.AuditSecretPrevious...)
	auditLog := audit.NewLog(auditKeys, now)
	anchors := audit.NewAnchors(pool, auditKeys, vault.New(store), now, log)
	queue, err := task.NewQueue(pool)
	if err != nil {
		return err
	}
	outbox := webhook.NewOutbox(queue, now)
	meter := metrics.New(metrics.Options{Events: eventNames(), Pool: pool, Now: now, Log: log})
	reputation := notice.NewReputation(notice.ReputationOptions{DB: pool, Meter: meter, Now: now, Log: log})
	defer reputation.Finish() // tasks have sent their last mails by then
	sender := notice.Careful(pool, reputation.Count(ses))
	security := audit.NewSecurity(audit.SecurityOptions{
		DB: pool, Keys: auditKeys, Tally: meter, Queue: alarms{alertQueue(settings, queue), outbox}, Rule: alertRule(settings), Now: now, Log: log,
	})
	limits, err := openLimits(settings, meter, security, log)
	if err != nil {
		return err
	}
	lists := addressLists(settings)
	secrets := watch.NewSecrets(watch.SecretOptions{DB: pool, Register: settings.Secrets, Meter: meter, Security: security, Now: now, Log: log})
	alerts := watch.NewAlerts(watch.AlertOptions{DB: pool, Tenants: tenants, Sender: sender, Mailbox: settings.AlertEmail, Log: log})
	sessions := session.New(session.Options{
		DB: pool, Tenants: tenants, Codes: secret.NewRing(settings.OTPSecret, settings.OTPSecretPrevious),
		Queue: queue, Sender: sender, Audit: auditLog, Now: now, Log: log, Failures: failures(settings),
	})
	notices := openNotices(settings, pool, tenants, auditLog, queue, sender, security, log)
	hooks := openWebhooks(pool, outbox, auditLog, auditKeys, security, log)
	jobs := job.NewJobs(pool, auditLog, now, heralds{notices, outbox})
	downloads := transfer.NewDownloads(pool, jobs, store.Presigner(), settings.DownloadURLTTL, now)
	archives := transfer.NewArchives(transfer.ArchiveOptions{
		DB: pool, Jobs: jobs, Store: store, Sessions: sessions, Security: security, Places: limits.Places(gate.Archives),
		Tickets: secret.NewRing(settings.TicketSecret, settings.TicketSecretPrevious), Now: now, Log: log,
		Heralds: []transfer.Herald{outbox},
	})
	imports := transfer.NewImports(transfer.ImportOptions{
		DB: pool, Jobs: jobs, Store: store, Tenants: tenants, Audit: auditLog, Queue: queue, Now: now, Log: log,
	})
	uploads := openUploads(transfer.UploadOptions{
		DB: pool, Jobs: jobs, Store: store, Tenants: tenants, Queue: queue, Security: security, Now: now, Log: log,
	}, limits)
	bookings, news := openBookings(pool, tenants, auditLog, queue, sender, log)
	records := journal.New(journal.Options{
		DB: pool, Tenants: tenants, Sessions: sessions, Verifier: audit.NewVerifier(pool, auditKeys, vault.New(store)), Now: now,
	})
	dossiers := dossier.New(dossier.Options{DB: pool, Tenants: tenants, Sessions: sessions, Audit: auditLog, Now: now, Log: log})
	maintenance, err := openMaintenance(settings, pool, rooms{sessions, security, anchors, secrets, uploads, dossiers, notices, hooks}, now, log)
	if err != nil {
		return err
	}
	backlog, err := task.NewBacklog(task.BacklogOptions{DB: pool, Audit: auditLog, Meter: meter, Now: now})
	if err != nil {
		return err
	}
	events := feed.New(feed.Options{DB: pool, Meter: meter, Places: limits.Places(gate.Streams), Now: now, Log: log})
	pages, err := openPages(settings, now, log)
	if err != nil {
		return err
	}
	runner, err := task.NewRunner(pool, task.Work{
		TakeUpload: uploads.Take,
		LoginMail:  sessions.MailCode, Import: imports.Run, GiveUp: imports.GiveUp, SecurityAlert: alerts.Mail, AlertWebhook: openHook(settings, pool, now, log).Post,
		BookingMail: news.Mail, Notification: notices.Mail,
		Webhook:     hooks.Deliver,
		Maintenance: maintenance, Scheduled: !settings.ExternalScheduler, Died: died(security),
	}, log)
	if err != nil {
		return err
	}

	// The doors.
	development := settings.Environment == config.Development
	handler := edge.New(edge.Options{
		Log: log, Now: now, Development: development, Secure: settings.SecureCookies(),
		PublicURLs: settings.PublicURLs, Origins: settings.CORSOrigins, TrustedProxies: settings.TrustedProxies,
		CSRF:    secret.NewRing(settings.CSRFSecret, settings.CSRFSecretPrevious),
		Tenants: tenants, Sessions: sessions, Door: sessions.Door(account.Admin), Downloads: downloads, Archives: archives, Journal: records, Dossiers: dossiers,
		Limits: limits, Lists: lists, Security: security, Meter: meter,
		CronSecrets: cronSecrets(settings), Maintenance: maintenance,
		Pages: pages, Notices: notices,
		Ready: pool.Ping, Degraded: func() bool { return limits.Where() != gate.Redis || !secrets.Usable() }, // each server counts for itself, or a secret has expired
		GraphQL: graph.New(graph.Options{
			Accounts: account.NewAccounts(pool, now), Members: account.NewMembers(pool, auditLog, now), Tenants: tenants, Sessions: sessions, Jobs: jobs, Downloads: downloads, Archives: archives, Imports: imports,
			Uploads:  uploads,
			Bookings: bookings, Offer: booking.NewOffer(pool, auditLog, now),
			Journal: records, Feed: events, Events: watch.NewEvents(pool, now), Health: secrets, Limits: limits, Lists: lists,
			Dossiers: dossiers, Notices: notices, Reputation: reputation, Hooks: hooks,
			Maintenance: maintenance, Backlog: backlog,
			Development: development, Timeout: queryTimeout, Now: now, Log: log,
		}),
		Playground: playground.Handler("/graphql", playground.Operations),
	})
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second, // shorter than drain, or a half-sent request outlasts it
		WriteTimeout:      30 * time.Second, // from the end of the headers; longer than any request may take
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    96 << 10, // a query of 64 KiB may come by GET
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(events.Close) // streams don't end by themselves
	stopMonitor, err := monitor(ctx, settings.MetricsAddr, meter.Handler(), log)
	if err != nil {
		return err
	}
	defer stopMonitor()
	parts := []metrics.Part{{Name: "database", Check: pool.Ping}, {Name: "storage", Check: store.Ping}, {Name: "tasks", Check: runner.Check}, {Name: "events", Check: events.Check}}
	behind := together(events.Run, sessions.Run, security.Run, limits.Run, secrets.Run, reputation.Run, maintenance.Serve, backlog.Run, func(ctx context.Context) { meter.Run(ctx, parts...) })
	return open(ctx, patience, server, settings.Addr, behind, runner, log)
}

// open starts what runs and stops it, in reverse, when ctx ends: first no more
// requests, then what they have left to do. What runs behind them ends before the
// tasks do, since it may queue some.
func open(
	ctx context.Context, patience time.Duration, server *http.Server, addr string, behind func(context.Context), runner *task.Runner, log *slog.Logger,
) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", addr, err)
	}
	defer listener.Close()

	if err := runner.Start(ctx); err != nil {
		return err
	}
	aside, endAside := context.WithCancel(context.WithoutCancel(ctx))
	written := make(chan struct{})
	go func() {
		defer close(written)
		behind(aside)
	}()
	running := count(server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	log.Info("listening", "address", listener.Addr().String())

	var failed error
	select {
	case <-ctx.Done():
	case err := <-served:
		failed = fmt.Errorf("serve: %w", err)
	}
	log.Info("stopping")
	deadline := time.Now().Add(patience)
	failed = errors.Join(failed, finish(server, running, deadline))
	endAside()
	<-written
	ending, cancel := context.WithDeadline(context.WithoutCancel(ctx), later(deadline, time.Now().Add(lastWords)))
	defer cancel()
	return errors.Join(failed, runner.Stop(ending))
}
