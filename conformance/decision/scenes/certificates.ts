import {
  type WritingKey,
  type WrittenName,
  makeWritingKey,
  writeCertificate,
  extension,
} from '@certgate/x509/test-support/certificate-writing.js';
import { sequence, tagged } from '@certgate/x509/test-support/der-writing.js';
import {
  authorityExtensions,
  clientExtensions,
  extensions,
  generalNames,
} from '@certgate/x509/test-support/extension-writing.js';
import { type Certificate, describeCertificate } from '../facts.js';
import { listTwins } from '../reference/twins.js';

/**
 * A certificate for the scenes, which combine the same certificates in different ways. Each is made once per process.
 */
export interface Made {
  readonly label: string;
  readonly der: Uint8Array;
  readonly facts: Certificate;
}

export interface MadeAuthority extends Made {
  readonly subject: WrittenName;
  readonly issuer: WrittenName;
  readonly serialNumber: number;
}

export const start: number = Date.UTC(2027, 0, 1);
export const hour = 3_600_000;
export const day: number = 24 * hour;

const serverAuthentication = '1.3.6.1.5.5.7.3.1';
const [dns, uri, email] = [generalNames.dns, generalNames.uri, generalNames.email];
const named = (...names: readonly Buffer[]): Buffer => extensions.subjectAlternativeName(...names);
const pointOf = (crlIssuer: string): Buffer =>
  extension('2.5.29.31', false, sequence(sequence(tagged(2, generalNames.directory(crlIssuer)))));
const noRevAvail = extension('2.5.29.56', false, Buffer.from('0500', 'hex'));

export interface Pool {
  readonly root: MadeAuthority;
  /** Another certificate for the key of `root`. */
  readonly rootRenewed: MadeAuthority;
  /**
   * The issuing CA below the root: one name with two keys. Its first key has two certificates, this one and `renewed`;
   * `secondKey` is the certificate of the other.
   */
  readonly issuing: MadeAuthority;
  readonly renewed: MadeAuthority;
  readonly secondKey: MadeAuthority;
  /**
   * The CA that publishes lists of the issuing CA's certificates. Its key has two certificates. The first of them
   * expires during the scenes.
   */
  readonly lister: MadeAuthority;
  readonly listerRenewed: MadeAuthority;
  readonly otherRoot: MadeAuthority;
  readonly otherIssuing: MadeAuthority;
  readonly authorities: readonly MadeAuthority[];
  readonly callers: readonly Made[];
  /** CA certificates that no document contains: one below the issuing CA, and one below that. */
  readonly forwarded: readonly Made[];
  /** The callers whose certificates the two CAs in `forwarded` issued. */
  readonly below: readonly Made[];
}

let pool: Pool | undefined;

export function getPool(): Pool {
  pool ??= makePool();
  return pool;
}

/** The certificate, and its twin if its signature has one. */
function make(label: string, der: Uint8Array): readonly [Made, ...Made[]] {
  const twins = listTwins(der).map((twin) => ({
    label: `twin of ${label}`,
    der: twin,
    facts: describeCertificate(twin),
  }));
  return [{ label, der, facts: describeCertificate(der) }, ...twins];
}

function makeAuthority(
  label: string,
  subject: WrittenName,
  issuer: WrittenName,
  serialNumber: number,
  dates: { readonly notBefore?: number; readonly notAfter?: number } = {},
): MadeAuthority {
  const of = authorityExtensions(subject.key, issuer.key);
  const der = writeCertificate({ subject, issuer, serialNumber, extensions: of, ...dates });
  const [made] = make(label, der);
  return { ...made, subject, issuer, serialNumber };
}

function makePool(): Pool {
  const names = {
    root: { name: 'Root', key: makeWritingKey() },
    issuing: { name: 'Issuing CA', key: makeWritingKey() },
    second: { name: 'Issuing CA', key: makeWritingKey() },
    lister: { name: 'List CA', key: makeWritingKey() },
    otherRoot: { name: 'Other root', key: makeWritingKey('ed25519') },
    other: { name: 'Other CA', key: makeWritingKey() },
  };
  const root = makeAuthority('root', names.root, names.root, 1);
  const rootRenewed = makeAuthority('root renewed', names.root, names.root, 2, { notBefore: start - day });
  const issuing = makeAuthority('issuing', names.issuing, names.root, 0x11, { notAfter: start + 20 * day });
  const renewed = makeAuthority('renewed', names.issuing, names.root, 0x12, { notBefore: start - 2 * day });
  const secondKey = makeAuthority('second key', names.second, names.root, 0x13, { notBefore: start - 5 * day });
  const lister = makeAuthority('lister', names.lister, names.root, 0x14, { notAfter: start + 6 * day });
  const listerRenewed = makeAuthority('lister renewed', names.lister, names.root, 0x15, { notBefore: start + day });
  const otherRoot = makeAuthority('other root', names.otherRoot, names.otherRoot, 1);
  const otherIssuing = makeAuthority('other issuing', names.other, names.otherRoot, 0x11);
  return {
    root,
    rootRenewed,
    issuing,
    renewed,
    secondKey,
    lister,
    listerRenewed,
    otherRoot,
    otherIssuing,
    authorities: [root, rootRenewed, issuing, renewed, secondKey, lister, listerRenewed, otherRoot, otherIssuing],
    callers: makeCallers(names),
    ...makeForwarded(names.issuing),
  };
}

function makeForwarded(issuing: WrittenName): Pick<Pool, 'forwarded' | 'below'> {
  const sub = { name: 'Sub CA', key: makeWritingKey('p-521') };
  const deep = { name: 'Deep CA', key: makeWritingKey() };
  const certify = (subject: WrittenName, issuer: WrittenName, serialNumber: number): readonly Made[] => {
    const of = authorityExtensions(subject.key, issuer.key);
    return make(subject.name, writeCertificate({ subject, issuer, serialNumber, extensions: of }));
  };
  const issue = (issuer: WrittenName, serialNumber: number): readonly Made[] => {
    const subject = { name: 'caller', key: makeWritingKey() };
    const of = [...clientExtensions(issuer.key), named(dns('a.corp.example'))];
    return make(`a of ${issuer.name}`, writeCertificate({ subject, issuer, serialNumber, extensions: of }));
  };
  return {
    forwarded: [...certify(sub, issuing, 0x21), ...certify(deep, sub, 0x22)],
    below: [...issue(sub, 0x31), ...issue(deep, 0x32)],
  };
}

type Names = Readonly<Record<'root' | 'issuing' | 'second' | 'lister' | 'otherRoot' | 'other', WrittenName>>;

export const issuerOfIndirect = 'Issuing CA';

function makeCallers({ root, issuing, second, lister, otherRoot, other }: Names): readonly Made[] {
  const keys: readonly WritingKey[] = [makeWritingKey(), makeWritingKey('ed25519'), makeWritingKey('rsa-2048')];
  const impostor = { name: 'Issuing CA', key: makeWritingKey() };
  let serialNumber = 0x1000;
  const issue = (
    label: string,
    issuer: WrittenName | undefined,
    names: readonly Buffer[],
    more: {
      key?: number;
      name?: string;
      unit?: string;
      of?: readonly Buffer[];
      notBefore?: number;
      notAfter?: number;
      serial?: number;
    } = {},
  ): readonly Made[] => {
    const { unit } = more;
    const key = keys[more.key ?? 0] ?? root.key;
    const subject = { name: more.name ?? 'caller', key, ...(unit === undefined ? {} : { unit }) };
    const signer = issuer ?? subject;
    const alternative = names.length === 0 ? [] : [named(...names)];
    const given = more.of ?? clientExtensions(signer.key);
    const { notBefore, notAfter } = more;
    const dates = {
      ...(notBefore === undefined ? {} : { notBefore }),
      ...(notAfter === undefined ? {} : { notAfter }),
    };
    const serial = more.serial ?? ++serialNumber;
    const der = writeCertificate({
      subject,
      issuer: signer,
      serialNumber: serial,
      extensions: [...given, ...alternative],
      ...dates,
    });
    return make(label, der);
  };
  const forServers = (key: WritingKey): readonly Buffer[] => [
    extensions.basicConstraints(false),
    extensions.keyUsage('digitalSignature'),
    extensions.extendedKeyUsage(serverAuthentication),
    extensions.authorityKeyIdentifier(key),
  ];
  const [a, b, spiffe] = [dns('a.corp.example'), dns('b.corp.example'), uri('spiffe://corp.example/a')];
  return [
    ...issue('a of the first key', issuing, [a]),
    ...issue('a of the second key', second, [a], { key: 1, unit: 'Sales' }),
    ...issue('b of the first key', issuing, [b, spiffe, uri('https://corp.example/a')], { name: 'b' }),
    ...issue('a and b', issuing, [a, b, uri('https://corp.example/a')], { unit: 'Sales' }),
    ...issue('a of the other CA', other, [a, email('a@Corp.example')]),
    ...issue('a of the root itself', root, [a, spiffe]),
    ...issue('short-lived a', issuing, [a], {
      of: [...clientExtensions(issuing.key), noRevAvail],
      notBefore: start - hour,
      notAfter: start + 5 * hour,
    }),
    ...issue('a that begins later', issuing, [a], { notBefore: start + 2 * hour, notAfter: start + 2 * day }),
    ...issue('server', issuing, [a], { of: forServers(issuing.key) }),
    ...issue('server of itself', undefined, [], { of: forServers(keys[0] ?? root.key), name: 'server' }),
    ...issue('client of itself', undefined, [], { name: 'own' }),
    ...issue('client of itself, renewed', undefined, [], { name: 'own' }),
    ...issue('client of itself, Ed25519', undefined, [], { name: 'own', key: 1 }),
    ...issue('client of itself, RSA', undefined, [], { name: 'own', key: 2, notAfter: start + 3 * hour }),
    ...issue('a CA', issuing, [a], { of: authorityExtensions(keys[0] ?? root.key, issuing.key) }),
    ...issue('no signer', issuing, [a], {
      of: [extensions.basicConstraints(false), extensions.keyUsage('keyEncipherment')],
    }),
    ...issue('an unknown extension', undefined, [], {
      of: [...clientExtensions(keys[0] ?? root.key), extension('1.2.3.4', true, Buffer.from('0500', 'hex'))],
    }),
    ...issue('forged a', impostor, [a], { serial: 0x1001 }),
    ...issue('a of the other root', otherRoot, [a], { serial: 0x1001 }),
    ...issue('unnamed of the first key', issuing, [], { name: 'plain' }),
    // Another CA publishes the lists of these certificates.
    ...[issuing, second].flatMap((issuer, index) =>
      issue(`listed a of the ${index === 0 ? 'first' : 'second'} key`, issuer, [a], {
        of: [...clientExtensions(issuer.key), pointOf(lister.name)],
      }),
    ),
  ];
}
