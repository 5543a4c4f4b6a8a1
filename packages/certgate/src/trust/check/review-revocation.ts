import {
  formatInstant,
  loadPathValidation,
  type PathCertificate,
  postOcspRequest,
  readRevocationInformation,
  readWithin,
  type RevocationListStatus,
  type TrustedAuthority,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { formatOptionalTime } from '../../texts/time-words.js';
import type { CertificateFolder } from '../import/certificate-folder.js';
import type { CheckMoment } from './check-authorities.js';
import type { CheckFinding, CheckSeverity } from './check-finding.js';

/**
 * The state of the revocation lists and responders of a document's authorities at one moment. Times are RFC 3339,
 * except `endsAt` of a finding.
 */
export interface RevocationReview {
  readonly findings: readonly CheckFinding[];
  /**
   * For each authority, kind (complete or delta) and scope, the usable list that ends last. It may have ended. Lists
   * without an end are left out.
   */
  readonly lists: readonly (Omit<RevocationListStatus, 'begin' | 'end'> & {
    readonly begin: string;
    readonly end: string;
  })[];
  readonly responders: readonly ResponderStatus[];
}

/** An answer that apps can use, from a responder. */
export interface ResponderStatus {
  readonly authority: string;
  readonly responder: string;
  /** The subject of the certificate that the responder was asked about. */
  readonly askedAbout: string;
  readonly status: 'good' | 'revoked';
  /** When the answer ends, without the authority's grace period, in RFC 3339; null if the status is `revoked`. */
  readonly end: string | null;
}

/**
 * Reads the lists and asks the responders in the way apps do. A responder is asked about at most `maximumQuestions`
 * certificates at hand.
 */
export async function reviewRevocation(
  snapshot: TrustSnapshot,
  folder: CertificateFolder | undefined,
  moment: CheckMoment,
): Promise<RevocationReview> {
  const information = await readRevocationInformation(snapshot, { now: moment.now });
  const findings: CheckFinding[] = [];
  const responders: ResponderStatus[] = [];
  for (const [index, authority] of snapshot.authorities.entries()) {
    const place = { path: `authorities[${index}].revocation`, authorityName: authority.name };
    const lists = information.inUse.filter((each) => each.authority === authority.name);
    const [anchor] = authority.trustAnchors;
    const fault = anchor && information.find(authority.name)?.findFault?.(anchor);
    const answers = await askResponder(authority, folder, moment.now);
    const found = [
      ...(fault === undefined ? [] : [describeUnusable(fault, authority)]),
      ...lists.flatMap((list) => checkList(list, authority, moment)),
      ...answers.filter((answer) => 'code' in answer),
    ];
    findings.push(...found.map((finding) => ({ ...place, ...finding })));
    responders.push(...answers.filter((answer) => 'responder' in answer));
  }
  const lists = information.inUse.map(({ begin, end, ...rest }) => ({
    ...rest,
    begin: formatInstant(begin),
    end: formatInstant(end),
  }));
  return { findings, lists, responders };
}

type UnplacedFinding = Omit<CheckFinding, 'path'>;

/** If revocation information is required, a missing one is an error, because callers are refused without it. */
function severityOf({ revocation: { mode } }: TrustedAuthority): CheckSeverity {
  return mode === 'required' ? 'error' : 'warning';
}

function describeUnusable(fault: string, authority: TrustedAuthority): UnplacedFinding {
  const message = `Apps can't use every revocation list of the authority "${authority.name}". ${fault}`;
  return { code: 'revocation_list_unusable', severity: severityOf(authority), message };
}

function checkList(
  { issuer, number, source, begin, end, isDelta }: RevocationListStatus,
  authority: TrustedAuthority,
  { now, endsSoon }: CheckMoment,
): readonly UnplacedFinding[] {
  const endsAt = end + authority.revocation.graceMilliseconds;
  const list = `The ${isDelta ? 'delta list' : 'revocation list'} ${number === undefined ? '' : `${number} `}of "${issuer}" (${source ?? 'unknown source'})`;
  if (now >= endsAt) {
    const message = `${list} ended at ${formatInstant(endsAt)}. Publish the next one.`;
    return [{ code: 'revocation_list_ended', severity: severityOf(authority), endsAt, message }];
  }
  if (!endsSoon(begin, endsAt)) return [];
  const message = `${list} ends at ${formatInstant(endsAt)}, and the source has no newer one.`;
  return [{ code: 'revocation_list_ends_soon', severity: 'warning', endsAt, message }];
}

/** Lists what the responder said about each certificate that it was asked about, or why apps can't use its answer. */
async function askResponder(
  authority: TrustedAuthority,
  folder: CertificateFolder | undefined,
  now: number,
): Promise<readonly (ResponderStatus | UnplacedFinding)[]> {
  const { name } = authority;
  const { ocsp } = authority.revocation;
  if (ocsp === undefined) return [];
  // The query may contain a key.
  const shown = ocsp.replace(/\?.*$/, '?…');
  const questions = listQuestions(authority, folder);
  if (questions.length === 0) {
    const message = `Can't tell whether the responder of the authority "${name}" answers: there is no certificate to ask about. Pass a folder with a caller's certificate: --certificate-folder.`;
    return [{ code: 'revocation_responder_not_asked', severity: 'information', message }];
  }
  const answers: (ResponderStatus | UnplacedFinding)[] = [];
  for (const question of questions) {
    const askedAbout = question.certificate.subjectText;
    const answer = await ask(new URL(ocsp), question, authority, now);
    if (typeof answer !== 'string') {
      const { status, end } = answer;
      answers.push({ status, authority: name, responder: shown, askedAbout, end });
    } else {
      const message = `The responder ${shown} of the authority "${name}" gave no answer that apps can use about "${askedAbout.slice(0, 120)}": ${answer}`;
      answers.push({ code: 'revocation_responder_unusable', severity: severityOf(authority), message });
    }
  }
  return answers;
}

interface IssuerQuestion {
  readonly certificate: PathCertificate;
  readonly issuer: PathCertificate;
}

/** The maximum number of questions, because the folder may contain thousands of files. */
const maximumQuestions = 5;

/**
 * Questions about callers of the folder. If there are none, and if apps also ask about intermediates, the questions are
 * about those of the authority.
 */
function listQuestions(authority: TrustedAuthority, folder: CertificateFolder | undefined): readonly IssuerQuestion[] {
  const { decodePathCertificate } = loadPathValidation();
  const callers = (folder?.certificates ?? []).flatMap(({ der }) => {
    const decoding = decodePathCertificate(der);
    return decoding.ok ? [decoding.value] : [];
  });
  const find = (certificates: readonly PathCertificate[]): readonly IssuerQuestion[] =>
    certificates.flatMap((certificate) => {
      const issuer = findIssuer(certificate, authority);
      return issuer === undefined ? [] : [{ certificate, issuer }];
    });
  const ofCallers = find(callers).slice(0, maximumQuestions);
  if (ofCallers.length > 0 || authority.revocation.scope === 'end-entity') return ofCallers;
  return find(authority.intermediates).slice(0, maximumQuestions);
}

function findIssuer(
  certificate: PathCertificate,
  { trustAnchors, intermediates }: TrustedAuthority,
): PathCertificate | undefined {
  if (certificate.isSelfIssued) return undefined;
  return [...intermediates, ...trustAnchors].find(
    ({ subject, verificationKey }) =>
      subject.key === certificate.issuer.key && loadPathValidation().isSignedBy(certificate, verificationKey),
  );
}

const answerTimeoutMilliseconds = 10_000;

/** Asks a responder with the gate's own code. Returns a text if the answer can't be used: the reason. */
async function ask(
  responder: URL,
  { certificate, issuer }: IssuerQuestion,
  { revocation: { ocspNonce } }: TrustedAuthority,
  now: number,
): Promise<Pick<ResponderStatus, 'status' | 'end'> | string> {
  const path = loadPathValidation();
  const nonce = path.createOcspNonce();
  const request = path.encodeOcspRequest({ certificate, issuer, nonce });
  let bytes: Uint8Array;
  try {
    bytes = await readWithin(answerTimeoutMilliseconds, (signal) => postOcspRequest(responder, request, signal));
  } catch (fault) {
    return `${fault instanceof Error ? fault.message : "it can't be asked"}.`;
  }
  const decoding = path.decodeOcspResponse(bytes);
  if (!decoding.ok) return `the answer can't be read (${decoding.fault}).`;
  const status = path.findOcspStatus({
    certificate,
    issuer,
    responses: [decoding.value],
    nonce,
    allowMissingNonce: ocspNonce === 'optional',
    profile: 'strict',
    now,
    graceMilliseconds: 0,
    clockSkewMilliseconds: path.ocspClockSkewMilliseconds,
    // The gate checks at each decision whether the responder itself is revoked. This check doesn't.
    isResponderGood: () => true,
    isAlgorithmAccepted: (algorithm) => path.isAlgorithmAccepted(algorithm, 'strict'),
  });
  if (status.status === 'unknown') return path.describeRevocationGaps(status.gaps);
  return { status: status.status, end: status.status === 'good' ? formatOptionalTime(status.validUntil) : null };
}
