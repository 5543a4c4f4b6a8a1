import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatInstant, type TrustDocument, type TrustDocumentPin } from '@certgate/core/internal';
import { ToolFailure } from '../../faults/tool-failure.js';
import { findIdentity, type Rotation, rotateIdentity } from '../administration/edits/identity-edits.js';
import { isKeyAlone, type KnownCertificate, readKnownCertificate } from './certificate-folder.js';
import type { ImportRefusal } from './import-reading.js';

export interface NextCertificates {
  readonly certificates: readonly KnownCertificate[];
  /** Files that are no certificate, or one that the gate would refuse. */
  readonly faults: readonly ImportRefusal[];
}

/**
 * Every file of the folder is the next certificate of somebody. A private key alone, which may be beside its certificate,
 * what `certificate issue` writes beside a certificate, and files whose names begin with a dot, which systems leave behind,
 * are left alone.
 */
export async function readNextCertificates(folder: string, now: number): Promise<NextCertificates> {
  const certificates: KnownCertificate[] = [];
  const faults: ImportRefusal[] = [];
  for (const file of await listFiles(folder)) {
    const report = (reason: string): void => {
      faults.push({ origin: file, item: '', reason });
    };
    try {
      const certificate = await readKnownCertificate(join(folder, file), file, now);
      if (certificate.faults.length === 0) certificates.push(certificate);
      else report(`Certgate would refuse the certificate: ${certificate.faults.join('; ')}`);
    } catch (fault) {
      if (!(fault instanceof ToolFailure)) throw fault;
      if (!isKeyAlone(fault)) report(explain(fault));
    }
  }
  return { certificates, faults };
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
    return names.filter((name) => !isCompanion(name, names));
  } catch (cause) {
    throw new ToolFailure(`The folder ${folder} can't be read: ${(cause as Error).message}`, { cause });
  }
}

/** What `certificate issue` writes beside `billing.crt.pem`. */
const companionEndings: readonly string[] = ['.crt.base64', '.pfx', '.chain.pem'];

function isCompanion(name: string, names: readonly string[]): boolean {
  return companionEndings.some(
    (ending) => name.endsWith(ending) && names.includes(`${name.slice(0, -ending.length)}.crt.pem`),
  );
}

export interface PlannedRotation {
  readonly identity: string;
  readonly file: string;
  readonly subject: string;
  /** When the certificate becomes valid. */
  readonly notBefore: string;
  readonly newPin: TrustDocumentPin;
}

export interface RotationPlan {
  readonly document: TrustDocument;
  readonly rotated: readonly PlannedRotation[];
  /** Nothing is to be written as long as there is one. */
  readonly faults: readonly ImportRefusal[];
}

/**
 * What `trust rotate NAME` does for one identity, for each that a file is named after. A document has the hashes of the
 * present certificates alone, so nothing in a new one shows whose it is: the file's name says it.
 */
export function planRotations(
  document: TrustDocument,
  certificates: readonly KnownCertificate[],
  { oldEnd, now }: Pick<Rotation, 'oldEnd' | 'now'>,
): RotationPlan {
  const files = new Map<string, string>();
  const rotated: PlannedRotation[] = [];
  const faults: ImportRefusal[] = [];
  let next = document;
  for (const { file, hashes, notBefore, notAfter, subject } of certificates) {
    const report = (reason: string): void => {
      faults.push({ origin: file, item: subject, reason });
    };
    const [identity, ...others] = listNamed(document, file);
    const other = identity && files.get(identity);
    if (identity === undefined) report('no identity has this name; name the file after the identity: NAME.crt.pem');
    else if (others.length > 0) {
      report(`it may be for ${[identity, ...others].map(quote).join(' or ')}; rotate them one by one`);
    } else if (other !== undefined) report(`${other} is for ${quote(identity)} too; leave one of them in the folder`);
    else {
      files.set(identity, file);
      const newPin = { thumbprintSha256: hashes.thumbprintSha256, notAfter: formatInstant(notAfter) };
      try {
        next = rotateIdentity(next, identity, { pin: newPin, certificate: hashes, oldEnd, now });
        rotated.push({ identity, file, subject, notBefore: formatInstant(notBefore), newPin });
      } catch (fault) {
        if (!(fault instanceof ToolFailure)) throw fault;
        report(explain(fault));
      }
    }
  }
  return { document: next, rotated, faults };
}

/** `billing.crt.pem` is named after `billing`, but also after `billing.crt` and `billing.crt.pem`. */
function listNamed(document: TrustDocument, file: string): readonly string[] {
  const parts = file.split('.');
  const endings = parts.slice(1).map((_, index) => parts.slice(index + 1));
  const stems = endings
    .filter((ending) => ending.length <= 2 && ending.every((part) => certificateEndings.has(part.toLowerCase())))
    .map((ending) => file.slice(0, -ending.join('.').length - 1));
  return [file, ...stems].flatMap((stem) => findIdentity(document, stem)?.name ?? []);
}

const certificateEndings: ReadonlySet<string> = new Set(['pem', 'crt', 'cer', 'cert', 'der', 'base64', 'pfx', 'p12']);

function explain({ message, remedy }: ToolFailure): string {
  return remedy === undefined ? message : `${message} ${remedy.replaceAll('\n', ' ')}`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
