package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrSealed says that something can't be opened: its key is not in the ring any more, it was
// sealed for another purpose or about something else, or it was changed.
var ErrSealed = errors.New("secret: it can't be opened")

// keyIDLen is how long a key's id is before what it has sealed, in bytes.
const keyIDLen = 4

// Seal encrypts what must be kept and read again (AES-256-GCM, with a key of its own for each
// purpose, derived from the ring's current one). about is what it belongs to, such as
// its row's id: it opens with the same one only, so that nobody puts it elsewhere. What
// comes of it is 32 bytes longer, and different each time.
func (r Ring) Seal(purpose string, plain, about []byte) ([]byte, error) {
	sealer, err := r.current.sealer(purpose)
	if err != nil {
		return nil, err
	}
	keyID, err := hex.DecodeString(r.current.id)
	if err != nil {
		return nil, fmt.Errorf("secret: a key's id: %w", err)
	}
	return sealer.Seal(keyID, nil, plain, about), nil //nolint:gosec // the sealer makes a nonce of its own, see NewGCMWithRandomNonce
}

// Open returns what was sealed for that purpose about that, also by a key that was replaced and
// is still in the ring; else [ErrSealed].
func (r Ring) Open(purpose string, sealed, about []byte) ([]byte, error) {
	if len(sealed) < keyIDLen {
		return nil, ErrSealed
	}
	key, known := r.ByID(hex.EncodeToString(sealed[:keyIDLen]))
	if !known {
		return nil, ErrSealed
	}
	sealer, err := key.sealer(purpose)
	if err != nil {
		return nil, err
	}
	plain, err := sealer.Open(nil, nil, sealed[keyIDLen:], about)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func (k Key) sealer(purpose string) (cipher.AEAD, error) {
	derived := k.MAC("pixgate seal", []byte(purpose))
	block, err := aes.NewCipher(derived[:])
	if err != nil {
		return nil, fmt.Errorf("secret: a sealing key: %w", err)
	}
	sealer, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("secret: a sealing key: %w", err)
	}
	return sealer, nil
}
