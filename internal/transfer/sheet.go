package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"golang.org/x/sync/errgroup"

	"pixgate/internal/account"
	"pixgate/internal/blob"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/internal/page"
	"pixgate/internal/picture"
	"pixgate/internal/sheet"
	"pixgate/queries"
)

const (
	sheetPurpose = "contact sheet ticket"

	// previewsAtOnce is how many previews of a sheet are read side by side.
	previewsAtOnce = 4
	// maxPreview is how large one may be, in bytes: they are 480 pixels wide.
	maxPreview = 1 << 20
)

// shownStates are those whose pictures have a preview.
var shownStates = []job.SelectionState{job.None, job.Included, job.ExtraPending, job.ExtraPaid, job.ExtraFree}

// ContactSheet is a job's pictures on paper: small, with their names and what has been
// chosen, to choose from. It delivers nothing: it has what previews have.
type ContactSheet struct {
	all    *Archives
	viewer account.Viewer
	linked bool // see [ArchiveRequest.byLink]
	job    *job.Job
	studio string
	words  sheetWords
	first  batch
}

// SheetLink returns the path and query of a job's contact sheet with a ticket in it, which starts one
// for five minutes, for the session that asks. Whoever follows it is judged again.
func (s *Archives) SheetLink(v account.Viewer, j *job.Job) string {
	return "/jobs/" + j.PublicID() + "/contact-sheet.pdf?" + url.Values{"ticket": {s.newTicketFor(sheetPurpose, v, j.PublicID(), nil)}}.Encode()
}

// OpenSheet decides whether the viewer, or whoever the ticket is of, may see the job. Images of r
// must be empty.
func (s *Archives) OpenSheet(ctx context.Context, r ArchiveRequest, studio account.Tenant) (*ContactSheet, error) {
	c := &ContactSheet{all: s, viewer: r.Viewer, studio: studio.Name}
	if r.Ticket != "" {
		late := false
		var err error
		if c.viewer, late, err = s.redeemFor(ctx, sheetPurpose, r); err != nil {
			return nil, err
		}
		if late {
			return nil, fault.Refused()
		}
		c.linked = r.byLink(c.viewer)
	}
	var err error
	if c.job, err = s.jobs.ByID(ctx, c.viewer, r.JobID); err != nil {
		return nil, err
	}
	row, err := queries.New(s.db).AccountByID(ctx, c.viewer.TenantID, c.viewer.AccountID)
	if err != nil {
		return nil, fault.Database("read an account", err)
	}
	locale := studio.Locale
	if row.Locale != nil {
		locale = account.Locale(*row.Locale)
	}
	c.words = wordsOfSheet(locale)
	return c, nil
}

// AccountID is whose sheet it is: who is signed in, or whom the ticket names.
func (c *ContactSheet) AccountID() id.ID { return c.viewer.AccountID }

// Disposition is the sheet's Content-Disposition.
func (c *ContactSheet) Disposition() string {
	return blob.Attachment(picture.Filename(strings.ReplaceAll(c.words.file+" "+c.job.Title, "/", "_") + ".pdf"))
}

// Start brings the first pictures, so that what is away is known before the first byte leaves. It
// takes one of the account's places for archives, which give gives back.
func (c *ContactSheet) Start(ctx context.Context) (give func(), err error) {
	if give, err = c.all.slots.take(ctx, c.viewer.AccountID, c.linked); err != nil {
		return nil, err
	}
	if c.first, err = c.read(ctx, nil); err != nil {
		give()
		return nil, err
	}
	return give, nil
}

// Send draws the sheet. An error means that what w got is no whole PDF. Before each page it is asked anew
// whether its viewer may see the job, and what is blocked by then is not on it.
func (c *ContactSheet) Send(ctx context.Context, w io.Writer) error {
	out := sheet.New(w, sheet.Head{
		Studio: c.studio, Title: c.job.Title, Note: c.words.note(c.job), Page: func(n int) string { return fmt.Sprintf(c.words.page, n) },
	})
	count := 0
	for next := c.first; ; {
		for _, p := range next.pictures {
			if err := out.Add(p); err != nil {
				return fmt.Errorf("draw a contact sheet: %w", err)
			}
		}
		count += len(next.pictures)
		if next.after == nil {
			break
		}
		if err := c.still(ctx); err != nil {
			return err
		}
		var err error
		if next, err = c.read(ctx, next.after); err != nil {
			return err
		}
	}
	if err := out.Close(fmt.Sprintf(c.words.end, count)); err != nil {
		return fmt.Errorf("draw a contact sheet: %w", err)
	}
	return nil
}

// still asks whether the session lives and its holder may see the job.
func (c *ContactSheet) still(ctx context.Context) error {
	v, err := c.all.sessions.ByID(ctx, c.viewer.TenantID, c.viewer.SessionID)
	if err != nil {
		return err
	}
	if v.AccountID != c.viewer.AccountID {
		return fault.Refused()
	}
	c.viewer = v
	c.job, err = c.all.jobs.ByID(ctx, v, c.job.PublicID())
	return err
}

// batch is a page of pictures with their previews.
type batch struct {
	pictures []sheet.Picture
	after    *page.Cursor // of the last, where more follow
}

func (c *ContactSheet) read(ctx context.Context, after *page.Cursor) (batch, error) {
	listed, err := c.all.jobs.Images(ctx, c.viewer, c.job, job.ImageFilter{States: shownStates}, page.Window{Size: sheet.PerPage, After: after})
	if err != nil {
		return batch{}, err
	}
	b := batch{pictures: make([]sheet.Picture, len(listed.Images))}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(previewsAtOnce)
	for i, image := range listed.Images {
		b.pictures[i] = c.words.picture(image)
		group.Go(func() (err error) {
			b.pictures[i].Preview, err = c.preview(groupCtx, image)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return batch{}, err
	}
	if listed.More {
		b.after = new(listed.Images[len(listed.Images)-1].Cursor())
	}
	return b, nil
}

// preview reads a picture's small rendition; nil where the storage has lost it, which then stands
// in its place.
func (c *ContactSheet) preview(ctx context.Context, image *job.Image) ([]byte, error) {
	body, _, err := c.all.store.Get(ctx, image.SmallKey, blob.GetOptions{})
	if errors.Is(err, blob.ErrNotFound) {
		c.all.log.ErrorContext(ctx, "a preview is missing", "job", image.Job.ID.String(), "image", image.ID.String())
		return nil, nil
	}
	if err != nil {
		return nil, fault.Away("storage, for a contact sheet", err)
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxPreview+1))
	if err != nil {
		return nil, fault.Away("storage, for a contact sheet", err)
	}
	if len(data) > maxPreview {
		return nil, fmt.Errorf("the preview of image %s is too large", image.ID)
	}
	return data, nil
}
