package mail

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var bookingKinds = []BookingKind{BookingReceived, BookingConfirmed, BookingDeclined, BookingCancelled, BookingRequested, BookingWithdrawn}

func aBooking() Booking {
	day := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
	return Booking{
		From: "a@example.com", To: "b@example.com", Studio: "Studio am See", Address: "Seestraße 1, 82319 Starnberg", Package: "Klein",
		Wanted: []time.Time{day, day.AddDate(0, 0, 13)}, Date: &day, Told: "Bis dann!\nIhr Studio",
	}
}

func TestMailsAboutBookingsSayWhatHappened(t *testing.T) {
	t.Parallel()
	for locale, kinds := range map[Locale]map[BookingKind][]string{
		German: {
			BookingReceived:  {"Anfrage", "Seestraße 1", "Klein", "01.03.2027, 14.03.2027", "keine Zusage", "Studio am See"},
			BookingConfirmed: {"steht fest", "01.03.2027", "Das Studio schreibt dazu", "    Bis dann!\n    Ihr Studio\n"},
			BookingDeclined:  {"leider", "    Bis dann!"},
			BookingCancelled: {"storniert", "    Bis dann!"},
			BookingRequested: {"neue Buchungsanfrage", "14.03.2027", "bookings"},
			BookingWithdrawn: {"storniert", "Seestraße 1"},
		},
		English: {
			BookingReceived:  {"request", "1 March 2027, 14 March 2027", "not an appointment yet"},
			BookingConfirmed: {"is confirmed", "1 March 2027", "The studio writes"},
			BookingDeclined:  {"can't take", "    Bis dann!"},
			BookingCancelled: {"is cancelled", "    Bis dann!"},
			BookingRequested: {"new booking request", "bookings"},
			BookingWithdrawn: {"cancelled", "Klein"},
		},
		"fr": {BookingReceived: {"wir haben deine Anfrage"}},
	} {
		for kind, says := range kinds {
			b := aBooking()
			b.Locale, b.Kind = locale, kind
			m := b.Message()
			if m.From != b.From || m.To != b.To || !strings.Contains(m.Subject, "Studio am See") {
				t.Errorf("%s %s: from %q to %q, %q", locale, kind, m.From, m.To, m.Subject)
			}
			for _, text := range says {
				if !strings.Contains(m.Text, text) {
					t.Errorf("%s %s: the text lacks %q:\n%s", locale, kind, text, m.Text)
				}
			}
		}
	}
}

func TestEveryMailAboutABookingIsReadable(t *testing.T) {
	t.Parallel()
	for _, locale := range []Locale{German, English} {
		for _, kind := range bookingKinds {
			for _, told := range []string{"", "Bis dann!"} {
				m := Booking{To: "b@example.com", Studio: "Studio", Locale: locale, Kind: kind, Told: told}.Message()
				if regexp.MustCompile(`(?i)https?:|www\.|<[a-z]|[{}]|@|\n\n\n`).MatchString(m.Text + m.Subject) {
					t.Errorf("%s %s: a link, markup, placeholder, address or gap in\n%s", locale, kind, m.Text)
				}
				for line := range strings.Lines(m.Text) {
					if len(line) > 78 {
						t.Errorf("%s %s: a line of %d bytes: %q", locale, kind, len(line), line)
					}
				}
				if m.Subject == "" || len(m.Text) < 50 {
					t.Errorf("%s %s: %q\n%s", locale, kind, m.Subject, m.Text)
				}
			}
		}
		if len(bookingWords[locale]) != len(bookingKinds) {
			t.Errorf("%s has words for %d of %d kinds", locale, len(bookingWords[locale]), len(bookingKinds))
		}
	}
}

// Whatever a client or a studio writes stays where it belongs: in the body, in its line.
func TestNobodysWordsBecomeHeadersOrPlaceholders(t *testing.T) {
	t.Parallel()
	evil := "Evil\r\nBcc: c@example.com\x00{message}"
	own := Wording{Subject: "{name} {address} {package} {dates} {date}", Body: "{address} / {message}"}
	for _, kind := range bookingKinds {
		for _, words := range []*Wording{nil, &own} {
			b := aBooking()
			b.Kind, b.Studio, b.Address, b.Package, b.Told, b.Own = kind, evil, evil, evil, "Told\r\nBcc: d@example.com", words
			m := b.Message()
			if strings.ContainsAny(m.Subject, "\r\n\x00") || strings.ContainsAny(m.Text, "\r\x00") || strings.Contains(m.Subject, "Told") {
				t.Errorf("%s: subject %q\n%q", kind, m.Subject, m.Text)
			}
			if slices.ContainsFunc(strings.Split(m.Text, "\n"), func(line string) bool { return strings.HasPrefix(line, "Bcc:") }) {
				t.Errorf("%s: a line of the text begins as the stranger wanted:\n%s", kind, m.Text)
			}
		}
	}
}

func TestWordingsOfBookingsAreChecked(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]Wording{
		"no subject": {" ", "x"}, "no body": {"x", "\n"}, "the placeholder of another mail": {"x", "{code}"}, "a misspelt one": {"{adress}", "x"},
		"a link": {"x", "https://evil.example/{date}"}, "a site": {"x", "WWW.evil.example"}, "a link in the subject": {"ftp://x", "x"},
	} {
		if err := w.CheckBooking(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := (Wording{"{name}: {date}", "{address} {package} {dates} {message}, {} or { not one }?"}).CheckBooking(); err == nil {
		t.Error("braces that are no placeholder are taken")
	}
	if err := (Wording{"{name}: {date}", "{address}\n{package} {dates} {message}"}).CheckBooking(); err != nil {
		t.Errorf("all of them: %v", err)
	}
}
