import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ClientCertificate,
  decodeClientCertificate,
  formatInstant,
  parseTrustDocument,
  presentCertificate,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { type CertificateFileOptions, readCertificateFile } from '../certificates/read-certificate-file.js';
import { type DevelopmentCertificate, gatewayName, getCallerCertificate } from './development-certificates.js';
import { findFile } from '#local/json-file.js';
import { replaceFile } from './development-files.js';

/** A caller of the app in a check. The caller `none` has no certificate. */
export interface Caller {
  readonly name: string;
  readonly certificate: DevelopmentCertificate | undefined;
  /** Whether the trust document lists the caller, and nothing else is wrong with its certificate. */
  readonly isTrusted: boolean;
  readonly roles: readonly string[];
  /** The only functions that the caller may call. Undefined if it may call all. */
  readonly functions?: readonly string[];
  /** Set for a caller of the user's own, which `certgate dev` didn't make. */
  readonly isOwn?: true;
}

export const trustFileName = 'trust.json';

/**
 * Makes the callers with which every app can be checked: `none`, `denied` (a certificate that is not trusted) and
 * `allowed` (trusted, without roles), and one more trusted caller for each set of roles that a function requires.
 */
export async function prepareCallers(
  folder: string,
  roleSets: readonly (readonly string[])[],
  now: Date,
): Promise<readonly Caller[]> {
  const callers: Caller[] = [{ name: 'none', certificate: undefined, isTrusted: false, roles: [] }];
  callers.push(await prepareCaller(folder, 'denied', false, [], now));
  callers.push(await prepareCaller(folder, 'allowed', true, [], now));
  for (const [index, roles] of roleSets.entries()) {
    const name = nameCaller(roles, index, callers);
    callers.push(await prepareCaller(folder, name, true, roles, now));
  }
  return callers;
}

async function prepareCaller(
  folder: string,
  name: string,
  isTrusted: boolean,
  roles: readonly string[],
  now: Date,
): Promise<Caller> {
  return { name, certificate: await getCallerCertificate(folder, name, now), isTrusted, roles };
}

export interface OwnCallers {
  readonly callers: readonly Caller[];
  /** One line for each pair of files that can't be used. */
  readonly faults: readonly string[];
}

/**
 * Finds the callers of the user's own in the folder, by pairs of files such as `billing.crt.pem` and `billing.key.pem`.
 * Leaves out the names of `made`.
 */
export async function findOwnCallers(folder: string, made: readonly Caller[]): Promise<OwnCallers> {
  const files = await readdir(folder);
  const taken = [gatewayName, ...made.map(({ name }) => name)];
  const names = files
    .flatMap((file) => /^(\P{C}+)\.crt\.pem$/u.exec(file)?.[1] ?? [])
    .filter((name) => files.includes(`${name}.key.pem`) && !taken.includes(name));
  const read = await Promise.all(names.sort().map((name) => readPair(folder, name)));
  return {
    callers: read.filter((each) => typeof each !== 'string'),
    faults: read.filter((each) => typeof each === 'string'),
  };
}

async function readPair(folder: string, name: string): Promise<Caller | string> {
  const pems = await Promise.all(['crt', 'key'].map((kind) => readFile(join(folder, `${name}.${kind}.pem`), 'utf8')));
  try {
    return await readOwnCaller(name, Buffer.from(pems.join('\n')), { name: `.certgate/${name}.{crt,key}.pem` });
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return `${name} is not a caller here. ${error.message} The inspector takes both files, and a password.`;
  }
}

/**
 * Reads a caller of the user's own from a PFX, or from PEM with a certificate and its key.
 *
 * @throws {ToolFailure} if there is no usable certificate with its private key.
 */
export async function readOwnCaller(
  name: string,
  bytes: Uint8Array,
  options: Pick<CertificateFileOptions, 'name' | 'password'>,
): Promise<Caller> {
  const read = await readCertificateFile(bytes, { ...options, privateKey: 'required' });
  const decoding = decodeClientCertificate(read.certificateDer);
  if (!decoding.ok)
    throw new ToolFailure(`The certificate in ${options.name ?? name} can't be used: ${decoding.fault}.`);
  const ders = [read.certificateDer, ...read.otherCertificates];
  const certificate = {
    certificatePem: ders.map((der) => new X509Certificate(der).toString()).join(''),
    privateKeyPem: read.privateKeyPem ?? '',
    certificate: decoding.certificate,
  };
  return { name, certificate, isTrusted: false, roles: [], isOwn: true };
}

/**
 * Makes a caller's name from roles. It becomes part of a file name, so only characters that every file system accepts
 * are kept.
 */
function nameCaller(roles: readonly string[], index: number, callers: readonly Caller[]): string {
  const suffix = roles
    .join('+')
    .toLowerCase()
    .replace(/[^a-z0-9.+_-]/g, '-')
    .slice(0, 48);
  const name = `allowed-${suffix}`;
  return callers.some((caller) => caller.name === name) ? `${name}-${index}` : name;
}

/** Writes the folder's trust document unless its content is already right. Resolves to its text. */
export async function writeDevelopmentTrust(folder: string, callers: readonly Caller[]): Promise<string> {
  const file = join(folder, trustFileName);
  const present = (await findFile(file))?.toString('utf8');
  const identities = callers.flatMap(({ name, isTrusted, roles, certificate }) =>
    isTrusted && certificate !== undefined
      ? [
          {
            name,
            roles,
            reason: 'made by certgate dev for this machine',
            pins: listPins(certificate.certificate),
          },
        ]
      : [],
  );
  const revision = readRevision(present);
  if (present === formatTrust(revision, identities)) return present;
  const text = formatTrust(revision + 1, identities);
  await replaceFile(file, text);
  return text;
}

/**
 * The sets of roles that the folder's trust document gives to its callers. Used for an app that another program runs,
 * which can't be asked what it requires. The document shows what `certgate dev` found out earlier.
 */
export async function listTrustedRoleSets(folder: string): Promise<readonly (readonly string[])[]> {
  const present = (await findFile(join(folder, trustFileName)))?.toString('utf8');
  try {
    const { identities } = parseTrustDocument(present ?? '');
    return identities.map(({ roles }) => roles).filter((roles) => roles.length > 0);
  } catch {
    // The document is missing or was edited so that it can't be read. It will be replaced.
    return [];
  }
}

/**
 * Lists pins by thumbprint and by key. The inspector makes certificates for the same key (expired, with a wrong usage
 * …). With the pin by key, the gate refuses them for their fault, and not as unknown certificates.
 */
function listPins({ der, thumbprintSha256, notAfter }: ClientCertificate): readonly object[] {
  const { publicKeySha256 } = presentCertificate(der);
  const byKey = publicKeySha256 === undefined ? [] : [{ publicKeySha256, notAfter: formatInstant(notAfter) }];
  return [{ thumbprintSha256 }, ...byKey];
}

function formatTrust(revision: number, identities: readonly object[]): string {
  return `${JSON.stringify({ schemaVersion: 1, revision, identities }, null, 2)}\n`;
}

function readRevision(text: string | undefined): number {
  const found = /"revision": (\d{1,15})/.exec(text ?? '');
  return found === null ? 0 : Number(found[1]);
}
