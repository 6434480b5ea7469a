// Package commands is the command line beside the server: what its owners do to an installation.
package commands

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/graph"
	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/booking"
	"pixgate/internal/config"
	"pixgate/internal/demo"
	"pixgate/internal/job"
	"pixgate/internal/logs"
	"pixgate/internal/outside"
	"pixgate/internal/secret"
	"pixgate/internal/task"
	"pixgate/internal/transfer"
	"pixgate/schema"
)

// Usage tells what there is.
const Usage = `pixgate serves. Its settings come from the environment; make run brings up all that it needs.

  pixgate migrate                                         bring the tables up to date, as their owner; make the first studio
  pixgate admin grant [--operator] [--tenant SLUG] EMAIL  let somebody run the studio, or the installation
  pixgate admin revoke [--tenant SLUG] EMAIL              make them a customer
  pixgate tenant list|show|add|set|text …                 studios and what each has its own way; pixgate tenant help tells more
  pixgate audit verify [--tenant SLUG] [--without-anchors]
                                                          is the audit log what the server wrote? exit status 1: no, or it can't be told
  pixgate audit replay [--tenant SLUG]                    are the pictures in the states that the records make? exit status 1: no
  pixgate check [--json]                                  is all that a server needs there and well? exit status 1: no
  pixgate secrets check                                   how is each secret of this environment? exit status 1: one is missing, weak or expired
  pixgate demo                                            a studio with jobs and pictures, to try things
  pixgate schema                                          print the GraphQL schema
  pixgate help                                            print this
`

// ErrUsage says that the command line can't be understood.
var ErrUsage = errors.New("no such command")

// Run does what args ask for, of which there is one at least. ErrUsage: they ask for nothing that there is; where
// it is the command that there isn't, stderr was told which.
func Run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	switch command, rest := args[0], args[1:]; {
	case command == "help", command == "-h", command == "--help":
		_, err := io.WriteString(stdout, Usage)
		return err
	case command == "admin":
		return admin(ctx, rest, getenv, stdout)
	case command == "audit":
		return auditCommand(ctx, rest, getenv, stdout, stderr)
	case command == "tenant":
		return tenantCommand(ctx, rest, getenv, stdin, stdout) // the one command that reads it
	case command == "secrets":
		return secretsCommand(rest, getenv, stdout)
	case command == "check":
		return checkCommand(ctx, rest, getenv, stdout)
	case command != "migrate" && command != "demo" && command != "schema":
		fmt.Fprintf(stderr, "unknown command: %s\n\n", command)
		return ErrUsage
	case len(rest) > 0:
		return ErrUsage
	case command == "migrate":
		return migrate(ctx, getenv, stdout, stderr)
	case command == "demo":
		return loadDemo(ctx, getenv, stdout, stderr)
	}
	_, err := io.WriteString(stdout, graph.SDL())
	return err
}

// migrate brings the tables up to date and makes the first studio.
func migrate(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) error {
	settings, err := config.LoadOnly(getenv, config.Database|config.Web)
	if err != nil {
		return err
	}
	server, err := pgx.ParseConfig(settings.DatabaseURL.Reveal())
	if err != nil {
		return errors.New("the database's URL can't be read") // the parser's error would quote it
	}
	if settings.MigrateDatabaseURL == settings.DatabaseURL {
		fmt.Fprintln(stderr, "warning: MIGRATE_DATABASE_URL is not set, so the server's role owns the tables and may change the audit log")
	}
	if err := schema.Migrate(ctx, settings.MigrateDatabaseURL.Reveal(), server.User); err != nil {
		return err
	}
	pool, err := outside.Database(settings.MigrateDatabaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	first := firstStudio(settings)
	made, err := account.Found(ctx, pool, first, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "the tables are up to date")
	if made {
		fmt.Fprintf(stdout, "made the studio %s (%s)\n", first.Slug, first.Name)
	}
	return nil
}

// firstStudio is named after the site of its web app.
func firstStudio(settings config.Config) account.Tenant {
	studio := account.Tenant{
		Slug: settings.DefaultTenant, Name: settings.DefaultTenant, Origins: settings.CORSOrigins, Locale: account.German, SignUp: true,
	}
	for _, address := range settings.PublicURLs {
		studio.Hosts = append(studio.Hosts, hostname(address))
	}
	for _, address := range slices.Concat(settings.CORSOrigins, settings.PublicURLs) {
		host := hostname(address)
		if _, err := netip.ParseAddr(host); err != nil && strings.Contains(host, ".") {
			studio.Name = strings.TrimPrefix(strings.TrimPrefix(host, "www."), "api.")
			break
		}
	}
	return studio
}

func hostname(origin string) string {
	u, err := url.Parse(origin)
	if err != nil {
		return "" // config has judged it
	}
	return u.Hostname()
}

// admin says who runs a studio.
func admin(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) == 0 || args[0] != "grant" && args[0] != "revoke" {
		return ErrUsage
	}
	flags := flag.NewFlagSet("admin", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	slug := flags.String("tenant", "", "")
	operator := flags.Bool("operator", false, "")
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() != 1 || *operator && args[0] == "revoke" {
		return ErrUsage
	}
	address, ok := account.ParseAddress(flags.Arg(0))
	if !ok {
		return fmt.Errorf("%q is no mail address", flags.Arg(0))
	}
	settings, err := config.LoadOnly(getenv, config.Database|config.Audit)
	if err != nil {
		return err
	}
	pool, err := outside.Database(settings.DatabaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	studio, err := findStudio(ctx, account.NewTenants(pool, settings.DefaultTenant, time.Now), *slug)
	if err != nil {
		return err
	}
	staff := account.NewStaff(pool, audit.NewLog(secret.NewRing(settings.AuditSecret, settings.AuditSecretPrevious...), time.Now), time.Now)
	role := account.Customer
	var changed bool
	switch {
	case args[0] == "revoke":
		changed, err = staff.Revoke(ctx, studio.ID, address)
	case *operator:
		role = account.Operator
		changed, err = staff.Grant(ctx, studio.ID, address, role)
	default:
		role = account.Admin
		changed, err = staff.Grant(ctx, studio.ID, address, role)
	}
	if err != nil {
		return err
	}
	if !changed {
		fmt.Fprintf(stdout, "nothing to do: that is so already in %s\n", studio.Slug)
		return nil
	}
	fmt.Fprintf(stdout, "%s is now %s of %s; their sessions have ended\n", address.Key(), role, studio.Slug)
	return nil
}

func findStudio(ctx context.Context, tenants *account.Tenants, slug string) (account.Tenant, error) {
	if slug != "" {
		return tenants.BySlug(ctx, slug)
	}
	return tenants.For(ctx, "", "")
}

// loadDemo fills the studio with people, jobs and pictures to try things with.
func loadDemo(ctx context.Context, getenv func(string) string, stdout, stderr io.Writer) error {
	settings, err := config.LoadOnly(getenv, config.Database|config.Storage|config.Audit)
	if err != nil {
		return err
	}
	if settings.Environment == config.Production {
		return errors.New("the demo makes an admin that everybody knows: not with APP_ENV=production")
	}
	pool, err := outside.Database(settings.DatabaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	store, err := outside.Store(ctx, settings)
	if err != nil {
		return err
	}
	tenants := account.NewTenants(pool, settings.DefaultTenant, time.Now)
	studio, err := findStudio(ctx, tenants, "")
	if err != nil {
		return err
	}
	queue, err := task.NewQueue(pool)
	if err != nil {
		return err
	}
	auditLog := audit.NewLog(secret.NewRing(settings.AuditSecret, settings.AuditSecretPrevious...), time.Now)
	jobs := job.NewJobs(pool, auditLog, time.Now)
	return demo.Load(ctx, demo.Studio{
		DB: pool, Tenant: studio, Store: store, Jobs: jobs, Now: time.Now, Progress: stderr, Out: stdout,
		Bookings: booking.New(booking.Options{DB: pool, Tenants: tenants, Audit: auditLog, Queue: demo.Quiet{}, Now: time.Now}),
		Offer:    booking.NewOffer(pool, auditLog, time.Now),
		Imports: transfer.NewImports(transfer.ImportOptions{
			DB: pool, Jobs: jobs, Store: store, Tenants: tenants, Audit: auditLog, Queue: queue, Now: time.Now, Log: logs.New(stderr, settings.LogLevel),
		}),
	})
}
