package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/booking"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/transfer"
	"pixgate/queries"
)

// Studio is what the demo is loaded with: the same rooms that the server uses.
type Studio struct {
	DB      *pgxpool.Pool
	Tenant  account.Tenant
	Store   *blob.Store
	Jobs    *job.Jobs
	Imports *transfer.Imports

	Bookings *booking.Bookings // with a [Quiet] queue
	Offer    *booking.Offer

	Now func() time.Time

	Progress io.Writer // is told each job before its pictures are painted, a line each
	Out      io.Writer // is told who can sign in
}

const studioName = "pix.immo"

// The people of the demo. Each signs in with the code that the mailbox shows.
const (
	adminEmail        = "admin@studio.example"
	photographerEmail = "foto@studio.example"
	annaEmail         = "anna@kunde.example"
	benEmail          = "ben@kunde.example"
)

var people = []struct {
	email string
	role  account.Role
	about string
}{
	{adminEmail, account.Operator, "runs the studio and the installation: sees everything, makes jobs"},
	{photographerEmail, account.Photographer, "took the pictures of all jobs"},
	{annaEmail, account.Customer, "a client with three jobs: ten pictures included, all included, and 240 to download as one ZIP; and two bookings"},
	{benEmail, account.Customer, "a client who has not chosen yet: eight of twenty pictures"},
}

// shoot is a job of the demo.
type shoot struct {
	title    string
	prefix   string
	customer string
	included int
	all      bool
	series   bool                 // many small pictures
	noExtras bool                 // past the package nothing can be had
	states   []job.SelectionState // of the first pictures; the rest are NONE
}

func repeat(n int, state job.SelectionState) []job.SelectionState {
	states := make([]job.SelectionState, n)
	for i := range states {
		states[i] = state
	}
	return states
}

var shoots = []shoot{
	{
		title: "Villa am See, Starnberg", prefix: "villa-am-see", customer: annaEmail, included: 10,
		states: append(append(append(repeat(10, job.Included), repeat(3, job.ExtraPending)...), job.ExtraPaid, job.ExtraFree), job.Blocked),
	},
	{title: "Loft Hafencity, Hamburg", prefix: "loft-hafencity", customer: annaEmail, all: true, states: []job.SelectionState{job.Blocked}},
	{title: "Neubau Kastanienallee 7, Berlin", prefix: "neubau-kastanienallee", customer: benEmail, included: 8, noExtras: true},
	{title: "Wohnanlage Süd, München", prefix: "wohnanlage-sued", customer: annaEmail, all: true, series: true},
}

// Load makes the demo studio: people, jobs, and pictures that it paints, stores and
// takes in as the server would. What is there already is left as it is, so that it
// can be called on every start. It ends with who can sign in.
func Load(ctx context.Context, s Studio) error {
	if err := queries.New(s.DB).NameTenant(ctx, s.Tenant.ID, studioName); err != nil {
		return fault.Database("name the studio", err)
	}
	admin, err := s.people(ctx)
	if err != nil {
		return err
	}
	for i, one := range shoots {
		names := seriesNames()
		if !one.series {
			names = Names()[i]
		}
		if err := s.shoot(ctx, admin, one, names, i*100); err != nil {
			return fmt.Errorf("load %q: %w", one.title, err)
		}
	}
	if err := s.book(ctx, admin); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "People of the demo; sign in with the code that arrives in the mailbox:")
	for _, person := range people {
		fmt.Fprintf(s.Out, "  %-22s %s\n", person.email, person.about)
	}
	return nil
}

// people makes the accounts and returns the admin as a viewer: whoever may run
// this command acts as the studio.
func (s Studio) people(ctx context.Context) (account.Viewer, error) {
	q := queries.New(s.DB)
	var admin account.Viewer
	for _, person := range people {
		address, ok := account.ParseAddress(person.email)
		if !ok {
			return admin, fmt.Errorf("%q is no address", person.email)
		}
		made, err := q.EnsureAccount(ctx, queries.EnsureAccountParams{
			ID: id.New(s.Now()), TenantID: s.Tenant.ID, EmailKey: address.Key(), Email: address.Mailbox(), Role: string(person.role), Now: s.Now(),
		})
		if err != nil {
			return admin, fault.Database("make "+person.email, err)
		}
		if person.email == adminEmail {
			admin = account.Viewer{
				TenantID: s.Tenant.ID, AccountID: made.ID, SessionID: id.New(s.Now()), Email: person.email, Role: account.Admin, RequestID: "demo",
			}
		}
	}
	return admin, nil
}

func (s Studio) shoot(ctx context.Context, admin account.Viewer, one shoot, names []string, seed int) error {
	existing, err := s.find(ctx, admin, one.title)
	if err != nil {
		return err
	}
	if existing != nil && existing.ImageCount >= len(names) {
		return nil
	}
	fmt.Fprintf(s.Progress, "%s, %d pictures\n", one.title, len(names))
	if err := s.paint(ctx, one, names, seed); err != nil {
		return err
	}
	if existing == nil {
		photographer := photographerEmail
		made, refusals, err := s.Jobs.Create(ctx, admin, job.New{
			CustomerEmail: one.customer, Title: one.title, IncludedImages: one.included, AllImagesIncluded: one.all, SellsExtras: !one.noExtras,
			PhotographerEmail: &photographer, Reason: "demo",
		})
		if err != nil || refusals != nil {
			return fmt.Errorf("create the job: %v %w", refusals, err)
		}
		existing = made
	}
	run, _, err := s.Imports.Start(ctx, admin, existing.PublicID(), "demo/"+one.prefix, "demo")
	if err != nil {
		return fmt.Errorf("start the import: %w", err)
	}
	if err := s.Imports.Run(ctx, run.ID); err != nil {
		return fmt.Errorf("take the pictures in: %w", err)
	}
	return s.choose(ctx, admin, existing, one)
}

func (s Studio) find(ctx context.Context, admin account.Viewer, title string) (*job.Job, error) {
	w := page.Window{Size: page.MaxSize}
	jobs, _, err := s.Jobs.List(ctx, admin, job.Filter{}, w)
	if err != nil {
		return nil, fmt.Errorf("list the jobs: %w", err)
	}
	for _, j := range jobs {
		if j.Title == title {
			return j, nil
		}
	}
	return nil, nil
}

// paint puts the pictures where a studio would upload them.
func (s Studio) paint(ctx context.Context, one shoot, names []string, seed int) error {
	write := func(w io.Writer, n int) error { return Paint(w, seed+n) }
	if one.series {
		painted, err := newSeries(seed)
		if err != nil {
			return err
		}
		write = func(w io.Writer, n int) error { return painted.write(w, n, seed+n) }
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, name := range names {
		group.Go(func() error {
			var picture bytes.Buffer
			if err := write(&picture, i); err != nil {
				return fmt.Errorf("paint %s: %w", name, err)
			}
			key := "tenants/" + s.Tenant.Slug + "/incoming/demo/" + one.prefix + "/" + name
			if _, err := s.Store.Put(ctx, key, "image/jpeg", picture.Bytes()); err != nil {
				return fmt.Errorf("store %s: %w", name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// choose puts the first pictures of a job into the states of the demo, by what the
// studio does day by day, so that the audit log has something to tell.
func (s Studio) choose(ctx context.Context, admin account.Viewer, j *job.Job, one shoot) error {
	first, err := s.Jobs.Images(ctx, admin, j, job.ImageFilter{}, page.Window{Size: page.MaxSize})
	if err != nil {
		return fmt.Errorf("list the pictures: %w", err)
	}
	named := map[job.SelectionState][]string{}
	for i, state := range one.states[:min(len(one.states), len(first.Images))] {
		named[state] = append(named[state], first.Images[i].PublicID())
	}
	paid := named[job.ExtraPaid]
	for _, act := range []struct {
		state  job.SelectionState
		images []string
		reason string
	}{
		{job.Included, named[job.Included], "Auswahl am Telefon"},
		{job.ExtraPending, append(named[job.ExtraPending], paid...), "Auswahl am Telefon"},
		{job.ExtraFree, named[job.ExtraFree], "Kulanz: das Wetter war schlecht"},
		{job.Blocked, named[job.Blocked], "Person im Bild"},
	} {
		if act.images == nil {
			continue
		}
		if _, refusals, err := s.Jobs.SetState(ctx, admin, act.images, act.state, act.reason); err != nil || refusals != nil {
			return fmt.Errorf("choose pictures: %v %w", refusals, err)
		}
	}
	if paid == nil {
		return nil
	}
	if _, refusals, err := s.Jobs.Settle(ctx, admin, j.PublicID(), paid, "Rechnung "+one.prefix); err != nil || refusals != nil {
		return fmt.Errorf("settle extras: %v %w", refusals, err)
	}
	return nil
}
