package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/account"
	"pixgate/internal/config"
	"pixgate/internal/gate"
	"pixgate/internal/id"
	"pixgate/internal/mail"
	"pixgate/internal/outside"
	"pixgate/internal/secret"
	"pixgate/schema"
)

// checkTables looks at the database by the server's own role: the clock, the tables, what
// the role may do, whether events are heard, and who is at home.
func (c *checklist) checkTables(ctx context.Context) {
	settings, ok := c.settings(config.Database)
	if !ok {
		return
	}
	pool, err := outside.Database(settings.DatabaseURL)
	if err != nil {
		c.add("database", bad, err.Error(), "set DATABASE_URL")
		return
	}
	defer pool.Close()
	var version string
	var theirs time.Time
	before := c.now()
	if err := pool.QueryRow(ctx, "SELECT current_setting('server_version'), clock_timestamp()").Scan(&version, &theirs); err != nil {
		c.add("database", bad, "does not answer, or refuses the role", "is it up, and DATABASE_URL right? the log of the database says why") // the driver's words name host and role
		return
	}
	c.good("database", "PostgreSQL %s answers", version)
	c.checkClock("database", theirs, before, c.now(), 0)
	c.checkListen(ctx, pool)
	switch missing, err := schema.Missing(ctx, pool); {
	case err != nil:
		c.add("migrations", bad, "can't be told", "run pixgate migrate")
		return
	case len(missing) > 0:
		c.add("migrations", bad, "missing: "+strings.Join(missing, ", "), "run pixgate migrate")
		return
	}
	c.good("migrations", "up to date")
	c.checkRole(ctx, pool, settings)
	c.checkStudio(ctx, pool, settings)
}

// checkListen sends an event from one connection to another: a pooler that shares sessions
// loses it.
func (c *checklist) checkListen(ctx context.Context, pool *pgxpool.Pool) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	channel := "check_" + strings.ReplaceAll(id.New(c.now()).String(), "-", "")
	err := pool.AcquireFunc(ctx, func(ears *pgxpool.Conn) error {
		if _, err := ears.Exec(ctx, "LISTEN "+channel); err != nil {
			return err
		}
		if _, err := pool.Exec(ctx, "SELECT pg_notify($1, '')", channel); err != nil {
			return err
		}
		_, err := ears.Conn().WaitForNotification(ctx)
		_, ended := ears.Exec(ctx, "UNLISTEN *")
		return errors.Join(err, ended)
	})
	if err != nil {
		c.add("events", bad, "are not heard", "let DATABASE_URL lead to the database itself, or to a pooler that keeps sessions")
		return
	}
	c.good("events", "are heard")
}

func (c *checklist) checkRole(ctx context.Context, pool *pgxpool.Pool, settings config.Config) {
	excess, lack, err := schema.Rights(ctx, pool)
	switch {
	case err != nil:
		c.add("role", bad, "its rights can't be told", "run pixgate migrate")
	case len(lack) > 0:
		c.add("role", bad, "may not "+strings.Join(lack, ", "), "run pixgate migrate with the DATABASE_URL that the server has")
	case len(excess) > 0 && settings.Environment != config.Development:
		c.add("role", bad, "may "+strings.Join(excess, ", ")+": the audit log proves little then",
			"give the server a role of its own in DATABASE_URL, the owner's to MIGRATE_DATABASE_URL, and run pixgate migrate")
	case len(excess) > 0:
		c.add("role", known, "owns the tables, as it may in development", "a role of its own elsewhere")
	default:
		c.good("role", "may do what the server must, and can't change the audit log")
	}
}

func (c *checklist) checkStudio(ctx context.Context, pool *pgxpool.Pool, settings config.Config) {
	studio, err := account.NewTenants(pool, settings.DefaultTenant, c.now).BySlug(ctx, settings.DefaultTenant)
	if err != nil {
		c.add("studio", bad, fmt.Sprintf("there is none of the slug %q", settings.DefaultTenant), "set DEFAULT_TENANT to one of pixgate tenant list, or run pixgate migrate")
		return
	}
	c.good("studio", "%s (%s)", studio.Slug, studio.Name)
	var admins, operators int
	err = pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE tenant_id = $1 AND role IN ('ADMIN', 'OPERATOR')), count(*) FILTER (WHERE role = 'OPERATOR')
		FROM account WHERE blocked_at IS NULL`, studio.ID).Scan(&admins, &operators)
	switch {
	case err != nil:
		c.add("people", bad, "can't be counted", "look into the log of the database")
	case admins == 0:
		c.add("people", bad, "nobody runs "+studio.Slug, "run pixgate admin grant EMAIL")
	case operators == 0:
		c.add("people", known, "nobody runs the installation: secrets, studios and dead tasks are seen by operators", "run pixgate admin grant --operator EMAIL")
	default:
		c.good("people", "%d run the studio, %d the installation", admins, operators)
	}
	c.checkOtherStudios(ctx, pool, studio.ID)
}

// mostNamed is how many studios a finding names: a list of hundreds is read by nobody.
const mostNamed = 10

// checkOtherStudios names those that nobody runs: their door is shut, and their alerts go to nobody.
func (c *checklist) checkOtherStudios(ctx context.Context, pool *pgxpool.Pool, but id.ID) {
	var idle []string
	err := pool.QueryRow(ctx, `SELECT coalesce(array_agg(slug ORDER BY slug), '{}') FROM tenant t
		WHERE id <> $1 AND NOT EXISTS (SELECT FROM account a WHERE a.tenant_id = t.id AND a.role IN ('ADMIN', 'OPERATOR') AND a.blocked_at IS NULL)`, but).Scan(&idle)
	if err != nil {
		c.add("people", bad, "of the other studios can't be counted", "look into the log of the database")
		return
	}
	if len(idle) == 0 {
		return
	}
	named := strings.Join(idle[:min(len(idle), mostNamed)], ", ")
	if more := len(idle) - mostNamed; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	c.add("people", known, "nobody runs "+named, "run pixgate admin grant --tenant SLUG EMAIL")
}

// checkStorage does with the bucket what the server does, and asks what browsers ask.
func (c *checklist) checkStorage(ctx context.Context) {
	settings, ok := c.settings(config.Storage)
	if !ok {
		return
	}
	store, err := outside.Store(ctx, settings)
	if err != nil {
		c.add("storage", bad, err.Error(), "set S3_…")
		return
	}
	if err := store.Ping(ctx); err != nil {
		c.add("storage", bad, err.Error(), "is S3_ENDPOINT right, does S3_BUCKET exist, and may the key S3_ACCESS_KEY_ID use it?")
		return
	}
	before := c.now()
	trial := store.Try(ctx, "check/"+id.New(before).String(), before)
	if trial.Access != nil {
		c.add("storage", bad, trial.Access.Error(), "the key needs the rights to read, write, list and delete objects of the bucket")
	} else {
		c.good("storage", "writes, reads, lists, deletes")
	}
	if trial.Signed != nil {
		c.add("signed links", bad, trial.Signed.Error(), "S3_REGION must be the bucket's, and the bucket not public")
	} else {
		c.good("signed links", "work, and can't be changed")
	}
	if trial.Clock.IsZero() {
		c.add("clock", known, "the storage does not tell the time", "nothing, unless signed links fail")
	} else {
		c.checkClock("storage", trial.Clock, before, c.now(), time.Second) // its time is cut to seconds
	}
	web, ok := c.settings(config.Web)
	if !ok {
		return
	}
	for _, origin := range web.CORSOrigins {
		if err := store.Admits(ctx, origin, c.now()); err != nil {
			c.add("CORS", bad, fmt.Sprintf("pages of %s can't upload: %v", origin, err), "set the bucket's CORS rule, as README.md says")
		} else {
			c.good("CORS", "pages of %s may upload", origin)
		}
	}
}

// checkRedis asks the limits where they count.
func (c *checklist) checkRedis(ctx context.Context) {
	settings, ok := c.settings(config.Gate)
	if !ok {
		return
	}
	if settings.RedisURL == "" {
		c.add("redis", known, "REDIS_URL is not set: each server counts limits for itself", "set it as soon as there is a second server")
		return
	}
	for range 10 { // a limit waits for Redis no longer than a request may, which on a busy machine is short
		limits, err := gate.New(gate.Options{Redis: settings.RedisURL, Key: secret.NewKey("pixgate check"), Now: c.now})
		if err != nil {
			c.add("redis", bad, err.Error(), "set REDIS_URL")
			return
		}
		_, err = limits.Look(ctx, gate.PublicAPI, "pixgate check")
		counts := err == nil && limits.Where() == gate.Redis
		ended, end := context.WithCancel(ctx)
		end()
		limits.Run(ended) // closes the connections
		if counts {
			c.good("redis", "counts")
			return
		}
	}
	c.add("redis", bad, "does not count: each server would for itself, and limits be as many times as high", "is it up, is REDIS_URL right, and may its user run scripts?")
}

// checkMail asks Amazon whether mail would be sent, and to whom.
func (c *checklist) checkMail(ctx context.Context) {
	settings, ok := c.settings(config.Mail)
	if !ok {
		return
	}
	sender, err := outside.Sender(ctx, settings)
	if err != nil {
		c.add("mail", bad, err.Error(), "set SES_… and MAIL_FROM")
		return
	}
	told, err := sender.Standing(ctx)
	switch {
	case errors.Is(err, mail.ErrMayNotAsk):
		c.add("mail", known, err.Error(), "allow it both, or see in Amazon's console that the sender is verified and the account out of the sandbox")
		return
	case err != nil:
		c.add("mail", bad, err.Error(), "are SES_REGION and the SES_… key right?")
		return
	case !told.Sending:
		c.add("mail", bad, "SES has stopped all sending of this account (it is "+told.Health+")", "see its console")
	case told.Health != "HEALTHY":
		c.add("mail", known, "the account is "+told.Health, "see SES's console for bounces and complaints")
	case told.Left >= 0 && told.Left < 100:
		c.add("mail", known, fmt.Sprintf("only %.0f mails may be sent in the next hours", told.Left), "ask Amazon for a higher quota")
	default:
		c.good("mail", "may be sent")
	}
	if !told.Production {
		c.add("mail", bad, "the account is in the sandbox: only verified mailboxes get mail, clients don't", "ask Amazon for production access in SES_REGION")
	}
	switch {
	case !told.Sender:
		c.add("sender", bad, "neither the mailbox in MAIL_FROM nor its domain is verified in SES_REGION", "verify the domain in SES")
	case !told.Signed:
		c.add("sender", known, "verified, but its mails are not signed (DKIM): many end as spam", "set up DKIM for the domain in SES")
	default:
		c.good("sender", "verified, and its mails are signed")
	}
}
