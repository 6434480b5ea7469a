package mail

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var noticeKinds = []NoticeKind{JobReady, ExtrasSettled, StudioMessage}

const outOfIt = "https://api.pix.example/unsubscribe?token=AAAA"

func TestEveryNotificationIsReadableAndHasAWayOut(t *testing.T) {
	t.Parallel()
	for _, locale := range []Locale{German, English} {
		if len(noticeWords[locale]) != len(noticeKinds) {
			t.Errorf("%s has words for %d of %d kinds", locale, len(noticeWords[locale]), len(noticeKinds))
		}
		for _, kind := range noticeKinds {
			m := Notice{
				From: "a@example.com", To: "b@example.com", Studio: "Studio", Locale: locale, Kind: kind, Title: "Haus am See", Images: 2, Told: "Bis\n\n\n\ndann!", Unsubscribe: outOfIt,
			}.Message()
			body, found := strings.CutSuffix(m.Text, "\n"+outOfIt+"\n")
			if !found || m.Unsubscribe != outOfIt || m.From != "a@example.com" || m.To != "b@example.com" {
				t.Errorf("%s %s: no way out at the end of\n%s", locale, kind, m.Text)
			}
			if regexp.MustCompile(`(?i)https?:|www\.|<[a-z]|[{}]|@`).MatchString(body+m.Subject) || !strings.Contains(m.Subject, "Haus am See") {
				t.Errorf("%s %s: %q: a link, markup, placeholder or address in\n%s", locale, kind, m.Subject, body)
			}
			for line := range strings.Lines(body) {
				if len(line) > 78 {
					t.Errorf("%s %s: a line of %d bytes: %q", locale, kind, len(line), line)
				}
			}
		}
	}
	for n, want := range map[int]string{1: "1 Bild\n", 2: "2 Bilder\n"} {
		if m := (Notice{Kind: ExtrasSettled, Images: n, Locale: "fr"}).Message(); !strings.Contains(m.Text, want) {
			t.Errorf("%d:\n%s", n, m.Text)
		}
	}
}

// Whatever somebody writes stays where it belongs: in the body, in its line.
func TestNobodysWordsInNotificationsBecomeHeadersOrPlaceholders(t *testing.T) {
	t.Parallel()
	evil := "Evil\r\nBcc: c@example.com\x00{message}"
	for _, kind := range noticeKinds {
		for _, own := range []*Wording{nil, {Subject: "{name} {title}", Body: "{title} / {message}"}} {
			m := Notice{To: "b@example.com", Studio: evil, Kind: kind, Title: evil, Told: "Told\r\nBcc: d@example.com", Unsubscribe: outOfIt, Own: own}.Message()
			if strings.ContainsAny(m.Subject, "\r\n\x00") || strings.ContainsAny(m.Text, "\r\x00") || strings.Contains(m.Subject, "Told") {
				t.Errorf("%s: subject %q\n%q", kind, m.Subject, m.Text)
			}
			if slices.ContainsFunc(strings.Split(m.Text, "\n"), func(line string) bool { return strings.HasPrefix(line, "Bcc:") }) {
				t.Errorf("%s: a line begins as the stranger wanted:\n%s", kind, m.Text)
			}
		}
	}
}

func TestWordingsOfNotificationsAreChecked(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]Wording{
		"no subject": {" ", "x"}, "no body": {"x", "\n"}, "the placeholder of another mail": {"x", "{code}"}, "a misspelt one": {"{titel}", "x"}, "a link": {"x", "https://evil.example"}, "a site": {"x", "WWW.evil.example"},
	} {
		if err := w.CheckNotice(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := (Wording{"{name}: {title}", "{images}\n{message}"}).CheckNotice(); err != nil {
		t.Errorf("all of them: %v", err)
	}
}
