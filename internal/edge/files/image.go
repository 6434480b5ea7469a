package files

import (
	"cmp"
	"context"
	"net/http"

	"pixgate/internal/account"
	"pixgate/internal/edge/exchange"
)

// Downloads decides who may have a picture.
type Downloads interface {
	// ImageURL delivers: it returns a link and has recorded that it did.
	ImageURL(ctx context.Context, v account.Viewer, imageID string) (string, error)
	// CheckImage decides the same and delivers nothing.
	CheckImage(ctx context.Context, v account.Viewer, imageID string) error
}

// Image sends a browser to the picture. HEAD decides the same and
// delivers nothing, so there is no link to tell of.
func (f Files) Image(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), downloadTimeout)
	defer cancel()
	viewer, image := account.ViewerFrom(ctx), r.PathValue("id")
	if r.Method == http.MethodHead {
		if err := f.Downloads.CheckImage(ctx, viewer, image); err != nil {
			exchange.Refuse(w, r, err)
			return
		}
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	if viewer.SignedIn() {
		if over := f.limit(ctx, viewer.AccountID); over != nil {
			exchange.Refuse(w, r, cmp.Or(f.Downloads.CheckImage(ctx, viewer, image), over))
			return
		}
	}
	link, err := f.Downloads.ImageURL(ctx, viewer, image)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	exchange.SeeOther(w, link)
}
