"""Calls functions with a client certificate, and follows its rotation. It needs nothing but Python's standard library.

    python3 call.py --certificate billing.pem https://api.example.com/api/orders

billing.pem has the certificate and its private key, as PEM. Python's ssl module does not read PFX files.
"""

import argparse
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request


class RotatingContext:
    """The TLS settings with the certificate as the file has it now."""

    def __init__(self, certificate_file, ca_file=None):
        self._certificate_file = certificate_file
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._version = self._read_version()
        self._context = self._load()

    def current(self):
        """Reads the file again when it was replaced. If it can't be read, the certificate before stays in use."""
        with self._lock:
            try:
                version = self._read_version()
                if version != self._version:
                    # A new context: one that loads a second certificate keeps the first if its key is of another type.
                    self._context = self._load()
                    self._version = version
            except (OSError, ssl.SSLError) as error:
                print("The client certificate could not be reloaded:", error, file=sys.stderr)
            return self._context

    def _load(self):
        context = ssl.create_default_context(cafile=self._ca_file)
        context.load_cert_chain(self._certificate_file)
        return context

    def _read_version(self):
        status = os.stat(self._certificate_file)
        return status.st_mtime_ns, status.st_size, status.st_ino


def call(url, context):
    """urllib opens a connection for each call, so the next call has the new certificate, and no other one is disturbed."""
    try:
        with urllib.request.urlopen(url, context=context) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except urllib.error.URLError as error:
        return None, f"The call failed: {error.reason}"


def call_again_and_again(url, contexts, seconds, failures):
    while True:
        status, body = call(url, contexts.current())
        if status is None:
            print(url, body, file=sys.stderr, flush=True)
            failures.append(url)
        else:
            print(url, status, body, flush=True)
        if seconds is None:
            return
        time.sleep(seconds)


def main():
    parser = argparse.ArgumentParser(description="Calls each URL once, or again and again with --every.")
    parser.add_argument("--certificate", required=True, help="the certificate and its private key, in one PEM file")
    parser.add_argument("--ca", help="only for a server whose certificate no public CA has issued")
    parser.add_argument("--every", type=float, metavar="SECONDS")
    parser.add_argument("url", nargs="+")
    options = parser.parse_args()
    try:
        contexts = RotatingContext(options.certificate, options.ca)
    except (OSError, ssl.SSLError) as error:
        sys.exit(f"{options.certificate} or --ca can't be used: {error}")
    failures = []
    threads = [
        threading.Thread(target=call_again_and_again, args=(url, contexts, options.every, failures)) for url in options.url
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit(1 if failures else 0)


main()
