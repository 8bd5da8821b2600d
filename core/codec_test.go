package core

import (
	"strings"
	"testing"

	"go.temporal.io/sdk/converter"
)

func TestLargePayloadsArePackedAndSmallOnesStayReadable(t *testing.T) {
	dc := DataConverter()
	for name, c := range map[string]struct {
		text   string
		packed bool
	}{
		"small": {"Q1", false},
		"large": {strings.Repeat("incident ", 4000), true},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := dc.ToPayload(c.text)
			if err != nil {
				t.Fatal(err)
			}
			if packed := string(p.Metadata[converter.MetadataEncoding]) == encodingZstd; packed != c.packed {
				t.Errorf("packed %v", packed)
			}
			if c.packed && len(p.Data) > len(c.text)/10 {
				t.Errorf("%d bytes for %d", len(p.Data), len(c.text))
			}
			var back string
			if err := dc.FromPayload(p, &back); err != nil || back != c.text {
				t.Errorf("came back as %d bytes, %v", len(back), err)
			}
		})
	}
}

func TestSecretsAreHiddenInPayloadsOfAnySize(t *testing.T) {
	const secret = "xoxb-1-planted"
	dc := hidingConverter(func(s string) string { return strings.ReplaceAll(s, secret, "[redacted]") })
	for _, text := range []string{"a " + secret, strings.Repeat("incident ", 4000) + secret, "none"} {
		p, err := dc.ToPayload(map[string]string{"text": text})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]string
		if err := DataConverter().FromPayload(p, &back); err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(text, secret, "[redacted]"); back["text"] != want {
			t.Errorf("came back as …%q, want …%q", back["text"][max(0, len(back["text"])-40):], want[max(0, len(want)-40):])
		}
	}
}
