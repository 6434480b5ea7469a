package blob

import (
	"errors"
	"testing"
)

func TestCopyTakesOnlyTheObjectThatWasSeen(t *testing.T) {
	t.Parallel()
	s := staged(t)
	const from, to = "in/Küche + Flur (1)%.jpg", "out/original"
	seen := put(t, s, from, "image/jpeg", "picture")
	copied, err := s.Copy(t.Context(), from, to, seen.ETag)
	if err != nil {
		t.Fatal(err)
	}
	if text, got, err := get(t, s, to, GetOptions{}); err != nil || text != "picture" || got.ETag != copied.ETag {
		t.Errorf("the copy reads %q with ETag %s (%v), want the picture with %s", text, got.ETag, err, copied.ETag)
	}
	put(t, s, from, "image/jpeg", "another")
	if _, err := s.Copy(t.Context(), from, to, seen.ETag); !errors.Is(err, ErrChanged) {
		t.Errorf("copying what has changed: %v, want ErrChanged", err)
	}
	if _, err := s.Copy(t.Context(), "in/none", to, seen.ETag); !errors.Is(err, ErrNotFound) {
		t.Errorf("copying what is not there: %v, want ErrNotFound", err)
	}
}
