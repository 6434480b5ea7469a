package commands

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/config"
	"pixgate/internal/mail"
	"pixgate/internal/outside"
	"pixgate/internal/secret"
)

const tenantUsage = `pixgate tenant: studios, and what each has its own way. It signs in as DATABASE_URL says; servers go by a change
within ten seconds, without a restart, and the studio's audit log keeps it.

  pixgate tenant list                               the studios
  pixgate tenant show SLUG                          one studio's settings
  pixgate tenant add SLUG [SETTING=VALUE …]         make a studio; its slug is for good
  pixgate tenant set SLUG SETTING=VALUE …           change settings, all of these or none
  pixgate tenant text list SLUG                     the mails that a studio words its own way
  pixgate tenant text set SLUG KIND LOCALE SUBJECT  word a mail; its body comes from standard input
  pixgate tenant text reset SLUG KIND LOCALE        give a mail its built-in words again

Settings (an empty VALUE takes one away):
`

// The bounds of a mail's wording, as the table has them, in characters.
const (
	maxSubject = 200
	maxBody    = 10_000
)

// wordings are the mails that a studio may word, each with what says why it can't be
// sent so.
var wordings = map[string]func(mail.Wording) error{
	"login_code":                  mail.Wording.Check,
	string(mail.BookingReceived):  mail.Wording.CheckBooking,
	string(mail.BookingConfirmed): mail.Wording.CheckBooking,
	string(mail.BookingDeclined):  mail.Wording.CheckBooking,
	string(mail.BookingCancelled): mail.Wording.CheckBooking,
	string(mail.BookingRequested): mail.Wording.CheckBooking,
	string(mail.BookingWithdrawn): mail.Wording.CheckBooking,
	string(mail.JobReady):         mail.Wording.CheckNotice,
	string(mail.ExtrasSettled):    mail.Wording.CheckNotice,
	string(mail.StudioMessage):    mail.Wording.CheckNotice,
}

// tenantCommand makes and sets studios.
func tenantCommand(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout io.Writer) error {
	if len(args) == 0 {
		return ErrUsage
	}
	if slices.Contains([]string{"help", "-h", "--help"}, args[0]) || slices.ContainsFunc(args[1:], isHelp) {
		return tenantHelp(stdout)
	}
	do, ok := tenantAct(args, stdin, stdout)
	if !ok {
		return ErrUsage
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
	log := audit.NewLog(secret.NewRing(settings.AuditSecret, settings.AuditSecretPrevious...), time.Now)
	return do(ctx, studios{
		Studios: account.NewStudios(pool, log, time.Now, settings.Environment == config.Development),
		tenants: account.NewTenants(pool, settings.DefaultTenant, time.Now),
	})
}

func isHelp(word string) bool { return word == "-h" || word == "--help" }

func tenantHelp(stdout io.Writer) error {
	if _, err := io.WriteString(stdout, tenantUsage); err != nil {
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, setting := range account.Settings {
		fmt.Fprintf(table, "  %s\t%s\n", setting.Name, setting.Meaning)
	}
	return table.Flush()
}

// studios are what the command works on.
type studios struct {
	*account.Studios
	tenants *account.Tenants
}

// tenantAct reads the command line, before anything is opened.
func tenantAct(args []string, stdin io.Reader, stdout io.Writer) (do func(context.Context, studios) error, ok bool) {
	switch command, rest := args[0], args[1:]; {
	case command == "list" && len(rest) == 0:
		return func(ctx context.Context, s studios) error { return s.list(ctx, stdout) }, true
	case command == "show" && len(rest) == 1:
		return func(ctx context.Context, s studios) error { return s.show(ctx, rest[0], stdout) }, true
	case command == "add" && len(rest) >= 1, command == "set" && len(rest) >= 2:
		assigned, ok := assignments(rest[1:])
		if command == "add" {
			return func(ctx context.Context, s studios) error { return s.add(ctx, rest[0], assigned, stdout) }, ok
		}
		return func(ctx context.Context, s studios) error { return s.set(ctx, rest[0], assigned, stdout) }, ok
	case command == "text" && len(rest) == 2 && rest[0] == "list":
		return func(ctx context.Context, s studios) error { return s.listTexts(ctx, rest[1], stdout) }, true
	case command == "text" && len(rest) == 5 && rest[0] == "set":
		text := account.Text{Kind: rest[2], Locale: rest[3], Subject: rest[4]}
		return func(ctx context.Context, s studios) error { return s.setText(ctx, rest[1], text, stdin, stdout) }, true
	case command == "text" && len(rest) == 4 && rest[0] == "reset":
		return func(ctx context.Context, s studios) error { return s.resetText(ctx, rest[1], rest[2], rest[3], stdout) }, true
	}
	return nil, false
}

func assignments(words []string) (assigned []account.Assignment, ok bool) {
	for _, word := range words {
		name, text, found := strings.Cut(word, "=")
		if !found || name == "" {
			return nil, false
		}
		assigned = append(assigned, account.Assignment{Name: name, Text: text})
	}
	return assigned, true
}

func (s studios) list(ctx context.Context, stdout io.Writer) error {
	all, err := s.tenants.All(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	for _, studio := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\n", studio.Slug, studio.Name, strings.Join(studio.Hosts, ","))
	}
	return table.Flush()
}

func (s studios) show(ctx context.Context, slug string, stdout io.Writer) error {
	studio, err := s.tenants.BySlug(ctx, slug)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "slug\t%s\n", studio.Slug)
	for _, setting := range account.Settings {
		fmt.Fprintf(table, "%s\t%s\n", setting.Name, setting.Show(studio))
	}
	return table.Flush()
}

func (s studios) add(ctx context.Context, slug string, assigned []account.Assignment, stdout io.Writer) error {
	studio, err := s.Add(ctx, slug, assigned)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "made the studio %s (%s); now let somebody run it: pixgate admin grant --tenant %s EMAIL\n", studio.Slug, studio.Name, studio.Slug)
	return nil
}

func (s studios) set(ctx context.Context, slug string, assigned []account.Assignment, stdout io.Writer) error {
	studio, changed, err := s.Set(ctx, slug, assigned)
	if err != nil {
		return err
	}
	if len(changed) == 0 {
		fmt.Fprintf(stdout, "nothing to do: that is so already in %s\n", slug)
		return nil
	}
	for _, setting := range account.Settings {
		if slices.Contains(changed, setting.Name) {
			fmt.Fprintf(stdout, "%s of %s is now %q\n", setting.Name, slug, setting.Show(studio))
		}
	}
	return nil
}

func (s studios) listTexts(ctx context.Context, slug string, stdout io.Writer) error {
	studio, err := s.tenants.BySlug(ctx, slug)
	if err != nil {
		return err
	}
	texts, err := s.Texts(ctx, studio.ID)
	if err != nil {
		return err
	}
	for _, text := range texts {
		fmt.Fprintf(stdout, "%s %s: %s\n\n%s\n", text.Kind, text.Locale, text.Subject, text.Body)
	}
	if len(texts) == 0 {
		fmt.Fprintf(stdout, "%s words no mail its own way\n", slug)
	}
	return nil
}

func (s studios) setText(ctx context.Context, slug string, text account.Text, stdin io.Reader, stdout io.Writer) error {
	if err := named(text.Kind, text.Locale); err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(stdin, 4*maxBody+1))
	if err != nil {
		return fmt.Errorf("read the body from standard input: %w", err)
	}
	text.Body = strings.ReplaceAll(string(body), "\r\n", "\n")
	switch length := utf8.RuneCountInString(text.Body); {
	case !utf8.ValidString(text.Body) || !utf8.ValidString(text.Subject):
		return errors.New("the mail is no UTF-8 text")
	case strings.ContainsFunc(text.Subject+strings.NewReplacer("\n", "", "\t", "").Replace(text.Body), unicode.IsControl):
		return errors.New("the mail holds control characters, which would act on the terminal of whoever lists it")
	case length == 0 || length > maxBody:
		return fmt.Errorf("the body has %d characters, give 1 to %d on standard input", length, maxBody)
	case utf8.RuneCountInString(text.Subject) > maxSubject:
		return fmt.Errorf("the subject has more than %d characters", maxSubject)
	}
	if err := wordings[text.Kind](mail.Wording{Subject: text.Subject, Body: text.Body}); err != nil {
		return fmt.Errorf("the mail can't be sent so: %w", err)
	}
	if err := s.SetText(ctx, slug, text); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s words %s in %s its own way now\n", slug, text.Kind, text.Locale)
	return nil
}

func (s studios) resetText(ctx context.Context, slug, kind, locale string, stdout io.Writer) error {
	if err := named(kind, locale); err != nil {
		return err
	}
	changed, err := s.ResetText(ctx, slug, kind, locale)
	if err != nil {
		return err
	}
	if !changed {
		fmt.Fprintf(stdout, "nothing to do: %s has the built-in words for %s in %s\n", slug, kind, locale)
		return nil
	}
	fmt.Fprintf(stdout, "%s has the built-in words for %s in %s again\n", slug, kind, locale)
	return nil
}

// named says what is wrong with the name of a mail.
func named(kind, locale string) error {
	if _, known := wordings[kind]; !known {
		var kinds []string
		for kind := range wordings {
			kinds = append(kinds, kind)
		}
		slices.Sort(kinds)
		return fmt.Errorf("there is no mail %q: name one of %s", kind, strings.Join(kinds, ", "))
	}
	if locale != string(mail.German) && locale != string(mail.English) {
		return fmt.Errorf("%q is none of de and en", locale)
	}
	return nil
}
