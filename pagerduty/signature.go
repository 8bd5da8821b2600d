package pagerduty

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"

	"github.com/opsbuddy/opsbuddy/core"
)

// signatureHeader carries "v1=<hex>", several of them while a secret is rotated
// (developer.pagerduty.com, "Verifying signatures").
const signatureHeader = "X-PagerDuty-Signature"

// keyring holds our own signing secrets: one, or several during a rotation. Of
// a rotation PagerDuty knows both, we may know both, and any pair will do.
//
// The check is ours because go-pagerduty's webhookv3 accepts an empty secret,
// reads only the first of several header lines, and refuses a blank after a
// comma (go-pagerduty v1.8.0, webhookv3.go).
type keyring [][]byte

// newKeyring reads secrets separated by commas. Empty entries are dropped: an
// empty key is one that everybody knows.
func newKeyring(list string) keyring {
	var k keyring
	for secret := range strings.SplitSeq(list, ",") {
		if secret = strings.TrimSpace(secret); secret != "" {
			k = append(k, []byte(secret))
		}
	}
	return k
}

// matches reports whether any of the sums was made over body with any of our
// secrets. It compares all of them, so that time says nothing about which.
func (k keyring) matches(body []byte, sums [][]byte) bool {
	found := false
	for _, secret := range k {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		want := mac.Sum(nil)
		for _, sum := range sums {
			if hmac.Equal(want, sum) {
				found = true
			}
		}
	}
	return found
}

// signatures are the v1 sums of a request. Other versions are ignored, since
// PagerDuty may add one; malformed reports a part that is no signature at all.
func signatures(h http.Header) (sums [][]byte, present, malformed bool) {
	for _, line := range h.Values(signatureHeader) {
		for part := range strings.SplitSeq(line, ",") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			present = true
			version, digits, ok := strings.Cut(part, "=")
			if ok && version != "" && version != "v1" {
				continue
			}
			sum, err := hex.DecodeString(strings.TrimSpace(digits))
			if version != "v1" || err != nil || len(sum) != sha256.Size {
				malformed = true
				continue
			}
			sums = append(sums, sum)
		}
	}
	return sums, present, malformed
}

// inflate undoes gzip, within the bound that holds for every body.
func inflate(body []byte) ([]byte, bool) {
	zr, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, false
	}
	plain, err := io.ReadAll(io.LimitReader(zr, core.MaxBody+1))
	if err != nil || len(plain) > core.MaxBody {
		return nil, false
	}
	return plain, true
}

// gzipped reports whether the request says that its body is gzip-encoded.
func gzipped(h http.Header) bool {
	for _, line := range h.Values("Content-Encoding") {
		for coding := range strings.SplitSeq(line, ",") {
			if c := strings.ToLower(strings.TrimSpace(coding)); c == "gzip" || c == "x-gzip" {
				return true
			}
		}
	}
	return false
}
