package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestDoctorSaysWhetherTheDataFolderCanBeMade(t *testing.T) {
	above := t.TempDir()
	if said, err := checkFolder(filepath.Join(above, "a", "data"), false); err != nil || !strings.Contains(said, "will be made") {
		t.Errorf("%q, %v", said, err)
	}
	if left, err := os.ReadDir(above); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := checkFolder("/proc/nosuch/data", false); err == nil || !strings.Contains(err.Error(), "OPSBUDDY_DATA_DIR") {
		t.Errorf("a folder that cannot be made passes: %v", err)
	}
}
