package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
)

// keys are what a secure cluster and its clients log in with: certificates of a
// CA made for the moment, and an API key.
type keys struct {
	dir    string
	apiKey string
	client *tls.Config
}

// identity is a certificate with its key.
type identity struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (k *keys) file(name string) string { return filepath.Join(k.dir, name) }

// makeKeys writes ca.pem, server.pem, client.pem and the keys of the last two.
func makeKeys(dir string) (*keys, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	k := &keys{dir: dir, apiKey: rand.Text()}
	ca, err := k.issue("ca", nil)
	if err != nil {
		return nil, err
	}
	if _, err := k.issue("server", ca); err != nil {
		return nil, err
	}
	if _, err := k.issue("client", ca); err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(k.file("client.pem"), k.file("client.key"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	k.client = &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return k, nil
}

// issue makes a certificate of by, or of itself when by is nil.
func (k *keys) issue(name string, by *identity) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	form := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "opsbuddy test " + name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(loopback)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true, IsCA: by == nil,
	}
	parent, signer := form, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, form, parent, &key.PublicKey, signer)
	if err != nil {
		return nil, fmt.Errorf("certificate %s: %w", name, err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &identity{cert, key}, errors.Join(err,
		os.WriteFile(k.file(name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(k.file(name+".key"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), 0o600))
}

func (k *keys) server() config.GroupTLS {
	return config.GroupTLS{Server: config.ServerTLS{
		CertFile: k.file("server.pem"), KeyFile: k.file("server.key"),
		RequireClientAuth: true, ClientCAFiles: []string{k.file("ca.pem")},
	}}
}

// environ is what a client sets.
func (k *keys) environ() []string {
	return []string{
		"TEMPORAL_TLS_SERVER_CA_CERT_PATH=" + k.file("ca.pem"),
		"TEMPORAL_TLS_CLIENT_CERT_PATH=" + k.file("client.pem"),
		"TEMPORAL_TLS_CLIENT_KEY_PATH=" + k.file("client.key"),
		"TEMPORAL_API_KEY=" + k.apiKey,
	}
}

// GetClaims makes the API key Temporal's ClaimMapper: who brings it may do
// everything, who does not nothing.
func (k *keys) GetClaims(info *authorization.AuthInfo) (*authorization.Claims, error) {
	if subtle.ConstantTimeCompare([]byte(info.AuthToken), []byte("Bearer "+k.apiKey)) != 1 {
		return &authorization.Claims{}, nil
	}
	return &authorization.Claims{System: authorization.RoleAdmin}, nil
}
