package mail

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// NoticeKind is what a customer is told. Its values are those of a studio's own wordings
// in the database.
type NoticeKind string

// The kinds.
const (
	JobReady      NoticeKind = "job_ready"      // the pictures can be fetched
	ExtrasSettled NoticeKind = "extras_settled" // the payment has come
	StudioMessage NoticeKind = "studio_message" // what the studio's people write
)

// Notice is a mail that a customer gets because of a job, and may do without.
type Notice struct {
	From        string // as in [Message]
	To          string
	Studio      string // its name, as people know it
	Locale      Locale // German for every one but English
	Kind        NoticeKind
	Title       string   // of the job
	Images      int      // how many extras were settled
	Told        string   // what the studio's people write; may have several lines
	Unsubscribe string   // as in [Message]; required
	Own         *Wording // the studio's; nil: the built-in one
}

var noticePlaces = regexp.MustCompile(`\{(name|title|images|message)\}`)

// CheckNotice returns why a studio's wording of a notification can't be used. Its
// placeholders are {name} (of the studio), {title} (of the job), {images} (how many were settled)
// and {message} (of the studio's people); any may be left out. The way to unsubscribe
// follows by itself.
func (w Wording) CheckNotice() error {
	both := w.Subject + "\n" + w.Body
	switch {
	case strings.TrimSpace(w.Subject) == "" || strings.TrimSpace(w.Body) == "":
		return errors.New("the subject or the body is empty")
	case anyPlace.MatchString(noticePlaces.ReplaceAllString(both, "")):
		return errors.New("a placeholder is not one of {name}, {title}, {images}, {message}")
	case anyLink.MatchString(both):
		return errors.New("it holds a link")
	}
	return nil
}

// Message writes the mail. The studio's own wording must have passed [Wording.CheckNotice].
func (n Notice) Message() Message {
	locale := German
	if n.Locale == English {
		locale = English
	}
	words := noticeWords[locale][n.Kind]
	if n.Own != nil {
		words = *n.Own
	}
	var told []string
	for line := range strings.SplitSeq(n.Told, "\n") {
		told = append(told, "    "+oneLine(line))
	}
	fill := strings.NewReplacer("{name}", oneLine(n.Studio), "{title}", oneLine(n.Title), "{images}", pictures(n.Images, locale), "{message}", strings.Join(told, "\n"))
	body := strings.TrimRight(gaps.ReplaceAllString(fill.Replace(strings.ReplaceAll(words.Body, "\r\n", "\n")), "\n\n"), "\n")
	return Message{
		From: n.From, To: n.To, Subject: oneLine(fill.Replace(words.Subject)), Unsubscribe: n.Unsubscribe,
		Text: body + "\n\n-- \n" + noticeFoot[locale] + "\n" + n.Unsubscribe + "\n",
	}
}

func pictures(n int, locale Locale) string {
	one, many := "1 Bild", " Bilder"
	if locale == English {
		one, many = "1 picture", " pictures"
	}
	if n == 1 {
		return one
	}
	return strconv.Itoa(n) + many
}

var noticeFoot = map[Locale]string{
	German:  "Keine solchen Mails mehr? Login-Codes kommen weiter:",
	English: "No more of these mails? Sign-in codes still come:",
}

// noticeWords are what every studio's notifications say unless it has a wording of its own.
var noticeWords = map[Locale]map[NoticeKind]Wording{
	German: {
		JobReady: {
			Subject: "Deine Bilder sind da: {title}",
			Body: `Hallo,

die Bilder sind fertig:

    {title}

Melde dich mit dieser E-Mail-Adresse an, dann kannst du sie ansehen,
auswählen und herunterladen.

{name}
`,
		},
		ExtrasSettled: {
			Subject: "Deine Zahlung ist da: {title}",
			Body: `Hallo,

danke, deine Zahlung ist angekommen:

    Auftrag:     {title}
    Freigegeben: {images}

Melde dich mit dieser E-Mail-Adresse an, dann kannst du sie
herunterladen.

{name}
`,
		},
		StudioMessage: {
			Subject: "Nachricht von {name}: {title}",
			Body: `Hallo,

das Studio schreibt dir zu diesem Auftrag:

    {title}

{message}

{name}
`,
		},
	},
	English: {
		JobReady: {
			Subject: "Your pictures are ready: {title}",
			Body: `Hello,

the pictures are ready:

    {title}

Sign in with this e-mail address to look at them, choose and download.

{name}
`,
		},
		ExtrasSettled: {
			Subject: "Your payment has arrived: {title}",
			Body: `Hello,

thank you, your payment has arrived:

    Job:      {title}
    Released: {images}

Sign in with this e-mail address to download them.

{name}
`,
		},
		StudioMessage: {
			Subject: "Message from {name}: {title}",
			Body: `Hello,

the studio writes to you about this job:

    {title}

{message}

{name}
`,
		},
	},
}
