import { clientExtensions, makeCertificate, makeDefaultSelfSigned } from '@certgate/x509/test-support/certificates.js';
import {
  authorityExtensions,
  encodeCertificateIssuer,
  encodeEntry,
  issue,
  type IssueRequest,
  type MadeAuthority,
  makeCrl,
  replaceEntries,
} from '@certgate/x509/test-support/revocation.js';
import { listTwins } from '../reference/twins.js';

/** The certificates and lists of the vectors in base64, by their labels. */
export interface Material {
  readonly certificates: Readonly<Record<string, string>>;
  readonly lists: Readonly<Record<string, string>>;
  /** Public keys in PEM, and below documents in the exact text of the file, with their signatures. */
  readonly signers: Readonly<Record<string, string>>;
  readonly signed: Readonly<Record<string, { readonly text: string; readonly signature: string }>>;
}

/**
 * Makes certificates and lists by openssl, with keys that are not kept. The vectors contain what one run of this made.
 */
export function makeMaterial(): Pick<Material, 'certificates' | 'lists'> {
  const root = issue({ name: 'Corp root', key: 'p-384' });
  const issuing = issue({ name: 'Corp issuing CA', issuer: root, serialNumber: '0A01' });
  const issuingRenewed = issue({ name: 'Corp issuing CA', issuer: root, serialNumber: '0A05' });
  const secondKey = issue({ name: 'Corp issuing CA', key: 'p-521', issuer: root, serialNumber: '0A02' });
  const impostor = issue({
    name: 'Corp issuing CA',
    key: 'ed25519',
    issuer: issue({ name: 'Corp root', key: 'rsa-2048' }),
  });
  const otherRoot = issue({ name: 'Other root', key: 'ed25519' });
  const lister = issue({ name: 'Corp list CA', issuer: root, key: 'p-256-again', serialNumber: '0A03' });
  const ended = { serialNumber: '0A04', notAfter: '20261231000000Z' };
  const listerEnded = issue({ name: 'Corp list CA', issuer: root, key: 'p-256-again', ...ended });
  const certificates: Record<string, Uint8Array> = {};
  const add = (label: string, { der }: { readonly der: Uint8Array }): void => {
    certificates[label] = der;
  };
  const addTwin = (label: string): void => {
    const [twin] = listTwins(certificates[label] ?? Buffer.alloc(0));
    if (twin === undefined) throw new Error(`${label} has no twin.`);
    certificates[`${label}Twin`] = twin;
  };
  for (const [label, made] of Object.entries({
    root,
    issuing,
    issuingRenewed,
    secondKey,
    otherRoot,
    lister,
    listerEnded,
  }))
    add(label, made);
  const caller = ({
    names = ['DNS:billing.corp.example'],
    extensions = clientExtensions,
    ...rest
  }: Partial<IssueRequest> & { readonly names?: readonly string[] } = {}): MadeAuthority =>
    issue({
      issuer: issuing,
      name: 'billing',
      key: 'p-256-again',
      ...rest,
      extensions: [...extensions, `subjectAltName = ${names.join(', ')}`],
    });
  add('billing', caller({ serialNumber: '1234' }));
  addTwin('billing');
  const ofLister = ['crlDistributionPoints = point'];
  const point = ['[point]', 'CRLissuer = dirName:lister', '[lister]', 'CN = Corp list CA'];
  add(
    'billingListed',
    caller({ serialNumber: '4234', extensions: [...clientExtensions, ...ofLister], sections: point }),
  );
  add('billingOfSecondKey', caller({ issuer: secondKey, serialNumber: '2234' }));
  add('billingOfOtherRoot', caller({ issuer: otherRoot, serialNumber: '1234' }));
  add(
    'reports',
    caller({
      name: 'reports',
      names: ['DNS:a.reports.corp.example', 'URI:spiffe://corp.example/reports', 'email:Reports@CORP.example'],
    }),
  );
  add(
    'ofUnit',
    makeCertificate({
      key: 'p-256-again',
      name: ['CN = batch', 'OU = payments'],
      issuer: issuing,
    }),
  );
  add('billingAndReports', caller({ names: ['DNS:billing.corp.example', 'DNS:a.reports.corp.example'] }));
  add(
    'shortLived',
    caller({
      extensions: [...clientExtensions, 'noRevAvail = DER:0500'.replace('noRevAvail', '2.5.29.56')],
      notBefore: '20261231230000Z',
      notAfter: '20270101020000Z',
      serialNumber: '3234',
    }),
  );
  add('own', makeCertificate({ key: 'p-256', name: ['CN = own'] }));
  addTwin('own');
  add('ownRenewed', makeCertificate({ key: 'p-256', name: ['CN = own'], serialNumber: '2' }));
  const forServers = [...clientExtensions.slice(0, 2), 'extendedKeyUsage = serverAuth'];
  add('server', makeCertificate({ key: 'ed25519', name: ['CN = server'], extensions: forServers }));
  add('expired', makeCertificate({ key: 'ed25519', notAfter: '20261231235959Z' }));
  add('notYetValid', makeCertificate({ key: 'ed25519', notBefore: '20270101000001Z' }));
  add('authority', makeDefaultSelfSigned());
  add(
    'noSigner',
    makeCertificate({ key: 'ed25519', extensions: [clientExtensions[0] ?? '', 'keyUsage = keyAgreement'] }),
  );
  add(
    'unknownExtension',
    makeCertificate({ key: 'ed25519', extensions: [...clientExtensions, '1.2.3.4 = critical, DER:0500'] }),
  );
  add('weakKey', makeCertificate({ key: 'rsa-1024' }));
  add('unsupportedKey', makeCertificate({ key: 'secp256k1' }));
  // At least one certificate for each code of a certification path.
  add('stranger', caller({ issuer: issue({ name: 'Somebody else', key: 'ed25519' }), serialNumber: '77' }));
  add('manyNames', caller({ names: Array.from({ length: 257 }, (_, index) => `DNS:n${index}`) }));
  add('forged', caller({ issuer: impostor }));
  add('noKeyIdentifier', caller({ extensions: [...clientExtensions, 'authorityKeyIdentifier = none'] }));
  add('unknownExtensionIssued', caller({ extensions: [...clientExtensions, '1.2.3.4 = critical, DER:0500'] }));
  add('sha1', caller({ digest: 'sha1' }));
  add('ofEd448', caller({ issuer: issue({ name: 'Corp issuing CA', key: 'ed448' }) }));
  add(
    'shallowRoot',
    issue({
      name: 'Corp root',
      key: 'p-384',
      extensions: ['basicConstraints = critical, CA:TRUE, pathlen:0', ...authorityExtensions.slice(1)],
    }),
  );
  const withExtension = (line: string): Partial<IssueRequest> => ({ extensions: [...authorityExtensions, line] });
  const intermediates: Readonly<Record<string, Partial<IssueRequest>>> = {
    NotYetValid: { notBefore: '20280101000000Z' },
    Expired: { notAfter: '20260101000000Z' },
    Unfit: { extensions: ['basicConstraints = CA:TRUE', ...authorityExtensions.slice(1)] },
    OfOtherNames: withExtension('nameConstraints = critical, permitted;DNS:other.example'),
    OfSubdomains: withExtension('nameConstraints = critical, permitted;DNS:.corp.example'),
    OfPolicies: withExtension('policyConstraints = critical, requireExplicitPolicy:0'),
    ForServers: withExtension('extendedKeyUsage = serverAuth'),
    UnsupportedKey: { key: 'secp256k1' },
    WeakKey: { key: 'rsa-1024' },
  };
  for (const [label, request] of Object.entries(intermediates)) {
    const intermediate = issue({ name: 'Corp issuing CA', issuer: root, ...request });
    add(`intermediate${label}`, intermediate);
    add(`below${label}`, caller({ issuer: intermediate }));
  }
  const revoked = [{ serialNumber: '1234' }];
  const delta = (base: string): { readonly extensions: readonly string[] } => ({
    extensions: [`2.5.29.27 = critical, DER:0201${base}`],
  });
  const ofIssuing = { authority: issuing };
  /** Lists from December about certificates of the issuing CA. */
  const listedBy = (authority: MadeAuthority, number: string, serialNumbers: readonly string[]): Buffer =>
    replaceEntries(
      makeCrl({
        authority,
        number,
        lastUpdate: '20261201000000Z',
        revoked: [{ serialNumber: '01' }],
        extensions: ['issuingDistributionPoint = critical, @idp'],
        sections: ['[idp]', 'indirectCRL = TRUE'],
      }),
      serialNumbers.map((each) => encodeEntry(each, encodeCertificateIssuer(issuing))),
      authority,
    );
  const lists = {
    root: makeCrl({ authority: root }),
    rootRevokingIssuing: makeCrl({ authority: root, number: '02', revoked: [{ serialNumber: '0A01' }] }),
    issuing1: makeCrl(ofIssuing),
    issuing2Revoking: makeCrl({ ...ofIssuing, number: '02', revoked }),
    issuing2Ended: makeCrl({
      ...ofIssuing,
      number: '02',
      lastUpdate: '20261201000000Z',
      nextUpdate: '20261231235000Z',
    }),
    issuing2RevokingEnded: makeCrl({
      ...ofIssuing,
      number: '02',
      revoked,
      lastUpdate: '20261201000000Z',
      nextUpdate: '20261231235000Z',
    }),
    issuing1Holding: makeCrl({
      ...ofIssuing,
      lastUpdate: '20261201000000Z',
      revoked: [{ serialNumber: '1234', reason: 'certificateHold' }],
    }),
    issuing2Released: makeCrl({ ...ofIssuing, number: '02' }),
    delta5Revoking: makeCrl({ ...ofIssuing, ...delta('01'), number: '05', revoked }),
    delta7: makeCrl({ ...ofIssuing, ...delta('06'), number: '07', lastUpdate: '20270101000000Z' }),
    issuing6Revoking: makeCrl({ ...ofIssuing, number: '06', revoked }),
    secondKey1: makeCrl({ authority: secondKey }),
    secondKey2Revoking: makeCrl({ authority: secondKey, number: '02', revoked }),
    forged: makeCrl({ authority: impostor }),
    issuing3: makeCrl({ ...ofIssuing, number: '03' }),
    issuing3Removing: makeCrl({
      ...ofIssuing,
      number: '03',
      revoked: [{ serialNumber: '1234', reason: 'removeFromCRL' }],
    }),
    rootRevokingLister: makeCrl({ authority: root, number: '02', revoked: [{ serialNumber: '0A03' }] }),
    lister1: listedBy(lister, '01', []),
    lister2Revoking: listedBy(lister, '02', ['4234']),
    lister3: listedBy(lister, '03', []),
  };
  const encode = (all: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(all).map(([label, der]) => [label, Buffer.from(der).toString('base64')]));
  return { certificates: encode(certificates), lists: encode(lists) };
}
