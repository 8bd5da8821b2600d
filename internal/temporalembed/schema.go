package temporalembed

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/schema"
)

// marker is a table of our own in Temporal's database. It says by which tables
// the file was made. In the file it cannot be lost or left behind when the file
// is copied or restored.
const marker = "embedded_schema"

// tables returns the statements that make Temporal's tables, and their hash.
func tables() (statements, hash string, err error) {
	var all strings.Builder
	for _, name := range []string{"sqlite/v3/temporal/schema.sql", "sqlite/v3/visibility/schema.sql"} {
		text, err := fs.ReadFile(schema.Assets(), name)
		if err != nil {
			return "", "", fmt.Errorf("temporal's table definitions: %w", err)
		}
		all.Write(text)
		all.WriteByte('\n')
	}
	sum := sha256.Sum256([]byte(all.String()))
	return all.String(), hex.EncodeToString(sum[:]), nil
}

// create makes the database under another name and renames it when it is
// complete: a file that a crash left without all its tables never starts again.
func (s *store) create(ctx context.Context) error {
	path := filepath.Join(s.dir, newFile)
	if err := makeTables(ctx, path); err != nil {
		return fmt.Errorf("temporal database %q: making its tables: %w; see that the folder is writable and the disk has room", s.path(), err)
	}
	if err := os.Rename(path, s.path()); err != nil {
		return unusable(s.dir, err)
	}
	return syncFolder(s.dir)
}

func makeTables(ctx context.Context, path string) (err error) {
	statements, hash, err := tables()
	if err != nil {
		return err
	}
	// SQLite would take the permissions of the umask, and gives its log those
	// of the database.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	db, err := openDB(path, "synchronous=full")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	if _, err := tx.ExecContext(ctx, statements); err != nil {
		return err
	}
	if err := mark(ctx, tx, hash); err != nil {
		return err
	}
	return tx.Commit()
}

func mark(ctx context.Context, tx *sql.Tx, hash string) error {
	if _, err := tx.ExecContext(ctx, "CREATE TABLE "+marker+" (hash TEXT NOT NULL, server_version TEXT NOT NULL)"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO "+marker+" VALUES (?, ?)", hash, headers.ServerVersion)
	return err
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return unusable(dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// check tells, before the server opens the database, whether it can.
func (s *store) check(ctx context.Context) error {
	_, hash, err := tables()
	if err != nil {
		return err
	}
	made, version, err := s.madeBy(ctx)
	if err != nil {
		return err
	}
	if made != hash {
		return fmt.Errorf("temporal database %q has the tables of server %s, which server %s in this program cannot use: run the program version that made it until its workflows have ended, then move the file away (with its -wal and -shm files)", s.path(), version, headers.ServerVersion)
	}
	return nil
}

// madeBy also finds out whether the file can be written: the transaction takes
// the write lock.
func (s *store) madeBy(ctx context.Context) (hash, version string, err error) {
	db, err := openDB(s.path())
	if err != nil {
		return "", "", unusable(s.dir, err)
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err == nil {
		defer func() { _ = tx.Rollback() }()
		err = tx.QueryRowContext(ctx, "SELECT hash, server_version FROM "+marker).Scan(&hash, &version)
	}
	switch {
	case err == nil:
		return hash, version, nil
	case strings.Contains(err.Error(), "no such table"), errors.Is(err, sql.ErrNoRows):
		return "", "", fmt.Errorf("temporal database %q was not made by this program: move it away, or give another data folder", s.path())
	}
	if explained := s.explain(err); !errors.Is(err, explained) {
		return "", "", explained
	}
	return "", "", fmt.Errorf("temporal database %q cannot be used: %w; make it readable and writable for this user", s.path(), err)
}
