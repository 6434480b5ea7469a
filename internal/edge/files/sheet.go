package files

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/fault"
	"pixgate/internal/logs"
	"pixgate/internal/transfer"
)

// sheetBlock is how much of a contact sheet is sent at once.
const sheetBlock = 64 << 10

// ContactSheet sends a job's pictures on paper. It is decided like a ZIP, by session or ticket, for
// whoever may see the job, and delivers nothing.
func (f Files) ContactSheet(w http.ResponseWriter, r *http.Request) {
	found, err := f.openSheet(r)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	exchange.Of(r).Account = found.AccountID() // a ticket may have told
	if err := f.limit(r.Context(), found.AccountID()); err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	describe := func() {
		w.Header().Set("Content-Type", "application/pdf")
		w.Header().Set("Content-Disposition", found.Disposition())
		w.Header().Set("Cache-Control", "private, no-store, no-transform")
		w.WriteHeader(http.StatusOK)
	}
	if r.Method == http.MethodHead {
		describe()
		return
	}
	starting, cancel := context.WithTimeout(r.Context(), downloadTimeout)
	defer cancel()
	give, err := found.Start(starting)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	defer give()
	describe()
	out := bufio.NewWriterSize(&patient{w: w, control: http.NewResponseController(w)}, sheetBlock)
	if err = found.Send(r.Context(), out); err == nil {
		err = out.Flush()
	}
	if err != nil {
		logs.Note(r.Context(), slog.Any("error", err))
		panic(http.ErrAbortHandler) // or the client would take a part for the whole
	}
}

func (f Files) openSheet(r *http.Request) (*transfer.ContactSheet, error) {
	ctx, cancel := context.WithTimeout(r.Context(), downloadTimeout)
	defer cancel()
	tickets := r.URL.Query()["ticket"]
	if len(tickets) > 1 {
		return nil, fault.Refused()
	}
	asked := transfer.ArchiveRequest{Viewer: account.ViewerFrom(ctx), Tenant: exchange.Of(r).Tenant.ID, JobID: r.PathValue("id")}
	if len(tickets) == 1 {
		asked.Ticket = tickets[0]
	}
	return f.Archives.OpenSheet(ctx, asked, exchange.Of(r).Tenant)
}
