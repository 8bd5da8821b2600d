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
