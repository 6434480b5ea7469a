package standard_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"pixgate/internal/webhook/standard"
)

// The message that the libraries of standard-webhooks are tested with.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

var vector = standard.Message{ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", At: time.Unix(1614265330, 999_999_999), Body: []byte(`{"test": 2432232314}`)}

func parse(t *testing.T, text string) standard.Secret {
	t.Helper()
	s, err := standard.ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// verifies is a receiver, by the specification's words.
func verifies(secret, id, timestamp, signatures string, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(secret[len("whsec_"):])
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, body)
	for one := range strings.SplitSeq(signatures, " ") {
		version, signature, _ := strings.Cut(one, ",")
		got, err := base64.StdEncoding.DecodeString(signature)
		if version == "v1" && err == nil && hmac.Equal(got, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

func TestTheSpecificationsOwnMessage(t *testing.T) {
	t.Parallel()
	if got := standard.Sign(vector, parse(t, vectorSecret)); got != vectorSignature {
		t.Errorf("signed %q, and every receiver expects %q", got, vectorSignature)
	}
}

func TestASignatureByEachSecret(t *testing.T) {
	t.Parallel()
	fresh, old := standard.NewSecret(), parse(t, vectorSecret)
	got := standard.Sign(vector, fresh, standard.Secret{}, old)
	if !strings.HasSuffix(got, " "+vectorSignature) || strings.Count(got, "v1,") != 2 || strings.Count(got, " ") != 1 {
		t.Errorf("signed %q", got)
	}
	at := strconv.FormatInt(vector.At.Unix(), 10)
	for _, secret := range []string{fresh.Reveal(), vectorSecret} {
		if !verifies(secret, vector.ID, at, got, vector.Body) {
			t.Error("a receiver that holds one of the secrets refuses the message")
		}
		if verifies(secret, vector.ID, at, got, []byte(`{"test": 2432232315}`)) || verifies(secret, vector.ID, "1614265331", got, vector.Body) || verifies(secret, "msg_other", at, got, vector.Body) {
			t.Error("another message has the same signature")
		}
	}
	if verifies(standard.NewSecret().Reveal(), vector.ID, at, got, vector.Body) {
		t.Error("a secret that did not sign verifies")
	}
	if signed := standard.Sign(vector, standard.Secret{}); signed != "" {
		t.Errorf("signed by no secret: %q, which whoever knows the empty key can make", signed)
	}
}

// With dots in the id, one message's bytes are another one's: id "a" at 1 with the body
// "2.x" is id "a.1" at 2 with the body "x".
func TestAnIDThatCouldBeReadInTwoWaysIsNotSigned(t *testing.T) {
	t.Parallel()
	secret := standard.NewSecret()
	for _, id := range []string{"", "a.1", ".", "a\n", "a\r\nwebhook-id: b", "a b", "ä", "a\x00", strings.Repeat("a", 129)} {
		m := standard.Message{ID: id, At: time.Unix(2, 0), Body: []byte("x")}
		if got := standard.Sign(m, secret); got != "" {
			t.Errorf("id %q is signed: %q", id, got)
		}
	}
	// What a body holds moves nothing: the parts before it can't end later.
	bodies := []string{"", ".", "1.x", "x\n.1", "\r\n\r\n", "v1,x v1,y"}
	seen := map[string]string{}
	for _, body := range bodies {
		got := standard.Sign(standard.Message{ID: strings.Repeat("a", 128), At: time.Unix(2, 0), Body: []byte(body)}, secret)
		if before, twice := seen[got]; twice || got == "" {
			t.Errorf("bodies %q and %q are signed alike", before, body)
		}
		seen[got] = body
	}
}

func TestASecretIsReadInOneSpelling(t *testing.T) {
	t.Parallel()
	spell := func(n int) string { return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, n)) }
	for _, text := range []string{vectorSecret, spell(24), spell(32), spell(64), standard.NewSecret().Reveal()} {
		if got, err := standard.ParseSecret(text); err != nil || got.Reveal() != text {
			t.Errorf("%q: %q, %v", text, got.Reveal(), err)
		}
	}
	good := spell(32)
	for _, text := range []string{
		"", "whsec_", spell(23), spell(65), strings.TrimPrefix(good, "whsec_"), "whpk_" + good[6:], "WHSEC_" + good[6:], good + "\n", good[:20] + "\n" + good[20:], " " + good,
		good + "=", strings.TrimRight(good, "="), good[:len(good)-2] + "d=", "whsec_" + strings.Repeat("-_", 16), "v1," + good,
	} {
		_, err := standard.ParseSecret(text)
		if err == nil {
			t.Errorf("%q is taken for a secret", text)
		} else if len(text) > 20 && strings.Contains(err.Error(), text[8:20]) {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	if a, b := standard.NewSecret().Reveal(), standard.NewSecret().Reveal(); a == b || len(a) != len(good) {
		t.Errorf("new secrets %d and %d characters long, alike: %v", len(a), len(b), a == b)
	}
	if got := (standard.Secret{}).Reveal(); got != "" {
		t.Errorf("none reads %q", got)
	}
}

func TestASecretDoesNotPrint(t *testing.T) {
	t.Parallel()
	secret := parse(t, vectorSecret)
	holder := struct {
		Name   string
		Secret standard.Secret
	}{"hook", secret}
	var said bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&said, verb+" "+verb+"\n", secret, holder)
	}
	fmt.Fprintln(&said, secret.String())
	for _, handler := range []slog.Handler{slog.NewTextHandler(&said, nil), slog.NewJSONHandler(&said, nil)} {
		slog.New(handler).Info("a hook", "secret", secret, "holder", holder)
	}
	if err := json.NewEncoder(&said).Encode(holder); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(vectorSecret[6:])
	if err != nil {
		t.Fatal(err)
	}
	for _, tells := range []string{vectorSecret[6:], string(raw[:8]), fmt.Sprintf("%x", raw[:8]), fmt.Sprint(raw)[1:20]} {
		if strings.Contains(said.String(), tells) {
			t.Errorf("printed %q:\n%s", tells, said.String())
		}
	}
	if !strings.Contains(said.String(), "[redacted]") {
		t.Errorf("said %s", said.String())
	}
}

func FuzzParseSecret(f *testing.F) {
	for _, text := range []string{vectorSecret, "whsec_", "whsec_\n", "whsec_====", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS="} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if secret, err := standard.ParseSecret(text); err == nil && secret.Reveal() != text {
			t.Errorf("%q and %q are one secret", text, secret.Reveal())
		}
	})
}
