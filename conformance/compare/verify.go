// Answers the comparison's questions with Go's crypto/x509: a JSON object on each line of the input, `valid` or `invalid`
// on each line of the output.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type question struct {
	Target        []byte   `json:"target"`
	TrustAnchors  [][]byte `json:"trustAnchors"`
	Intermediates [][]byte `json:"intermediates"`
	Time          int64    `json:"time"`
	Purpose       string   `json:"purpose"`
	Policies      []string `json:"policies"`
}

const anyPolicy = "2.5.29.32.0"

func pool(all [][]byte) *x509.CertPool {
	certificates := x509.NewCertPool()
	for _, der := range all {
		if certificate, err := x509.ParseCertificate(der); err == nil {
			certificates.AddCert(certificate)
		}
	}
	return certificates
}

func answer(line []byte) error {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		panic(err)
	}
	target, err := x509.ParseCertificate(asked.Target)
	if err != nil {
		return err
	}
	usage := map[string]x509.ExtKeyUsage{
		"1.3.6.1.5.5.7.3.1": x509.ExtKeyUsageServerAuth,
		"1.3.6.1.5.5.7.3.2": x509.ExtKeyUsageClientAuth,
	}
	wanted, known := usage[asked.Purpose]
	if !known {
		wanted = x509.ExtKeyUsageAny
	}
	var policies []x509.OID
	for _, text := range asked.Policies {
		if policy, err := x509.ParseOID(text); err == nil && text != anyPolicy {
			policies = append(policies, policy)
		}
	}
	_, err = target.Verify(x509.VerifyOptions{
		Roots:               pool(asked.TrustAnchors),
		Intermediates:       pool(asked.Intermediates),
		CurrentTime:         time.Unix(asked.Time, 0),
		KeyUsages:           []x509.ExtKeyUsage{wanted},
		CertificatePolicies: policies,
	})
	return err
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16*1024*1024)
	for lines.Scan() {
		if answer(lines.Bytes()) == nil {
			fmt.Println("valid")
		} else {
			fmt.Println("invalid")
		}
	}
}
