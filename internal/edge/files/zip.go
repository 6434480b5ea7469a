package files

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/edge/header"
	"pixgate/internal/fault"
	"pixgate/internal/logs"
	"pixgate/internal/transfer"
)

// Archives lets the released pictures of a job out as one file.
type Archives interface {
	Open(ctx context.Context, r transfer.ArchiveRequest) (*transfer.Archive, error)
	OpenSheet(ctx context.Context, r transfer.ArchiveRequest, studio account.Tenant) (*transfer.ContactSheet, error)
}

// ZIP sends the archive of a job, or the range of it that is asked for.
// Whether its pictures may leave is decided anew at each request.
func (f Files) ZIP(w http.ResponseWriter, r *http.Request) {
	archive, err := f.openArchive(r)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	exchange.Of(r).Account = archive.AccountID() // a ticket may have told
	if err := f.limit(r.Context(), archive.AccountID()); err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	asked := header.AskedOf(r, archive.ETag, archive.Size)
	// A file that changed is told apart from a ticket that is over.
	if archive.MustContinue && !asked.Continues && asked.Status != http.StatusPreconditionFailed {
		exchange.Refuse(w, r, fault.Refused())
		return
	}
	switch asked.Status {
	case http.StatusPreconditionFailed:
		exchange.Unrouted(w, r, asked.Status)
	case http.StatusRequestedRangeNotSatisfiable:
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", archive.Size))
		exchange.Unrouted(w, r, asked.Status)
	case http.StatusNotModified:
		describe(w.Header(), archive)
		w.WriteHeader(asked.Status)
	default:
		f.sendArchive(w, r, archive, asked)
	}
}

func (f Files) openArchive(r *http.Request) (*transfer.Archive, error) {
	ctx, cancel := context.WithTimeout(r.Context(), downloadTimeout)
	defer cancel()
	query := r.URL.Query()
	if tickets := query["ticket"]; len(tickets) > 1 {
		return nil, fault.Refused()
	}
	return f.Archives.Open(ctx, transfer.ArchiveRequest{
		Viewer: account.ViewerFrom(ctx), Tenant: exchange.Of(r).Tenant.ID,
		JobID: r.PathValue("id"), Images: query["image"], Ticket: query.Get("ticket"),
	})
}

// describe says what the archive is, on every answer that is about it.
func describe(h http.Header, archive *transfer.Archive) {
	h.Set("ETag", archive.ETag)
	h.Set("Accept-Ranges", "bytes")
	// no-transform: what is changed on the way can't be resumed.
	h.Set("Cache-Control", "private, no-store, no-transform")
}

func (f Files) sendArchive(w http.ResponseWriter, r *http.Request, archive *transfer.Archive, asked header.Asking) {
	announce := func() {
		h := w.Header()
		describe(h, archive)
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", archive.Disposition())
		h.Set("Content-Length", strconv.FormatInt(asked.Span.Length, 10))
		if asked.Status == http.StatusPartialContent {
			h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", asked.Span.First, asked.Span.First+asked.Span.Length-1, archive.Size))
		}
		w.WriteHeader(asked.Status)
	}
	if r.Method == http.MethodHead {
		announce()
		return
	}
	stream, err := archive.Start(r.Context(), asked.Span.First, asked.Span.Length, asked.Continues)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	defer stream.Close()
	out := &paced{w: &patient{w: w, control: http.NewResponseController(w)}, now: f.Now}
	announce()
	if err := stream.Send(out); err != nil {
		logs.Note(r.Context(), slog.Any("error", err))
		panic(http.ErrAbortHandler) // or the client would take a part for the whole
	}
}
