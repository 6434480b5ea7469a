package mailbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// save writes a mail to a file that sorts by its time.
func save(dir string, m Message) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write the mail: %w", err)
	}
	name := m.At.UTC().Format("20060102T150405.000000000Z") + "-" + m.ID + ".json"
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		return fmt.Errorf("write the mail: %w", err)
	}
	return nil
}

// load reads the mails of earlier runs, oldest first. A file cut off by a
// crash is left out.
func load(dir string) ([]Message, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the mails: %w", err)
	}
	var messages []Message
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			return nil, fmt.Errorf("read the mails: %w", err)
		}
		var m Message
		if json.Unmarshal(text, &m) == nil {
			messages = append(messages, m)
		}
	}
	return messages, nil
}
