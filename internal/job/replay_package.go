package job

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"pixgate/internal/audit"
	"pixgate/internal/id"
	"pixgate/queries"
)

// What makes a package what it is. One that includes every picture releases them without
// any of them moving.
var (
	setsIncluded = []string{string(audit.JobCreated), string(audit.IncludedImagesSet)}
	setsAll      = []string{string(audit.JobCreated), string(audit.AllImagesIncludedSet)}
)

// replayPackages holds the package of every job of a studio against what was last written
// down about it. A job that nobody wrote anything down about has nothing to be held against.
func replayPackages(ctx context.Context, db *pgxpool.Pool, tenantID id.ID, report func(Difference)) error {
	params := queries.PackagesOfStudioParams{TenantID: tenantID, IncludedActions: setsIncluded, AllActions: setsAll, MaxRows: replayPage}
	for {
		var page []queries.PackagesOfStudioRow
		err := pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
			page, err = queries.New(tx).PackagesOfStudio(ctx, params)
			return err
		})
		if err != nil {
			return err
		}
		for _, row := range page {
			if err := heldAgainst(row, report); err != nil {
				return err
			}
		}
		if len(page) < replayPage {
			return nil
		}
		params.AfterID = page[len(page)-1].ID
	}
}

func heldAgainst(row queries.PackagesOfStudioRow, report func(Difference)) error {
	var included struct{ IncludedImages *int32 }
	var all struct{ AllImagesIncluded *bool }
	for value, into := range map[*string]any{&row.IncludedValue: &included, &row.AllValue: &all} {
		if *value == "" {
			continue
		}
		if err := json.Unmarshal([]byte(*value), into); err != nil {
			return fmt.Errorf("read an entry of job %s: %w", row.ID, err)
		}
	}
	if n := included.IncludedImages; n != nil && *n != row.IncludedImages {
		report(Difference{JobID: row.ID, Found: fmt.Sprintf("of %d included", row.IncludedImages), Rebuilt: fmt.Sprintf("of %d", *n)})
	}
	if b := all.AllImagesIncluded; b != nil && *b != row.AllImagesIncluded {
		report(Difference{JobID: row.ID, Found: wording(row.AllImagesIncluded), Rebuilt: wording(*b)})
	}
	return nil
}

func wording(all bool) string {
	if all {
		return "of all pictures"
	}
	return "of a number of pictures"
}
