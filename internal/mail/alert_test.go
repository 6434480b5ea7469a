package mail

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAlertsSayWhatHappenedAndWhatToDo(t *testing.T) {
	t.Parallel()
	for locale, says := range map[Locale][]string{
		German:  {"bei Studio am See", "60 in 5 Minuten\n", "fehlgeschlagene Anmeldungen", "securityEvents", "LOGIN_FAILED"},
		English: {"at Studio am See", "60 in 5 minutes\n", "failed sign-ins", "securityEvents", "LOGIN_FAILED"},
		"fr":    {"60 in 5 Minuten\n"},
	} {
		a := SecurityAlert{From: "a@example.com", To: "b@example.com", Studio: "Studio am See", Locale: locale, Event: "login_failed", Seen: 60, Within: 5 * time.Minute}
		m := a.Message()
		if m.From != a.From || m.To != a.To || !strings.HasPrefix(m.Subject, "Studio am See: ") {
			t.Errorf("%s: %q", locale, m.Subject)
		}
		for _, text := range says {
			if !strings.Contains(m.Text, text) {
				t.Errorf("%s: the text lacks %q:\n%s", locale, text, m.Text)
			}
		}
	}
}

func TestEveryAlertIsReadable(t *testing.T) {
	t.Parallel()
	if german, english := slices.Sorted(maps.Keys(alertWords[German])), slices.Sorted(maps.Keys(alertWords[English])); !slices.Equal(german, english) {
		t.Errorf("German words for %q, English for %q", german, english)
	}
	for locale, about := range alertWords {
		for event := range about {
			m := SecurityAlert{To: "b@example.com", Locale: locale, Event: event, Seen: 10_000, AtLeast: true, Within: time.Minute}.Message()
			if regexp.MustCompile(`(?i)https?:|www\.|<[a-z]|[{}]|@`).MatchString(m.Text + m.Subject) {
				t.Errorf("%s %s: a link, markup, placeholder or address in\n%s", locale, event, m.Text)
			}
			for line := range strings.Lines(m.Text) {
				if len(line) > 78 {
					t.Errorf("%s %s: a line of %d bytes: %q", locale, event, len(line), line)
				}
			}
			if len(m.Subject) > 90 || !strings.HasSuffix(m.Text, "pixgate\n") {
				t.Errorf("%s %s: subject %q", locale, event, m.Subject)
			}
		}
	}
}

func TestAStudiosNameCannotAddHeadersToAnAlert(t *testing.T) {
	t.Parallel()
	m := SecurityAlert{To: "b@example.com", Studio: "Evil\r\nBcc: c@example.com\x00{steps}", Event: "csrf_blocked"}.Message()
	if strings.ContainsAny(m.Subject, "\r\n\x00") || strings.Contains(m.Text, "\r") || strings.Contains(m.Subject, "CORS") {
		t.Errorf("subject %q", m.Subject)
	}
}
