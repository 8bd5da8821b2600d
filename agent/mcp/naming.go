package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// maxName is the longest name that every vendor takes (OpenAI: 64).
const maxName = 64

var unsafe = regexp.MustCompile(`[^a-zA-Z0-9_-]`)

// modelName is what the model calls: mcp__server__tool, safe for every vendor.
// A name that is too long keeps its beginning and gets a stable tail.
func modelName(server, name string) string {
	full := "mcp__" + server + "__" + unsafe.ReplaceAllString(name, "_")
	if len(full) <= maxName {
		return full
	}
	sum := sha256.Sum256([]byte(server + "\x00" + name))
	return full[:maxName-9] + "_" + hex.EncodeToString(sum[:4])
}

// noise begins the parts of a description that are for programmers.
var noise = regexp.MustCompile(`(?m)^\s*(?:Args|Arguments|Parameters|Returns|Raises|Example|Examples):\s*$`)

// maxDescription keeps one tool from crowding out the others.
const maxDescription = 600

// describe keeps of a description what a model needs.
func describe(s string) string {
	if at := noise.FindStringIndex(s); at != nil {
		s = s[:at[0]]
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxDescription {
		s = strings.ToValidUTF8(s[:maxDescription], "") + "…"
	}
	return s
}
