import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type CrlRequest, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { until } from '@certgate/x509/test-support/until.js';
import { AccessGate } from '../access/access-gate.js';
import { getStage, issueCaller } from '../test-support/authority-stage.js';
import {
  type RevocationStage,
  StubBlob,
  callerSerial,
  createRevocationStage,
} from '../test-support/revocation-stage.js';

const { issuing } = getStage();
const revoked = [{ serialNumber: callerSerial }];
const caller = issueCaller({ serialNumber: callerSerial }).header;
const other = issueCaller({ serialNumber: '4321' }).header;
const ofOther = [{ serialNumber: '4321' }];

/** A list's number is also the second of its date, so a list with a higher number is later. */
const list = (number: number, more: Partial<CrlRequest> = {}): Buffer =>
  makeCrl({ authority: issuing, number: `0${number}`, lastUpdate: `2027010100000${number}Z`, ...more });
const delta = (base: number, number: number, more: Partial<CrlRequest> = {}): Buffer =>
  list(number, { extensions: [`2.5.29.27 = critical, DER:02010${base}`], ...more });

interface DeltaStage extends RevocationStage {
  /** Gives the store the lists, and waits until its version has changed, and then for some turns more. */
  readonly publish: (content: { readonly whole?: StubBlob['content']; readonly delta?: Buffer }) => Promise<void>;
  readonly decide: (header: string) => Promise<string>;
}

async function createDeltaStage(mode: 'required' | 'when-available'): Promise<DeltaStage> {
  const blobs = [new StubBlob(list(1)), new StubBlob(delta(1, 5, { revoked }), 'delta.crl')] as const;
  const stage = await createRevocationStage({ mode, scope: 'end-entity' }, { crlBlobs: { corp: blobs } });
  stage.clock.pass(10_000);
  const gate = new AccessGate({ trustStore: stage.store });
  return {
    ...stage,
    publish: async ({ whole, delta: newDelta }) => {
      blobs[0].content = whole ?? blobs[0].content;
      blobs[1].content = newDelta ?? blobs[1].content;
      const { version } = stage.store;
      await stage.refresh();
      await until(() => stage.store.version !== version);
      // If both lists changed, the other one is used after these turns.
      await passTurns();
    },
    decide: async (header) => (await gate.decide(header, { functionName: 'f', roles: [] }, stage.clock.wall())).code,
  };
}

describe('a delta to a complete list that was missed', () => {
  for (const [mode, unknown] of [
    ['required', 'revocation_unavailable'],
    ['when-available', 'allowed'],
  ] as const) {
    for (const [what, whole] of [
      ['the old complete list is still there', list(1)],
      ['the complete list can’t be read', new Error('the storage is gone')],
    ] as const) {
      test(`${mode}, and ${what}: no certificate comes back, and others are ${unknown} until that list is there`, async () => {
        const { store, decide, publish } = await createDeltaStage(mode);
        assert.deepEqual([await decide(caller), await decide(other)], ['certificate_revoked', 'allowed']);
        // Complete list 6 names the caller, so a delta to it need not.
        await publish({ whole, delta: delta(6, 7) });
        assert.deepEqual([await decide(caller), await decide(other)], ['certificate_revoked', unknown]);
        await until(() => store.report().revocationFault?.includes('the complete list 6 is missing'));
        await publish({ delta: delta(6, 8) });
        assert.deepEqual([await decide(caller), await decide(other)], ['certificate_revoked', unknown]);
        await publish({ whole: list(6, { revoked }) });
        assert.deepEqual([await decide(caller), await decide(other)], ['certificate_revoked', 'allowed']);
        await until(() => store.report().revocationFault === undefined);
        await publish({ delta: delta(6, 9) });
        assert.deepEqual([await decide(caller), await decide(other)], ['certificate_revoked', 'allowed']);
      });
    }
  }
});

/**
 * Waits long enough for a list that was read to be verified. The verification runs outside the event loop, in turn with
 * these calls.
 */
async function passTurns(): Promise<void> {
  const turn = promisify(randomBytes);
  for (let count = 0; count < 50; count += 1) await turn(1);
}

describe('a delta that is read sooner than the complete list of the same moment', () => {
  for (const [what, answer, expected] of [
    ['the list comes', list(6, { revoked }), 'allowed'],
    ['the list is the one of before', list(1), 'revocation_unavailable'],
    ['it can’t be read', new Error('the storage is gone'), 'revocation_unavailable'],
  ] as const) {
    test(`waits for that read, and no caller is refused meanwhile: ${what}`, async () => {
      const { decide, publish } = await createDeltaStage('required');
      let end = (): void => undefined;
      const whole = new Promise<Buffer>((resolve, reject) => {
        end = () => {
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        };
      });
      const published = publish({ whole, delta: delta(6, 7) });
      await passTurns();
      assert.deepEqual([await decide(caller), await decide(other)], ['certificate_revoked', 'allowed']);
      end();
      await published;
      assert.deepEqual([await decide(caller), await decide(other)], ['certificate_revoked', expected]);
    });
  }
});

test('a delta to a complete list that is known is used at once, even if the next complete list is slow to come', async () => {
  const { store, decide, publish } = await createDeltaStage('required');
  assert.equal(await decide(other), 'allowed');
  let end: (content: Buffer) => void = () => undefined;
  await publish({ whole: new Promise<Buffer>((resolve) => (end = resolve)), delta: delta(1, 6, { revoked: ofOther }) });
  assert.equal(await decide(other), 'certificate_revoked');
  assert.equal(store.report().revocationFault, undefined, 'it was waited for until its read was given up');
  end(list(1));
});
