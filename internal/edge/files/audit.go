package files

import (
	"cmp"
	"context"
	"net/http"
	"strconv"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/journal"
)

// Journal lets a studio's audit log out as a file.
type Journal interface {
	Export(ctx context.Context, v account.Viewer, after int64) (*journal.Export, error)
}

// AuditLog sends the studio's audit log, oldest first, an entry a line. A file
// without its last line, which says so, is not the whole.
func (f Files) AuditLog(w http.ResponseWriter, r *http.Request) {
	export, err := f.openAudit(r)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	f.document(w, r, "audit", "ndjson", "application/x-ndjson", export.Send)
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
