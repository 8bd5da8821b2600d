package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	loopback     = "127.0.0.1"
	namespace    = "default"
	shards       = 4 // as in the server's own configuration for PostgreSQL
	serverWithin = 60 * time.Second
)

// running is a server that answers.
type running struct {
	server  temporal.Server
	environ []string // KEY=VALUE with which it is reached
}

// startServer makes the databases, starts every service, and makes the
// namespace.
func startServer(ctx context.Context, o options, pg *postgres, dir string) (*running, error) {
	ctx, cancel := context.WithTimeout(ctx, serverWithin)
	defer cancel()
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: "warn", Format: "console"}))
	if err := pg.createDatabases(logger); err != nil {
		return nil, err
	}
	cfg, err := serverConfig(pg, o.address)
	if err != nil {
		return nil, err
	}
	options := []temporal.ServerOption{
		temporal.WithConfig(cfg), temporal.WithLogger(logger), temporal.ForServices(services),
	}
	door := client.Options{HostPort: frontend(cfg)}
	environ := []string{"TEMPORAL_ADDRESS=" + door.HostPort}
	if o.secure {
		k, err := makeKeys(filepath.Join(dir, "keys"))
		if err != nil {
			return nil, err
		}
		cfg.Global.TLS.Frontend = k.server()
		door.ConnectionOptions.TLS, door.Credentials = k.client, client.NewAPIKeyStaticCredentials(k.apiKey)
		environ = append(environ, k.environ()...)
		options = append(options, temporal.WithAuthorizer(authorization.NewDefaultAuthorizer()),
			temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return k }))
	}
	server, err := temporal.NewServer(options...)
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("starting the Temporal server: %w", err)
	}
	if err := createNamespace(ctx, door, o.retention); err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	return &running{server: server, environ: environ}, nil
}

// services are all that a cluster runs. The internal frontend is for the
// system's own workers: they need neither certificate nor key.
var services = append([]string{string(primitives.InternalFrontendService)}, temporal.DefaultServices...)

func serverConfig(pg *postgres, address string) (*config.Config, error) {
	stores := map[string]config.DataStore{}
	for _, d := range databases {
		stores[d.name] = config.DataStore{SQL: pg.config(d.name, d.conns)}
	}
	cfg := &config.Config{
		Services: map[string]config.Service{},
		Persistence: config.Persistence{
			DefaultStore: databases[0].name, VisibilityStore: databases[1].name,
			NumHistoryShards: shards, DataStores: stores,
		},
	}
	cfg.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: loopback}
	cfg.DCRedirectionPolicy.Policy = "noop"
	for _, s := range []*string{
		&cfg.Archival.History.State, &cfg.Archival.Visibility.State,
		&cfg.NamespaceDefaults.Archival.History.State, &cfg.NamespaceDefaults.Archival.Visibility.State,
	} {
		*s = "disabled"
	}
	for _, name := range services {
		cfg.Services[name] = config.Service{RPC: config.RPC{GRPCPort: freePort(), MembershipPort: freePort(), BindOnIP: loopback}}
	}
	if err := listenAt(cfg, address); err != nil {
		return nil, err
	}
	cfg.ClusterMetadata = &cluster.Config{
		FailoverVersionIncrement: 10, MasterClusterName: "active", CurrentClusterName: "active",
		ClusterInformation: map[string]cluster.ClusterInformation{
			"active": {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend(cfg)},
		},
	}
	return cfg, nil
}

// listenAt gives the frontend the address that was asked for.
func listenAt(cfg *config.Config, address string) error {
	if address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("-address: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil || host != loopback {
		return fmt.Errorf("-address %s: it wants %s and a port", address, loopback)
	}
	s := cfg.Services[string(primitives.FrontendService)]
	s.RPC.GRPCPort = number
	cfg.Services[string(primitives.FrontendService)] = s
	return nil
}

func frontend(cfg *config.Config) string {
	return net.JoinHostPort(loopback, strconv.Itoa(cfg.Services[string(primitives.FrontendService)].RPC.GRPCPort))
}

// freePort finds a port below those that the kernel hands out by itself (from
// 32768 on): nobody else gets it between now and the start of the service.
func freePort() int {
	for {
		port := 15000 + rand.IntN(15000)
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err != nil {
			continue
		}
		_ = l.Close()
		return port
	}
}

// createNamespace repeats until the server answers, and then until every part of
// it knows the namespace.
func createNamespace(ctx context.Context, o client.Options, retention time.Duration) error {
	c, err := client.NewLazyClient(o)
	if err != nil {
		return err
	}
	defer c.Close()
	api := c.WorkflowService()
	err = until(ctx, func() error {
		_, err := api.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
			Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
		})
		if there := (*serviceerror.NamespaceAlreadyExists)(nil); errors.As(err, &there) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("the Temporal server does not make its namespace: %w", err)
	}
	err = until(ctx, func() error {
		_, err := api.ListWorkflowExecutions(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace})
		return err
	})
	if err != nil {
		return fmt.Errorf("the Temporal server does not find its namespace: %w", err)
	}
	return nil
}

// until repeats try until it has no error or ctx ends.
func until(ctx context.Context, try func() error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}
