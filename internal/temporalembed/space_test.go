package temporalembed

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/server/common/log/tag"
)

func TestAFullDiskIsSaidInOneLineAndIsOverByItself(t *testing.T) {
	var lines syncBuffer
	out := slog.New(slog.NewTextHandler(&lines, nil))
	dir := filepath.Join(t.TempDir(), "data") // not there: nothing can be written
	log := newServerLog(out)
	log.space = newSpace(dir, out)
	defer log.space.close()
	if err := log.space.err(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		log.With(tag.ShardID(1)).Error("Persistent store operation Failure", tag.Error(errors.New("UpdateShard: database or disk is full (13)")))
		log.Error("service failures", tag.Error(errors.New("shard status unknown"))) // follows from it
	}
	if err := log.space.err(); err == nil || !strings.Contains(err.Error(), dir+" is full") {
		t.Errorf("%v", err)
	}
	if said := lines.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "free space there") {
		t.Errorf("the log says\n%s", said)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(soon); log.space.err() != nil; {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("there is room, and %v", log.space.err())
		}
	}
	if !strings.Contains(lines.String(), "has room again") {
		t.Errorf("the log says\n%s", lines.String())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left in the folder (%v)", left, err)
	}
	log.Error("something else", tag.Error(errors.New("x")))
	if !strings.Contains(lines.String(), "something else") {
		t.Error("other lines are still held back")
	}
}

func TestAStartOnAFullDiskSaysWhatToDo(t *testing.T) {
	s := &store{dir: "/var/lib/opsbuddy"}
	got := s.explain(errors.New("could not build arguments for function: SaveClusterMetadata: database or disk is full (13)")).Error()
	if !strings.Contains(got, "the disk of /var/lib/opsbuddy is full") || !strings.Contains(got, "free space there") || strings.Contains(got, "arguments") {
		t.Errorf("%s", got)
	}
}
