// Package deps pins modules while the house is built.
package deps

import (
	_ "github.com/PagerDuty/go-pagerduty"
	_ "github.com/anthropics/anthropic-sdk-go"
	_ "github.com/caarlos0/env/v11"
	_ "github.com/google/go-cmp/cmp"
	_ "github.com/klauspost/compress/zstd"
	_ "github.com/modelcontextprotocol/go-sdk/mcp"
	_ "github.com/openai/openai-go/v3"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/slack-go/slack"
	_ "github.com/spf13/cobra"
	_ "github.com/tiktoken-go/tokenizer"
	_ "github.com/yuin/goldmark"
	_ "go.temporal.io/sdk/client"
	_ "go.temporal.io/sdk/contrib/envconfig"
	_ "go.temporal.io/sdk/testsuite"
	_ "go.temporal.io/sdk/worker"
	_ "go.temporal.io/server/temporal"
	_ "github.com/temporalio/ui-server/v2/server"
	_ "golang.org/x/net/html"
	_ "golang.org/x/tools/txtar"
	_ "gopkg.in/yaml.v3"
)

import _ "github.com/prometheus/client_golang/prometheus/testutil"
import _ "golang.org/x/sync/errgroup"
import _ "golang.org/x/sys/unix"
import _ "github.com/rivo/uniseg"
import _ "google.golang.org/grpc"
import _ "go.temporal.io/api/enums/v1"
