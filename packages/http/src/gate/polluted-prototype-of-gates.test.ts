// In a process of its own: names that come and go on Object.prototype slow down all that runs after them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { trustStoreFromDocument, type TrustStore } from '@certgate/core';
import {
  listHostileValues,
  listMemberNames,
  namesOfPresence,
  pollute,
  watchAbsentMembers,
} from '@certgate/core/test-support/prototype-pollution.js';
import { secureServer } from '../node/secure-server.js';
import { secureFetch } from '../secure-fetch.js';
import { createStage, fieldsOf, operator, reader, stranger, trustDocument } from '../test-support/gate-stage.js';

const memberNames = listMemberNames(fileURLToPath(new URL('..', import.meta.url)));

/** Stores with the same answers, synchronous and late. */
const known = trustStoreFromDocument(trustDocument);
const late: TrustStore = { find: (...args) => Promise.resolve(known.find(...args)) };

/**
 * Calls that are refused because a role is missing, because the certificate is not trusted, because there is none, and
 * because the front end's secret is missing.
 */
const refused = [fieldsOf(reader), fieldsOf(stranger), fieldsOf(undefined), {}];

/** Pollutes each name that the call looks for and does not find, one after another. */
async function withEach(context: TestContext, run: () => Promise<readonly number[]>): Promise<void> {
  context.mock.method(console, 'warn', () => undefined);
  const watch = watchAbsentMembers(memberNames);
  const found = new Set(namesOfPresence);
  try {
    // The run must not end early, because what follows an error would look for more names.
    assert.deepEqual(await run(), [403, 401, 401, 401]);
  } finally {
    for (const name of watch.stop()) found.add(name);
  }
  for (const name of found) {
    for (const value of listHostileValues(name)) {
      const restore = pollute({ [name]: value });
      try {
        await run();
      } catch {
        // A refusal is possible too, and so is an error in Node's own request. The test only asks whether the handler
        // ran.
      } finally {
        restore();
      }
    }
  }
}

describe('with a polluted Object.prototype, no refused call reaches its handler', () => {
  for (const [when, trustStore] of [
    ['at once', known],
    ['late', late],
  ] as const) {
    it(`in a fetch-style handler that is decided ${when}`, async (context) => {
      const { gate } = createStage(context, { trustStore });
      let runs = 0;
      const handler = secureFetch(
        () => {
          runs += 1;
          return new Response('in');
        },
        gate,
        { roles: ['operator'] },
      );
      assert.equal((await handler(new Request('http://localhost/', { headers: fieldsOf(operator) }))).status, 200);
      const requests = refused.map((headers) => () => new Request('http://localhost/', { headers }));
      await withEach(context, async () => {
        const statuses: number[] = [];
        for (const create of requests)
          statuses.push(
            await handler(create()).then(
              ({ status }) => status,
              () => 0,
            ),
          );
        return statuses;
      });
      assert.equal(runs, 1);
    });
  }

  it('in a server', async (context) => {
    const { gate } = createStage(context, { trustStore: late });
    let runs = 0;
    const server = createServer((_request, response) => {
      runs += 1;
      response.end('in');
    });
    secureServer(server, gate);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    context.after(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    // The names that are read when a request is made were read before the pollution. The request arrives and is decided
    // during it.
    for (const name of ['outcome', 'code', 'then', 'identity', 'status', 'requirement', 'isContinueAwaited', 'roles']) {
      for (const value of listHostileValues(name)) {
        const sent = request({ port, host: '127.0.0.1', headers: fieldsOf(stranger), agent: false });
        const ended = new Promise((resolve) => {
          sent.once('response', (response) => response.resume().once('end', resolve));
          sent.once('error', resolve);
          // Node's own client may fail as well, and then there is no answer.
          setTimeout(resolve, 2_000).unref();
        });
        sent.end();
        let restore: () => void = () => undefined;
        server.prependOnceListener('connection', () => (restore = pollute({ [name]: value })));
        await ended;
        restore();
      }
    }
    assert.equal(runs, 0);
  });
});
