// The live gate of the soak, in a process of its own: an HTTP server with one gate per front end over the real trust
// stores. The parent process names the places of documents and lists, and sets how wrong the clock is.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import {
  createGate,
  firstOf,
  getClientIdentity,
  secureExpress,
  trustStoreFromBlob,
  trustStoreFromFile,
  trustStoreFromUrl,
} from '@certgate/http';

const systemTime = Date.now;
let skew = 0;
Date.now = () => systemTime() + skew;

const log = { info: () => undefined, warn: () => undefined };
console.warn = log.warn;

/**
 * A stand-in for BlobClient of an Azure SDK, with what a store uses: it reads by HTTP, and throws errors like the
 * SDK's.
 */
const createBlob = (url) => ({
  url: `https://account.blob.core.windows.net${new URL(url).pathname}`,
  async download(_offset, _count, { abortSignal } = {}) {
    const response = await fetch(url, { signal: abortSignal });
    if (!response.ok) throw Object.assign(new Error('The storage failed.'), { statusCode: response.status });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { contentLength: bytes.length, readableStreamBody: Readable.from([bytes]) };
  },
});

const openers = {
  file: trustStoreFromFile,
  url: trustStoreFromUrl,
  blob: (url, options) => trustStoreFromBlob(createBlob(url), options),
};

function openStore({ kind, address, lists }) {
  const crlBlobs = Object.fromEntries(lists.map(({ authority, url }) => [authority, [createBlob(url)]]));
  const options = { refreshIntervalSeconds: 1, readTimeoutSeconds: 2 };
  return openers[kind](address, lists.length === 0 ? options : { ...options, crlBlobs });
}

let apps = new Map();

const verbs = {
  open({ stores, frontEnds, frontEndSecret }) {
    const opened = stores.map(openStore);
    const trustStore = opened.length === 1 ? opened[0] : firstOf(...opened);
    apps = new Map(
      frontEnds.map((frontEnd) => {
        const app = {
          handle(request, response) {
            const { name, roles } = getClientIdentity(request);
            response.end(JSON.stringify({ name, roles }));
          },
        };
        secureExpress(app, createGate({ trustStore, frontEnd, frontEndSecret, functionName: 'GetOrder', log }));
        return [`/${frontEnd}`, app];
      }),
    );
  },
  setClock({ skew: given }) {
    skew = given;
  },
  measure() {
    for (let count = 0; count < 4; count += 1) globalThis.gc();
    return { heapUsed: process.memoryUsage().heapUsed };
  },
};

// The limit is larger than that of any front end, so that the gate's own limit applies.
const server = createServer({ maxHeaderSize: 256 * 1024 }, (request, response) => {
  apps.get(request.url).handle(request, response);
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', ({ verb, ...given }) => process.send({ done: verb, ...verbs[verb](given) }));
process.on('disconnect', () => process.exit());
