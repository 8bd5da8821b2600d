package core

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// compressAbove leaves small payloads readable in Temporal's UI.
const compressAbove = 8 << 10

// encodingZstd marks a payload that this codec packed.
const encodingZstd = "binary/zstd"

// maxUnpacked bounds what a packed payload may grow to.
const maxUnpacked = 32 << 20

// DataConverter packs large payloads with zstd: a conversation goes into the
// history once a turn, and a history ends at 50 MB.
func DataConverter() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), Codec())
}

// hidingConverter is DataConverter that takes our own secrets out of whatever goes
// into a history: also out of what somebody outside sent back to us.
func hidingConverter(hide func(string) string) converter.DataConverter {
	if hide == nil {
		return DataConverter()
	}
	// Codecs encode from the last to the first: nothing is found in packed bytes.
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), Codec(), hidingCodec{hide})
}

type hidingCodec struct{ hide func(string) string }

func (c hidingCodec) Encode(in []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(in))
	for i, p := range in {
		out[i] = p
		if string(p.GetMetadata()[converter.MetadataEncoding]) == converter.MetadataEncodingJSON {
			out[i] = &commonpb.Payload{Metadata: p.GetMetadata(), Data: []byte(c.hide(string(p.GetData())))}
		}
	}
	return out, nil
}

func (hidingCodec) Decode(in []*commonpb.Payload) ([]*commonpb.Payload, error) { return in, nil }

// Codec is the codec of DataConverter, for tools that read histories.
func Codec() converter.PayloadCodec { return zstdCodec{} }

type zstdCodec struct{}

var (
	packer, _   = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxUnpacked))
)

func (zstdCodec) Encode(in []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(in))
	for i, p := range in {
		if len(p.GetData()) < compressAbove {
			out[i] = p
			continue
		}
		raw, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("packing a payload: %w", err)
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encodingZstd)},
			Data:     packer.EncodeAll(raw, nil),
		}
	}
	return out, nil
}

func (zstdCodec) Decode(in []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(in))
	for i, p := range in {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encodingZstd {
			out[i] = p
			continue
		}
		raw, err := unpacker.DecodeAll(p.GetData(), nil)
		if err != nil {
			return nil, fmt.Errorf("unpacking a payload: %w", err)
		}
		out[i] = &commonpb.Payload{}
		if err := proto.Unmarshal(raw, out[i]); err != nil {
			return nil, fmt.Errorf("unpacking a payload: %w", err)
		}
	}
	return out, nil
}
