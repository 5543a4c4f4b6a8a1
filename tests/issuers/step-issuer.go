// Issues a root, an intermediate and a caller's certificate as step-ca does by default: with the default templates of
// smallstep's own library, in the version that Debian packages (golang-github-smallstep-crypto-dev). Prints them in PEM.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"time"

	"go.step.sm/crypto/x509util"
)

type issuer struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// step-ca dates certificates back by a minute, and a caller's lives for 24 hours.
func issue(name string, template string, names []string, parent *issuer, lifetime time.Duration) *issuer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	request, err := x509util.CreateCertificateRequest(name, names, key)
	check(err)
	data := x509util.CreateTemplateData(name, names)
	draft, err := x509util.NewCertificate(request, x509util.WithTemplate(template, data))
	check(err)
	certificate := draft.GetCertificate()
	now := time.Now()
	certificate.NotBefore, certificate.NotAfter = now.Add(-time.Minute), now.Add(lifetime)
	if parent == nil {
		parent = &issuer{certificate, key}
	}
	made, err := x509util.CreateCertificate(certificate, parent.certificate, key.Public(), parent.key)
	check(err)
	check(pem.Encode(os.Stdout, &pem.Block{Type: "CERTIFICATE", Bytes: made.Raw}))
	return &issuer{made, key}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	const decade = 87600 * time.Hour
	root := issue("Corp Root CA", x509util.DefaultRootTemplate, nil, nil, decade)
	intermediate := issue("Corp Intermediate CA", x509util.DefaultIntermediateTemplate, nil, root, decade)
	issue(os.Args[1], x509util.DefaultLeafTemplate, os.Args[1:], intermediate, 24*time.Hour)
}
