package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"pixgate/internal/config"
	"pixgate/internal/secret"
)

// errNotReady ends a check that found what no server should be let run with.
var errNotReady = errors.New("this installation is not ready: see BAD above")

// grade is how a thing is.
type grade string

const (
	good  grade = "ok"   // nothing to do
	known grade = "look" // works, but somebody should know of it
	bad   grade = "BAD"  // clients would be served badly, or nobody would
)

// finding is one line of the checklist.
type finding struct {
	Check string `json:"check"`
	Grade grade  `json:"grade"`
	Says  string `json:"says"`
	Do    string `json:"do,omitempty"` // what makes it well
}

// checklist collects findings.
type checklist struct {
	getenv func(string) string
	now    func() time.Time
	all    []finding
}

func (c *checklist) good(check, says string, args ...any) {
	c.all = append(c.all, finding{check, good, fmt.Sprintf(says, args...), ""})
}

func (c *checklist) add(check string, grade grade, says, do string) {
	c.all = append(c.all, finding{check, grade, says, do})
}

// settings are those of some parts; what is wrong with them is told elsewhere, once.
func (c *checklist) settings(parts config.Part) (config.Config, bool) {
	settings, err := config.LoadOnly(c.getenv, parts)
	return settings, err == nil
}

// checkPatience is how long all questions to one part may take together.
const checkPatience = 30 * time.Second

// checkCommand goes through all that an installation needs and says of each thing how it is
// and what to do, also where something before it is missing. It changes nothing: the
// object that it writes it also removes, and no mail is sent.
func checkCommand(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	asJSON := slices.Equal(args, []string{"--json"})
	if len(args) > 0 && !asJSON {
		return ErrUsage
	}
	c := &checklist{getenv: getenv, now: time.Now}
	c.checkSettings()
	for _, look := range []func(context.Context){c.checkTables, c.checkStorage, c.checkRedis, c.checkMail, c.checkAlerts} {
		bounded, cancel := context.WithTimeout(ctx, checkPatience)
		look(bounded)
		cancel()
	}
	if err := c.print(stdout, asJSON); err != nil {
		return fmt.Errorf("print the checklist: %w", err)
	}
	if slices.ContainsFunc(c.all, func(f finding) bool { return f.Grade == bad }) {
		return errNotReady
	}
	return nil
}

func (c *checklist) print(stdout io.Writer, asJSON bool) error {
	if asJSON {
		lines := json.NewEncoder(stdout)
		lines.SetIndent("", "  ")
		return lines.Encode(c.all)
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, f := range c.all {
		line := f.Says
		if f.Do != "" {
			line += ": " + f.Do
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Grade, f.Check, line)
	}
	return table.Flush()
}

// checkSettings judges the environment: every setting as a start would, and the secrets
// by their age, too.
func (c *checklist) checkSettings() {
	settings, err := config.Load(c.getenv)
	problems, _ := errors.AsType[config.Problems](err)
	for _, p := range problems {
		c.add("settings", bad, p.Variable+" "+p.Wrong, "set it to "+p.Set)
	}
	if err == nil {
		c.good("settings", "complete, APP_ENV is %s", settings.Environment)
		c.checkWeb(settings)
	}
	all, other := config.Secrets(c.getenv, c.now())
	for _, p := range other {
		if !slices.ContainsFunc(problems, func(told config.Problem) bool { return told.Variable == p.Variable }) {
			c.add("secrets", bad, p.Variable+" "+p.Wrong, "set it to "+p.Set)
		}
	}
	well := 0
	for _, one := range all {
		switch told := slices.ContainsFunc(problems, func(p config.Problem) bool { return p.Variable == one.Name }); {
		case told: // as a setting
		case one.State() == secret.Missing && one.Usable(): // told of where it is needed
		case !one.Usable():
			c.add("secrets", bad, one.Name+" is "+one.Words(), one.NextStep)
		case one.State() != secret.OK:
			c.add("secrets", known, one.Name+" is "+one.Words(), one.NextStep)
		case one.RotatedAt == nil:
			c.add("secrets", known, one.Name+" has an age that nobody knows", one.NextStep)
		default:
			well++
		}
	}
	if well > 0 {
		c.good("secrets", "%d of %d are well", well, len(all))
	}
}

func (c *checklist) checkWeb(settings config.Config) {
	switch plain := slices.DeleteFunc(slices.Clone(settings.PublicURLs), func(u string) bool { return strings.HasPrefix(u, "https://") }); {
	case settings.Environment == config.Development:
		c.add("public URLs", known, "APP_ENV is development: people would be served without what production demands", "set APP_ENV to production")
	case len(plain) > 0:
		c.add("public URLs", bad, strings.Join(plain, ", ")+" without TLS", "use https in PUBLIC_URLS")
	default:
		c.good("public URLs", "https, %s", strings.Join(settings.PublicURLs, ", "))
	}
	if settings.Environment != config.Development && len(settings.TrustedProxies) == 0 {
		c.add("proxy", known, "TRUST_PROXY is not set: behind a proxy that ends TLS all callers would share its address and its limits",
			"set it to the proxy's networks, unless there is none")
	}
	switch {
	case settings.CronSecret != "":
		c.good("cron", "has its secret; started by %s", map[bool]string{true: "whoever asks /cron", false: "the servers themselves"}[settings.ExternalScheduler])
	case settings.ExternalScheduler:
		c.add("cron", bad, "SCHEDULER_MODE is external and there is no CRON_SECRET: nothing would be purged or anchored", "set CRON_SECRET")
	default:
		c.add("cron", known, "no CRON_SECRET: /cron answers 503", "set it, or leave it where the servers start maintenance themselves")
	}
}

// checkClock compares our clock with another one, read while ours went from before to after.
// Sessions, links and codes go by it.
func (c *checklist) checkClock(of string, theirs, before, after time.Time, exact time.Duration) {
	const most = 5 * time.Second
	off := max(before.Sub(theirs)-exact, theirs.Sub(after))
	if off > most {
		c.add("clock", bad, fmt.Sprintf("%s apart from the clock of the %s", off.Round(time.Second), of), "let NTP keep this machine's clock")
		return
	}
	c.good("clock", "that of the %s agrees", of)
}
