package id_test

import (
	"strings"
	"testing"
	"time"

	"pixgate/internal/id"
)

func TestIDsSortByTheTimeTheyWereMade(t *testing.T) {
	t.Parallel()
	earlier := id.New(time.UnixMilli(1_700_000_000_000))
	later := id.New(time.UnixMilli(1_700_000_000_001))
	if earlier.String() >= later.String() {
		t.Errorf("%s does not sort before %s", earlier, later)
	}
	for at, before := range map[int64]bool{1_700_000_000_000: false, 1_700_000_000_001: true, 1_699_999_999_999: false} {
		if got := earlier.String() < id.Earliest(time.UnixMilli(at)).String(); got != before {
			t.Errorf("%s lies before the earliest of %d: %t", earlier, at, got)
		}
	}
	if got := earlier.String()[14]; got != '7' {
		t.Errorf("version digit %c, want 7", got)
	}
}

func TestPublicIDsReadBackExactly(t *testing.T) {
	t.Parallel()
	want := id.New(time.Now())
	text := id.Image.Format(want)
	if got, ok := id.Image.Parse(text); !ok || got != want {
		t.Fatalf("Parse(%q) = %v, %v", text, got, ok)
	}
	bad := []string{
		"", "img_", text[:35], text + "0", strings.ToUpper(text), " " + text[1:],
		"xyz" + text[3:], strings.Replace(text, "_", "-", 1), text[:35] + "g", "img_" + want.String(),
	}
	for _, s := range bad {
		if _, ok := id.Image.Parse(s); ok {
			t.Errorf("Parse(%q) accepted", s)
		}
	}
	if _, ok := id.Job.Parse(text); ok {
		t.Error("a job id was read from an image's")
	}
}
