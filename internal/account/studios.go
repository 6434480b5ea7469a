package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// Studios makes studios and sets what they have their own way, for the command line.
// Each change is audited in its own transaction, in that studio's chain. Servers go by
// it a few seconds later: see tenantsMaxAge.
type Studios struct {
	db  *pgxpool.Pool
	log *audit.Log
	now func() time.Time
	lax bool
}

// NewStudios returns the studios in db. lax allows what only development may have: http
// origins, and hosts such as localhost.
func NewStudios(db *pgxpool.Pool, log *audit.Log, now func() time.Time, lax bool) *Studios {
	return &Studios{db: db, log: log, now: now, lax: lax}
}

// Assignment is what a setting shall be, as text.
type Assignment struct{ Name, Text string }

// slugs names a studio for good: its pictures lie under it.
var slugs = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// settingValue is a setting as the audit log keeps it.
type settingValue struct {
	Setting string `json:"setting"`
	Value   string `json:"value"`
}

// Add makes a studio. What is not assigned is as for a first studio: its slug as its
// name, German, Europe/Berlin, open for new addresses. Errors are sentences for whoever
// types the command.
func (s *Studios) Add(ctx context.Context, slug string, assigned []Assignment) (Tenant, error) {
	if !slugs.MatchString(slug) {
		return Tenant{}, fmt.Errorf("%q can't name a studio: give 1 to 32 of a-z, 0-9 and -, a letter first", slug)
	}
	now := s.now()
	studio := Tenant{
		ID: id.New(now), Slug: slug, Name: slug, Hosts: []string{}, Origins: []string{}, Locale: German, SignUp: true, TimeZone: "Europe/Berlin", CreatedAt: now,
		Devices: RefuseDevice, Uploads: UploadRoom{JobImages: 5000, JobBytes: 100 * gibibyte},
	}
	if _, err := s.assign(&studio, assigned); err != nil {
		return Tenant{}, err
	}
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		q := queries.New(tx)
		made, err := q.InsertTenant(ctx, queries.InsertTenantParams{
			ID: studio.ID, Slug: slug, Name: studio.Name, Hosts: studio.Hosts, Origins: studio.Origins, Locale: string(studio.Locale), SignUp: studio.SignUp, CreatedAt: now,
		})
		if err != nil {
			return taken("make a studio", err)
		}
		if made == 0 {
			return fmt.Errorf("there is a studio %q already: `pixgate tenant set` changes it", slug)
		}
		if err := q.SetTenant(ctx, tenantRow(studio)); err != nil {
			return taken("set a studio", err)
		}
		entry := s.entry(studio.ID, audit.TenantAdded)
		settings := map[string]string{"slug": slug}
		for _, setting := range Settings {
			settings[setting.Name] = setting.Show(studio)
		}
		entry.New = settings
		return s.log.Append(ctx, tx, entry)
	})
	return studio, err
}

// Set changes a studio, all of it or nothing, and returns which settings are not as they
// were. Setting what is so already changes nothing.
func (s *Studios) Set(ctx context.Context, slug string, assigned []Assignment) (studio Tenant, changed []string, err error) {
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		q := queries.New(tx)
		if studio, err = lockStudio(ctx, q, slug); err != nil {
			return err
		}
		before := studio
		if changed, err = s.assign(&studio, assigned); err != nil || len(changed) == 0 {
			return err
		}
		if err := q.SetTenant(ctx, tenantRow(studio)); err != nil {
			return taken("set a studio", err)
		}
		var entries []audit.Change
		for _, setting := range Settings {
			if was, is := setting.Show(before), setting.Show(studio); was != is {
				entry := s.entry(studio.ID, audit.TenantSet)
				entry.Old, entry.New = settingValue{setting.Name, was}, settingValue{setting.Name, is}
				entries = append(entries, entry)
			}
		}
		return s.log.Append(ctx, tx, entries...)
	})
	return studio, changed, err
}

// assign reads the assignments into a studio, and returns the names of what changed.
func (s *Studios) assign(studio *Tenant, assigned []Assignment) (changed []string, err error) {
	before, seen := *studio, map[string]bool{}
	for _, one := range assigned {
		if seen[one.Name] {
			return nil, fmt.Errorf("%s is given twice", one.Name)
		}
		seen[one.Name] = true
		if err := set(studio, one.Name, one.Text, s.lax); err != nil {
			return nil, err
		}
	}
	for _, setting := range Settings {
		if setting.Show(before) != setting.Show(*studio) {
			changed = append(changed, setting.Name)
		}
	}
	return changed, nil
}

// Text is a studio's own wording of a mail.
type Text struct{ Kind, Locale, Subject, Body string }

// Texts returns the wordings that a studio has of its own.
func (s *Studios) Texts(ctx context.Context, tenantID id.ID) ([]Text, error) {
	rows, err := queries.New(s.db).TenantTexts(ctx, tenantID)
	if err != nil {
		return nil, fault.Database("read a studio's texts", err)
	}
	texts := make([]Text, len(rows))
	for i, row := range rows {
		texts[i] = Text{row.Kind, row.Locale, row.Subject, row.Body}
	}
	return texts, nil
}

// textValue is a wording as the audit log keeps it: which it was, not what it said.
type textValue struct {
	Kind   string `json:"kind"`
	Locale string `json:"locale"`
	SHA256 string `json:"sha256"`
}

func (t Text) value() textValue {
	sum := sha256.Sum256([]byte(t.Subject + "\x00" + t.Body))
	return textValue{t.Kind, t.Locale, hex.EncodeToString(sum[:])}
}

// SetText gives a studio a wording of its own. That the mail can be sent with it the
// caller has checked.
func (s *Studios) SetText(ctx context.Context, slug string, text Text) error {
	return s.changeText(ctx, slug, audit.TenantTextSet, text.value(), func(q *queries.Queries, studio Tenant) (bool, error) {
		return true, fault.Database("set a studio's text", q.SetTenantText(ctx, queries.SetTenantTextParams{
			TenantID: studio.ID, Kind: text.Kind, Locale: text.Locale, Subject: text.Subject, Body: text.Body,
		}))
	})
}

// ResetText gives a mail its built-in words again; changed is false where it has them.
func (s *Studios) ResetText(ctx context.Context, slug, kind, locale string) (changed bool, err error) {
	err = s.changeText(ctx, slug, audit.TenantTextReset, map[string]string{"kind": kind, "locale": locale}, func(q *queries.Queries, studio Tenant) (bool, error) {
		rows, err := q.ResetTenantText(ctx, studio.ID, kind, locale)
		changed = rows > 0
		return changed, fault.Database("reset a studio's text", err)
	})
	return changed, err
}

func (s *Studios) changeText(ctx context.Context, slug string, action audit.Action, value any, change func(*queries.Queries, Tenant) (bool, error)) error {
	return pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		q := queries.New(tx)
		studio, err := lockStudio(ctx, q, slug)
		if err != nil {
			return err
		}
		if changed, err := change(q, studio); err != nil || !changed {
			return err
		}
		entry := s.entry(studio.ID, action)
		entry.New = value
		return s.log.Append(ctx, tx, entry)
	})
}

func (s *Studios) entry(tenantID id.ID, action audit.Action) audit.Change {
	return audit.Change{TenantID: tenantID, Action: action, RequestID: commandLine}
}

func lockStudio(ctx context.Context, q *queries.Queries, slug string) (Tenant, error) {
	row, err := q.LockTenantBySlug(ctx, slug)
	if errors.Is(err, pgx.ErrNoRows) {
		return Tenant{}, noStudio(slug)
	}
	return tenantFrom(row), fault.Database("find a studio", err)
}

func tenantRow(t Tenant) queries.SetTenantParams {
	row := queries.SetTenantParams{
		ID: t.ID, Name: t.Name, Hosts: t.Hosts, Origins: t.Origins, Locale: string(t.Locale), SignUp: t.SignUp,
		TimeZone: t.TimeZone, Watermark: t.Watermark, DevicePolicy: string(t.Devices),
		UploadJobImages: int32(t.Uploads.JobImages), UploadJobBytes: t.Uploads.JobBytes, UploadTenantBytes: t.Uploads.StudioBytes,
	}
	if t.MailFrom != "" {
		row.MailFrom = &t.MailFrom
	}
	if t.ForgetAfterDays != nil {
		row.ForgetAfterDays = new(int32(*t.ForgetAfterDays))
	}
	return row
}

// taken names the studio that has a host or an origin already.
func taken(doing string, err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.ConstraintName == "tenant_apart" {
		return errors.New(strings.TrimSpace(refused.Detail))
	}
	return fault.Database(doing, err)
}
