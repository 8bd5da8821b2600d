package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/opsbuddy/opsbuddy/border"
)

// maxName is the longest name that every vendor takes (OpenAI: 64).
const maxName = 64

var unsafe = regexp.MustCompile(`[^a-zA-Z0-9_-]`)

// modelName is what the model calls: mcp__server__tool, safe for every vendor.
// A name that is too long keeps its beginning and gets a stable tail. Names of
// two servers never meet, since a server's name neither holds "__" nor ends in "_".
func modelName(server, name string) string {
	full := plainName(server, name)
	if len(full) <= maxName {
		return full
	}
	return hashedName(server, name)
}

func plainName(server, name string) string {
	return "mcp__" + server + "__" + unsafe.ReplaceAllString(name, "_")
}

// hashedName ends in eight digits that stand for the server's own name.
func hashedName(server, name string) string {
	sum := sha256.Sum256([]byte(server + "\x00" + name))
	full := plainName(server, name)
	return full[:min(len(full), maxName-9)] + "_" + hex.EncodeToString(sum[:4])
}

// noise begins the parts of a description that are for programmers; the schema
// says the same of the arguments.
var noise = regexp.MustCompile(`(?m)^\s*(?:Args|Arguments|Parameters|Params|Returns|Return|Raises|Yields|Examples?):?\s*$|^\s*(?:Returns|Raises|ctx):\s`)

// Bounds, in characters, that keep one tool from crowding out the others.
const (
	maxDescription = 600
	maxHint        = 400 // of one argument
)

// describe keeps of a description what a model needs.
func describe(s string) string {
	s = border.Clean(s)
	if at := noise.FindStringIndex(s); at != nil && strings.TrimSpace(s[:at[0]]) != "" {
		s = s[:at[0]]
	}
	return shorten(s, maxDescription)
}

func shorten(s string, limit int) string {
	short, _ := border.Cut(strings.Join(strings.Fields(s), " "), limit)
	return short
}
