import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { trustStoreFromFile } from '@certgate/core';
import { until } from '@certgate/x509/test-support/until.js';
import { bearing, createSecuredApp, reader, trustDocument } from '../test-support/secured-app.js';

describe('a trust file that turns bad while the app runs, and then goes away', () => {
  it('is logged once for each change, with the reason, and once when it is valid again, while the last good file is used', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'certgate-trust-log-'));
    context.after(() => {
      rmSync(folder, { recursive: true, force: true });
    });
    const file = join(folder, 'trust.json');
    // Replaces the file in one step, because the store reads all the time, and an empty file would be an invalid one.
    const place = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    place(JSON.stringify(trustDocument));
    const trustStore = trustStoreFromFile(file, { refreshIntervalSeconds: 0.02 });
    const { app, worker } = createSecuredApp(context, { trustStore });
    app.http('F', { handler: () => ({ body: 'in' }) });
    await worker.start();
    const findLines = (): readonly Record<string, unknown>[] =>
      worker.logs
        .filter(({ message }) => message.includes('"event":"trust"'))
        .map(({ message }) => JSON.parse(message) as Record<string, unknown>);
    const callUntil = (count: number): Promise<void> =>
      until(async () => {
        assert.equal((await worker.invoke('F', bearing(reader))).body, 'in');
        return findLines().length >= count;
      });

    place('{ "schemaVersion": 1, "revision": ');
    await callUntil(1);
    for (let calls = 0; calls < 5; calls += 1) await worker.invoke('F', bearing(reader));
    assert.deepEqual(
      findLines().map(({ code, source }) => ({ code, source })),
      [{ code: 'trust_document_refused', source: `file ${file}` }],
    );
    const detail = String(findLines()[0]?.['detail']);
    assert.match(detail, /not JSON/);
    const [, end = ''] = /stays in use until (\S+); then closed functions answer 503/.exec(detail) ?? [];
    assert.ok(Math.abs(Date.parse(end) - Date.now() - 3_600_000) < 60_000, detail);

    rmSync(file);
    await callUntil(2);
    assert.equal(findLines()[1]?.['code'], 'trust_refresh_failed');
    // The limit that the refused document set stays the same, although now the file can't be read.
    const [, laterEnd] = /stays in use until (\S+);/.exec(String(findLines()[1]?.['detail'])) ?? [];
    assert.equal(laterEnd, end);

    place(JSON.stringify(trustDocument));
    await callUntil(3);
    assert.equal(findLines()[2]?.['code'], 'trust_refreshed');
  });
});
