package commands

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"pixgate/internal/config"
	"pixgate/internal/secret"
)

// secretsCommand is what can be asked about the secrets of an environment.
func secretsCommand(args []string, getenv func(string) string, stdout io.Writer) error {
	if len(args) != 1 || args[0] != "check" {
		return ErrUsage
	}
	return checkSecrets(getenv, stdout)
}

// errBadSecrets ends a check that found what no server should run with.
var errBadSecrets = errors.New("the secrets are not fit for a server: see above, and docs/secrets.md")

// checkSecrets prints how each secret of this environment is, and what else about them
// would stop a server. It starts nothing, and needs nothing but the environment. One that
// is missing counts wherever it is: what is checked may be meant for production.
func checkSecrets(getenv func(string) string, stdout io.Writer) error {
	all, problems := config.Secrets(getenv, time.Now())
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "VARIABLE\tSTATE\tROTATED\tEXPIRES\tWHAT TO DO")
	bad := len(problems) > 0
	for _, one := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", one.Name, one.Words(), dated(one.RotatedAt), dated(one.ExpiresAt), one.NextStep)
		bad = bad || !one.Usable() || one.State() == secret.Missing
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("print the secrets: %w", err)
	}
	for _, problem := range problems {
		fmt.Fprintln(stdout, problem)
	}
	if bad {
		return errBadSecrets
	}
	return nil
}

func dated(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.UTC().Format(time.DateOnly)
}
