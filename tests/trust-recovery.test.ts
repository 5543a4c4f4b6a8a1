import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type HttpAnswer, createAdapterApp, createCallers, send } from './test-support/adapter-app.js';

const app = `
import { app } from '@azure/functions';
import { secureApp, trustStoreFromFile } from '@certgate/azure-functions';

const options = { refreshIntervalSeconds: 0.2, maximumStalenessSeconds: 1 };
secureApp(app, { trustStore: trustStoreFromFile('trust.json', options) });
app.http('Orders', { handler: () => ({ body: 'ok' }) });
app.http('Leave', { handler: (request) => { process.chdir(request.query.get('to')); return { body: 'gone' }; } });`;

// Tests over HTTP what callers get from an app whose trust document can't be read, from the file to the answer.
describe('an app whose trust document cannot be read', () => {
  it('answers 503 with Retry-After, and recovers without a restart, each time that this happens', async (t) => {
    const stage = createAdapterApp(t, {
      'package.json': '{ "type": "module", "main": "src/index.js" }',
      'src/index.js': app,
      'elsewhere/readme.txt': '',
    });
    const { trustFile, reader, stranger } = createCallers(stage.folder);
    const text = readFileSync(trustFile, 'utf8');
    const path = join(stage.folder, 'trust.json');
    rmSync(path, { force: true });
    const { url } = await stage.start();
    const call = (certificate: string, name = 'Orders'): Promise<HttpAnswer> =>
      send(`${url}/api/${name}`, { 'X-ARR-ClientCert': certificate });
    const until = async (status: number): Promise<HttpAnswer> => {
      for (let attempt = 0; attempt < 2_400; attempt += 1) {
        const answer = await call(reader);
        if (answer.status === status) return answer;
        // The reader must get only these two statuses at any time: never 500, and never a stranger's 401.
        assert.ok([200, 503].includes(answer.status), `${answer.status} ${answer.body}`);
        await delay(25);
      }
      throw new Error(`no ${status} within a minute`);
    };
    const expectUnavailable = ({ headers, body }: HttpAnswer): void => {
      assert.equal(headers['retry-after'], '10');
      assert.equal((JSON.parse(body) as { code: string }).code, 'unavailable');
    };
    const place = (): void => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    };

    expectUnavailable(await call(reader));
    expectUnavailable(await call(stranger));
    place();
    await until(200);
    assert.equal((await call(stranger)).status, 401);

    // The app must still find its trust document after it has changed its working folder.
    assert.equal((await call(reader, `Leave?to=${encodeURIComponent(join(stage.folder, 'elsewhere'))}`)).status, 200);
    rmSync(path);
    mkdirSync(path);
    expectUnavailable(await until(503));
    rmSync(path, { recursive: true });
    place();
    await until(200);
    assert.equal((await call(stranger)).status, 401);
  });
});
