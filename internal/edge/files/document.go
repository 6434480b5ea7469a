package files

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"mime"
	"net/http"

	"pixgate/internal/edge/exchange"
	"pixgate/internal/logs"
)

// documentBlock is how much of a document is sent at once.
const documentBlock = 64 << 10

// document answers with what write writes, as a file named for the studio and the day. An error
// in the middle cuts the connection.
func (f Files) document(w http.ResponseWriter, r *http.Request, what, ending, contentType string, write func(context.Context, io.Writer) error) {
	name := what + "-" + exchange.Of(r).Tenant.Slug + "-" + f.Now().UTC().Format("2006-01-02") + "." + ending
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	w.Header().Set("Cache-Control", "private, no-store, no-transform")
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusOK)
		return
	}
	out := bufio.NewWriterSize(&patient{w: w, control: http.NewResponseController(w)}, documentBlock)
	err := write(r.Context(), out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		logs.Note(r.Context(), slog.Any("error", err))
		panic(http.ErrAbortHandler) // or the client would take a part for the whole
	}
}
