import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SecureAppOptions } from '../secure-app.js';
import { type FrontEndName, trustStoreFromDocument } from '@certgate/core';
import { frontEndForms, listDoubledLines, writeVerified } from '@certgate/core/test-support/front-end-forms.js';
import { bothPinned, caller } from '@certgate/core/test-support/front-end-stage.js';
import { bearing, createSecuredApp, operator, reader, stranger } from '../test-support/secured-app.js';
import type { Answer, TestWorker } from '../test-support/test-worker.js';
import { getClientIdentity } from '../request-identity.js';

const secret = 'S3cret-of-the-front-end-0123456789.a';
const other = 'another-S3cret-of-the-front-end-98765';
const kubernetes = { KUBERNETES_SERVICE_HOST: '10.0.0.1' };
const haproxy: Partial<SecureAppOptions> = { frontEnd: 'haproxy', frontEndSecret: [secret, other] };

const fieldsOf = (certificate: string, more: Record<string, string> = {}): Readonly<Record<string, string>> => ({
  'X-Client-Certificate': certificate,
  'X-Client-Certificate-Verification': '0',
  'X-Certgate-Front-End-Secret': secret,
  ...more,
});

const codeOf = ({ status, body }: Answer): string =>
  status === 200 ? body : `${status} ${(JSON.parse(body) as { readonly code: string }).code}`;

describe('an app behind a front end of its own', () => {
  const start = (
    context: Parameters<typeof createSecuredApp>[0],
    options: Partial<SecureAppOptions>,
    settings: Readonly<Record<string, string>> = {},
  ): TestWorker => {
    const { worker, app } = createSecuredApp(context, options, { ...kubernetes, ...settings });
    app.http('Who', { handler: (_request, invocation) => ({ body: getClientIdentity(invocation).name }) });
    return worker;
  };

  it('knows callers by the fields of that front end, with either secret', async (context) => {
    const worker = start(context, haproxy);
    await worker.start();
    const ask = async (headers: Readonly<Record<string, string>>): Promise<string> =>
      codeOf(await worker.invoke('Who', { headers }));
    assert.equal(await ask(fieldsOf(reader.header)), 'reader');
    assert.equal(await ask(fieldsOf(operator.header, { 'X-Certgate-Front-End-Secret': other })), 'operator');
    assert.equal(await ask(fieldsOf(reader.header)), 'reader');
    assert.match(await ask(fieldsOf(stranger.header)), /^401 /);
    assert.match(await ask(fieldsOf('')), /^401 /);
    assert.match(await ask(fieldsOf(reader.header, { 'X-Client-Certificate-Verification': '10' })), /^401 /);
  });

  it('refuses what came past it, warm or not, and gives the reason only in the log', async (context) => {
    const worker = start(context, haproxy);
    await worker.start();
    assert.equal((await worker.invoke('Who', { headers: fieldsOf(reader.header) })).status, 200);
    const forged = [
      fieldsOf(reader.header, { 'X-Certgate-Front-End-Secret': '' }),
      fieldsOf(reader.header, { 'X-Certgate-Front-End-Secret': secret.slice(1) }),
      fieldsOf(reader.header, { 'X-Certgate-Front-End-Secret': `${secret}, ${secret}` }),
      { 'X-Client-Certificate': reader.header, 'X-Client-Certificate-Verification': '0' },
      bearing(reader).headers,
    ];
    for (const headers of forged) {
      const { status } = await worker.invoke('Who', { headers });
      assert.equal(status, 401);
      assert.equal(worker.decisions.at(-1)?.['code'], 'front_end_bypassed');
    }
    assert.ok(worker.logs.every(({ message }) => !message.includes(secret)));
  });

  it('ignores the header of App Service', async (context) => {
    const worker = start(context, haproxy);
    await worker.start();
    const headers = { ...bearing(reader).headers, 'X-Certgate-Front-End-Secret': secret };
    assert.equal((await worker.invoke('Who', { headers })).status, 401);
    assert.equal(worker.decisions.at(-1)?.['code'], 'certificate_missing');
  });

  for (const form of frontEndForms) {
    const { name } = form.frontEnd;
    it(`${name}: two lines of the certificate are refused, and so is a text that may be two`, async (context) => {
      const isolation = name === 'app-service' ? {} : ({ frontEndIsolation: 'private-network' } as const);
      const trustStore = trustStoreFromDocument(bothPinned);
      const options = { trustStore, frontEnd: name as FrontEndName, ...isolation };
      const { worker, app } = createSecuredApp(context, options, {});
      app.http('Who', { handler: (_request, invocation) => ({ body: getClientIdentity(invocation).name }) });
      await worker.start();
      const ask = async (headers: Readonly<Record<string, string>>): Promise<string> =>
        codeOf(await worker.invoke('Who', { headers }));
      assert.equal(await ask(writeVerified(form, caller.der)), 'caller');
      const [field = ''] = form.frontEnd.fields;
      for (const doubled of listDoubledLines(form)) {
        // The field in two spellings, and as the host joins lines.
        const joined = doubled.filter(([each]) => each.toLowerCase() === field).map(([, value]) => value);
        const fields = [Object.fromEntries(doubled), { ...writeVerified(form, caller.der), [field]: joined.join(',') }];
        for (const headers of fields) {
          assert.match(await ask(headers), /^401 /);
          assert.match(String(worker.decisions.at(-1)?.['code']), /^certificate_m(?:ultiple|alformed)$/);
        }
      }
    });
  }

  it('without a proof, refuses every call with 503, and says so at start', async (context) => {
    const worker = start(context, { frontEnd: 'haproxy' });
    await worker.start();
    const { status } = await worker.invoke('Who', { headers: fieldsOf(reader.header) });
    assert.equal(status, 503);
    assert.equal(worker.decisions.at(-1)?.['code'], 'front_end_unproven');
  });

  it('with an empty setting for the secret, refuses every call with 503, although it is isolated', async (context) => {
    for (const frontEndSecret of [undefined, secret]) {
      const named = { frontEnd: 'haproxy', frontEndIsolation: 'private-network' } as const;
      const options = frontEndSecret === undefined ? named : { ...named, frontEndSecret };
      const worker = start(context, options, { CERTGATE_FRONT_END_SECRET: '' });
      await worker.start();
      const { status } = await worker.invoke('Who', { headers: fieldsOf(reader.header) });
      assert.equal(status, frontEndSecret === undefined ? 503 : 200);
      if (status === 503) assert.equal(worker.decisions.at(-1)?.['code'], 'front_end_unproven');
    }
  });

  it('reads percent-encoded certificates behind nginx, in a network of their own', async (context) => {
    const worker = start(context, { frontEnd: 'nginx', frontEndIsolation: 'private-network' });
    await worker.start();
    const lines = reader.header.replace(/.{1,64}/g, '$&\n');
    const block = encodeURIComponent(`-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`);
    const ask = async (result: string): Promise<string> =>
      codeOf(await worker.invoke('Who', { headers: { 'SSL-Client-Cert': block, 'SSL-Client-Verify': result } }));
    assert.equal(await ask('SUCCESS'), 'reader');
    assert.match(await ask('FAILED:certificate has expired'), /^401 /);
    assert.equal(worker.decisions.at(-1)?.['code'], 'certificate_verification_failed');
  });
});
