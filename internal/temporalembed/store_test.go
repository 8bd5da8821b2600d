package temporalembed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecondServerOnAFolderIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := start(t, Options{DataDir: dir})
	_, err := Start(testContext(t), Options{DataDir: dir})
	wantError(t, err, dir, "in use by process", "stop that one")
	stop(t, first)
	start(t, Options{DataDir: dir})
}

func TestFolderStaysLockedThoughNobodyHoldsTheServer(t *testing.T) {
	dir := t.TempDir()
	if _, err := lockFolder(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 { // one to find it unreachable, one to run what a finalizer left
		runtime.GC()
	}
	_, err := lockFolder(dir)
	wantError(t, err, dir, fmt.Sprint("in use by process ", os.Getpid()))
}

func TestLeftoversOfACrashWhileTablesWereMadeAreHarmless(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{newFile, newFile + "-journal", newFile + "-wal"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half a table"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, Options{DataDir: dir})
	c := connect(t, s)
	work(t, c, greet)
	if got := run(t, c, "after", "crash"); got != "hello crash" {
		t.Errorf("result %q", got)
	}
}

func TestDatabaseAppearsOnlyWhenComplete(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, newFile)
	ctx := testContext(t)
	if err := makeTables(ctx, path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the database is there before the rename: %v", err)
	}
	s := start(t, Options{DataDir: dir})
	stop(t, s)
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file of the crashed process is still there: %v", err)
	}
}

func TestDamagedDatabaseIsNamedWithTheRemedy(t *testing.T) {
	whole := t.TempDir()
	stop(t, start(t, Options{DataDir: whole}))
	good, err := os.ReadFile(filepath.Join(whole, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	noise := append([]byte(nil), good...)
	for i := page; i < len(noise); i++ {
		noise[i] = byte(i * 7)
	}
	for name, content := range map[string][]byte{
		"no database":     []byte("this is a text file, long enough to have been a header of a database file, and some more of it........."),
		"cut off":         good[:10*page],
		"pages are noise": noise,
		"empty":           {},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, databaseFile)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Start(testContext(t), Options{DataDir: dir})
			wantError(t, err, path, "move it away")
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !cmp.Equal(content, after) && len(content) > 0 {
				t.Error("the damaged file was changed: it may have been the only copy")
			}
			lock, err := lockFolder(dir)
			if err != nil {
				t.Fatalf("the folder is still locked: %v", err)
			}
			if err := lock.release(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOddCharactersInTheFolderNameDoNotLeadElsewhere(t *testing.T) {
	top := t.TempDir()
	names := []string{"a#b", "c?d=e&mode=memory", "f%20g", "h i", "%", "ü+;:@", `back\slash`, "quo'te\"s"}
	for _, name := range names {
		dir := filepath.Join(top, name)
		s := start(t, Options{DataDir: dir})
		c := connect(t, s)
		endWork := work(t, c, greet)
		if got := run(t, c, "odd", name); got != "hello "+name {
			t.Errorf("%s: result %q", name, got)
		}
		endWork()
		stop(t, s)
		info, err := os.Stat(filepath.Join(dir, databaseFile))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() == 0 {
			t.Errorf("%s: the database is empty", name)
		}
	}
	entries, err := os.ReadDir(top)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(names) {
		t.Errorf("something was written beside the folders: %v", entries)
	}
}

func TestUnusableFolderIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{
		"below a file":   filepath.Join(file, "data"),
		"is a file":      file,
		"cannot be made": "/proc/opsbuddy/data",
		"takes no files": "/proc/self",
		"bad name":       "data\x00",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Start(testContext(t), Options{DataDir: dir})
			wantError(t, err, filepath.Base(dir)[:4], "make it writable", "another one")
		})
	}
	_, err := Start(testContext(t), Options{})
	wantError(t, err, "data folder")
}

func TestDatabaseOfAnotherTemporalVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	stop(t, start(t, Options{DataDir: dir}))
	change(t, dir, "UPDATE "+marker+" SET hash = 'other', server_version = '1.31.4'")
	_, err := Start(testContext(t), Options{DataDir: dir})
	wantError(t, err, filepath.Join(dir, databaseFile), "1.31.4", "move the file away")

	change(t, dir, "DROP TABLE "+marker)
	_, err = Start(testContext(t), Options{DataDir: dir})
	wantError(t, err, filepath.Join(dir, databaseFile), "not made by this program")
}

func change(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := openDB(filepath.Join(dir, databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(testContext(t), statement); err != nil {
		t.Fatal(err)
	}
}

func TestLogOfAMissingDatabaseIsNotReplayed(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, databaseFile+"-wal")
	if err := os.WriteFile(log, []byte("commits"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Start(testContext(t), Options{DataDir: dir})
	wantError(t, err, log, "put the database back", "remove the log")
	if err := os.Truncate(log, 0); err != nil { // what a clean stop leaves
		t.Fatal(err)
	}
	start(t, Options{DataDir: dir})
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	start(t, Options{DataDir: dir})
	for name, want := range map[string]os.FileMode{
		"": 0o700, databaseFile: 0o600, databaseFile + "-wal": 0o600, lockFile: 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%q: mode %o, want %o", name, got, want)
		}
	}
}
