package audit

import (
	"encoding/hex"

	"pixgate/internal/id"
)

// Pseudonym stands for something personal, such as a mail address, in a value that
// is chained: one for each thing of a kind in a studio, and nobody's without the
// key. So what somebody did can be followed, and erasing a person leaves nothing
// of them in the chain. It changes with AUDIT_SECRET.
func (l *Log) Pseudonym(kind string, tenantID id.ID, thing []byte) string {
	sum := l.keys.Current().MAC("audit pseudonym: "+kind, tenantID[:], thing)
	return hex.EncodeToString(sum[:8])
}
