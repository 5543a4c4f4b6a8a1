import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CertgateError } from '@certgate/x509/internal';
import { type FrontEndName, frontEndNames } from '../front-ends/front-end-table.js';
import { caller } from '../test-support/front-end-stage.js';
import { pollute } from '../test-support/prototype-pollution.js';
import {
  expectFrontEndOptions,
  type FrontEndOptions,
  frontEndIsolations,
  frontEndOverride,
} from './front-end-options.js';
import type { Environment } from './host-environment.js';
import { resolveFrontEnd } from './resolve-front-end.js';

const secret = 'S3cret-of-the-front-end-0123456789.a';
const other = 'another-S3cret-of-the-front-end-98765';
const own = frontEndNames.filter((name) => name !== 'app-service');
const development: Environment = {
  AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
  FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True',
  WEBSITE_HOSTNAME: 'localhost:7071',
};

/** The front end's name, with `+secret` if requests must have the secret, or the code of the denial. */
function resolve(options: FrontEndOptions, environment: Environment = {}): string {
  const resolved = resolveFrontEnd(options, environment);
  if (resolved.outcome === 'denied') return resolved.code;
  const asks = resolved.reader.fields.includes('x-certgate-front-end-secret');
  return `${resolved.name}${asks ? '+secret' : ''}`;
}

for (const frontEnd of own) {
  describe(frontEnd, () => {
    it('is not believed without a secret or an isolation, wherever the app runs', () => {
      for (const environment of [{}, { WEBSITE_INSTANCE_ID: 'a' }, { KUBERNETES_SERVICE_HOST: '10.0.0.1' }]) {
        assert.equal(resolve({ frontEnd }, environment), 'front_end_unproven');
        assert.equal(resolve({}, { ...environment, CERTGATE_FRONT_END: frontEnd }), 'front_end_unproven');
      }
    });

    it('is believed with a secret, in code or in the app setting', () => {
      assert.equal(resolve({ frontEnd, frontEndSecret: secret }), `${frontEnd}+secret`);
      assert.equal(resolve({ frontEnd, frontEndSecret: [secret, other] }), `${frontEnd}+secret`);
      for (const value of [secret, `${secret} ${other}`]) {
        const settings = { CERTGATE_FRONT_END: frontEnd, CERTGATE_FRONT_END_SECRET: value };
        assert.equal(resolve({}, settings), `${frontEnd}+secret`);
      }
    });

    it('is believed with an isolation', () => {
      for (const frontEndIsolation of frontEndIsolations) {
        assert.equal(resolve({ frontEnd, frontEndIsolation }), frontEnd);
        assert.equal(resolve({ frontEnd }, { CERTGATE_FRONT_END_ISOLATION: frontEndIsolation }), frontEnd);
      }
    });

    it('needs the secret even if an isolation, Development or the waiver is there too', () => {
      const waived: FrontEndOptions = { frontEnd, frontEndSecret: secret, [frontEndOverride]: true };
      assert.equal(resolve({ frontEnd, frontEndSecret: secret, frontEndIsolation: 'loopback' }), `${frontEnd}+secret`);
      assert.equal(resolve({ frontEnd, frontEndSecret: secret }, development), `${frontEnd}+secret`);
      assert.equal(resolve(waived), 'anywhere+secret');
    });

    it('is not believed if the given secret is undefined, whatever the isolation', () => {
      const meant: FrontEndOptions = { frontEnd, frontEndSecret: undefined, frontEndIsolation: 'private-network' };
      assert.equal(resolve(meant), 'front_end_unproven');
      assert.equal(resolve(meant, { CERTGATE_FRONT_END_SECRET: secret }), `${frontEnd}+secret`);
      assert.equal(resolve(meant, development), frontEnd);
    });

    it('is not believed if the app setting of the secret is empty, whatever the isolation', () => {
      const empty: Environment = { CERTGATE_FRONT_END_SECRET: '' };
      const isolated: FrontEndOptions = { frontEnd, frontEndIsolation: 'private-network' };
      const inSettings = { ...empty, CERTGATE_FRONT_END: frontEnd, CERTGATE_FRONT_END_ISOLATION: 'loopback' };
      assert.equal(resolve(isolated, empty), 'front_end_unproven');
      assert.equal(resolve({}, inSettings), 'front_end_unproven');
      assert.equal(resolve({ ...isolated, frontEndSecret: secret }, empty), `${frontEnd}+secret`);
      assert.equal(resolve(isolated, { ...development, ...empty }), frontEnd);
      const denied = resolveFrontEnd({}, inSettings);
      assert.match('detail' in denied ? denied.detail : '', /CERTGATE_FRONT_END_SECRET is there, but it is empty/);
    });

    it('needs no proof in Development and with the waiver', () => {
      assert.equal(resolve({ frontEnd }, development), frontEnd);
      assert.equal(resolve({ frontEnd }, { ...development, WEBSITE_SKU: 'Dynamic' }), 'front_end_unproven');
      assert.equal(resolve({ frontEnd, [frontEndOverride]: true }), 'anywhere');
    });

    it('contradicts every other name in the app setting', () => {
      for (const name of frontEndNames.filter((each) => each !== frontEnd)) {
        const options = { frontEnd, frontEndSecret: secret };
        assert.equal(resolve(options, { CERTGATE_FRONT_END: name }), 'front_end_contradicted');
      }
    });

    it('is read only by its own fields, whatever others a request has', () => {
      const resolved = resolveFrontEnd({ frontEnd, frontEndIsolation: 'ingress' }, {});
      assert.equal(resolved.outcome, 'known');
      const known = new Set(resolved.reader.fields);
      const reading = resolved.reader.read((name) => (known.has(name) ? undefined : caller.header));
      assert.equal('code' in reading ? reading.code : undefined, 'certificate_missing');
    });
  });
}

describe('App Service', () => {
  const environment = { WEBSITE_INSTANCE_ID: 'a' };

  it('needs neither proof, and refuses every call if one is given, because another front end was meant', () => {
    for (const named of [{}, { frontEnd: 'app-service' as const }]) {
      assert.equal(resolve(named, environment), 'app-service');
      assert.equal(resolve({ ...named, frontEndSecret: secret }, environment), 'front_end_contradicted');
      assert.equal(resolve({ ...named, frontEndIsolation: 'ingress' }, environment), 'front_end_contradicted');
      const settings = { ...environment, CERTGATE_FRONT_END_SECRET: secret };
      assert.equal(resolve(named, settings), 'front_end_contradicted');
    }
  });
});

describe('an invalid app setting', () => {
  const named = { CERTGATE_FRONT_END: 'nginx' };
  const faults: readonly Environment[] = [
    { CERTGATE_FRONT_END: 'Nginx', CERTGATE_FRONT_END_SECRET: secret },
    { CERTGATE_FRONT_END: 'container-apps', CERTGATE_FRONT_END_SECRET: secret },
    { CERTGATE_FRONT_END: 'api-management', CERTGATE_FRONT_END_SECRET: secret },
    { CERTGATE_FRONT_END: 'constructor', CERTGATE_FRONT_END_SECRET: secret },
    { ...named, CERTGATE_FRONT_END_SECRET: 'short' },
    { ...named, CERTGATE_FRONT_END_SECRET: `${secret}  ${other}` },
    { ...named, CERTGATE_FRONT_END_SECRET: `${secret} ${other} ${secret}` },
    { ...named, CERTGATE_FRONT_END_SECRET: ` ${secret}` },
    { ...named, CERTGATE_FRONT_END_SECRET: `${secret},${other}` },
    { ...named, CERTGATE_FRONT_END_SECRET: `"${secret}"` },
    { ...named, CERTGATE_FRONT_END_ISOLATION: 'vnet' },
    { ...named, CERTGATE_FRONT_END_SECRET: secret, CERTGATE_FRONT_END_ISOLATION: 'true' },
  ];
  for (const [index, environment] of faults.entries()) {
    it(`refuses every call and stops the start, and its message has no secret (${index})`, () => {
      const resolved = resolveFrontEnd({}, environment);
      assert.ok(resolved.outcome === 'denied');
      assert.equal(resolved.code, 'front_end_unknown');
      assert.ok(!resolved.detail.includes(secret));
      assert.throws(
        () => {
          expectFrontEndOptions('secureApp', {}, environment);
        },
        (error: unknown) => error instanceof CertgateError && !error.message.includes(secret),
      );
    });
  }

  it('is not there if it is empty', () => {
    const empty = { CERTGATE_FRONT_END: 'nginx', CERTGATE_FRONT_END_SECRET: '', CERTGATE_FRONT_END_ISOLATION: '' };
    assert.equal(resolve({}, empty), 'front_end_unproven');
  });
});

describe('the options for the front end', () => {
  const envoy = { frontEnd: 'envoy' as FrontEndName, frontEndSecret: secret };
  const wrong: readonly Record<string | symbol, unknown>[] = [
    ...['Nginx', '', 1, null, undefined, 'container-apps', ['nginx'], '__proto__'].map((frontEnd) => ({ frontEnd })),
    ...['', 'short', 1, null, [], [secret, 'short'], [secret, other, secret], [secret, 1], { 0: secret }].map(
      (frontEndSecret) => ({ frontEnd: 'nginx', frontEndSecret }),
    ),
    ...['', 'vnet', true, null, undefined].map((frontEndIsolation) => ({ frontEnd: 'nginx', frontEndIsolation })),
    ...[0, 9, 1.5, '1', null, Number.NaN, -1].map((forwardedElements) => ({ ...envoy, forwardedElements })),
    { frontEnd: 'nginx', forwardedElements: 1 },
    { forwardedElements: 1 },
    ...[false, 1, 'true', null, undefined].map((acceptForwardedChain) => ({ ...envoy, acceptForwardedChain })),
    ...[false, 1, undefined].map((value) => ({ [frontEndOverride]: value })),
  ];
  for (const [index, options] of wrong.entries()) {
    it(`are an error at the start if they are not valid (${index})`, () => {
      assert.throws(() => {
        expectFrontEndOptions('secureApp', options, {});
      }, CertgateError);
    });
  }

  it('are accepted if they are valid', () => {
    for (const options of [
      {},
      envoy,
      { ...envoy, forwardedElements: 2, acceptForwardedChain: true },
      { frontEndSecret: undefined },
    ])
      expectFrontEndOptions('secureApp', options, {});
  });
});

describe('a value on Object.prototype', () => {
  it('gives no front end, no proof and no waiver', () => {
    const polluted = {
      frontEnd: 'nginx',
      frontEndSecret: secret,
      frontEndIsolation: 'loopback',
      forwardedElements: 2,
      acceptForwardedChain: true,
      [frontEndOverride]: true,
      CERTGATE_FRONT_END: 'nginx',
      CERTGATE_FRONT_END_SECRET: secret,
      CERTGATE_FRONT_END_ISOLATION: 'loopback',
    };
    const restore = pollute(polluted);
    try {
      assert.equal(resolve({}, {}), 'front_end_unknown');
      assert.equal(resolve({ frontEnd: 'nginx' }, {}), 'front_end_unproven');
      assert.equal(resolve({ frontEnd: 'nginx', frontEndSecret: other }, {}), 'nginx+secret');
      assert.equal(resolve({}, { WEBSITE_INSTANCE_ID: 'a' }), 'app-service');
    } finally {
      restore();
    }
  });
});

describe('the chain that a front end forwards', () => {
  const fields: Readonly<Record<string, string>> = { 'client-cert': ':AAAA:', 'client-cert-chain': ':AAAA:' };
  const readChain = (options: FrontEndOptions): unknown => {
    const resolved = resolveFrontEnd({ frontEnd: 'rfc9440', frontEndIsolation: 'ingress', ...options }, {});
    assert.equal(resolved.outcome, 'known');
    const reading = resolved.reader.read((name) => fields[name]);
    assert.equal(reading.outcome, 'extracted');
    return reading.chain?.text;
  };

  it('is used only if the app says so', () => {
    assert.equal(readChain({}), undefined);
    assert.equal(readChain({ acceptForwardedChain: true }), ':AAAA:');
  });
});
