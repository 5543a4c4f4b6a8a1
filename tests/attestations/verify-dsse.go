// Verifies an envelope as others do: with the DSSE library that sigstore and in-toto use. It prints the payload.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/secure-systems-lab/go-securesystemslib/signerverifier"
)

func main() {
	publicKey, envelope := read(os.Args[1]), dsse.Envelope{}
	expect(json.Unmarshal(read(os.Args[2]), &envelope))
	key, err := signerverifier.LoadKey(publicKey)
	expect(err)
	var verifier dsse.Verifier
	if key.KeyType == signerverifier.ED25519KeyType {
		verifier, err = signerverifier.NewED25519SignerVerifierFromSSLibKey(key)
	} else {
		verifier, err = signerverifier.NewECDSASignerVerifierFromSSLibKey(key)
	}
	expect(err)
	envelopes, err := dsse.NewEnvelopeVerifier(verifier)
	expect(err)
	_, err = envelopes.Verify(context.Background(), &envelope)
	expect(err)
	payload, err := envelope.DecodeB64Payload()
	expect(err)
	fmt.Printf("%s %s", envelope.PayloadType, payload)
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	expect(err)
	return bytes
}

func expect(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
