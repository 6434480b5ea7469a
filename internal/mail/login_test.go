package mail_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pixgate/internal/mail"
)

func loginCode(locale mail.Locale) mail.LoginCode {
	return mail.LoginCode{To: "somebody@example.com", Studio: "pix.immo", Locale: locale, Digits: "012345", Valid: 10*time.Minute - time.Second}
}

func TestLoginMailSaysWhatItMust(t *testing.T) {
	t.Parallel()
	for _, try := range []struct {
		locale  mail.Locale
		subject string
		says    []string
	}{
		{mail.German, "Dein pix.immo Login-Code", []string{"anmelden", "noch 10 Minuten", "nicht", "ignorieren"}},
		{mail.English, "Your pix.immo sign-in code", []string{"sign in", "for 10 minutes", "did not ask", "ignore"}},
		{"fr", "Dein pix.immo Login-Code", nil},
	} {
		m := loginCode(try.locale).Message()
		if m.Subject != try.subject || m.To != "somebody@example.com" {
			t.Errorf("%s: subject %q", try.locale, m.Subject)
		}
		for _, text := range append(try.says, "    012345\n", "pix.immo") {
			if !strings.Contains(m.Text, text) {
				t.Errorf("%s: the text lacks %q", try.locale, text)
			}
		}
		if regexp.MustCompile(`(?i)https?:|www\.|<[a-z]|\{`).MatchString(m.Text) {
			t.Errorf("%s: a link, markup or placeholder in the text", try.locale)
		}
		for _, line := range strings.Split(m.Text, "\n") {
			if len(line) > 78 {
				t.Errorf("%s: a line of %d bytes", try.locale, len(line))
			}
		}
	}
}

func TestLoginMailNeverShowsTheCodeInItsSubject(t *testing.T) {
	t.Parallel()
	for _, words := range []mail.Wording{
		{Subject: "Code {code}", Body: "{code}"}, {Subject: "Code", Body: "no code"}, {Subject: " ", Body: "{code}"},
		{Subject: "Code", Body: "{code} or https://evil.test"}, {Subject: "www.evil.test", Body: "{code}"}, // nobody learns from us to click
	} {
		if words.Check() == nil {
			t.Errorf("%+v was taken", words)
		}
	}
	words := mail.Wording{Subject: "In {minutes} min: {name}", Body: "{code}\r\n{name}"}
	if err := words.Check(); err != nil {
		t.Fatal(err)
	}
	c := loginCode(mail.German)
	c.Own = &words
	if m := c.Message(); m.Subject != "In 10 min: pix.immo" || m.Text != "012345\npix.immo\n" {
		t.Errorf("own words became %q", m.Subject)
	}
}

func TestAStudiosNameCannotAddHeaders(t *testing.T) {
	t.Parallel()
	c := loginCode(mail.German)
	c.Studio = "Evil\r\nBcc: everybody@example.com\x00\u2028{code}"
	m := c.Message()
	if m.Subject != "Dein Evil Bcc: everybody@example.com {code} Login-Code" {
		t.Errorf("subject %q", m.Subject)
	}
	c.Own = &mail.Wording{Subject: "A\nBcc: b@example.com", Body: "{code}"}
	if m := c.Message(); strings.ContainsAny(m.Subject, "\r\n") {
		t.Errorf("subject %q", m.Subject)
	}
}

func TestMessagesDoNotPrint(t *testing.T) {
	t.Parallel()
	m := loginCode(mail.German).Message()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if printed := fmt.Sprintf(verb, m); strings.Contains(printed, "012345") || strings.Contains(printed, "example") {
			t.Errorf("%s prints the mail", verb)
		}
	}
}
