package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	address   string
	retention time.Duration
	secure    bool
	attached  bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "temporalcluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := folder()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.attached {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			_, _ = io.Copy(io.Discard, stdin) // its end is all that matters
			cancel()
		}()
	}
	pg, err := startPostgres(ctx, dir, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.stop()) }()
	c, err := startServer(ctx, o, pg, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.server.Stop()) }()
	// The empty line says that this is all.
	fmt.Fprintln(stdout, strings.Join(c.environ, "\n")+"\n")
	select {
	case <-ctx.Done():
		return nil
	case <-pg.died:
		return fmt.Errorf("PostgreSQL ended by itself: %w", pg.err)
	}
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("temporalcluster", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.address, "address", "", "host:port to listen on; a free port of 127.0.0.1 when empty")
	f.DurationVar(&o.retention, "retention", 72*time.Hour, "how long the namespace \"default\" keeps closed workflows")
	f.BoolVar(&o.secure, "secure", false, "want TLS with a client's certificate, and an API key; both are made and printed")
	f.BoolVar(&o.attached, "attached", false, "end when standard input does: whoever holds its other end is gone")
	return o, f.Parse(args)
}

// folder is a temporary folder that PostgreSQL's user can pass through.
func folder() (string, error) {
	dir, err := os.MkdirTemp("", "opsbuddy-cluster-")
	if err != nil {
		return "", err
	}
	return filepath.Clean(dir), os.Chmod(dir, 0o711)
}
