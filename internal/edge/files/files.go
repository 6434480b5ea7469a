// Package files sends what leaves as a file: pictures, their archives and contact sheets, the audit
// log, what is kept about a person, and pages as PDF. Who may have one is decided by the rooms behind.
package files

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"pixgate/internal/audit"
	"pixgate/internal/gate"
	"pixgate/internal/id"
)

// Files are the ways out.
type Files struct {
	Downloads Downloads
	Archives  Archives
	Journal   Journal
	Dossiers  Dossiers
	Pages     Pages
	Limits    *gate.Limiter
	Security  Security
	Now       func() time.Time
}

// Security keeps what was refused. It waits for nobody.
type Security interface {
	Record(i audit.Incident)
}

// downloadTimeout is how long the decision about one picture may take.
const downloadTimeout = 10 * time.Second

// clientStall is how long a client may take to accept a block of a file.
const clientStall = time.Minute

// limit counts a download by the account that it is for.
func (f Files) limit(ctx context.Context, accountID id.ID) error {
	if err := gate.Refusal(ctx); err != nil {
		return err
	}
	return f.Limits.Pass(ctx, gate.Download, accountID.String())
}

// patient gives each block the same time, however long all of them take: the server's
// limit for a whole answer would cut off every file that is longer.
type patient struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (p *patient) Write(block []byte) (int, error) {
	// Of the machine's clock, like the connection's own deadlines.
	if err := p.control.SetWriteDeadline(time.Now().Add(clientStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, fmt.Errorf("move the deadline: %w", err)
	}
	return p.w.Write(block)
}
