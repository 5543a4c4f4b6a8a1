import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFrontEndSettings } from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { describeInspectedGate, listGateWarnings, readInspectedGate } from './inspected-gate.js';

const plain = {
  frontEnd: null,
  frontEndSecret: false,
  frontEndIsolation: null,
  forwardedElements: null,
  acceptForwardedChain: false,
  unsafeTrustCertificateHeaderFromAnywhere: false,
  decisionLog: 'all',
  strangerNames: true,
  stores: [],
};
const secret = 'a-secret-of-the-front-end-0123456789';

interface Case {
  readonly options?: object;
  readonly secretSetting?: string | null;
  readonly settings?: Readonly<Record<string, string>>;
  readonly lines: readonly RegExp[];
  readonly warnings?: readonly RegExp[];
}

const cases: Readonly<Record<string, Case>> = {
  'nothing is named': {
    lines: [/^ {2}front end: named neither in code nor by CERTGATE_FRONT_END here/, /: none in code, and none in the/],
  },
  'a secret of the code from a setting': {
    options: { frontEnd: 'nginx', frontEndSecret: true },
    secretSetting: 'MINE',
    settings: { MINE: secret, CERTGATE_FRONT_END_SECRET: secret },
    lines: [/front end: nginx, named in code$/, /: a secret, which the code reads from MINE$/],
  },
  'a secret of the code from elsewhere': {
    options: { frontEnd: 'nginx', frontEndSecret: true },
    secretSetting: null,
    lines: [/: a secret, given in code$/],
  },
  'a secret that the code does not find': {
    options: { frontEnd: 'nginx', frontEndSecret: true },
    settings: { CERTGATE_FRONT_END_SECRET: secret },
    lines: [/: frontEndSecret in code, but it is undefined here; a secret, in CERTGATE_FRONT_END_SECRET here$/],
  },
  'all by app settings': {
    settings: { CERTGATE_FRONT_END: 'envoy', CERTGATE_FRONT_END_ISOLATION: 'ingress' },
    lines: [/front end: envoy, named by CERTGATE_FRONT_END here$/, /: isolation "ingress", in CERTGATE_FRONT_END_ISOL/],
  },
  'elements and a chain': {
    options: { frontEnd: 'envoy', forwardedElements: 2, acceptForwardedChain: true },
    lines: [/elements in X-Forwarded-Client-Cert: 2$/, /CA certificates that callers send are accepted/],
  },
  'the override': {
    options: { unsafeTrustCertificateHeaderFromAnywhere: true },
    lines: [/front end: any, by the header fields of app-service \(unsafe/],
    warnings: [
      /^unsafeTrustCertificateHeaderFromAnywhere is set: anyone who reaches the app can claim any certificate/,
    ],
  },
  'two front ends': {
    options: { frontEnd: 'nginx' },
    settings: { CERTGATE_FRONT_END: 'haproxy' },
    lines: [/front end: nginx, named in code$/],
    warnings: [/^The code names the front end nginx, and the app setting CERTGATE_FRONT_END names haproxy/],
  },
};

for (const [what, { options, secretSetting, settings = {}, lines, warnings = [] }] of Object.entries(cases)) {
  test(`a gate is described without its secret: ${what}`, () => {
    const hosted = { options: { ...plain, ...options }, ...(secretSetting === undefined ? {} : { secretSetting }) };
    const gate = readInspectedGate(hosted, readFrontEndSettings(settings), { settings, folders: ['/'] });
    const described = describeInspectedGate(gate);
    for (const line of lines) assert.ok(described.some((each) => line.test(each)), `${String(line)}\n${described.join('\n')}`); // prettier-ignore
    const said = listGateWarnings(gate);
    assert.equal(said.length, warnings.length);
    warnings.forEach((warning, index) => {
      assert.match(said[index] ?? '', warning);
    });
    assert.ok(!JSON.stringify([gate, described, said]).includes(secret));
  });
}

test('a missing gate is reported, and a gate with unreadable options is an error', () => {
  const settings = readFrontEndSettings({});
  const places = { settings: {}, folders: ['/'] };
  assert.deepEqual(describeInspectedGate(readInspectedGate(undefined, settings, places)), ['The app has no gate.']);
  for (const options of [undefined, {}, { ...plain, more: 1 }, { ...plain, forwardedElements: 'two' }]) {
    assert.throws(() => readInspectedGate({ options }, settings, places), ToolFailure);
  }
});
