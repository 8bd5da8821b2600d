package temporalembed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// folderLock is a bare file descriptor. An *os.File is closed by the garbage
// collector once nobody refers to it, which would free the folder while a server
// that somebody forgot, or that does not stop, still writes to it.
type folderLock int

// lockFolder takes the folder for this process. The kernel gives the lock back
// when the process ends, however it ends, so there is no stale lock to remove.
func lockFolder(dir string) (folderLock, error) {
	fd, err := unix.Open(filepath.Join(dir, lockFile), unix.O_CREAT|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return 0, unusable(dir, err)
	}
	err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return 0, errors.Join(inUse(dir, fd), unix.Close(fd))
	}
	if err == nil {
		err = writePID(fd)
	}
	if err != nil {
		return 0, errors.Join(unusable(dir, err), unix.Close(fd))
	}
	return folderLock(fd), nil
}

// release gives the folder free for another process.
func (l folderLock) release() error { return unix.Close(int(l)) }

func writePID(fd int) error {
	if err := unix.Ftruncate(fd, 0); err != nil {
		return err
	}
	_, err := unix.Pwrite(fd, []byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func inUse(dir string, fd int) error {
	var text [20]byte
	who := "another process"
	n, _ := unix.Pread(fd, text[:], 0) // without it the message is less exact, no more
	if pid := strings.TrimSpace(string(text[:max(n, 0)])); pid != "" {
		who = "process " + pid
	}
	return fmt.Errorf("temporal data folder %q is in use by %s: stop that one, or give this one another folder", dir, who)
}
