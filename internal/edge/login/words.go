package login

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"pixgate/internal/account"
	"pixgate/internal/edge/header"
	"pixgate/internal/fault"
)

// words are the texts of the login page in one language.
type words struct {
	Title, Intro, Email, Send             string
	Code, Digits, Enter, Again            string
	Replace, Retry                        string
	Other, OtherName                      string // the other language, as it calls itself
	forged, noAddress, noCode, incomplete string
	arrives                               string // for which address, valid for how long
	wrong, expired, spent                 string
	blocked, over, foreign, devices       string
	wait, away, broken                    string // with what to wait for; with the request's id
	second, seconds, minute, minutes      string // after "in"
	hour, hours, oneMinute                string // the last one after "for"
}

var german = words{
	Title: "Anmelden", Intro: "Für alle, die das Studio verwalten. Der Code für die Anmeldung kommt per E-Mail.", Email: "E-Mail-Adresse", Send: "Code anfordern",
	arrives: "Sieh in dein Postfach: Der Code für %s kommt gleich an und gilt %s.", Code: "Code aus der E-Mail", Digits: "Sechs Ziffern", Enter: "Anmelden",
	Again:   "Neuer Code oder andere Adresse",
	Retry:   "Noch einmal versuchen",
	Replace: "Dafür das Gerät abmelden, das am längsten nicht benutzt wurde", Other: "en", OtherName: "English",
	forged:     "Diese Seite war nicht mehr aktuell. Bitte versuche es noch einmal; dein Browser muss dafür Cookies annehmen.",
	noAddress:  "Gib eine E-Mail-Adresse an, etwa chef@studio.de.",
	noCode:     "Der Code hat genau sechs Ziffern. Sieh noch einmal in die E-Mail.",
	incomplete: "Es ist nicht alles angekommen. Fang bitte mit deiner E-Mail-Adresse noch einmal an.",
	wrong:      "Dieser Code stimmt nicht oder gilt nicht mehr. Prüfe die sechs Ziffern oder fordere einen neuen Code an.",
	expired:    "Dieser Code ist abgelaufen. Fordere einen neuen an.",
	spent:      "Das waren zu viele falsche Versuche. Fordere einen neuen Code an.",
	blocked:    "Dieses Konto ist gesperrt. Bitte wende dich an das Studio.",
	over:       "Diese Mitgliedschaft ist abgelaufen. Bitte wende dich an das Studio.",
	foreign:    "Dieses Konto gehört nicht zur Verwaltung des Studios und kann sich hier nicht anmelden. Nimm eine andere Adresse.",
	devices:    "Dieses Konto ist schon auf so vielen Geräten angemeldet, wie es darf. Fordere einen neuen Code an, um ein anderes Gerät abzumelden.",
	wait:       "Das war zu oft. Bitte versuche es in %s noch einmal.",
	away:       "Gerade geht es nicht, ein Teil des Dienstes antwortet nicht. Bitte versuche es in %s noch einmal.",
	broken:     "Bei uns ist etwas schiefgegangen. Hilft ein zweiter Versuch nicht, nenne dem Studio diese Nummer: %s",
	second:     "einer Sekunde", seconds: "%d Sekunden", minute: "einer Minute", minutes: "%d Minuten", hour: "einer Stunde", hours: "%d Stunden", oneMinute: "eine Minute",
}

var english = words{
	Title: "Sign in", Intro: "For those who run the studio. The code to sign in with comes by e-mail.", Email: "E-mail address", Send: "Send me a code",
	arrives: "Look into your mailbox: the code for %s is about to arrive and is valid for %s.", Code: "Code from the e-mail", Digits: "Six digits", Enter: "Sign in",
	Again:   "New code, or another address",
	Retry:   "Try again",
	Replace: "Sign out the device that was unused for longest", Other: "de", OtherName: "Deutsch",
	forged:     "This page was out of date. Please try again; your browser must take cookies for it.",
	noAddress:  "Enter an e-mail address, such as boss@studio.com.",
	noCode:     "The code has exactly six digits. Please look at the e-mail again.",
	incomplete: "Not everything has arrived. Please begin again with your e-mail address.",
	wrong:      "This code is wrong, or no longer valid. Check the six digits, or ask for a new code.",
	expired:    "This code has expired. Ask for a new one.",
	spent:      "Those were too many wrong tries. Ask for a new code.",
	blocked:    "This account is blocked. Please contact the studio.",
	over:       "This membership has ended. Please contact the studio.",
	foreign:    "This account is not one of those who run the studio, and can't sign in here. Use another address.",
	devices:    "This account is signed in on as many devices as it may be. Ask for a new code to sign out another device.",
	wait:       "That was too often. Please try again in %s.",
	away:       "This can't be done right now, a part of the service does not answer. Please try again in %s.",
	broken:     "Something went wrong on our side. If trying again does not help, tell the studio this number: %s",
	second:     "one second", seconds: "%d seconds", minute: "one minute", minutes: "%d minutes", hour: "one hour", hours: "%d hours", oneMinute: "one minute",
}

// Language is what the page speaks: what its visitor has chosen, else the better
// liked of the two languages that the browser takes, else the studio's own.
func Language(r *http.Request, studio account.Locale) account.Locale {
	if chosen := chosenLanguage(r); chosen != "" {
		return chosen
	}
	best, weight := account.German, 0.0
	if studio == account.English {
		best = account.English
	}
	for _, p := range header.Preferences(r.Header, "Accept-Language") {
		primary, _, _ := strings.Cut(p.Name, "-")
		if l := account.Locale(primary); p.Weight > weight && (l == account.German || l == account.English) {
			best, weight = l, p.Weight
		}
	}
	return best
}

// chosenLanguage is what the visitor has chosen by a link; empty: nothing.
func chosenLanguage(r *http.Request) account.Locale {
	switch l := account.Locale(r.URL.Query().Get("lang")); l {
	case account.German, account.English:
		return l
	}
	return ""
}

func wordsOf(l account.Locale) *words {
	if l == account.English {
		return &english
	}
	return &german
}

// sentence says what went wrong and what to do next.
func (t *words) sentence(judged *fault.Error, requestID string) string {
	switch judged.Code {
	case fault.CSRFFailed:
		return t.forged
	case fault.OTPInvalid:
		return t.wrong
	case fault.AccountBlocked:
		return t.blocked
	case fault.MembershipExpired:
		return t.over
	case fault.Forbidden:
		return t.foreign
	case fault.DeviceLimit:
		return t.devices
	case fault.RateLimited:
		return fmt.Sprintf(t.wait, t.duration(judged.RetryAfter))
	case fault.Unavailable:
		return fmt.Sprintf(t.away, t.duration(judged.RetryAfter))
	case fault.ValidationFailed:
		return t.missing(judged.Fields)
	}
	return fmt.Sprintf(t.broken, requestID)
}

// missing says what is wrong with what was typed. What nobody types is our page's.
func (t *words) missing(fields []fault.Field) string {
	if len(fields) == 1 && fields[0].Path == emailField {
		return t.noAddress
	}
	if len(fields) == 1 && fields[0].Path == codeField {
		return t.noCode
	}
	return t.incomplete
}

// duration is at least d in words: whoever waits for it has waited long enough.
func (t *words) duration(d time.Duration) string {
	seconds := max(1, int((d+time.Second-1)/time.Second))
	minutes := (seconds + 59) / 60
	switch {
	case seconds == 1:
		return t.second
	case seconds < 60:
		return fmt.Sprintf(t.seconds, seconds)
	case minutes == 1:
		return t.minute
	case minutes == 60:
		return t.hour
	case minutes >= 120:
		return fmt.Sprintf(t.hours, (minutes+59)/60)
	}
	return fmt.Sprintf(t.minutes, minutes)
}

// sent says where the code is going and for how long it is good.
func (t *words) sent(email string, valid time.Duration) string {
	span := t.oneMinute
	if minutes := int(valid.Round(time.Minute) / time.Minute); minutes > 1 {
		span = fmt.Sprintf(t.minutes, minutes)
	}
	return fmt.Sprintf(t.arrives, email, span)
}
