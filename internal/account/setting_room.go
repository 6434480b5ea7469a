package account

import (
	"fmt"
	"strconv"
)

const (
	gibibyte      = 1 << 30
	mostRoom      = 1 << 20 // GiB
	mostJobImages = 100_000
)

// policies are what the command line calls them.
var policies = map[string]DevicePolicy{"refuse": RefuseDevice, "replace-oldest": ReplaceOldest}

func readPolicy(t *Tenant, text string, _ bool) error {
	policy, known := policies[text]
	if !known {
		return fmt.Errorf("%q is neither refuse nor replace-oldest", text)
	}
	t.Devices = policy
	return nil
}

func showPolicy(t Tenant) string {
	for text, policy := range policies {
		if policy == t.Devices {
			return text
		}
	}
	return string(t.Devices)
}

func readJobImages(t *Tenant, text string, _ bool) (err error) {
	t.Uploads.JobImages, err = readCount(text, mostJobImages)
	return err
}

func readJobRoom(t *Tenant, text string, _ bool) error {
	room, err := readCount(text, mostRoom)
	t.Uploads.JobBytes = int64(room) * gibibyte
	return err
}

func readStudioRoom(t *Tenant, text string, _ bool) error {
	if text == "" {
		t.Uploads.StudioBytes = nil
		return nil
	}
	room, err := readCount(text, mostRoom)
	t.Uploads.StudioBytes = new(int64(room) * gibibyte)
	return err
}

func showStudioRoom(t Tenant) string {
	if t.Uploads.StudioBytes == nil {
		return ""
	}
	return strconv.FormatInt(*t.Uploads.StudioBytes/gibibyte, 10)
}

func readCount(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%q is no whole number from 0 to %d", text, most)
	}
	return n, nil
}
