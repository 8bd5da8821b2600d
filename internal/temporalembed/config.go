package temporalembed

import (
	"fmt"
	"net"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/primitives"
)

const (
	loopback    = "127.0.0.1"
	clusterName = "active"
	storeName   = "sqlite"
)

// services that are started. Hosts must be named for "worker" all the same.
var services = []string{
	string(primitives.FrontendService), string(primitives.HistoryService), string(primitives.MatchingService),
}

// tuning replaces defaults that are meant for a cluster on a remote database.
// With them, a fast step waits 50 ms for its slot of the poll rate of 20 a
// second, and every timer and retry comes up to a second late; with these, a
// step follows the last in 7 ms. The persistence rates are those of Temporal's
// own development server.
var tuning = dynamicconfig.StaticClient{
	dynamicconfig.MakeKey("history.transferProcessorMaxPollRPS"):   1000,
	dynamicconfig.MakeKey("history.timerProcessorMaxPollRPS"):      1000,
	dynamicconfig.MakeKey("history.visibilityProcessorMaxPollRPS"): 1000,
	dynamicconfig.MakeKey("history.timerProcessorMaxTimeShift"):    20 * time.Millisecond,
	// One partition a queue: priorities hold within a partition alone.
	dynamicconfig.MakeKey("matching.numTaskqueueReadPartitions"):            1,
	dynamicconfig.MakeKey("matching.numTaskqueueWritePartitions"):           1,
	dynamicconfig.MakeKey("history.persistenceMaxQPS"):                      45000,
	dynamicconfig.MakeKey("frontend.persistenceMaxQPS"):                     10000,
	dynamicconfig.MakeKey("system.forceSearchAttributesCacheRefreshOnRead"): true,
	// From ten children on, the policy would be left to the worker service,
	// which does not run.
	dynamicconfig.MakeKey("system.enableParentClosePolicyWorker"): false,
}

// ports of the services, on the loopback address.
type ports map[primitives.ServiceName]int

func freePorts() (ports, error) {
	p := ports{}
	for _, name := range append([]string{string(primitives.WorkerService)}, services...) {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		p[primitives.ServiceName(name)] = port
	}
	return p, nil
}

// freePort leaves a closed connection behind on the port. While that is in
// TIME_WAIT, Linux gives the port to nobody who asks for any free one, and still
// lets Temporal listen on it.
func freePort() (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
	if err != nil {
		return 0, err
	}
	defer l.Close()
	out, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return 0, err
	}
	defer out.Close()
	in, err := l.Accept()
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, in.Close() // the side that closes first waits
}

func (p ports) addr(name primitives.ServiceName) string {
	return fmt.Sprintf("%s:%d", loopback, p[name])
}

func (p ports) hosts() map[primitives.ServiceName]static.Hosts {
	hosts := map[primitives.ServiceName]static.Hosts{}
	for name := range p {
		hosts[name] = static.SingleLocalHost(p.addr(name))
	}
	return hosts
}

func serverConfig(sql *config.SQL, p ports) *config.Config {
	frontend := p.addr(primitives.FrontendService)
	cfg := &config.Config{
		Services:          map[string]config.Service{},
		PublicClient:      config.PublicClient{HostPort: frontend},
		ClusterMetadata:   clusterMetadata(frontend),
		Persistence:       persistence(sql),
		NamespaceDefaults: config.NamespaceDefaults{Archival: noArchiving},
	}
	cfg.Archival.History.State = disabled
	cfg.Archival.Visibility.State = disabled
	cfg.DCRedirectionPolicy.Policy = "noop"
	cfg.Global.Membership = config.Membership{MaxJoinDuration: startTimeout, BroadcastAddress: loopback}
	for name, port := range p {
		cfg.Services[string(name)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: loopback}}
	}
	return cfg
}

const disabled = "disabled"

var noArchiving = config.ArchivalNamespaceDefaults{
	History:    config.HistoryArchivalNamespaceDefaults{State: disabled},
	Visibility: config.VisibilityArchivalNamespaceDefaults{State: disabled},
}

func persistence(sql *config.SQL) config.Persistence {
	return config.Persistence{
		DefaultStore: storeName, VisibilityStore: storeName,
		NumHistoryShards: 1, // stored in the database, fixed for its life; more gained nothing
		DataStores:       map[string]config.DataStore{storeName: {SQL: sql}},
	}
}

func clusterMetadata(frontend string) *cluster.Config {
	return &cluster.Config{
		FailoverVersionIncrement: 10,
		MasterClusterName:        clusterName,
		CurrentClusterName:       clusterName,
		ClusterInformation: map[string]cluster.ClusterInformation{
			clusterName: {Enabled: true, InitialFailoverVersion: 1, RPCAddress: frontend},
		},
	}
}
