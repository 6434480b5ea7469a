package matrix

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pixgate/internal/dev/cast"
	"pixgate/internal/dev/stage"
	"pixgate/internal/gate"
)

// Whoever uploads rubbish is stopped, by session and by address, and nobody else.
func TestTooManyFailuresStopUploads(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	defaults := gate.Defaults()
	a.resolver.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.UploadFailures: defaults[gate.UploadFailures], gate.UploadMistakes: defaults[gate.UploadMistakes]})
	number := 0
	create := func(who *cast.Person) int {
		t.Helper()
		number++
		return a.as(who, `mutation($input: CreateUploadInput!) { createUpload(input: $input) { upload { url } userErrors { code } } }`, map[string]any{"input": map[string]any{
			"jobId": a.Package.PublicID(), "filename": "a.jpg", "contentType": "image/jpeg", "size": 1, "sha256": fmt.Sprintf("%064x", number),
		}}).status
	}
	fail := func(who *cast.Person, n int) {
		t.Helper()
		for range n {
			for name, key := range map[gate.Name]string{
				gate.UploadMistakes: who.SessionID.String(), gate.UploadFailures: a.resolver.Limits.Alias(gate.KeyOfIP(netip.MustParseAddr("192.0.2.1"))),
			} {
				if _, err := a.resolver.Limits.Take(t.Context(), name, key); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	fail(a.Photographer, 9)
	if status := create(a.Photographer); status != 200 {
		t.Fatalf("after nine failures: %d", status)
	}
	fail(a.Photographer, 1)
	if status := create(a.Photographer); status != 429 {
		t.Errorf("after ten failures of the session: %d", status)
	}
	if status := create(a.Admin); status != 200 {
		t.Errorf("another session at that address, after ten: %d", status)
	}
	fail(a.Operator, 10)
	if status := create(a.Admin); status != 429 {
		t.Errorf("after twenty failures of the address: %d", status)
	}
}

func TestUploadMutationsAreCounted(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"session", "address"} {
		a := newAPI(t)
		a.resolver.Limits = stage.Limits(t, map[gate.Name]gate.Limit{gate.Upload: {Most: 3, Period: time.Hour}})
		people := []*cast.Person{a.Photographer, a.Photographer, a.Photographer, a.Photographer}
		if by == "address" {
			people = []*cast.Person{a.Photographer, a.Admin, a.Operator, a.Owner}
		}
		for i, who := range people {
			got := a.as(who, `mutation { abortUpload(input: { uploadId: "upl_unknown" }) { upload { id } } }`, nil).status
			if want := map[bool]int{true: 429, false: 403}[i == 3]; got != want {
				t.Errorf("call %d by one %s: %d, want %d", i+1, by, got, want)
			}
		}
	}
}
