package commands

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/audit/vault"
	"pixgate/internal/config"
	"pixgate/internal/job"
	"pixgate/internal/outside"
	"pixgate/internal/secret"
)

// auditCommand is what can be done with the audit log from outside the server.
func auditCommand(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return ErrUsage
	}
	switch args[0] {
	case "verify":
		return verifyAudit(ctx, args[1:], getenv, stdout, stderr)
	case "replay":
		return replayAudit(ctx, args[1:], getenv, stdout)
	}
	return ErrUsage
}

// ErrNotWhole ends a verification that found something.
var ErrNotWhole = errors.New("the audit log is not what the server wrote: see above, and docs/audit.md")

// verifyAudit proves the chains of all studios, or of one, and names the first place
// of each that is not as the server wrote it.
func verifyAudit(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("audit verify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	slug := flags.String("tenant", "", "")
	withoutAnchors := flags.Bool("without-anchors", false, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return ErrUsage
	}
	parts := config.Database | config.Audit
	if !*withoutAnchors {
		parts |= config.Storage
	}
	settings, err := config.LoadOnly(getenv, parts)
	if err != nil {
		return err
	}
	pool, err := outside.Database(settings.DatabaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	var anchors audit.Store
	if !*withoutAnchors {
		store, err := outside.Store(ctx, settings)
		if err != nil {
			return err
		}
		anchors = vault.New(store)
	}
	verifier := audit.NewVerifier(pool, secret.NewRing(settings.AuditSecret, settings.AuditSecretPrevious...), anchors)
	whole := true
	err = eachStudio(ctx, verifier, *slug, func(studio audit.Studio) error {
		report, err := verifier.Verify(ctx, studio, audit.Span{}, progress(studio, stderr))
		if err != nil {
			return fmt.Errorf("%s could not be verified: %w", studio.Slug, err)
		}
		fmt.Fprintf(stdout, "%s: %s\n", studio.Slug, verdict(report, anchors != nil))
		whole = whole && report.Fault == nil
		return nil
	})
	if err != nil {
		return err
	}
	if *slug == "" { // whoever asks for one studio knows that it is there
		lost, err := tellStrays(ctx, verifier, stdout)
		if err != nil {
			return err
		}
		whole = whole && !lost
	}
	if !whole {
		return ErrNotWhole
	}
	return nil
}

// tellStrays names the studios that the storage has anchors of and the database does not
// know, and reports whether there are any.
func tellStrays(ctx context.Context, verifier *audit.Verifier, stdout io.Writer) (bool, error) {
	studios, err := verifier.Studios(ctx)
	if err != nil {
		return false, err
	}
	strays, err := verifier.Strays(ctx, studios)
	if err != nil {
		return false, fmt.Errorf("the anchors could not be listed: %w", err)
	}
	for _, slug := range strays {
		fmt.Fprintf(stdout, "%q: %s: There are anchors of this studio, but no studio of this name: it was removed, or given another name.\n", slug, audit.Anchored)
	}
	return len(strays) > 0, nil
}

// errDiffers ends a replay that found something.
var errDiffers = errors.New("some pictures are in a state, or some packages of a kind, that nobody wrote down: see above, and docs/audit.md")

// replayAudit rebuilds the state of every picture and the package of every job from the
// audit log and from what customers chose, and names each whose row says otherwise.
func replayAudit(ctx context.Context, args []string, getenv func(string) string, stdout io.Writer) error {
	flags := flag.NewFlagSet("audit replay", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	slug := flags.String("tenant", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return ErrUsage
	}
	settings, err := config.LoadOnly(getenv, config.Database)
	if err != nil {
		return err
	}
	pool, err := outside.Database(settings.DatabaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	differ := 0
	err = eachStudio(ctx, audit.NewVerifier(pool, secret.Ring{}, nil), *slug, func(studio audit.Studio) error {
		before := differ
		images, err := job.Replay(ctx, pool, studio.ID, func(d job.Difference) {
			differ++
			fmt.Fprintf(stdout, "%s: %s\n", studio.Slug, d)
		})
		if err != nil {
			return fmt.Errorf("%s could not be replayed: %w", studio.Slug, err)
		}
		fmt.Fprintf(stdout, "%s: %s, %d differ\n", studio.Slug, counted(int64(images), "picture", "pictures"), differ-before)
		return nil
	})
	if err == nil && differ > 0 {
		return errDiffers
	}
	return err
}

// eachStudio does something for every studio, or for the one with this slug.
func eachStudio(ctx context.Context, verifier *audit.Verifier, slug string, do func(audit.Studio) error) error {
	studios, err := verifier.Studios(ctx)
	if err != nil {
		return err
	}
	known := slug == ""
	for _, studio := range studios {
		if slug != "" && studio.Slug != slug {
			continue
		}
		known = true
		if err := do(studio); err != nil {
			return err
		}
	}
	if !known {
		return fmt.Errorf("there is no studio %q: `pixgate tenant list` names them", slug)
	}
	return nil
}

func verdict(report audit.Report, withAnchors bool) string {
	if report.Fault != nil {
		return report.Fault.String()
	}
	anchors := "without anchors"
	if withAnchors {
		anchors = counted(int64(report.Anchors), "anchor", "anchors")
	}
	return fmt.Sprintf("%s, %s: whole", counted(report.Entries, "entry", "entries"), anchors)
}

// progress tells how far a long verification is, each 100,000 entries or two seconds.
func progress(studio audit.Studio, w io.Writer) func(int64) {
	told, at := int64(0), time.Now()
	return func(entries int64) {
		if entries-told < 100_000 && time.Since(at) < 2*time.Second {
			return
		}
		told, at = entries, time.Now()
		fmt.Fprintf(w, "%s: %s so far\n", studio.Slug, counted(entries, "entry", "entries"))
	}
}

// counted writes 12,345 entries.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits + " " + many
}
