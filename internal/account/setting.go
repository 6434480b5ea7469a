package account

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that a zone means the same wherever the server runs
	"unicode"
	"unicode/utf8"
)

// Setting is something that each studio has its own way.
type Setting struct {
	Name    string
	Meaning string // for a person, with an example
	read    func(t *Tenant, text string, lax bool) error
	show    func(t Tenant) string
}

// Settings are all of them. What a studio may set is here and nowhere else.
var Settings = []Setting{
	{"name", "what clients read, in mails and pages, such as \"Studio Nord\"", readName, func(t Tenant) string { return t.Name }},
	{"hosts", "names that its API answers under, such as api.nord.example,api.nord.test", readHosts, func(t Tenant) string { return strings.Join(t.Hosts, ",") }},
	{"origins", "of its web apps, such as https://nord.example; they may use cookies and read answers", readOrigins, func(t Tenant) string { return strings.Join(t.Origins, ",") }},
	{"sender", "of its mails, such as \"Studio Nord <no-reply@nord.example>\", whose domain SES must know; empty: MAIL_FROM", readSender, showSender},
	{"locale", "of mails to whoever chose none: de or en", readLocale, func(t Tenant) string { return string(t.Locale) }},
	{"time-zone", "of its days, such as Europe/Berlin", readTimeZone, func(t Tenant) string { return t.TimeZone }},
	{"sign-up", "open: a new address makes itself an account by proving it; closed: only who is known gets a code", readSignUp, showSignUp},
	{"device-policy", "at the limit of devices, refuse turns the new one away, replace-oldest signs the longest unseen one out", readPolicy, showPolicy},
	{"upload-job-images", "pictures of a job, up to which uploads are taken: 0 to 100000", readJobImages, func(t Tenant) string { return strconv.Itoa(t.Uploads.JobImages) }},
	{"upload-job-gib", "GiB of a job's originals, likewise: 0 to 1048576", readJobRoom, func(t Tenant) string { return strconv.FormatInt(t.Uploads.JobBytes/gibibyte, 10) }},
	{"upload-studio-gib", "GiB of all its originals, likewise; empty: no limit", readStudioRoom, showStudioRoom},
	{"watermark", "written over the previews of pictures that come in from then on, such as \"© Studio Nord\"; originals stay as they are; empty: none", readWatermark, func(t Tenant) string { return t.Watermark }},
	{"forget-after-days", "customers not seen for so long are erased, where no job or booking of theirs is open: 90 to 36500; empty: never", readForget, showForget},
}

// Show returns the setting as it reads back.
func (s Setting) Show(t Tenant) string { return s.show(t) }

// set reads the text of a setting into a studio. lax allows what only development may
// have: http, and names such as localhost.
func set(t *Tenant, name, text string, lax bool) error {
	at := slices.IndexFunc(Settings, func(s Setting) bool { return s.Name == name })
	if at < 0 {
		return fmt.Errorf("there is no setting %q: `pixgate tenant help` names them", name)
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return fmt.Errorf("%s holds control characters, or is no UTF-8", name)
	}
	if err := Settings[at].read(t, strings.TrimSpace(text), lax); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readName(t *Tenant, text string, _ bool) error {
	if n := utf8.RuneCountInString(text); n < 1 || n > 100 {
		return fmt.Errorf("give 1 to 100 characters, not %d", n)
	}
	t.Name = text
	return nil
}

func readHosts(t *Tenant, text string, lax bool) (err error) {
	t.Hosts, err = readList(text, func(host string) error { return judgeHost(host, lax) })
	return err
}

func readOrigins(t *Tenant, text string, lax bool) (err error) {
	t.Origins, err = readList(text, func(origin string) error { return judgeOrigin(origin, lax) })
	return err
}

// readList reads what stands between commas; nothing is an empty list.
func readList(text string, judge func(string) error) ([]string, error) {
	list := []string{}
	if text == "" {
		return list, nil
	}
	for entry := range strings.SplitSeq(text, ",") {
		entry = strings.TrimSpace(entry)
		if err := judge(entry); err != nil {
			return nil, err
		}
		if slices.Contains(list, entry) {
			return nil, fmt.Errorf("%q stands there twice", entry)
		}
		list = append(list, entry)
	}
	return list, nil
}

// judgeHost says what is wrong with a host as requests name it: lower case, ASCII, no
// port, no dot at the end; lax allows localhost and addresses, too.
func judgeHost(host string, lax bool) error {
	if ascii, ok := parseDomain(host); ok && ascii == host {
		return nil
	}
	if _, err := netip.ParseAddr(host); lax && (err == nil || host == "localhost") {
		return nil
	}
	return fmt.Errorf("%q is no host's name: give it in lower case and ASCII, without scheme, port or a dot at the end, such as api.nord.example", host)
}

// judgeOrigin says what is wrong with an origin. Only the spelling that browsers send
// passes, since origins are compared as texts; nothing stands for several.
func judgeOrigin(origin string, lax bool) error {
	u, err := url.Parse(origin)
	if err != nil || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !lax) {
		return fmt.Errorf("%q is no https origin, such as https://nord.example", origin)
	}
	host, port := u.Hostname(), u.Port()
	if strings.HasPrefix(u.Host, "[") {
		host = ""
	}
	if err := judgeHost(host, lax); err != nil {
		return fmt.Errorf("%q: %w", origin, err)
	}
	spelled := u.Scheme + "://" + host
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || strconv.FormatUint(n, 10) != port || n == 0 || u.Scheme == "https" && n == 443 || u.Scheme == "http" && n == 80) {
		return fmt.Errorf("%q: browsers spell it without this port", origin)
	} else if port != "" {
		spelled += ":" + port
	}
	if origin != spelled {
		return fmt.Errorf("%q has more than scheme, host and port, or browsers spell it otherwise: %s", origin, spelled)
	}
	return nil
}

func readSender(t *Tenant, text string, _ bool) error {
	if text == "" {
		t.MailFrom = ""
		return nil
	}
	sender, err := mail.ParseAddress(text)
	if err != nil {
		return fmt.Errorf("%q is no sender: give one address with a name, such as \"Studio Nord <no-reply@nord.example>\"", text)
	}
	address, ok := ParseAddress(sender.Address)
	if !ok {
		return fmt.Errorf("%q is no address that mail can come from", sender.Address)
	}
	t.MailFrom = (&mail.Address{Name: sender.Name, Address: address.Mailbox()}).String()
	return nil
}

// showSender writes the name in letters, not as mail headers encode it.
func showSender(t Tenant) string {
	sender, err := mail.ParseAddress(t.MailFrom)
	if err != nil || sender.Name == "" {
		return t.MailFrom
	}
	return strconv.Quote(sender.Name) + " <" + sender.Address + ">"
}

func readLocale(t *Tenant, text string, _ bool) error {
	if locale := Locale(text); locale != German && locale != English {
		return fmt.Errorf("%q is none of de and en", text)
	}
	t.Locale = Locale(text)
	return nil
}

func readTimeZone(t *Tenant, text string, _ bool) error {
	// "" and Local are what a machine says, no place.
	if _, err := time.LoadLocation(text); err != nil || text == "" || text == "Local" {
		return fmt.Errorf("%q is no time zone, such as Europe/Berlin", text)
	}
	t.TimeZone = text
	return nil
}

func readSignUp(t *Tenant, text string, _ bool) error {
	if text != "open" && text != "closed" {
		return fmt.Errorf("%q is none of open and closed", text)
	}
	t.SignUp = text == "open"
	return nil
}

func showSignUp(t Tenant) string {
	if t.SignUp {
		return "open"
	}
	return "closed"
}

// The bounds of forget-after-days. Sessions end when they are idle for a third of the
// least: whoever is erased was signed in nowhere.
const (
	leastForget = 90
	mostForget  = 36500
)

// maxWatermark is how many characters a watermark may have: it is read in passing.
const maxWatermark = 40

func readWatermark(t *Tenant, text string, _ bool) error {
	if n := utf8.RuneCountInString(text); n > maxWatermark {
		return fmt.Errorf("give %d characters at most, not %d", maxWatermark, n)
	}
	t.Watermark = text
	return nil
}

func readForget(t *Tenant, text string, _ bool) error {
	if text == "" {
		t.ForgetAfterDays = nil
		return nil
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < leastForget || days > mostForget {
		return fmt.Errorf("%q is no number of days from %d to %d", text, leastForget, mostForget)
	}
	t.ForgetAfterDays = &days
	return nil
}

func showForget(t Tenant) string {
	if t.ForgetAfterDays == nil {
		return ""
	}
	return strconv.Itoa(*t.ForgetAfterDays)
}
