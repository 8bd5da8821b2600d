package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const (
	postgresUser    = "postgres" // of the database and, for root, of the machine
	postgresWithin  = 30 * time.Second
	postgresStopFor = 20 * time.Second
)

// postgres is a running PostgreSQL.
type postgres struct {
	socket string // folder of its socket
	guard  io.Closer
	died   chan struct{}
	err    error // how it ended, once died is closed
}

// startPostgres makes an empty database in dir and serves it.
func startPostgres(ctx context.Context, dir string, log io.Writer) (*postgres, error) {
	bin, err := postgresBinaries()
	if err != nil {
		return nil, err
	}
	as, err := unprivileged()
	if err != nil {
		return nil, err
	}
	home := filepath.Join(dir, "postgres")
	if err := ownFolder(home, as); err != nil {
		return nil, err
	}
	data := filepath.Join(home, "data")
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = home, []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
		return cmd
	}
	initdb := command(filepath.Join(bin, "initdb"), "-D", data, "-U", postgresUser, "-E", "UTF8", "--no-sync", "--auth=trust")
	if said, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, said)
	}
	pg := &postgres{socket: home, died: make(chan struct{})}
	// Nothing here outlives the machine, so nothing waits for the disk: one that is
	// shared with other jobs would decide over the times that are measured.
	// The shell ends PostgreSQL when its standard input ends, which it does
	// whichever way this process goes.
	cmd := command("/bin/sh", "-c", `"$0" "$@" & read -r _; kill -INT $!; wait $!`,
		filepath.Join(bin, "postgres"), "-D", data, "-k", home, "-c", "listen_addresses=", "-c", "log_min_messages=fatal", "-c", "fsync=off")
	if pg.guard, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting PostgreSQL: %w", err)
	}
	go func() {
		pg.err = cmd.Wait()
		close(pg.died)
	}()
	answers := func() bool {
		return command(filepath.Join(bin, "pg_isready"), "-h", home, "-U", postgresUser).Run() == nil
	}
	if err := pg.ready(ctx, answers); err != nil {
		return nil, errors.Join(err, pg.stop())
	}
	return pg, nil
}

// postgresBinaries finds the folder with the server's programs: Debian keeps
// them out of PATH.
func postgresBinaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		newest := slices.MaxFunc(found, func(a, b string) int { return major(a) - major(b) })
		return filepath.Dir(newest), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed: apt-get install postgresql")
	}
	path, err = filepath.EvalSymlinks(path)
	return filepath.Dir(path), err
}

// major is the version in /usr/lib/postgresql/15/bin/initdb; 0 when there is none.
func major(path string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return n
}

// unprivileged is the user to run as; nil is the one who asks. PostgreSQL
// refuses to run as root.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(postgresUser)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, errUser := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGroup := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUser, errGroup)
}

func ownFolder(dir string, as *syscall.Credential) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if as == nil {
		return nil
	}
	return os.Chown(dir, int(as.Uid), int(as.Gid))
}

// ready asks until PostgreSQL answers.
func (p *postgres) ready(ctx context.Context, answers func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, postgresWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !answers() {
		select {
		case <-p.died:
			return fmt.Errorf("PostgreSQL ended by itself: %w", p.err)
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
	return nil
}

func (p *postgres) stop() error {
	_ = p.guard.Close() // the shell may be gone
	select {
	case <-p.died:
		return nil
	case <-time.After(postgresStopFor):
		return errors.New("PostgreSQL does not stop")
	}
}
