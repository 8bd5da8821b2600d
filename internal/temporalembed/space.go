package temporalembed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// fullSign is what SQLite says when a write finds no room (SQLITE_FULL).
const fullSign = "database or disk is full"

const (
	probeFile  = "space.probe"
	probeSize  = 1 << 20 // bytes; a page that is stored takes 40 KB
	probeEvery = time.Second
	remindOf   = time.Minute
)

// space knows whether the disk of the data folder is full. It learns it from what
// the server logs, and that it is over from a file that it can write. The zero
// value of the pointer knows nothing.
type space struct {
	dir string
	log *slog.Logger

	mu    sync.Mutex
	since time.Time // zero: there is room
	told  time.Time
	ended bool
	stop  context.CancelFunc
	done  chan struct{}
}

func newSpace(dir string, log *slog.Logger) *space { return &space{dir: dir, log: log} }

// met is told that a write found no room.
func (s *space) met() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.tell()
	if s.since.IsZero() {
		s.since = time.Now()
		var ctx context.Context
		ctx, s.stop = context.WithCancel(context.Background())
		s.done = make(chan struct{})
		go s.watch(ctx, s.done)
	}
}

// tell is one line in place of the twenty a second of the server. The lock is held.
func (s *space) tell() {
	if time.Since(s.told) < remindOf {
		return
	}
	s.told = time.Now()
	s.log.Error("the disk is full and nothing can be stored: free space there; until then webhooks are answered 503 and sent again by PagerDuty, and reviews wait", "dir", s.dir)
}

// watch ends when there is room again.
func (s *space) watch(ctx context.Context, done chan struct{}) {
	defer close(done)
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if s.probe() != nil {
			continue
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.log.Info("the disk has room again; reviews go on", "dir", s.dir, "full_for_ms", time.Since(s.since).Milliseconds())
		s.since = time.Time{}
		return
	}
}

// probe writes a file of a size that a few pages take.
func (s *space) probe() error {
	path := filepath.Join(s.dir, probeFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, probeSize))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(path))
}

// err says what is wrong, for people.
func (s *space) err() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since.IsZero() {
		return nil
	}
	return errFull(s.dir)
}

func (s *space) close() {
	s.mu.Lock()
	s.ended = true
	stop, done := s.stop, s.done
	s.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
}

func errFull(dir string) error {
	return fmt.Errorf("the disk of %s is full: a page cannot be accepted durably; free space there", dir)
}

func isFull(err error) bool { return err != nil && strings.Contains(err.Error(), fullSign) }
