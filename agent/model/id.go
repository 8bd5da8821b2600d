package model

import (
	"crypto/sha256"
	"fmt"
	"regexp"
)

// idLength and the letters of an id are what the strictest chat templates take
// (Mistral's: 9 letters or digits, llama.cpp#26359); every vendor takes them.
const (
	idLength = 9
	idDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

var (
	goodID  = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	shortID = regexp.MustCompile(`^[a-zA-Z0-9]{9}$`)
)

// ShortID is id in a form that every vendor takes, always the same for the same
// id.
func ShortID(id string) string {
	if shortID.MatchString(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	out := make([]byte, idLength)
	for i := range out {
		out[i] = idDigits[int(sum[i])%len(idDigits)]
	}
	return string(out)
}

// freshID makes an id that is not in use, from where the call stands: the same
// conversation gets the same ids in a replay.
func freshID(used map[string]bool, at, index int, old string) string {
	for try := 0; ; try++ {
		id := ShortID(fmt.Sprintf("%d/%d/%d/%s", at, index, try, old))
		if !used[id] {
			return id
		}
	}
}

// assignIDs gives each call an id that no call of the conversation has. The
// vendor's own are kept where keep allows it and they are unique: servers number
// the calls of each turn from 1, or give the same id twice.
func assignIDs(calls []Call, history []Message, keep bool) {
	used := map[string]bool{}
	for _, m := range history {
		for _, c := range m.Calls {
			used[c.ID] = true
		}
	}
	for i := range calls {
		c := &calls[i]
		if !keep || !goodID.MatchString(c.ID) || used[c.ID] {
			c.ID = freshID(used, len(history), i, c.ID+c.Name)
		}
		used[c.ID] = true
	}
}
