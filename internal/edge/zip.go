package edge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/fault"
	"pixgate/internal/logs"
	"pixgate/internal/transfer"
)

// Archives lets the released pictures of a job out as one file.
type Archives interface {
	Open(ctx context.Context, r transfer.ArchiveRequest) (*transfer.Archive, error)
	OpenSheet(ctx context.Context, r transfer.ArchiveRequest, studio account.Tenant) (*transfer.ContactSheet, error)
}

// clientStall is how long a client may take to accept a block of a file.
const clientStall = time.Minute

// downloadZIP sends the archive of a job, or the range of it that is asked for.
// Whether its pictures may leave is decided anew at each request.
func (e *edge) downloadZIP(w http.ResponseWriter, r *http.Request) {
	archive, err := e.openArchive(r)
	if err != nil {
		refuse(w, r, err)
		return
	}
	exchangeOf(r).account = archive.AccountID() // a ticket may have told
	if err := e.limitDownload(r.Context(), archive.AccountID()); err != nil {
		refuse(w, r, err)
		return
	}
	asked := askedOf(r, archive.ETag, archive.Size)
	// A file that changed is told apart from a ticket that is over.
	if archive.MustContinue && !asked.continues && asked.status != http.StatusPreconditionFailed {
		refuse(w, r, fault.Refused())
		return
	}
	switch asked.status {
	case http.StatusPreconditionFailed:
		unrouted(w, r, asked.status)
	case http.StatusRequestedRangeNotSatisfiable:
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", archive.Size))
		unrouted(w, r, asked.status)
	case http.StatusNotModified:
		describe(w.Header(), archive)
		w.WriteHeader(asked.status)
	default:
		e.sendArchive(w, r, archive, asked)
	}
}

func (e *edge) openArchive(r *http.Request) (*transfer.Archive, error) {
	ctx, cancel := context.WithTimeout(r.Context(), downloadTimeout)
	defer cancel()
	query := r.URL.Query()
	if tickets := query["ticket"]; len(tickets) > 1 {
		return nil, fault.Refused()
	}
	return e.Archives.Open(ctx, transfer.ArchiveRequest{
		Viewer: account.ViewerFrom(ctx), Tenant: exchangeOf(r).tenant.ID,
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

func (e *edge) sendArchive(w http.ResponseWriter, r *http.Request, archive *transfer.Archive, asked asking) {
	announce := func() {
		h := w.Header()
		describe(h, archive)
		h.Set("Content-Type", "application/zip")
		h.Set("Content-Disposition", archive.Disposition())
		h.Set("Content-Length", strconv.FormatInt(asked.span.length, 10))
		if asked.status == http.StatusPartialContent {
			h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", asked.span.first, asked.span.first+asked.span.length-1, archive.Size))
		}
		w.WriteHeader(asked.status)
	}
	if r.Method == http.MethodHead {
		announce()
		return
	}
	stream, err := archive.Start(r.Context(), asked.span.first, asked.span.length, asked.continues)
	if err != nil {
		refuse(w, r, err)
		return
	}
	defer stream.Close()
	out := &patient{w: w, control: http.NewResponseController(w)}
	announce()
	if err := stream.Send(out); err != nil {
		logs.Note(r.Context(), slog.Any("error", err))
		panic(http.ErrAbortHandler) // or the client would take a part for the whole
	}
}

// patient gives each block the same time, however long all of them take: the server's
// limit for a whole answer would cut off every file that is longer.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (p *patient) Write(block []byte) (int, error) {
	// Of the machine's clock, like the connection's own deadlines.
	if err := p.control.SetWriteDeadline(time.Now().Add(clientStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("move the deadline: %w", err)
	}
	return p.w.Write(block)
}
