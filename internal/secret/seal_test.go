package secret_test

import (
	"bytes"
	"errors"
	"testing"

	"pixgate/internal/secret"
)

const (
	firstSecret  = "first secret of a test, long enough"
	secondSecret = "second secret of a test, long enough"
)

func seal(t *testing.T, ring secret.Ring, plain string) []byte {
	t.Helper()
	sealed, err := ring.Seal("test", []byte(plain), []byte("row 1"))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestWhatIsSealedOpensWhereItBelongsAndNowhereElse(t *testing.T) {
	t.Parallel()
	first := secret.NewRing(firstSecret)
	sealed := seal(t, first, "plain")
	for name, c := range map[string]struct {
		ring           secret.Ring
		purpose, about string
		opens          bool
	}{
		"as it was sealed":                 {first, "test", "row 1", true},
		"after the key was replaced":       {secret.NewRing(secondSecret, firstSecret), "test", "row 1", true},
		"the key was thrown away":          {secret.NewRing(secondSecret), "test", "row 1", false},
		"moved to another row":             {first, "test", "row 2", false},
		"for another purpose":              {first, "tess", "row 1", false},
		"purpose and row run into another": {first, "testrow", " 1", false},
	} {
		plain, err := c.ring.Open(c.purpose, sealed, []byte(c.about))
		if c.opens != (err == nil && string(plain) == "plain") || !c.opens && !errors.Is(err, secret.ErrSealed) {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
}

// Whoever can write the database's rows must not be able to make up a secret.
func TestAnAlteredSealDoesNotOpen(t *testing.T) {
	t.Parallel()
	ring := secret.NewRing(firstSecret)
	sealed := seal(t, ring, "plain")
	for at := range len(sealed) * 8 {
		flipped := bytes.Clone(sealed)
		flipped[at/8] ^= 1 << (at % 8)
		if plain, err := ring.Open("test", flipped, []byte("row 1")); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("with bit %d flipped: %q, %v", at, plain, err)
		}
	}
	for n := range len(sealed) {
		if _, err := ring.Open("test", sealed[:n], []byte("row 1")); !errors.Is(err, secret.ErrSealed) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
	}
}

func TestASealTellsNothing(t *testing.T) {
	t.Parallel()
	ring := secret.NewRing(firstSecret)
	one, another := seal(t, ring, "plain"), seal(t, ring, "plain")
	if bytes.Equal(one, another) {
		t.Error("the same text is sealed alike: one sees which rows have the same secret")
	}
	if bytes.Contains(one, []byte("plain")) || len(one) != len("plain")+32 {
		t.Errorf("%d bytes, which hold the text: %t", len(one), bytes.Contains(one, []byte("plain")))
	}
}

// Whatever stands in a row, nothing opens that was not sealed, and nothing panics.
func FuzzOpen(f *testing.F) {
	ring := secret.NewRing(firstSecret)
	f.Add([]byte(nil))
	f.Add(make([]byte, 40))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := ring.Open("test", sealed, nil); err == nil {
			t.Errorf("opened %q from what nobody sealed", plain)
		}
	})
}
