package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// secretNames are the secrets of the server.
var secretNames = []string{"OTP_SECRET", "CSRF_SECRET", "TICKET_SECRET", "AUDIT_SECRET", "CRON_SECRET"}

// environment is what the server reads its settings from: ours, and below
// them those that we were started with.
type environment struct {
	base []string
	set  map[string]string
}

func (e environment) get(name string) string {
	if value, ok := e.set[name]; ok {
		return value
	}
	for _, variable := range slices.Backward(e.base) {
		if value, ok := strings.CutPrefix(variable, name+"="); ok {
			return value
		}
	}
	return ""
}

// otherwise sets what is not set.
func (e environment) otherwise(name, value string) {
	if e.get(name) == "" {
		e.set[name] = value
	}
}

// list is the environment as a child takes it. The last of a name counts.
func (e environment) list() []string {
	list := slices.Clone(e.base)
	for _, name := range slices.Sorted(maps.Keys(e.set)) {
		list = append(list, name+"="+e.set[name])
	}
	return list
}

// secrets sets the secrets that are not set: those of the file, which only we
// may read, or new ones that the file then keeps.
func (e environment) secrets(file string) error {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("secrets: %w", err)
	}
	kept := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			kept[name] = value
		}
	}
	var made strings.Builder
	for _, name := range secretNames {
		if kept[name] == "" {
			kept[name] = newSecret()
			fmt.Fprintf(&made, "%s=%s\n", name, kept[name])
		}
		e.otherwise(name, kept[name])
	}
	if made.Len() == 0 {
		return nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep the secrets: %w", err)
	}
	_, err = f.WriteString(made.String())
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep the secrets: %w", err)
	}
	return nil
}

// keep writes what is set into a file that only we may read, as a shell reads it: so the
// program's commands can be run beside the server.
func (e environment) keep(file string) error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(e.set)) {
		fmt.Fprintf(&text, "%s='%s'\n", name, strings.ReplaceAll(e.set[name], "'", `'\''`))
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("keep the settings: %w", err)
	}
	return nil
}

func newSecret() string {
	var bytes [32]byte
	_, _ = rand.Read(bytes[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(bytes[:])
}
