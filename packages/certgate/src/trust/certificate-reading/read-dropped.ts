// certificate-reading/: describes what people have at hand: PEM, DER, PFX, header values, chains, CRLs.
import { type CertificateRevocationList, decodeBase64, type TrustSnapshot } from '@certgate/core/internal';
import { decodeText, isText } from '../../certificates/read-bounded-file.js';
import type { DroppedFile, ReadCertificateView, ReadResult } from '../views/page-views.js';
import { explainCertificate } from '../explanation/explain-certificate.js';
import type { CertificateQuestion, ExplanationReport } from '../explanation/explanation-report.js';
import type { Unverified } from '../explanation/unverified.js';
import { describeCertificate, describeCrl, listThumbprints, maximumListedEntries } from './certificate-description.js';
import { type DroppedContent, readBinary, readPem, unread } from './dropped-content.js';
import { readHeaderText } from './header-content.js';
import { readShownCertificate } from './shown-certificate.js';

/** The trust document by which certificates are explained. */
export interface ReadingTrust {
  /** The place of the document, in the form of `--store`. */
  readonly store: string;
  readonly trust: TrustSnapshot;
  /** Why a store of the app would not accept the document; absent if it would, as far as was checked. */
  readonly refusal?: string | undefined;
  readonly isSigned: boolean;
  /** What the app's decision also depends on, and was not checked here. */
  readonly unverified: readonly Unverified[];
  /** How revocation lists are read; absent to read them anew. */
  readonly readRevocation?: CertificateQuestion['readRevocation'];
}

export interface ReadingOptions {
  /** The present time, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** The trust document for explanations; absent to explain nothing. */
  readonly trust?: ReadingTrust;
}

/** The maximum size of a dropped file, in bytes. */
export const maximumDroppedBytes = 1_048_576;
const maximumCertificates = 32;
/** The maximum number of explanations, because each may read a revocation list. */
const maximumExplanations = 3;

/**
 * Reads a file and describes what it contains. If the file can't be read, the result has a `fault`. The file is kept
 * only in memory, and of a private key only its kind gets into the result.
 */
export async function readDropped(file: DroppedFile, options: ReadingOptions): Promise<ReadResult> {
  const { kind, fault, ders, crl, notes } = readContent(file);
  const { certificates, faults } = await readCertificates(ders ?? [], options);
  const isUnread = ders !== undefined && certificates.length === 0;
  const more = (ders?.length ?? 0) - maximumCertificates;
  return {
    kind,
    fault: fault ?? (isUnread ? (faults[0] ?? 'It contains no certificate.') : null),
    certificates,
    crl: crl === undefined ? null : describeCrl(crl, options.now),
    notes: [
      ...notes,
      ...(crl === undefined ? [] : listCrlNotes(crl)),
      ...(isUnread ? faults.slice(1) : faults),
      ...(more > 0 ? [`It has ${more} more certificates, which are not shown.`] : []),
    ],
  };
}

function readContent({ base64, password }: DroppedFile): DroppedContent {
  // Base64 has four characters for each three octets.
  if (base64.length > Math.ceil(maximumDroppedBytes / 3) * 4) return tooLarge;
  const decoding = decodeBase64(base64);
  if (!decoding.ok) return unread('unknown', base64 === '' ? 'It is empty.' : 'What the page sent is not base64.');
  const bytes = Buffer.from(decoding.bytes);
  if (bytes.length > maximumDroppedBytes) return tooLarge;
  // 0x30 is SEQUENCE, with which every binary form begins. A text begins with 0x30 only if its first character is the
  // digit 0.
  if (bytes[0] === 0x30 && !isText(bytes)) return readBinary(bytes, password);
  const text = decodeText(bytes).trim();
  return text.includes('-----BEGIN ') ? readPem(text) : readHeaderText(text, password);
}

const tooLarge = unread(
  'unknown',
  `It is larger than ${maximumDroppedBytes / 1024 / 1024} MiB, which no certificate is. A larger revocation list: certgate certificate verify --crl`,
);

function listCrlNotes({ entries: { count } }: CertificateRevocationList): readonly string[] {
  return [
    'Its signature is not verified here. To verify it against its authority: certgate certificate verify.',
    ...(count > maximumListedEntries ? [`Of its ${count} entries, the first ${maximumListedEntries} are listed.`] : []),
  ];
}

async function readCertificates(
  ders: readonly Uint8Array[],
  options: ReadingOptions,
): Promise<{ readonly certificates: readonly ReadCertificateView[]; readonly faults: readonly string[] }> {
  const certificates: ReadCertificateView[] = [];
  const faults: string[] = [];
  for (const [index, der] of ders.slice(0, maximumCertificates).entries()) {
    const { certificate, problems } = readShownCertificate(der, options.now);
    if (certificate === undefined) {
      faults.push(...problems.map(({ detail }) => `Certificate ${index + 1}: ${detail}`));
      continue;
    }
    const isAsked = index === 0 || !certificate.isCertificateAuthority;
    const isExplained =
      isAsked && certificates.filter(({ explanation }) => explanation !== null).length < maximumExplanations;
    certificates.push({
      role: certificate.isCertificateAuthority ? 'ca' : 'leaf',
      fields: [...describeCertificate(certificate, options.now), describeSuitability(problems)],
      thumbprints: listThumbprints(certificate),
      explanation: isExplained ? await explain(der, options) : null,
    });
  }
  return { certificates, faults };
}

function describeSuitability(
  problems: readonly { readonly code: string; readonly detail: string }[],
): readonly [string, string] {
  const text = problems.map(({ code, detail }) => `${code}: ${detail}`).join(' ');
  return ['As a caller', text === '' ? 'suitable, if the trust document lists it' : `refused. ${text}`];
}

/** The name in the commands of the explanation, which the user replaces by that of a function without a required role. */
const anyFunction = 'FUNCTION';

async function explain(certificateDer: Uint8Array, { now, trust }: ReadingOptions): Promise<ExplanationReport | null> {
  if (trust === undefined) return null;
  const ask = (name: string): Promise<ExplanationReport> =>
    explainCertificate({
      ...trust,
      explained: { name, policy: { kind: 'certificate', roles: [] }, covered: undefined },
      certificateDer,
      now,
    });
  const report = await ask(anyFunction);
  const [own] = report.identity?.functions ?? [];
  // If the identity may call only some functions, the question is asked again for one of them.
  return report.code === 'function_not_allowed' && own !== undefined ? ask(own) : report;
}
