package mail

import (
	"strconv"
	"strings"
	"time"
)

// SecurityAlert says that there were more security events of a kind than are usual.
// It tells how many and what that means, and nothing of whom: mail is read by others
// than its recipient.
type SecurityAlert struct {
	From    string // as in [Message]
	To      string
	Studio  string // its name; empty: it is about the installation
	Locale  Locale // German for every one but English
	Event   string // its stored name, such as "login_failed"
	Seen    int64  // how many
	Within  time.Duration
	AtLeast bool // there were more than were counted
}

// alertWording is everything around what is said about an event.
type alertWording struct {
	subject, body               string // with {who}, {name}, {title}, {event}, {seen}, {minutes}, {means}, {steps}
	installation, atLeast, once string
}

var alertWordings = map[Locale]alertWording{
	German: {
		subject: "{who}: Sicherheitshinweis – {title}",
		body: `Hallo,

pixgate hat bei {name} mehr bemerkt, als üblich ist:

    Was:      {title}
    Wie oft:  {seen} in {minutes}
    Ereignis: {event}

Was das bedeutet:
{means}

Was zu tun ist:
{steps}

Die einzelnen Ereignisse zeigt die Abfrage securityEvents im Playground.
Gleiche Herkunft erkennst du dort am gleichen addressKey.

Bis zum nächsten Hinweis derselben Art ist erst einmal Ruhe, auch wenn
es weitergeht.

pixgate
`,
		installation: "dieser Installation", atLeast: "mindestens ", once: "Minute",
	},
	English: {
		subject: "{who}: security notice – {title}",
		body: `Hello,

pixgate noted more at {name} than is usual:

    What:      {title}
    How often: {seen} in {minutes}
    Event:     {event}

What it means:
{means}

What to do:
{steps}

The query securityEvents in the playground shows each of them. What
comes from the same source has the same addressKey there.

There will be no other notice of this kind for a while, even if it goes
on.

pixgate
`,
		installation: "this installation", atLeast: "at least ", once: "minute",
	},
}

// Message writes the mail.
func (a SecurityAlert) Message() Message {
	locale := German
	if a.Locale == English {
		locale = English
	}
	words, about := alertWordings[locale], aboutEvent(a.Event, locale)
	name := oneLine(a.Studio)
	who := name
	if name == "" {
		who, name = "pixgate", words.installation
	}
	seen := strconv.FormatInt(a.Seen, 10)
	if a.AtLeast {
		seen = words.atLeast + seen
	}
	fill := strings.NewReplacer("{who}", who, "{name}", name, "{title}", about.title, "{event}", strings.ToUpper(a.Event), "{seen}", seen,
		"{minutes}", inMinutes(a.Within, locale), "{means}", about.means, "{steps}", about.steps)
	return Message{From: a.From, To: a.To, Subject: oneLine(fill.Replace(words.subject)), Text: fill.Replace(words.body)}
}

func inMinutes(d time.Duration, locale Locale) string {
	unit := map[Locale]string{German: "Minuten", English: "minutes"}
	n := max(1, int(d.Round(time.Minute)/time.Minute))
	if n == 1 {
		return "1 " + alertWordings[locale].once
	}
	return strconv.Itoa(n) + " " + unit[locale]
}
