import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClientIdentity } from '../access/decision.js';
import type { LoggingCall } from './decision-channel.js';
import { decodeClientCertificate } from '@certgate/x509';
import { authorityExtensions, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';
import { decideAccess } from '../access/access-decision.js';
import { createClientIdentity } from '../access/authentication.js';
import {
  authorityOf,
  billing,
  issueCaller,
  issueIntermediate,
  issuedSnapshot,
} from '../test-support/authority-stage.js';
import type { ExpiryLogLine, RenewalLogLine } from './expiry-lines.js';
import { ExpiryLog } from './expiry-log.js';
import { nameProcess } from './process-id.js';

// gate/expiry-log.test.ts of azure-functions tests the same in an app.

const day = 86_400_000;
const now = Date.UTC(2027, 0, 1);

function createContext(): { readonly context: LoggingCall; readonly lines: ExpiryLogLine[] } {
  const lines: ExpiryLogLine[] = [];
  const warn = (...args: unknown[]): void => {
    assert.equal(args.length, 1);
    lines.push(JSON.parse(String(args[0])) as ExpiryLogLine);
  };
  return { context: { warn } as unknown as LoggingCall, lines };
}

function identityOf(
  accessEndsAt: number,
  thumbprintSha256 = 'AB',
  owner?: string,
  accessBeginsAt = now - 100 * day,
): ClientIdentity {
  const certificate = { thumbprintSha256, notAfter: now + 20 * day };
  return { name: 'billing', owner, certificate, accessBeginsAt, accessEndsAt } as unknown as ClientIdentity;
}

describe('a certificate in use that ends soon', () => {
  it('is logged once a day, with its identity, owner and end', () => {
    const { context, lines } = createContext();
    const log = new ExpiryLog();
    const identity = identityOf(now + 20 * day, 'AB', 'payments team');
    for (const at of [now, now + 1, now + day - 1]) log.note(context, identity, at);
    const [{ detail, ...line } = { detail: '' }] = lines as [ExpiryLogLine?];
    assert.deepEqual(line, {
      certgate: 1,
      process: nameProcess(),
      event: 'expiry',
      time: '2027-01-01T00:00:00.000Z',
      code: 'access_ends_soon',
      identity: 'billing',
      owner: 'payments team',
      thumbprintSha256: 'AB',
      endsAt: '2027-01-21T00:00:00Z',
      endsFirst: 'certificate',
    });
    assert.match(detail, /"billing" uses ends at 2027-01-21T00:00:00Z: the caller needs a new one/);
    assert.equal(lines.length, 1);
    log.note(context, identity, now + day);
    assert.equal(lines.length, 2);
  });

  it('is distinguished from one whose pin or identity ends first', () => {
    const { context, lines } = createContext();
    new ExpiryLog().note(context, identityOf(now + day), now);
    assert.equal(lines[0]?.endsFirst, 'trust');
    assert.match(lines[0].detail, /The trust document ends the access of "billing"/);
    assert.ok(!('owner' in lines[0]));
  });

  it('is distinguished from one whose CA certificate ends first: the line names the CA and who must act', () => {
    const { context, lines } = createContext();
    const intermediate = issueIntermediate({ notAfter: '20270111000000Z' });
    const { header } = issueCaller({ issuer: intermediate });
    const trust = issuedSnapshot([billing], { authorities: [authorityOf({ intermediates: [intermediate] })] });
    const decision = decideAccess({ header, trust, requirement: { functionName: 'f', roles: [] }, now });
    assert.ok(decision.outcome === 'allowed', decision.code);
    new ExpiryLog().note(context, decision.identity, now);
    assert.deepEqual([lines[0]?.endsFirst, lines[0]?.endsAt.slice(0, 19)], ['authority', '2027-01-11T00:00:00']);
    assert.match(
      lines[0]?.detail ?? '',
      /^The CA certificate "CN=Corp issuing CA", which vouches for "billing" \(dns issued by corp\), ends at 2027-01-11T.*the operator of the CA must renew it/,
    );
  });

  it('is logged from 30 days before the end, and never if it has no real end', () => {
    const { context, lines } = createContext();
    const log = new ExpiryLog();
    for (const end of [now + 30 * day + 1, Number.POSITIVE_INFINITY, Number.NaN, undefined])
      log.note(context, identityOf(end as number), now);
    assert.equal(lines.length, 0);
    log.note(context, identityOf(now + 30 * day), now);
    assert.equal(lines.length, 1);
  });

  it('is logged in the last third of a shorter lifetime, so a certificate of one day is not reported all day', () => {
    const { context, lines } = createContext();
    const log = new ExpiryLog();
    const hour = day / 24;
    const identity = identityOf(now + day, 'AB', undefined, now);
    for (const at of [now, now + 15 * hour, now + 16 * hour - 1]) log.note(context, identity, at);
    assert.equal(lines.length, 0);
    log.note(context, identity, now + 16 * hour);
    assert.equal(lines.length, 1);
  });

  it('of less than a week is reported in its last tenth, when its renewal is late', () => {
    const hour = day / 24;
    const issued = (lifetime: number): ClientIdentity => {
      const certificate = { thumbprintSha256: `${lifetime}`, notBefore: now, notAfter: now + lifetime };
      const access = { accessBeginsAt: now, accessEndsAt: now + lifetime };
      return { name: 'svid', owner: undefined, certificate, ...access } as unknown as ClientIdentity;
    };
    for (const lifetime of [hour, day, 7 * day - 1000]) {
      const { context, lines } = createContext();
      const log = new ExpiryLog();
      const identity = issued(lifetime);
      for (const at of [now, now + lifetime * 0.67, now + lifetime * 0.9 - 1]) log.note(context, identity, at);
      assert.equal(lines.length, 0);
      log.note(context, identity, now + lifetime * 0.9 + 1);
      assert.match(
        lines[0]?.detail ?? '',
        /"svid" uses ends at .*nine tenths of its lifetime are over: check why it was not renewed/,
      );
    }
    const { context, lines } = createContext();
    new ExpiryLog().note(context, issued(7 * day), now + 5 * day);
    assert.match(lines[0]?.detail ?? '', /the caller needs a new one/);
  });

  it('is logged for each certificate, not for each identity', () => {
    const { context, lines } = createContext();
    const log = new ExpiryLog();
    for (const thumbprint of ['A', 'B', 'A', 'B']) log.note(context, identityOf(now + day, thumbprint), now);
    assert.deepEqual(
      lines.map(({ thumbprintSha256 }) => thumbprintSha256),
      ['A', 'B'],
    );
  });

  it('is logged for a thousand certificates a day at most, however many one key makes', () => {
    const { context, lines } = createContext();
    const log = new ExpiryLog();
    for (let index = 0; index < 5000; index += 1) log.note(context, identityOf(now + day, `${index}`), now);
    assert.equal(lines.length, 1000);
    // The next day has room again, for new certificates and for old ones.
    for (const thumbprint of ['4999', '0']) log.note(context, identityOf(now + 3 * day, thumbprint), now + day);
    assert.equal(lines.length, 1002);
  });

  it('is logged again if the clock was set back', () => {
    const { context, lines } = createContext();
    const log = new ExpiryLog();
    log.note(context, identityOf(now + day), now);
    log.note(context, identityOf(now + day), now - 2 * day);
    assert.equal(lines.length, 2);
  });
});

describe('a certificate in use that looks like one of a public CA', () => {
  const authority = issueCertificate({ name: ['CN = CA'], extensions: authorityExtensions });
  const looks = ['subjectAltName = DNS:api.contoso.com', '1.3.6.1.4.1.11129.2.4.2 = DER:04020000'];
  const identityWith = (usages: string, trustEndsAt?: number, withoutClientAuthUntil?: number): ClientIdentity => {
    const { certificate } = issueCertificate(
      {
        extensions: ['basicConstraints = critical, CA:FALSE', `extendedKeyUsage = ${usages}`, ...looks],
        notBefore: '20261215000000Z',
        notAfter: '20270301000000Z',
      },
      authority,
    );
    const decoding = decodeClientCertificate(certificate.der);
    assert.ok(decoding.ok);
    const found = { name: 'billing', roles: [], owner: 'payments team' };
    return createClientIdentity(
      found,
      decoding.certificate,
      { matchedBy: 'test' },
      undefined,
      trustEndsAt,
      withoutClientAuthUntil,
    );
  };

  it('is reported once a day, long before it ends, with the evidence', () => {
    const { context, lines } = createContext();
    const log = new ExpiryLog();
    const identity = identityWith('serverAuth, clientAuth');
    for (const at of [now, now + 1, now + day - 1]) log.note(context, identity, at);
    const [{ detail, ...line } = { detail: '' }, ...others] = lines as unknown as [RenewalLogLine?];
    assert.deepEqual(others, []);
    assert.deepEqual(line, {
      certgate: 1,
      process: nameProcess(),
      event: 'renewal',
      time: '2027-01-01T00:00:00.000Z',
      code: 'client_auth_ends_at_renewal',
      identity: 'billing',
      owner: 'payments team',
      thumbprintSha256: identity.certificate.thumbprintSha256,
      endsAt: '2027-03-01T00:00:00Z',
      publicIssuance: 'likely',
      evidence: ['embedded_timestamps', 'server_auth'],
    });
    assert.match(detail, /likely: embedded_timestamps, server_auth.*Public CAs no longer issue clientAuth/);
    log.note(context, identity, now + day);
    assert.equal(lines.length, 2);
  });

  it('is also reported when it ends soon', () => {
    const { context, lines } = createContext();
    new ExpiryLog().note(context, identityWith('serverAuth, clientAuth'), now + 50 * day);
    const [, ending] = lines;
    assert.deepEqual([ending?.code, ending?.publicIssuance], ['access_ends_soon', 'likely']);
    assert.match(ending?.detail ?? '', /needs a new one.*the next certificate will be refused/);
  });

  it('is not reported if it is only for clients, or if it has lost clientAuth already and its grace period ends', () => {
    const { context, lines } = createContext();
    const log = new ExpiryLog();
    log.note(context, identityWith('clientAuth'), now);
    log.note(context, identityWith('serverAuth', now + 2 * day, now + 2 * day), now);
    assert.deepEqual(
      lines.map(({ code, endsFirst }) => [code, endsFirst]),
      [['access_ends_soon', 'trust']],
    );
    assert.match(lines[0]?.detail ?? '', /lacks clientAuth, and its pin accepts that until 2027-01-03T00:00:00Z/);
  });
});
