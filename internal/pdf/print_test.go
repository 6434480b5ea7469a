package pdf_test

import (
	"bytes"
	"testing"

	"pixgate/internal/pdf"
)

func TestAPageIsPrinted(t *testing.T) {
	t.Parallel()
	n := newInternet(t)
	n.page("/invoice", `<h1>Rechnung</h1><script>document.write('<p>' + (1 + 1))</script><img src="https://other.example/dot.png">`)
	n.page("/dot.png", "x")
	var b blocks
	got, err := n.printer().Print(t.Context(), admin, pdf.Request{URL: "https://PAGE.example./invoice?n=1", Blocked: b.add})
	if err != nil {
		t.Fatal(err, b.String())
	}
	if !bytes.HasPrefix(got.Bytes, []byte("%PDF-")) || got.Filename != "page.example.pdf" || !n.saw("other.example/dot.png") || len(b.why) > 0 {
		t.Errorf("%q, %d bytes, %v, %s", got.Filename, len(got.Bytes), n.asked, b.String())
	}
}
