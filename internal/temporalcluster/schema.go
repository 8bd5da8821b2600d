package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/schema"
)

// database is one of the two that a cluster has.
type database struct {
	kind   sqlplugin.DbKind
	name   string
	schema string // in the server's module
	conns  int    // as in the server's own configuration for PostgreSQL
}

var databases = []database{
	{sqlplugin.DbKindMain, "temporal", "postgresql/v12/temporal/schema.sql", 20},
	{sqlplugin.DbKindVisibility, "temporal_visibility", "postgresql/v12/visibility/schema.sql", 10},
}

func (p *postgres) config(name string, conns int) *config.SQL {
	return &config.SQL{
		PluginName: postgresql.PluginNamePGX, DatabaseName: name, User: postgresUser,
		ConnectAddr: "localhost", ConnectProtocol: "tcp", // the attribute host overrides it
		ConnectAttributes: map[string]string{"host": p.socket},
		MaxConns:          conns, MaxIdleConns: conns,
	}
}

// createDatabases makes both databases, as temporal-sql-tool does: its steps
// without its command line, which would add a module.
func (p *postgres) createDatabases(logger log.Logger) (err error) {
	root, err := p.admin(database{}, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, d := range databases {
		if err := root.CreateDatabase(d.name); err != nil {
			return fmt.Errorf("creating database %s: %w", d.name, err)
		}
		if err := p.createTables(d, logger); err != nil {
			return fmt.Errorf("tables of database %s: %w", d.name, err)
		}
	}
	return nil
}

func (p *postgres) admin(d database, logger log.Logger) (sqlplugin.AdminDB, error) {
	return sql.NewSQLAdminDB(d.kind, p.config(d.name, 1), resolver.NewNoopResolver(), logger, metrics.NoopMetricsHandler)
}

func (p *postgres) createTables(d database, logger log.Logger) (err error) {
	text, err := fs.ReadFile(schema.Assets(), d.schema)
	if err != nil {
		return err
	}
	statements, err := persistence.LoadAndSplitQueryFromReaders([]io.Reader{bytes.NewReader(text)})
	if err != nil {
		return err
	}
	db, err := p.admin(d, logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.CreateSchemaVersionTables(); err != nil {
		return err
	}
	for _, s := range statements {
		if err := db.Exec(s); err != nil {
			return err
		}
	}
	version := db.ExpectedVersion()
	return db.UpdateSchemaVersion(d.name, version, version)
}
