import * as fc from 'fast-check';
import type { CertificateRevocationList } from '@certgate/x509/path';
import { type MadeCaller, authorityOf, getStage, issueCaller, issuedDocument } from './authority-stage.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { clientExtensions, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';

/**
 * Random documents with the authority "corp" about one caller, with certificates that arrive and with what is known
 * about revocation.
 */
export interface AuthorityScenes {
  readonly caller: MadeCaller;
  /** The headers that arrive. Some of them are the caller's. */
  readonly headers: readonly string[];
  /** Headers with certificates that fail at different places. */
  readonly oddHeaders: readonly string[];
  /**
   * Lists to choose from: none, an empty list, one that revokes the caller, and one that ends ten seconds after `now`.
   */
  readonly lists: readonly (readonly CertificateRevocationList[])[];
  readonly documents: fc.Arbitrary<object>;
}

export function createAuthorityScenes(): AuthorityScenes {
  const { issuing, impostor } = getStage();
  const caller = issueCaller({ serialNumber: '1234' });
  const headers = [
    ...[caller.header, caller.header, caller.header],
    issueCaller({ issuer: impostor }).header,
    issueCaller({ names: ['DNS:a.apps.example', 'DNS:billing.corp.example'] }).header,
    issueCaller({ names: ['DNS:stranger.example'], name: 'stranger' }).header,
    issueCaller({ extensions: ['extendedKeyUsage = serverAuth'] }).header,
    issueCaller({ notAfter: '20270101000000Z' }).header,
  ];
  const [empty, revoking, early] = [
    makeCrl({ authority: issuing }),
    makeCrl({ authority: issuing, number: '02', revoked: [{ serialNumber: '1234' }] }),
    makeCrl({ authority: issuing, nextUpdate: '20270101000010Z' }),
  ].map(readCrl);
  const lists = [[], [empty], [revoking], [early]].map((each) => each.flatMap((list) => list ?? []));
  return { caller, headers, oddHeaders: makeOddHeaders(), lists, documents: createDocuments(caller) };
}

/** A certificate that has expired, and that has more names than the gate compares. */
export function issueExpiredWithManyNames(): MadeCaller {
  const names = Array.from({ length: 300 }, (_, index) => `DNS:n${index}.corp.example`);
  return issueCaller({ notAfter: '20260101000000Z', names: ['DNS:billing.corp.example', ...names] });
}

function makeOddHeaders(): readonly string[] {
  const { issuing } = getStage();
  return [
    issueExpiredWithManyNames().header,
    // Distribution points without a point: the end-entity checks don't read them, and path validation does.
    makeCertificate({ extensions: [...clientExtensions, '2.5.29.31 = DER:3000'], issuer: issuing }).header,
    issueCaller({ extensions: [...clientExtensions, 'certificatePolicies = critical, 1.2.3.4'] }).header,
    issueCaller({ extensions: [...clientExtensions, '1.2.3.4 = critical, DER:0500'] }).header,
    issuing.der.toString('base64'),
    'MAA=',
  ];
}

function createDocuments({ certificate: { thumbprintSha256 }, der }: MadeCaller): fc.Arbitrary<object> {
  const { publicKeySha256 } = presentCertificate(der);
  const { root } = getStage();
  const revocations = fc.record(
    {
      mode: fc.constantFrom('required', 'required', 'when-available', 'off'),
      scope: fc.constant('end-entity'),
      graceSeconds: fc.constantFrom(0, 5),
    },
    { requiredKeys: ['scope'] },
  );
  const allNames = [{ dns: 'billing.corp.example' }, { dns: '*.apps.example' }, { commonName: 'billing' }].map(
    (name) => ({ issuedBy: 'corp', ...name }),
  );
  const identity = fc.record(
    {
      roles: fc.subarray(['reader', 'admin']),
      enabled: fc.constantFrom(true, true, true, false),
      expiresAt: fc.constantFrom(...[5_000, 300_000].map((after) => new Date(now + after).toISOString())),
    },
    { requiredKeys: ['roles'] },
  );
  return fc
    .tuple(
      fc.tuple(identity, identity),
      fc.oneof(fc.subarray(allNames), fc.constant(allNames)),
      fc.constantFrom(0, 0, 0, 1, 2, 3, 4),
      fc.option(
        fc.constantFrom(
          { thumbprintSha256 },
          { thumbprintSha256, issuedBy: 'corp' },
          { publicKeySha256, issuedBy: 'corp' },
        ),
      ),
      revocations,
      fc.constantFrom([], [], [], [{ thumbprintSha256 }], [{ issuedBy: 'corp', serialNumber: '1234' }]),
    )
    .map(([owners, names, spread, pin, revocation, denied]) =>
      issuedDocument(
        owners.map((owner, index) => ({
          ...owner,
          names: names.filter((_, position) => ((spread >> position) & 1) === index),
          pins: pin !== null && index === 0 ? [pin] : [],
        })),
        { authorities: [authorityOf({ revocation, anchors: [root] })], denied },
      ),
    );
}
