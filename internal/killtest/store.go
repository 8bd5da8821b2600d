package killtest

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
)

// store looks into the database of a process from outside. The driver is the one
// that comes with the embedded server.
type store struct{ db *sql.DB }

func openStore(dir string) (*store, error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "temporal.db")+"?mode=ro&_pragma=busy_timeout=10000")
	if err != nil {
		return nil, err
	}
	return &store{db}, nil
}

// open counts the reviews that have not ended (1: created, 2: running).
func (s *store) open(ctx context.Context) (int, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM current_executions WHERE state IN (1, 2) AND workflow_id LIKE 'incident-%'`).Scan(&n)
	return n, err
}

// whole says whether the file is sound.
func (s *store) whole(ctx context.Context) error {
	var said string
	if err := s.db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&said); err != nil {
		return err
	}
	if said != "ok" {
		return fmt.Errorf("the database is damaged: %s", said)
	}
	return nil
}

func (s *store) close() error { return s.db.Close() }
