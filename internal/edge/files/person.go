package files

import (
	"context"
	"net/http"

	"pixgate/internal/account"
	"pixgate/internal/dossier"
	"pixgate/internal/edge/exchange"
)

// Dossiers lets what a studio keeps about a person out to that person.
type Dossiers interface {
	Export(ctx context.Context, v account.Viewer) (*dossier.Export, error)
}

// Person sends what the studio keeps about whoever asks, as one JSON document. One
// that is cut off is no JSON.
func (f Files) Person(w http.ResponseWriter, r *http.Request) {
	export, err := f.openExport(r)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	f.document(w, r, "export", "json", "application/json; charset=utf-8", export.Send)
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
