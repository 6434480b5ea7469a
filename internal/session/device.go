package session

import (
	"crypto/sha256"
	"strings"

	"pixgate/internal/account"
	"pixgate/internal/fault"
)

// Device is what a client tells about itself.
type Device struct {
	Secret string // made by the client once: 16 to 128 printable ASCII characters, no spaces
	Name   string // how its owner will recognise it, at most 100 characters; may be empty
	Kind   string // HANDHELD, DESKTOP or OTHER; empty: OTHER
}

const (
	handheld = string(account.Handheld)
	desktop  = string(account.Desktop)
	other    = string(account.OtherDevice)

	maxDeviceName = 100 // characters
)

// hash is what is kept of a device secret.
func (d Device) hash() []byte { return hashDevice(d.Secret) }

func hashDevice(deviceSecret string) []byte {
	sum := sha256.Sum256([]byte("pixgate device\x00" + deviceSecret))
	return sum[:]
}

// check returns what is wrong with the device of an input; nil is no device.
func (d *Device) check() []fault.Field {
	if d == nil {
		return nil
	}
	var wrong []fault.Field
	if !isDeviceSecret(d.Secret) {
		wrong = append(wrong, fault.Field{
			Path: "input.device.id", Code: fault.InvalidValue, Message: "Must be 16 to 128 printable ASCII characters without spaces.",
		})
	}
	wrong = append(wrong, fault.Text("input.device.name", d.Name, 0, maxDeviceName)...)
	switch d.Kind {
	case "", handheld, desktop, other:
	default:
		wrong = append(wrong, fault.Field{
			Path: "input.device.kind", Code: fault.InvalidValue, Message: "Must be HANDHELD, DESKTOP or OTHER.",
		})
	}
	return wrong
}

func isDeviceSecret(text string) bool {
	if len(text) < 16 || len(text) > 128 {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// signInDevice returns the device that a session will be bound to: for a token
// the client's own, for a cookie the one that the server's cookie names, called
// by its user agent where the client gives it no name.
func signInDevice(c Client, in SignIn) Device {
	if in.Transport == Token {
		d := *in.Device
		if d.Kind == "" {
			d.Kind = other
		}
		return named(d, c.UserAgent)
	}
	d := Device{Secret: c.DeviceSecret}
	if in.Device != nil {
		d.Name, d.Kind = in.Device.Name, in.Device.Kind
	}
	if d.Kind == "" || d.Kind == other {
		d.Kind = kindOf(c.UserAgent)
	}
	return named(d, c.UserAgent)
}

func named(d Device, userAgent string) Device {
	if strings.TrimSpace(d.Name) == "" {
		d.Name = describe(userAgent)
	}
	return d
}

// word is a mark in a user agent and what it stands for. The first that is found
// counts: browsers name their ancestors too.
type word struct{ mark, name, kind string }

var (
	systems = []word{
		{"iPhone", "iPhone", handheld}, {"iPad", "iPad", handheld}, {"Android", "Android", handheld},
		{"Windows", "Windows", desktop}, {"Macintosh", "Mac", desktop}, {"CrOS", "ChromeOS", desktop},
		{"Linux", "Linux", desktop}, {"X11", "Unix", desktop},
	}
	browsers = []word{
		{mark: "Edg", name: "Edge"}, {mark: "OPR/", name: "Opera"}, {mark: "Firefox/", name: "Firefox"}, {mark: "FxiOS/", name: "Firefox"},
		{mark: "CriOS/", name: "Chrome"}, {mark: "Chrome/", name: "Chrome"}, {mark: "Safari/", name: "Safari"},
	}
)

// describe names a device in a few words, such as "Firefox, Windows". Nothing of
// the user agent itself gets into the name.
func describe(userAgent string) string {
	system, browser := find(systems, userAgent), find(browsers, userAgent)
	switch {
	case system.name == "" && browser.name == "":
		return "Unknown device"
	case system.name == "":
		return browser.name
	case browser.name == "":
		return system.name
	}
	return browser.name + ", " + system.name
}

func kindOf(userAgent string) string {
	if kind := find(systems, userAgent).kind; kind != "" {
		return kind
	}
	return other
}

func find(words []word, userAgent string) word {
	for _, w := range words {
		if strings.Contains(userAgent, w.mark) {
			return w
		}
	}
	return word{}
}
