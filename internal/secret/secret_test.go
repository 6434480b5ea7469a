package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pixgate/internal/secret"
)

const plain = "the quick brown fox jumps over"

// service holds a ring as rooms do: in a field that fmt can't call methods on.
type service struct{ keys secret.Ring }

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	value := secret.Value(plain)
	ring := secret.NewRing(value, value+", before")
	for _, thing := range []any{value, &value, ring, &ring, ring.Current(), service{ring}, &service{ring}, struct{ V secret.Value }{value}, []any{value, ring}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			text := fmt.Sprintf(verb, thing)
			if strings.Contains(text, plain) || strings.Contains(text, fmt.Sprintf("%x", plain)) || strings.Contains(text, strings.Trim(fmt.Sprint([]byte(plain)), "[]")) {
				t.Errorf("%s of %T prints the secret", verb, thing)
			}
		}
		encoded, err := json.Marshal(thing)
		if err != nil || bytes.Contains(encoded, []byte(plain)) {
			t.Errorf("JSON of %T: %v", thing, err)
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "thing", thing)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "thing", thing)
		if strings.Contains(log.String(), plain) {
			t.Errorf("the log of %T holds the secret", thing)
		}
	}
	if value.Reveal() != plain {
		t.Error("the one place that needs the secret does not get it")
	}
}

func TestHashesOfDifferentThingsDiffer(t *testing.T) {
	t.Parallel()
	key := secret.NewKey(plain)
	seen := map[[32]byte]string{}
	for name, sum := range map[string][32]byte{
		"a purpose":        key.MAC("one", []byte("ab"), []byte("c")),
		"another":          key.MAC("two", []byte("ab"), []byte("c")),
		"other parts":      key.MAC("one", []byte("a"), []byte("bc")),
		"fewer parts":      key.MAC("one", []byte("abc")),
		"an empty part":    key.MAC("one", []byte("abc"), nil),
		"purpose and part": key.MAC("oneab", []byte("c")),
		"another key":      secret.NewKey(plain+"!").MAC("one", []byte("ab"), []byte("c")),
	} {
		if other, double := seen[sum]; double {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		seen[sum] = name
	}
}

func TestARingKnowsTheKeyBefore(t *testing.T) {
	t.Parallel()
	old := secret.NewRing("old secret", "")
	ring := secret.NewRing("new secret", "old secret")
	made := old.Current()
	if key, ok := ring.ByID(made.ID()); !ok || key.MAC("x") != made.MAC("x") {
		t.Error("what the key before made is not known any more")
	}
	if ring.Current().ID() == made.ID() {
		t.Error("the old key still makes hashes")
	}
	if _, ok := ring.ByID(secret.NewKey("older secret").ID()); ok {
		t.Error("a key from long ago is known")
	}
}

// The audit log lives longer than two secrets.
func TestARingKnowsEveryKeyBefore(t *testing.T) {
	t.Parallel()
	ring := secret.NewRing("third secret", "second secret", "", "first secret")
	for _, old := range []secret.Value{"third secret", "second secret", "first secret"} {
		made := secret.NewKey(old)
		if key, ok := ring.ByID(made.ID()); !ok || key.MAC("x") != made.MAC("x") {
			t.Error("what one of the keys made is not known")
		}
	}
	if _, ok := ring.ByID(secret.NewKey("").ID()); ok {
		t.Error("an empty secret is a key")
	}
}
