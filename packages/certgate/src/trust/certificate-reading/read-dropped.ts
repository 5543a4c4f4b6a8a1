// certificate-reading/: reads what people have at hand (PEM, DER, PFX, header values, chains, CRLs), in words.
import {
  type CertificateRevocationList,
  decodeBase64,
  decodeClientCertificate,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { decodeText, isText } from '../../certificates/read-bounded-file.js';
import type { DroppedFile, ReadCertificateView, ReadResult } from '../views/page-views.js';
import { explainCertificate } from '../explanation/explain-certificate.js';
import type { CertificateQuestion, ExplanationReport } from '../explanation/explanation-report.js';
import type { Unverified } from '../explanation/unverified.js';
import {
  describeCertificate,
  describeCrl,
  listProblems,
  listThumbprints,
  maximumListedEntries,
} from './certificate-description.js';
import { type DroppedContent, readBinary, readPem, unread } from './dropped-content.js';
import { readHeaderText } from './header-content.js';

/** The trust document by which certificates are explained. */
export interface ReadingTrust {
  /** Where it is, for `--store`. */
  readonly store: string;
  readonly trust: TrustSnapshot;
  /** Why a store of the app would not take it; absent: it would. */
  readonly refusal?: string | undefined;
  readonly isSigned: boolean;
  /** What an app compares and nobody has compared here. */
  readonly unverified: readonly Unverified[];
  /** How revocation lists are read; absent: anew. */
  readonly readRevocation?: CertificateQuestion['readRevocation'];
}

export interface ReadingOptions {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** Absent: nothing is explained. */
  readonly trust?: ReadingTrust;
}

/** Of the file, as of all that this tool opens. */
export const maximumDroppedBytes = 1_048_576;
const maximumCertificates = 32;
/** An explanation may read a revocation list. */
const maximumExplanations = 3;

/**
 * What a file is and says. It never throws: what can't be read is a `fault`. It is kept in memory alone, and nothing of a
 * private key but its kind gets into the result.
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
  // Four characters for each three octets.
  if (base64.length > Math.ceil(maximumDroppedBytes / 3) * 4) return tooLarge;
  const decoding = decodeBase64(base64);
  if (!decoding.ok) return unread('unknown', base64 === '' ? 'It is empty.' : 'What the page sent is not base64.');
  const bytes = Buffer.from(decoding.bytes);
  if (bytes.length > maximumDroppedBytes) return tooLarge;
  // 0x30, SEQUENCE: every binary form starts with it, and no text does unless it is a digit zero.
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
    const decoding = decodeClientCertificate(der);
    if (!decoding.ok) {
      faults.push(`Certificate ${index + 1} is not encoded as RFC 5280 requires: ${decoding.fault}.`);
      continue;
    }
    const { certificate } = decoding;
    const isAsked = index === 0 || !certificate.isCertificateAuthority;
    const isExplained =
      isAsked && certificates.filter(({ explanation }) => explanation !== null).length < maximumExplanations;
    certificates.push({
      role: certificate.isCertificateAuthority ? 'ca' : 'leaf',
      fields: [
        ...describeCertificate(certificate, options.now),
        describeSuitability(listProblems(certificate, options.now)),
      ],
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

/** Stands for a name in the commands: any function without a role. */
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
  // An identity may be limited to functions: then the question is about one of these.
  return report.code === 'function_not_allowed' && own !== undefined ? ask(own) : report;
}
