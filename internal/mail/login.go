package mail

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Locale is a language that mails are written in.
type Locale string

// The languages.
const (
	German  Locale = "de"
	English Locale = "en"
)

// Wording is a subject and a body with the placeholders {code}, {minutes} (that
// the code is still valid) and {name} (of the studio).
type Wording struct {
	Subject string
	Body    string
}

// Check returns why a studio's wording of a sign-in mail can't be used: the body
// must hold the code, the subject must not, since subjects show on locked screens. Neither
// holds a link: see builtIn.
func (w Wording) Check() error {
	switch {
	case !strings.Contains(w.Body, "{code}"):
		return errors.New("the body lacks {code}")
	case strings.Contains(w.Subject, "{code}"):
		return errors.New("the subject holds {code}")
	case strings.TrimSpace(w.Subject) == "":
		return errors.New("the subject is empty")
	case anyLink.MatchString(w.Subject + "\n" + w.Body):
		return errors.New("it holds a link")
	}
	return nil
}

// builtIn is what every studio's mails say unless it has a wording of its own. No
// link: a mail with a code and a link teaches people to click on links in mails
// about codes.
var builtIn = map[Locale]Wording{
	German: {
		Subject: "Dein {name} Login-Code",
		Body: `Hallo,

jemand möchte sich mit dieser E-Mail-Adresse bei {name} anmelden.
Wenn du das bist, gib diesen Code ein:

    {code}

Er gilt noch {minutes} Minuten und nur einmal.

Du hast keinen Code angefordert? Dann kannst du diese Mail ignorieren:
Ohne den Code meldet sich niemand an. Gib ihn nicht weiter, auch nicht
an uns; wir fragen nie danach.

{name}
`,
	},
	English: {
		Subject: "Your {name} sign-in code",
		Body: `Hello,

somebody wants to sign in to {name} with this e-mail address.
If that is you, enter this code:

    {code}

It is valid for {minutes} minutes and works once.

You did not ask for a code? Then you can ignore this mail: nobody
signs in without the code. Do not pass it on, not even to us; we
never ask for it.

{name}
`,
	},
}

// LoginCode is a code that is to be mailed.
type LoginCode struct {
	From   string // as in [Message]
	To     string
	Studio string // its name, as people know it
	Locale Locale // German for every one but English
	Digits string
	Valid  time.Duration // how long it is still valid
	Own    *Wording      // the studio's; nil: the built-in one
}

// Message writes the mail. The studio's own wording must have passed [Wording.Check].
func (c LoginCode) Message() Message {
	words := builtIn[German]
	switch {
	case c.Own != nil:
		words = *c.Own
	case c.Locale == English:
		words = builtIn[English]
	}
	fill := strings.NewReplacer("{code}", c.Digits, "{minutes}", c.minutes(), "{name}", oneLine(c.Studio))
	body := fill.Replace(strings.ReplaceAll(words.Body, "\r\n", "\n"))
	return Message{From: c.From, To: c.To, Subject: oneLine(fill.Replace(words.Subject)), Text: strings.TrimRight(body, "\n") + "\n"}
}

// minutes is how long the code is still valid, to the nearest minute.
func (c LoginCode) minutes() string {
	return strconv.Itoa(max(1, int(c.Valid.Round(time.Minute)/time.Minute)))
}

// oneLine makes text fit for a header: no control characters, so that nothing
// in it can start another header.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }), " ")
}
