package account_test

import (
	"strings"
	"testing"

	"pixgate/internal/account"
)

func TestSpellingsOfOneMailboxShareAKey(t *testing.T) {
	t.Parallel()
	for spelling, want := range map[string]string{
		"anna@example.com":           "anna@example.com",
		"  Anna@Example.COM ":        "anna@example.com",
		"anna@bücher.example":        "anna@xn--bcher-kva.example",
		"anna@BÜCHER.example":        "anna@xn--bcher-kva.example",
		"anna@xn--bcher-kva.example": "anna@xn--bcher-kva.example",
		"a+b_c-d@sub.example.com":    "a+b_c-d@sub.example.com",
		"anna@example。com":           "anna@example.com",
	} {
		got, ok := account.ParseAddress(spelling)
		if !ok || got.Key() != want {
			t.Errorf("ParseAddress(%q) = %q, %v; want %q", spelling, got.Key(), ok, want)
		}
	}
}

func TestWhatIsNoBareAddressIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "@", "a@", "@b.de", "anna", "anna@example", "anna@example.com.", "a..b@example.com", ".a@example.com", "a.@example.com",
		"anna@example.com, eve@example.com", "anna@example.com;eve@example.com", "Anna <anna@example.com>", "<anna@example.com>",
		`"anna"@example.com`, "anna(c)@example.com", "änna@example.com", "anna@exa mple.com", "an na@example.com",
		"anna@example.com\r\nBcc: eve@example.com", "anna\x00@example.com", "anna@[127.0.0.1]", "anna@127.0.0.1",
		"anna@-example.com", "anna@exam_ple.com", "anna@@example.com", "anna@example..com", "\tanna@example.com",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b.", 130) + "com",
	} {
		if got, ok := account.ParseAddress(text); ok {
			t.Errorf("ParseAddress(%q) = %q, want refusal", text, got.Key())
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	f.Add("Anna@Bücher.example")
	f.Add("a@b.de\r\nTo: c@d.de")
	f.Fuzz(func(t *testing.T, text string) {
		address, ok := account.ParseAddress(text)
		if !ok {
			return
		}
		key := address.Key()
		for _, spelling := range []string{key, address.Mailbox()} {
			if again, ok := account.ParseAddress(spelling); !ok || again.Key() != key {
				t.Errorf("ParseAddress(%q): %q reads back as %q, %v", text, spelling, again.Key(), ok)
			}
		}
		if len(key) > 254 || strings.Count(key, "@") != 1 || strings.ContainsAny(key, " \t\r\n,;<>()\"\x00") {
			t.Errorf("ParseAddress(%q) = %q", text, key)
		}
		for _, r := range key {
			if r <= ' ' || r >= 0x7f {
				t.Errorf("ParseAddress(%q) = %q with %q", text, key, r)
			}
		}
	})
}
