package matrix

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pixgate/internal/audit"
)

// The schema's kinds are the stored names in upper case, all of them.
func TestEverySecurityEventHasItsKind(t *testing.T) {
	t.Parallel()
	var kinds, events []string
	for _, value := range matrixSchema().Types["SecurityEventKind"].EnumValues {
		kinds = append(kinds, strings.ToLower(value.Name))
	}
	for _, event := range audit.Events() {
		events = append(events, string(event))
	}
	if !slices.Equal(kinds, events) {
		t.Errorf("kinds %q, events %q", kinds, events)
	}
	m := newMatrix(t)
	for _, event := range events {
		m.Exec(t, "UPDATE security_event SET event = $2 WHERE id = $1", m.event, event)
		filter := map[string]any{"filter": map[string]any{"event": strings.ToUpper(event)}}
		got := m.send(t, m.Admin, "query($filter: SecurityEventFilter) { securityEvents(filter: $filter) { nodes { event count account { email } addressKey } } }", filter)
		want := fmt.Sprintf(`{"data":{"securityEvents":{"nodes":[{"event":%q,"count":2,"account":{"email":"owner@example.com"},"addressKey":"e3b0c44298fc1c149afbf4c8996fb924"}]}}}`,
			strings.ToUpper(event))
		if strings.TrimSpace(got.body) != want {
			t.Errorf("%s: %d %s, want %s", event, got.status, got.body, want)
		}
	}
}
