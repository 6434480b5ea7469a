package mail

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// BookingKind is what a mail about a booking is for. Its values are those of a studio's
// own wordings in the database.
type BookingKind string

// The kinds: four to the client, two to the studio's people.
const (
	BookingReceived  BookingKind = "booking_received"
	BookingConfirmed BookingKind = "booking_confirmed"
	BookingDeclined  BookingKind = "booking_declined"
	BookingCancelled BookingKind = "booking_cancelled"
	BookingRequested BookingKind = "booking_requested" // to the studio: there is one more
	BookingWithdrawn BookingKind = "booking_withdrawn" // to the studio: the client has cancelled
)

// Booking is what a mail about a booking tells. Notes and telephone number stay out:
// mail is read by others than its recipient.
type Booking struct {
	From    string // as in [Message]
	To      string
	Studio  string // its name, as people know it
	Locale  Locale // German for every one but English
	Kind    BookingKind
	Address string // of the property
	Package string // its name
	Wanted  []time.Time
	Date    *time.Time // of the shoot; nil: there is none yet
	Told    string     // what the studio tells the client; may have several lines
	Own     *Wording   // the studio's; nil: the built-in one
}

var (
	bookingPlaces = regexp.MustCompile(`\{(name|address|package|dates|date|message)\}`)
	anyPlace      = regexp.MustCompile(`\{[^{}\n]*\}`)
	anyLink       = regexp.MustCompile(`(?i)://|\bwww\.`)
)

// CheckBooking returns why a studio's wording of a mail about a booking can't be used.
// Its placeholders are {name} (of the studio), {address}, {package}, {dates} (that the client
// prefers), {date} (that was confirmed) and {message} (of the studio); any may be left out.
func (w Wording) CheckBooking() error {
	both := w.Subject + "\n" + w.Body
	switch {
	case strings.TrimSpace(w.Subject) == "" || strings.TrimSpace(w.Body) == "":
		return errors.New("the subject or the body is empty")
	case anyPlace.MatchString(bookingPlaces.ReplaceAllString(both, "")):
		return errors.New("a placeholder is not one of {name}, {address}, {package}, {dates}, {date}, {message}")
	case anyLink.MatchString(both):
		return errors.New("it holds a link")
	}
	return nil
}

// Message writes the mail. The studio's own wording must have passed [Wording.CheckBooking].
func (b Booking) Message() Message {
	locale := German
	if b.Locale == English {
		locale = English
	}
	words := bookingWords[locale][b.Kind]
	if b.Own != nil {
		words = *b.Own
	}
	fill := strings.NewReplacer("{name}", oneLine(b.Studio), "{address}", oneLine(b.Address), "{package}", oneLine(b.Package),
		"{dates}", days(b.Wanted, locale), "{date}", b.date(locale), "{message}", b.told(locale))
	body := fill.Replace(strings.ReplaceAll(words.Body, "\r\n", "\n"))
	body = gaps.ReplaceAllString(body, "\n\n") // where there was nothing to fill in
	return Message{From: b.From, To: b.To, Subject: oneLine(fill.Replace(words.Subject)), Text: strings.TrimRight(body, "\n") + "\n"}
}

var gaps = regexp.MustCompile(`\n{3,}`)

func (b Booking) date(locale Locale) string {
	if b.Date == nil {
		return ""
	}
	return days([]time.Time{*b.Date}, locale)
}

// told is what the studio tells, introduced and indented; empty for nothing.
func (b Booking) told(locale Locale) string {
	if b.Told == "" {
		return ""
	}
	text := map[Locale]string{German: "Das Studio schreibt dazu:\n", English: "The studio writes:\n"}[locale]
	for line := range strings.SplitSeq(b.Told, "\n") {
		text += "\n    " + oneLine(line)
	}
	return text
}

// days writes days as people of a language do.
func days(dates []time.Time, locale Locale) string {
	written := make([]string, len(dates))
	for i, date := range dates {
		written[i] = date.Format("02.01.2006")
		if locale == English {
			written[i] = strconv.Itoa(date.Day()) + date.Format(" January 2006")
		}
	}
	return strings.Join(written, ", ")
}
