import { join } from 'node:path';
import { type ClientCertificate, formatInstant, parseTrustDocument, presentCertificate } from '@certgate/core/internal';
import { getCallerCertificate } from './development-certificates.js';
import { findFile } from '#local/json-file.js';
import { replaceFile } from './development-files.js';

/** Someone who calls the app in a check. `none` has no certificate. */
export interface Caller {
  readonly name: string;
  readonly certificate: CallerCertificate | undefined;
  /** Whether the trust document lists it. */
  readonly isTrusted: boolean;
  readonly roles: readonly string[];
  /** The only functions it may call. Absent: all. */
  readonly functions?: readonly string[];
}

export interface CallerCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly certificate: ClientCertificate;
  readonly pfxFile: string;
}

export const trustFileName = 'trust.json';

/**
 * The callers that every app can be checked with: `none`, `denied` (a certificate nobody trusts) and `allowed`
 * (trusted, no roles), and one more trusted caller for each set of roles that a function requires.
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
  const certificate = await getCallerCertificate(folder, name, now);
  return { name, certificate: { ...certificate, pfxFile: join(folder, `${name}.pfx`) }, isTrusted, roles };
}

/** Roles become part of a file name, so only what every file system takes is kept of them. */
function nameCaller(roles: readonly string[], index: number, callers: readonly Caller[]): string {
  const suffix = roles
    .join('+')
    .toLowerCase()
    .replace(/[^a-z0-9.+_-]/g, '-')
    .slice(0, 48);
  const name = `allowed-${suffix}`;
  return callers.some((caller) => caller.name === name) ? `${name}-${index}` : name;
}

/** Writes the trust document of the folder when it doesn't say yet what it should; answers with its text. */
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
 * The sets of roles that the folder's trust document gives its callers. An app that somebody else runs can't be asked
 * what it requires; what `certgate dev` found out before stays.
 */
export async function listTrustedRoleSets(folder: string): Promise<readonly (readonly string[])[]> {
  const present = (await findFile(join(folder, trustFileName)))?.toString('utf8');
  try {
    const { identities } = parseTrustDocument(present ?? '');
    return identities.map(({ roles }) => roles).filter((roles) => roles.length > 0);
  } catch {
    // None there, or somebody edited it; a new one takes its place.
    return [];
  }
}

/**
 * By its key too: the inspector's certificates over this key (expired, of a wrong usage …) are found by that pin, and
 * refused for what is wrong with them, not as strangers.
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
