package files

import (
	"bufio"
	"cmp"
	"context"
	"log/slog"
	"mime"
	"net/http"
	"strconv"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/journal"
	"pixgate/internal/logs"
)

// Journal lets a studio's audit log out as a file.
type Journal interface {
	Export(ctx context.Context, v account.Viewer, after int64) (*journal.Export, error)
}

// auditBlock is how much of the audit log is sent at once.
const auditBlock = 64 << 10

// AuditLog sends the studio's audit log, oldest first, an entry a line. A file
// without its last line, which says so, is not the whole.
func (f Files) AuditLog(w http.ResponseWriter, r *http.Request) {
	export, err := f.openAudit(r)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	name := "audit-" + exchange.Of(r).Tenant.Slug + "-" + f.Now().UTC().Format("2006-01-02") + ".ndjson"
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Cache-Control", "private, no-store, no-transform")
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	out := bufio.NewWriterSize(&patient{w: w, control: http.NewResponseController(w)}, auditBlock)
	err = export.Send(r.Context(), out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		logs.Note(r.Context(), slog.Any("error", err))
		panic(http.ErrAbortHandler) // or the client would take a part for the whole
	}
}

func (f Files) openAudit(r *http.Request) (*journal.Export, error) {
	ctx, cancel := context.WithTimeout(r.Context(), downloadTimeout)
	defer cancel()
	after := int64(0)
	if query := r.URL.Query(); query.Has("after") {
		named, err := strconv.ParseUint(query.Get("after"), 10, 63)
		if err != nil || len(query["after"]) > 1 {
			// Only somebody who may have the file learns what is wrong with the question.
			if err := account.ViewerFrom(ctx).Require(account.Admin, f.Now()); err != nil {
				return nil, err
			}
			return nil, fault.Invalid(fault.Field{Path: "after", Code: fault.InvalidValue, Message: "Pass the last sequence that you have."})
		}
		after = int64(named)
	}
	export, err := f.Journal.Export(ctx, account.ViewerFrom(ctx), after)
	return export, cmp.Or(err, gate.Refusal(ctx))
}
