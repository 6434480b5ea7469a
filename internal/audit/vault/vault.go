// Package vault keeps the anchors of the audit log in object storage.
package vault

import (
	"context"
	"errors"
	"io"
	"iter"

	"pixgate/internal/blob"
	"pixgate/internal/fault"
)

// Vault is a bucket as the audit log sees it.
type Vault struct{ store *blob.Store }

// New returns the vault in store.
func New(store *blob.Store) *Vault { return &Vault{store} }

// List walks the keys that begin with prefix. It ends after the first error.
func (v *Vault) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for object, err := range v.store.List(ctx, prefix) {
			if !yield(object.Key, away(err)) || err != nil {
				return
			}
		}
	}
}

// Get returns at most so many bytes of what lies under key; nil for nothing.
func (v *Vault) Get(ctx context.Context, key string, most int64) ([]byte, error) {
	body, _, err := v.store.Get(ctx, key, blob.GetOptions{})
	if errors.Is(err, blob.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, away(err)
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, most))
	return data, away(err)
}

// Put lays data under key.
func (v *Vault) Put(ctx context.Context, key, contentType string, data []byte) error {
	_, err := v.store.Put(ctx, key, contentType, data)
	return away(err)
}

func away(err error) error {
	if err == nil {
		return nil
	}
	return fault.Away("storage", err)
}
