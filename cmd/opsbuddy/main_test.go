package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary the program itself when it is called opsbuddy:
// scripts and children of tests run the real main.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"opsbuddy": func() { os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)) },
	})
}
