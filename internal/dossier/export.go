package dossier

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/queries"
)

// exportedAtOnce is how many rows of a kind are held in memory.
const exportedAtOnce = 500

// Export is what a studio keeps about a person, on its way to that person.
type Export struct {
	dossiers *Dossiers
	viewer   account.Viewer
	studio   account.Tenant
	person   queries.Account
	mail     queries.MailStandingsRow
}

// Export begins to let out what the viewer's studio keeps about the viewer, and nobody
// else. Little is read yet. Members in good standing only.
func (d *Dossiers) Export(ctx context.Context, v account.Viewer) (*Export, error) {
	if err := v.Good(d.Now()); err != nil {
		return nil, err
	}
	studio, err := d.Tenants.ByID(ctx, v.TenantID)
	if err != nil {
		return nil, err
	}
	person, err := queries.New(d.DB).AccountByID(ctx, v.TenantID, v.AccountID)
	if err != nil {
		return nil, fault.Database("read an account", err)
	}
	mail, err := queries.New(d.DB).MailStandings(ctx, v.TenantID, []id.ID{v.AccountID})
	if err != nil {
		return nil, fault.Database("read how mail stands", err)
	}
	if len(mail) != 1 {
		return nil, fault.Refused() // erased a moment ago
	}
	return &Export{d, v, studio, person, mail[0]}, nil
}

// Send writes one JSON document, as it reads: memory does not grow with it. An error
// means that what was written has no end, and is no JSON. While it goes on it asks
// again whether the session lives.
func (e *Export) Send(ctx context.Context, w io.Writer) error {
	d := &document{w: w, check: func() error { return e.check(ctx) }}
	d.field("exportedAt", e.dossiers.Now().UTC())
	d.field("studio", map[string]any{"slug": e.studio.Slug, "name": e.studio.Name})
	d.field("account", map[string]any{
		"id": id.Account.Format(e.person.ID), "email": e.person.Email, "role": e.person.Role, "locale": e.person.Locale, "createdAt": e.person.CreatedAt.UTC(), "verifiedAt": utc(e.person.VerifiedAt),
		"validUntil": utc(e.person.ValidUntil), "maxDevices": e.person.MaxDevices, "lastSeenAt": utc(e.person.LastSeenAt),
		"notifications": !e.mail.Unsubscribed, "mailRefusedSince": utc(e.mail.CreatedAt),
	})
	for _, part := range e.parts(queries.New(e.dossiers.DB), e.viewer.TenantID, e.viewer.AccountID) {
		d.list(part.name, func(last place) ([]any, place, error) { return part.read(ctx, last) })
	}
	d.end()
	return d.err
}

// place is where a list goes on: behind the row of this time and id, or that far.
type place struct {
	at time.Time
	id id.ID
}

// The ends of lists in time.
var (
	dawn      = time.Unix(0, 0)
	endOfTime = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
)

// part is a list of the export: read returns the rows behind a place, the zero place at
// first, and where the next ones are; none: it is over.
type part struct {
	name string
	read func(ctx context.Context, last place) ([]any, place, error)
}

// parts are all that there is of a person. A table that gets something personal gets a
// line here.
func (e *Export) parts(q *queries.Queries, tenantID, accountID id.ID) []part {
	return []part{
		{"devices", func(ctx context.Context, last place) ([]any, place, error) {
			rows, err := q.DevicesOfPerson(ctx, queries.DevicesOfPersonParams{TenantID: tenantID, AccountID: accountID, AfterID: last.id, MaxRows: exportedAtOnce})
			return shown(rows, err, func(r queries.DevicesOfPersonRow) (any, place) {
				return map[string]any{"id": r.ID.String(), "name": r.Name, "kind": r.Kind, "createdAt": r.CreatedAt.UTC(), "lastSeenAt": r.LastSeenAt.UTC(), "removedAt": utc(r.RemovedAt)}, place{id: r.ID}
			})
		}},
		{"sessions", func(ctx context.Context, last place) ([]any, place, error) {
			if last != (place{}) {
				return nil, last, nil
			}
			rows, err := q.SessionsOfPerson(ctx, tenantID, accountID)
			return shown(rows, err, func(r queries.SessionsOfPersonRow) (any, place) {
				return map[string]any{"deviceId": r.DeviceID.String(), "transport": r.Transport, "mismatches": r.Mismatches, "createdAt": r.CreatedAt.UTC(), "expiresAt": r.ExpiresAt.UTC(), "revokedAt": utc(r.RevokedAt)}, place{r.CreatedAt, r.ID}
			})
		}},
		{"bookings", func(ctx context.Context, last place) ([]any, place, error) {
			before := down(last)
			rows, err := q.BookedByPerson(ctx, queries.BookedByPersonParams{TenantID: tenantID, AccountID: accountID, BeforeAt: before.at, BeforeID: before.id, MaxRows: exportedAtOnce})
			events, err := eventsOf(ctx, q, rows, err)
			return shown(rows, err, func(r queries.Booking) (any, place) { return booked(r, events[r.ID]), place{r.CreatedAt, r.ID} })
		}},
		{"jobs", func(ctx context.Context, last place) ([]any, place, error) {
			before := down(last)
			rows, err := q.JobsOfPerson(ctx, queries.JobsOfPersonParams{TenantID: tenantID, AccountID: accountID, BeforeAt: before.at, BeforeID: before.id, MaxRows: exportedAtOnce})
			return shown(rows, err, func(r queries.Job) (any, place) {
				return map[string]any{
					"id": id.Job.Format(r.ID), "title": r.Title, "status": r.Status, "customerEmail": r.CustomerEmail, "includedImages": r.IncludedImages,
					"allImagesIncluded": r.AllImagesIncluded, "images": r.ImageCount, "createdAt": r.CreatedAt.UTC(),
				}, place{r.CreatedAt, r.ID}
			})
		}},
		{"uploads", func(ctx context.Context, last place) ([]any, place, error) {
			rows, err := q.UploadedByPerson(ctx, queries.UploadedByPersonParams{TenantID: tenantID, AccountID: accountID, AfterID: last.id, MaxRows: exportedAtOnce})
			return shown(rows, err, func(r queries.UploadedByPersonRow) (any, place) {
				one := map[string]any{
					"id": id.Upload.Format(r.ID), "jobId": id.Job.Format(r.JobID), "state": r.State, "filename": r.Filename, "contentType": r.ContentType, "size": r.Size,
					"sha256": hex.EncodeToString(r.Sha256), "rejection": r.Rejection, "explanation": r.Explanation, "createdAt": r.CreatedAt.UTC(), "endedAt": utc(r.EndedAt),
				}
				if r.ImageID != nil {
					one["imageId"] = id.Image.Format(*r.ImageID)
				}
				return one, place{id: r.ID}
			})
		}},
		{"notifications", func(ctx context.Context, last place) ([]any, place, error) {
			rows, err := q.NotificationsOfPerson(ctx, queries.NotificationsOfPersonParams{TenantID: tenantID, AccountID: &accountID, AfterID: last.id, MaxRows: exportedAtOnce})
			return shown(rows, err, func(r queries.NotificationsOfPersonRow) (any, place) {
				return map[string]any{
					"jobId": id.Job.Format(r.JobID), "kind": r.Kind, "message": r.Message, "images": r.Images, "createdAt": r.CreatedAt.UTC(), "mailedAt": utc(r.MailedAt),
				}, place{id: r.ID}
			})
		}},
		{"selections", func(ctx context.Context, last place) ([]any, place, error) {
			after := up(last)
			rows, err := q.SelectionsOfPerson(ctx, queries.SelectionsOfPersonParams{TenantID: tenantID, AccountID: accountID, AfterAt: after.at, AfterID: after.id, MaxRows: exportedAtOnce})
			return shown(rows, err, func(r queries.SelectionEvent) (any, place) {
				return map[string]any{"jobId": id.Job.Format(r.JobID), "imageId": id.Image.Format(r.ImageID), "oldState": r.OldState, "newState": r.NewState, "at": r.At.UTC()}, place{r.At, r.ID}
			})
		}},
		{"deliveries", func(ctx context.Context, last place) ([]any, place, error) {
			after := up(last)
			rows, err := q.DeliveriesToPerson(ctx, queries.DeliveriesToPersonParams{TenantID: tenantID, AccountID: accountID, AfterAt: after.at, AfterID: after.id, MaxRows: exportedAtOnce})
			return shown(rows, err, func(r queries.DeliveriesToPersonRow) (any, place) {
				images := make([]string, len(r.ImageIds))
				for i, image := range r.ImageIds {
					images[i] = id.Image.Format(image)
				}
				return map[string]any{"jobId": id.Job.Format(r.JobID), "imageIds": images, "way": r.Way, "at": r.At.UTC()}, place{r.At, r.ID}
			})
		}},
	}
}

// eventsOf are what happened to bookings, by those; err is passed on.
func eventsOf(ctx context.Context, q *queries.Queries, bookings []queries.Booking, err error) (map[id.ID][]any, error) {
	if err != nil || len(bookings) == 0 {
		return nil, err
	}
	ids := make([]id.ID, len(bookings))
	for i, one := range bookings {
		ids[i] = one.ID
	}
	rows, err := q.EventsOfBookings(ctx, bookings[0].TenantID, ids)
	all := make(map[id.ID][]any, len(bookings))
	for _, r := range rows {
		byYou := r.AccountID == bookings[0].AccountID // who else the studio answers for
		all[r.BookingID] = append(all[r.BookingID], map[string]any{"state": r.State, "byYou": byYou, "at": r.At.UTC()})
	}
	return all, err
}

// booked is a booking as the document has it.
func booked(r queries.Booking, events []any) map[string]any {
	dates := []string{}
	for _, date := range r.PreferredDates {
		dates = append(dates, date.Format(time.DateOnly))
	}
	one := map[string]any{
		"id": id.Booking.Format(r.ID), "state": r.State, "address": r.Address, "preferredDates": dates, "notes": r.Notes, "contactPhone": r.ContactPhone,
		"message": r.Message, "verifiedAt": r.VerifiedAt.UTC(), "createdAt": r.CreatedAt.UTC(), "updatedAt": utc(r.UpdatedAt), "events": events,
		"package": map[string]any{
			"key": r.Package, "name": r.PackageName, "includedImages": r.IncludedImages, "allImagesIncluded": r.AllImagesIncluded,
			"extraPrice": r.ExtraPrice, "currency": r.Currency,
		},
	}
	if r.ConfirmedDate != nil {
		one["confirmedDate"] = r.ConfirmedDate.Format(time.DateOnly)
	}
	return one
}

// up and down are the first places of lists from the oldest on, and from the newest.
func up(last place) place {
	if last == (place{}) {
		return place{at: dawn}
	}
	return last
}

func down(last place) place {
	if last == (place{}) {
		return place{at: endOfTime}
	}
	return last
}

// shown writes rows as the document has them.
func shown[R any](rows []R, err error, show func(R) (any, place)) (all []any, last place, _ error) {
	if err != nil {
		return nil, last, fault.Database("read what is kept about somebody", err)
	}
	for _, row := range rows {
		var one any
		one, last = show(row)
		all = append(all, one)
	}
	return all, last, nil
}

func utc(at *time.Time) *time.Time {
	if at == nil {
		return nil
	}
	return new(at.UTC())
}

// check asks whether the session lives, and is in good standing, now.
func (e *Export) check(ctx context.Context) error {
	v, err := e.dossiers.Sessions.ByID(ctx, e.viewer.TenantID, e.viewer.SessionID)
	if err != nil {
		return err
	}
	return v.Good(e.dossiers.Now())
}

// document is a JSON object that is written field by field. After an error it writes
// nothing more.
type document struct {
	w       io.Writer
	check   func() error // asked before every block but the first
	started bool
	blocks  int
	err     error
}

func (d *document) write(text ...[]byte) {
	for _, one := range text {
		if d.err == nil {
			if _, err := d.w.Write(one); err != nil {
				d.err = fmt.Errorf("write what is kept about somebody: %w", err)
			}
		}
	}
}

// encoded is a value as JSON, without escapes for HTML.
func (d *document) encoded(value any) []byte {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(value); err != nil && d.err == nil {
		d.err = fmt.Errorf("encode what is kept about somebody: %w", err)
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}

func (d *document) key(name string) {
	lead := ",\n"
	if !d.started {
		lead, d.started = "{\n", true
	}
	d.write([]byte(lead), d.encoded(name), []byte(": "))
}

func (d *document) field(name string, value any) {
	d.key(name)
	d.write(d.encoded(value))
}

// list writes what read returns, an element a line, until it returns none.
func (d *document) list(name string, read func(last place) ([]any, place, error)) {
	d.key(name)
	d.write([]byte("["))
	between := "\n"
	for last := (place{}); d.err == nil; {
		if d.blocks++; d.blocks > 1 {
			if d.err = d.check(); d.err != nil {
				return
			}
		}
		rows, next, err := read(last)
		if err != nil {
			d.err = err
			return
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			d.write([]byte(between), d.encoded(row))
			between = ",\n"
		}
		last = next
	}
	d.write([]byte("\n]"))
}

func (d *document) end() { d.write([]byte("\n}\n")) }
