// Calls functions with a client certificate, and follows its rotation. It needs nothing but Go's standard library.
//
//	go build call.go && ./call -certificate billing.pem https://api.example.com/api/orders
//
// billing.pem has the certificate and its private key, as PEM.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
	"time"
)

// rotatingTransport has another http.Transport for each certificate. Requests that are under way finish on the old one.
//
// tls.Config.GetClientCertificate alone would not do: connections that are kept open have the old certificate, and
// CloseIdleConnections reaches only those that are idle at that moment.
type rotatingTransport struct {
	certificateFile string
	roots           *x509.CertPool
	mutex           sync.Mutex
	pem             []byte
	current         *http.Transport
}

func (rotating *rotatingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	transport, err := rotating.transport()
	if err != nil {
		return nil, err
	}
	return transport.RoundTrip(request)
}

// transport reads the file at each request. If it can't be used, the certificate before stays in use.
func (rotating *rotatingTransport) transport() (*http.Transport, error) {
	rotating.mutex.Lock()
	defer rotating.mutex.Unlock()
	pem, err := os.ReadFile(rotating.certificateFile)
	if err == nil && bytes.Equal(pem, rotating.pem) {
		return rotating.current, nil
	}
	var certificate tls.Certificate
	if err == nil {
		certificate, err = tls.X509KeyPair(pem, pem)
	}
	if err != nil {
		if rotating.current == nil {
			return nil, err
		}
		log.Println("The client certificate could not be reloaded:", err)
		return rotating.current, nil
	}
	if rotating.current != nil {
		// Connections that are in use end later, by IdleConnTimeout at the latest.
		rotating.current.CloseIdleConnections()
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, RootCAs: rotating.roots}
	rotating.pem, rotating.current = pem, transport
	return transport, nil
}

func call(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	// To the end: only then is the connection free for the next call.
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	fmt.Println(url, response.StatusCode, string(body))
	return nil
}

func main() {
	certificate := flag.String("certificate", "", "the certificate and its private key, in one PEM file")
	ca := flag.String("ca", "", "only for a server whose certificate no public CA has issued")
	every := flag.Duration("every", 0, "call again and again, e.g. 60s")
	flag.Parse()
	if *certificate == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: call -certificate FILE [-ca FILE] [-every DURATION] URL…")
		os.Exit(2)
	}
	client := &http.Client{Transport: &rotatingTransport{certificateFile: *certificate, roots: readRoots(*ca)}}
	var calls sync.WaitGroup
	for _, url := range flag.Args() {
		calls.Add(1)
		go func() {
			defer calls.Done()
			for {
				if err := call(client, url); err != nil {
					log.Fatal(err)
				}
				if *every == 0 {
					return
				}
				time.Sleep(*every)
			}
		}()
	}
	calls.Wait()
}

// readRoots returns nil, the roots of this machine, where no file is given.
func readRoots(file string) *x509.CertPool {
	if file == "" {
		return nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		log.Fatalf("%s has no certificate in PEM.", file)
	}
	return roots
}
