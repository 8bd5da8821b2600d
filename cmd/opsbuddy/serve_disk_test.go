//go:build linux && fulldisk

package main

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/opsbuddy/opsbuddy/internal/killtest"
)

// TestAFullDiskLosesNothing fills a file system of its own, which only root may
// mount: a limit on a file's size gives another error than a full disk. The build
// tag keeps it out of a plain go test, which nobody runs as root:
//
//	go test -tags fulldisk ./cmd/opsbuddy -run FullDisk -v
func TestAFullDiskLosesNothing(t *testing.T) {
	t.Parallel() // it waits for a disk, not for the processor
	binary, err := exec.LookPath("opsbuddy")
	if err != nil {
		t.Fatal(err)
	}
	small := t.TempDir()
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=64m"); err != nil {
		t.Fatalf("mounting a small file system: %v; run this test as root", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) })
	r, err := killtest.FullDisk(t.Context(), killtest.Options{
		Binary: binary, Dir: t.ArtifactDir(), Seed: 1, Open: openFolder, Say: t.Logf,
	}, small)
	for _, p := range r.Problems {
		t.Error(p)
	}
	if err != nil {
		t.Fatal(err)
	}
}
