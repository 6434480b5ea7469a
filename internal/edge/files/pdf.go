package files

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/edge/exchange"
	"pixgate/internal/fault"
	"pixgate/internal/gate"
	"pixgate/internal/logs"
	"pixgate/internal/pdf"
)

// Pages prints pages of the web.
type Pages interface {
	Print(ctx context.Context, v account.Viewer, r pdf.Request) (*pdf.Document, error)
}

// Page sends the page that an admin names as a PDF file. It ends when they go away.
func (f Files) Page(w http.ResponseWriter, r *http.Request) {
	ctx, viewer := r.Context(), account.ViewerFrom(r.Context())
	err := viewer.Require(account.Admin, f.Now()) // before anything of their question is judged
	if err == nil {
		err = cmp.Or(gate.Refusal(ctx), f.Limits.Pass(ctx, gate.PDF, viewer.AccountID.String()))
	}
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		exchange.Unrouted(w, r, http.StatusUnsupportedMediaType)
		return
	}
	address, err := readPage(r.Body)
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	document, err := f.Pages.Print(ctx, viewer, pdf.Request{URL: address, Blocked: func(why string) { f.alarmPDF(r, viewer, why) }})
	if err != nil {
		exchange.Refuse(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": document.Filename}))
	h.Set("Content-Length", strconv.Itoa(len(document.Bytes)))
	h.Set("Cache-Control", "private, no-store")
	if _, err := io.Copy(&patient{w: w, control: http.NewResponseController(w)}, bytes.NewReader(document.Bytes)); err != nil {
		logs.Note(ctx, slog.Any("error", err))
		panic(http.ErrAbortHandler) // or the client would take a part for the whole
	}
}

// alarmPDF records that something was not let through for a page.
func (f Files) alarmPDF(r *http.Request, viewer account.Viewer, why string) {
	x := exchange.Of(r)
	f.Security.Record(audit.Incident{
		Event: audit.PDFSSRFBlocked, TenantID: &x.Tenant.ID, AccountID: &viewer.AccountID, IP: x.Client, Route: x.Template, Detail: why, RequestID: x.ID,
	})
}

// readPage reads {"url": "https://…"}.
func readPage(body io.Reader) (string, error) {
	wrong := func(path string, code fault.FieldCode, message string) (string, error) {
		return "", fault.Invalid(fault.Field{Path: path, Code: code, Message: message})
	}
	var object map[string]json.RawMessage
	decoder := json.NewDecoder(body)
	err := decoder.Decode(&object)
	_, more := decoder.Token()
	_, other := errors.AsType[*json.UnmarshalTypeError](err)
	switch raw, given := object["url"]; {
	case err != nil && !other || !errors.Is(more, io.EOF):
		return wrong("body", fault.InvalidJSON, "The body is not JSON.")
	case object == nil:
		return wrong("body", fault.InvalidType, "The body is not a JSON object.")
	case !given || string(raw) == "null":
		return wrong("url", fault.Required, "Pass the address of a page.")
	case len(object) > 1:
		return wrong("body", fault.InvalidValue, "There is no other field than url.")
	default:
		var address string
		if json.Unmarshal(raw, &address) != nil {
			return wrong("url", fault.InvalidType, "Must be a text.")
		}
		return address, nil
	}
}
