package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"pixgate/internal/dev/browser"
	"pixgate/internal/dev/stage"
)

// The page of docs/examples in a real browser, at another site than the API: somebody whom
// nobody knows fills in the form, proves the address, and has booked what the form said.
func TestBookingFromAFormBeforeSigningIn(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)
	page := httptest.NewServer(http.FileServer(http.Dir("docs/examples")))
	defer page.Close()
	db, box := stage.Database(t), stage.Mailbox(t)
	env := settings(t, db, map[string]string{
		"SES_ENDPOINT": box.Endpoint(), "SES_ACCESS_KEY_ID": box.AccessKeyID(), "SES_SECRET_ACCESS_KEY": box.SecretAccessKey(), "CORS_ORIGINS": page.URL,
	})
	command(t, env, "migrate")
	if _, err := db.Owner.Exec(t.Context(), "INSERT INTO package SELECT id, 'klein', 'Klein', '', 10, false, NULL, 'EUR', true, now() FROM tenant"); err != nil {
		t.Fatal(err)
	}
	p := start(t, env)
	count := func(sql string) (n int) {
		t.Helper()
		if err := db.Owner.QueryRow(t.Context(), sql).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	day := time.Now().AddDate(0, 0, 9).Format(time.DateOnly)
	fill := func(form, name, text string) {
		t.Helper()
		b.Eval(fmt.Sprintf(`document.forms.%[1]s.elements.%[2]s.value = %[3]q; document.forms.%[1]s.elements.%[2]s.dispatchEvent(new Event('input', { bubbles: true }))`, form, name, text))
	}
	b.Go(page.URL + "/book.html?api=" + p.url)
	b.Await(`document.forms.draft.elements.package.value === 'klein'`)
	for name, text := range map[string]string{"address": "Seestraße 1, Starnberg", "date": day, "notes": "Hund im Garten", "contactPhone": "+49 30 123456", "email": "New.Client@example.org"} {
		fill("draft", name, text)
	}
	b.Go(page.URL + "/book.html?api=" + p.url + "&again") // a reload keeps the draft
	b.Await(`location.search.endsWith('again') && document.forms.draft.elements.address.value === 'Seestraße 1, Starnberg' && document.forms.draft.elements.package.value === 'klein'`)
	b.Eval(`document.forms.draft.requestSubmit()`)
	mail, err := box.Wait(t.Context(), "New.Client@example.org", 1)
	if err != nil {
		t.Fatal(err)
	}
	b.Await(`!document.forms.proof.hidden`)
	if n := count("SELECT count(*) FROM booking") + count("SELECT count(*) FROM account"); n != 0 {
		t.Errorf("before the address is proven there are %d bookings and accounts", n)
	}
	code := sixDigits.FindString(mail.Text)
	wrong := map[bool]string{true: "000001", false: "000000"}[code == "000000"]
	fill("proof", "code", wrong)
	b.Eval(`document.forms.proof.requestSubmit()`)
	b.Await(`document.querySelector('[role=alert]').textContent !== ''`)
	if n := count("SELECT count(*) FROM booking"); n != 0 {
		t.Errorf("a wrong code made %d bookings", n)
	}
	fill("proof", "code", code)
	b.Eval(`document.forms.proof.requestSubmit()`)
	b.Await(`document.querySelector('#done').textContent.includes('New.Client@example.org')`)
	if n := count(`SELECT count(*) FROM booking b JOIN account a ON a.id = b.account_id WHERE a.email_key = 'new.client@example.org' AND a.verified_at IS NOT NULL
		AND b.verified_at = a.verified_at AND b.address = 'Seestraße 1, Starnberg' AND b.notes = 'Hund im Garten' AND b.package = 'klein' AND b.preferred_dates = '{` + day + `}'`); n != 1 {
		t.Errorf("%d bookings as the form said", n)
	}
	if mail, err = box.Wait(t.Context(), "New.Client@example.org", 2); err != nil || !strings.HasPrefix(mail.Subject, "Deine Anfrage bei ") {
		t.Errorf("%q %v", mail.Subject, err)
	}
	if kept := b.Eval(`JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`); regexp.MustCompile("pgs_|Seestraße").MatchString(fmt.Sprint(kept)) {
		t.Error("the page keeps the token or the draft")
	}
	if faults := b.Faults(); faults != "" {
		t.Errorf("the page reports\n%s", faults)
	}
}
