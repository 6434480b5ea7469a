package files

import (
	"bufio"
	"context"
	"log/slog"
	"mime"
	"net/http"

	"pixgate/internal/account"
	"pixgate/internal/dossier"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/logs"
)

// Dossiers lets what a studio keeps about a person out to that person.
type Dossiers interface {
	Export(ctx context.Context, v account.Viewer) (*dossier.Export, error)
}

// exportBlock is how much of an export is sent at once.
const exportBlock = 64 << 10

// Person sends what the studio keeps about whoever asks, as one JSON document. One
// that is cut off is no JSON.
func (f Files) Person(w http.ResponseWriter, r *http.Request) {
	export, err := f.openExport(r)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	name := "export-" + exchange.Of(r).Tenant.Slug + "-" + f.Now().UTC().Format("2006-01-02") + ".json"
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Cache-Control", "private, no-store, no-transform")
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	out := bufio.NewWriterSize(&patient{w: w, control: http.NewResponseController(w)}, exportBlock)
	err = export.Send(r.Context(), out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		logs.Note(r.Context(), slog.Any("error", err))
		panic(http.ErrAbortHandler) // or the client would take a part for the whole
	}
}

func (f Files) openExport(r *http.Request) (*dossier.Export, error) {
	ctx, cancel := context.WithTimeout(r.Context(), downloadTimeout)
	defer cancel()
	viewer := account.ViewerFrom(ctx)
	export, err := f.Dossiers.Export(ctx, viewer)
	if err != nil {
		return nil, err
	}
	return export, f.limit(ctx, viewer.AccountID)
}
