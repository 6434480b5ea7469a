package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"

	"pixgate/internal/account"
	"pixgate/internal/audit"
	"pixgate/internal/fault"
	"pixgate/internal/id"
	"pixgate/internal/job"
	"pixgate/queries"
)

// ImportState says how far an import is.
type ImportState string

// The states.
const (
	Running ImportState = "RUNNING"
	Done    ImportState = "DONE"
	Failed  ImportState = "FAILED"
)

// Import is a run that takes the pictures lying under a prefix into a job.
type Import struct {
	ID         id.ID
	JobID      id.ID
	Prefix     string
	State      ImportState
	Found      int // objects
	Taken      int // became pictures
	Known      int // were in the job already
	Refused    []RefusedObject
	CreatedAt  time.Time
	FinishedAt *time.Time
}

// PublicID is how callers name the import.
func (i *Import) PublicID() string { return id.Import.Format(i.ID) }

// RefusedObject is an object that was not taken in, and why.
type RefusedObject struct {
	Name    string `json:"name"`    // below the prefix
	Code    string `json:"code"`    // for programs
	Message string `json:"message"` // for a person
}

// Start begins to take the objects under the studio's incoming prefix into a job,
// or returns the run of that prefix that is under way. Admins only; leaves an
// audit entry.
func (s *Imports) Start(ctx context.Context, v account.Viewer, jobID, prefix, reason string) (*Import, []job.Refusal, error) {
	now := s.now()
	if err := v.Require(account.Admin, now); err != nil {
		return nil, nil, err
	}
	j, err := s.jobs.ByID(ctx, v, jobID)
	if err != nil {
		return nil, nil, err
	}
	if err := checkImport(prefix, reason); err != nil {
		return nil, nil, err
	}
	if refusal := job.Closes(j.Status, "input", "jobId"); refusal != nil {
		return nil, []job.Refusal{*refusal}, nil
	}
	if refusal, err := s.checkFolder(ctx, v, prefix); err != nil || refusal != nil {
		return nil, refusal, err
	}
	var run *Import
	err = pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		fresh := id.New(now)
		row, err := queries.New(tx).StartImport(ctx, queries.StartImportParams{
			ID: fresh, TenantID: v.TenantID, JobID: j.ID, AccountID: v.AccountID, Prefix: prefix, Now: now,
		})
		if err != nil {
			return err
		}
		if run, err = importFrom(row); err != nil || run.ID != fresh {
			return err
		}
		running, err := queries.New(tx).ImportsToRun(ctx, v.TenantID, mostAhead+1)
		if err != nil {
			return err
		}
		if err := s.queue.Import(ctx, tx, run.ID, int(running)-1); err != nil { // it is one of them
			return err
		}
		return s.audit.Append(ctx, tx, audit.Change{
			TenantID: v.TenantID, ActorID: &v.AccountID, Action: audit.ImagesImported, JobID: &j.ID,
			New: map[string]string{"prefix": prefix}, Reason: reason, RequestID: v.RequestID,
		})
	})
	return run, nil, fault.Database("start an import", err)
}

// checkFolder looks whether anything lies under the prefix: a misspelt one would
// look like an import of nothing. Where the storage does not say within two
// seconds, the run itself will.
func (s *Imports) checkFolder(ctx context.Context, v account.Viewer, prefix string) ([]job.Refusal, error) {
	tenant, err := s.tenants.ByID(ctx, v.TenantID)
	if err != nil {
		return nil, err
	}
	folder := incoming(tenant, prefix)
	limited, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, err := range s.store.List(limited, folder) {
		if err != nil {
			s.log.WarnContext(ctx, "the storage does not say what is to be imported", "error", err)
		}
		return nil, nil
	}
	return []job.Refusal{{Field: []string{"input", "prefix"}, Code: job.NotFound, Message: "Nothing lies in the studio's storage under " + folder}}, nil
}

// incoming is where a studio's pictures lie before they are taken in.
func incoming(tenant account.Tenant, prefix string) string {
	return "tenants/" + tenant.Slug + "/incoming/" + prefix + "/"
}

func checkImport(prefix, reason string) error {
	var wrong []fault.Field
	// The rule of fs.ValidPath is the one wanted here: no "..", ".", empty or
	// absolute parts. "." alone would be the whole incoming folder.
	if !fs.ValidPath(prefix) || prefix == "." || fault.Text("", prefix, 1, 500) != nil {
		wrong = append(wrong, fault.Field{
			Path: "input.prefix", Code: fault.InvalidValue,
			Message: "Name a folder below the incoming one, such as 2026/haus-am-see: no leading or trailing slash, no empty part, no dots as a part.",
		})
	}
	wrong = append(wrong, fault.Text("input.reason", reason, 0, job.MaxReason)...)
	if wrong != nil {
		return fault.Invalid(wrong...)
	}
	return nil
}

// ByID returns an import of the viewer's studio. Admins only.
func (s *Imports) ByID(ctx context.Context, v account.Viewer, importID id.ID) (*Import, error) {
	if err := v.Require(account.Admin, s.now()); err != nil {
		return nil, err
	}
	row, err := queries.New(s.db).ImportByID(ctx, v.TenantID, importID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.Refused()
	}
	if err != nil {
		return nil, fault.Database("read an import", err)
	}
	return importFrom(row)
}

func importFrom(row queries.ImageImport) (*Import, error) {
	run := &Import{
		ID: row.ID, JobID: row.JobID, Prefix: row.Prefix, State: ImportState(row.State),
		Found: int(row.Found), Taken: int(row.Taken), Known: int(row.Known), CreatedAt: row.CreatedAt, FinishedAt: row.FinishedAt,
	}
	if err := json.Unmarshal(row.Refused, &run.Refused); err != nil {
		return nil, fmt.Errorf("read the refused objects of import %s: %w", row.ID, err)
	}
	return run, nil
}
