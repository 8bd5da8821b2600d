package temporalembed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumsapi "go.temporal.io/api/enums/v1"
	enumspb "go.temporal.io/server/api/enums/v1"
	persistencespb "go.temporal.io/server/api/persistence/v1"
	tokenspb "go.temporal.io/server/api/token/v1"
	"go.temporal.io/server/common"
	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/tasktoken"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	databaseFile = "temporal.db"
	newFile      = databaseFile + ".new" // the database while its tables are made
	lockFile     = "temporal.lock"

	// busyTimeout in milliseconds, for the moments in which two connections
	// (the server's and our own) meet.
	busyTimeout = "10000"
	// driver is the name under which Temporal's SQLite plugin registers
	// modernc.org/sqlite.
	driver = "sqlite"
)

// store is the data folder: locked, with a complete database in it.
type store struct {
	dir  string
	lock folderLock
	sql  *config.SQL
}

// openStore creates what is missing. It writes nothing outside dir.
func openStore(ctx context.Context, dir string) (*store, error) {
	given := dir
	dir, err := filepath.Abs(given)
	if err != nil {
		return nil, unusable(given, err)
	}
	// Conversations are stored in it, so it is for its owner only.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	s := &store{dir: dir, lock: lock, sql: sqlConfig(filepath.Join(dir, databaseFile))}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(s.explain(err), s.close())
	}
	return s, nil
}

func unusable(dir string, err error) error {
	return fmt.Errorf("temporal data folder %q cannot be used: %w; make it writable for this user or give another one", dir, err)
}

func (s *store) path() string { return filepath.Join(s.dir, databaseFile) }

func (s *store) prepare(ctx context.Context) error {
	if err := s.removeNew(); err != nil {
		return unusable(s.dir, err)
	}
	_, err := os.Stat(s.path())
	if errors.Is(err, os.ErrNotExist) {
		if err := s.refuseStrayLog(); err != nil {
			return err
		}
		return s.create(ctx)
	}
	if err != nil {
		return unusable(s.dir, err)
	}
	return s.check(ctx)
}

// removeNew clears what a process left that died while it made the tables, or
// looked for room.
func (s *store) removeNew() error {
	for _, name := range []string{newFile, newFile + "-journal", newFile + "-wal", newFile + "-shm", probeFile} {
		err := os.Remove(filepath.Join(s.dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// refuseStrayLog keeps SQLite from replaying the log of a database that is gone
// into a new one of the same name.
func (s *store) refuseStrayLog() error {
	log := s.path() + "-wal"
	info, err := os.Stat(log)
	if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	if err != nil {
		return unusable(s.dir, err)
	}
	return fmt.Errorf("temporal database %q is gone but its log %q is there: put the database back, or remove the log too to begin with an empty one", s.path(), log)
}

// openDB opens a connection of our own, next to the server's.
func openDB(path string, pragmas ...string) (*sql.DB, error) {
	query := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": append(pragmas, "busy_timeout="+busyTimeout)}
	db, err := sql.Open(driver, "file:"+escapePath(path)+"?"+query.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// escapePath keeps '#', '?' and '%' in a folder's name from being read as parts
// of SQLite's URI: it would silently open another file, cut off there.
func escapePath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// sqlConfig has one connection, Temporal's default: with more of them it runs
// into SQLITE_BUSY.
func sqlConfig(path string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: escapePath(path),
		ConnectAttributes: map[string]string{
			"mode": "rw", "journal_mode": "wal", "busy_timeout": busyTimeout,
			"synchronous": "full", // a commit survives a power cut, for 1 ms a step
		},
	}
}

// createNamespace does nothing when the namespace is there.
func (s *store) createNamespace(name string, retention time.Duration) error {
	ns, err := sqlite.NewNamespaceConfig(clusterName, name, false, nil)
	if err == nil {
		ns.Detail.Config.Retention = durationpb.New(retention)
		err = sqlite.CreateNamespaces(s.sql, ns)
	}
	if err != nil {
		return fmt.Errorf("temporal namespace %q: %w", name, err)
	}
	return nil
}

// The hash of the tables, checked at each start, is what makes it safe to read
// them here.
const openWorkflows = `
SELECT e.namespace_id, e.workflow_id, e.run_id, e.data, e.data_encoding, EXISTS (
	SELECT 1 FROM activity_info_maps a
	WHERE a.shard_id = e.shard_id AND a.namespace_id = e.namespace_id AND a.workflow_id = e.workflow_id AND a.run_id = e.run_id)
FROM executions e
JOIN current_executions c USING (shard_id, namespace_id, workflow_id, run_id)
JOIN namespaces n ON n.id = e.namespace_id
WHERE n.name = ? AND c.state IN (?, ?)`

// openRun is an open workflow that waits for an activity or for a worker.
type openRun struct {
	*commonpb.WorkflowExecution
	activities bool
	task       *tokenspb.Task // of the workflow task that a worker has; nil when none does
}

// waitingRuns lists the open workflows of which a process may have had a task.
func (s *store) waitingRuns(ctx context.Context, namespace string) ([]openRun, error) {
	db, err := openDB(s.path())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, openWorkflows, namespace,
		enumspb.WORKFLOW_EXECUTION_STATE_CREATED, enumspb.WORKFLOW_EXECUTION_STATE_RUNNING)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var runs []openRun
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		if r.activities || r.task != nil {
			runs = append(runs, r)
		}
	}
	return runs, rows.Err()
}

func scanRun(rows *sql.Rows) (openRun, error) {
	var (
		r            openRun
		id, encoding string
		ns, run      primitives.UUID
		data         []byte
		info         persistencespb.WorkflowExecutionInfo
	)
	if err := rows.Scan(&ns, &id, &run, &data, &encoding, &r.activities); err != nil {
		return r, err
	}
	if encoding != enumsapi.ENCODING_TYPE_PROTO3.String() {
		return r, fmt.Errorf("workflow %s is stored as %s", id, encoding)
	}
	if err := info.Unmarshal(data); err != nil {
		return r, fmt.Errorf("workflow %s: %w", id, err)
	}
	r.WorkflowExecution = &commonpb.WorkflowExecution{WorkflowId: id, RunId: run.String()}
	if info.GetWorkflowTaskStartedEventId() != common.EmptyEventID {
		r.task = tasktoken.NewWorkflowTaskToken(ns.String(), id, run.String(), info.GetWorkflowTaskScheduledEventId(),
			info.GetWorkflowTaskStartedEventId(), nil, info.GetWorkflowTaskAttempt(), nil, info.GetWorkflowTaskVersion())
	}
	return r, nil
}

// checkpoint moves the log into the database after the server has stopped. The
// server's own connection stays open as long as the process, so SQLite would not
// do it, and a copy of the .db file alone would lack the last commits.
func (s *store) checkpoint(ctx context.Context) error {
	db, err := openDB(s.path())
	if err != nil {
		return fmt.Errorf("temporal database %q: %w", s.path(), err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return fmt.Errorf("temporal database %q: folding its log in: %w", s.path(), err)
	}
	return nil
}

func (s *store) close() error { return s.lock.release() }

// explain adds the file and the remedy to what SQLite says about a full disk or a
// damaged database, wherever in the server it came up.
func (s *store) explain(err error) error {
	if isFull(err) { // the chain of constructors that it came through tells nobody anything
		return fmt.Errorf("temporal does not start: %w; what was accepted is kept, and the next start goes on with it", errFull(s.dir))
	}
	for _, sign := range []string{"file is not a database", "disk image is malformed"} {
		if strings.Contains(err.Error(), sign) {
			return damaged(s.path(), err)
		}
	}
	return err
}

func damaged(path string, err error) error {
	return fmt.Errorf("temporal database %q is damaged or no database: %w; put a backup in its place, or move it away (with its -wal and -shm files) to begin with an empty one", path, err)
}
