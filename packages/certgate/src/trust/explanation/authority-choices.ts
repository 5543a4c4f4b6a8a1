import { loadPathValidation, type DenialFacts, type PathFacts, type TrustedAuthority } from '@certgate/core/internal';
import {
  type Choices,
  type RemedyChoice,
  type RemedyContext,
  chooseTime,
  day,
  ofOwner,
  run,
} from './remedy-choices.js';

// Choices for an authority: its certificates, what they may sign, and its revocation lists.

/** Choices for a path that lacks a certificate, or that has one which must be replaced. */
export function chooseForAuthority(
  { authority: AUTHORITY, certificate }: Pick<PathFacts, 'authority' | 'certificate'>,
  context: RemedyContext,
  isFaulty = false,
): Choices {
  const authority = context.trust.authorities.find((each) => each.name === AUTHORITY);
  if (authority === undefined) return [];
  const { wanted, subject, isUnknown }: WantedCertificate =
    isFaulty && certificate?.role === 'intermediate'
      ? { wanted: ['addIntermediate'], subject: certificate.subject }
      : certificate?.role === 'trust-anchor' && context.presented !== undefined
        ? { wanted: ['addTrustAnchor'], subject: certificate.subject }
        : findWanted(authority, context);
  const CA_FILE = 'ca.crt.pem';
  const whens = {
    addTrustAnchor: `If the authority "${AUTHORITY}" has a new root: a certificate whose issuer and subject are the same`,
    addIntermediate: `If an intermediate of the authority "${AUTHORITY}" is missing, or was renewed`,
  };
  const choices = wanted.map((template) => ({
    when: whens[template],
    commands: [run(template, { AUTHORITY, CA_FILE })],
    needs: `${CA_FILE}: the certificate of the CA${subject === undefined ? '' : ` "${subject}"`}, from the authority itself`,
  }));
  return isUnknown === true ? [...choices, chooseForRotation(authority)] : choices;
}

/** All steps in one choice, because after only one of them, the gate would refuse the caller for the next reason. */
function chooseForRotation({ name: AUTHORITY, revocation: { crls } }: TrustedAuthority): RemedyChoice {
  const [ROOT_FILE, CA_FILE] = ['new-root.crt.pem', 'new-ca.crt.pem'];
  const lists = crls.map((_, index) => `${AUTHORITY}-${index + 1}.crl`);
  const listsToo = lists.length === 0 ? '' : `; ${lists.join(', ')}: the new lists, or their https: addresses`;
  return {
    when: `If the authority "${AUTHORITY}" was rotated: a new root with a new intermediate${lists.length === 0 ? '' : ' and new lists'}`,
    commands: [run('addRotated', { AUTHORITY, ROOT_FILE, CA_FILE, ADDRESS: lists.map((list) => `file:${list}`) })],
    needs: `${ROOT_FILE}, ${CA_FILE}: both certificates, from the authority itself${listsToo}`,
  };
}

interface WantedCertificate {
  readonly wanted: readonly ('addTrustAnchor' | 'addIntermediate')[];
  readonly subject?: string | undefined;
  /** Whether no certificate of the issuer was found, so that the whole authority may have been replaced. */
  readonly isUnknown?: boolean;
}

/**
 * Goes up from the caller's certificate to the CA that the document lacks. If it can't tell whether that is a trust
 * anchor or an intermediate, it returns both.
 */
function findWanted(
  { trustAnchors, intermediates }: TrustedAuthority,
  { presented }: RemedyContext,
): WantedCertificate {
  const above: TrustedAuthority['intermediates'][number][] = [];
  let issuer = presented?.issuer?.key;
  while (issuer !== undefined) {
    if (trustAnchors.some(({ subject }) => subject.key === issuer)) return { wanted: ['addTrustAnchor'] };
    const next = intermediates.find((each) => each.subject.key === issuer && !above.includes(each));
    if (next !== undefined) above.push(next);
    issuer = next?.isSelfIssued === true ? undefined : next?.issuer.key;
  }
  const root = (presented === undefined ? intermediates : above).find(({ isSelfIssued }) => isSelfIssued);
  const subject = root?.subjectText;
  // The document has a root among the intermediates, where no path ends.
  if (root !== undefined && presented !== undefined) return { wanted: ['addTrustAnchor'], subject };
  const isFoundBelow = above.length > 0;
  return {
    wanted: isFoundBelow ? ['addTrustAnchor', 'addIntermediate'] : ['addIntermediate', 'addTrustAnchor'],
    subject,
    isUnknown: !isFoundBelow && root === undefined,
  };
}

/** Choices for a pin whose authority did not issue the certificate. */
export function chooseForPinIssuer({ pin }: PathFacts, context: RemedyContext): Choices {
  const { identityName: NAME } = context;
  if (pin === undefined || NAME === undefined) return [];
  // The pin needs an end, because anybody who has the key can create certificates with any dates.
  const isEndless = pin.kind === 'publicKeySha256' && pin.notAfter === undefined;
  const values = { NAME, PIN: pin.value, TIME: isEndless ? chooseTime(context) : [] };
  return [
    {
      when: 'If this certificate should be valid from any issuer, and its owner says that it is the right one',
      commands: [run('clearPinIssuer', values)],
    },
  ];
}

export function chooseForConstraint({ authority, claim }: PathFacts, context: RemedyContext): Choices {
  const NAME = context.identityName ?? claim?.identity;
  const found = context.trust.authorities.find(({ name }) => name === authority);
  const ofDot = {
    when: 'If the constraint with a leading dot means only the names below it, as OpenSSL reads it',
    commands: [run('readLeadingDot', { AUTHORITY: authority })],
  };
  const ofPin = {
    when: `If this certificate of "${NAME ?? ''}" is to be accepted whatever its CA may sign, until it is replaced`,
    commands: [run('addCertificate', { NAME, FILE: ofOwner })],
  };
  return [...(found !== undefined && hasLeadingDot(found) ? [ofDot] : []), ...(NAME === undefined ? [] : [ofPin])];
}

/**
 * Whether the authority has a constraint with a leading dot, and the gate refuses every DNS name below it. RFC 5280
 * gives such a constraint no meaning.
 */
function hasLeadingDot({ dnsConstraintsWithLeadingDot, trustAnchors, intermediates }: TrustedAuthority): boolean {
  const bases = [...trustAnchors, ...intermediates].flatMap(({ nameConstraints: constraints }) =>
    constraints === undefined ? [] : [...(constraints.permitted ?? []), ...constraints.excluded],
  );
  return dnsConstraintsWithLeadingDot === 'refuse' && bases.some(loadPathValidation().hasLeadingDot);
}

/** The maximum values that a document may contain. */
const maximumGraceSeconds = 604_800;
const maximumLifetimeSeconds = 2_592_000;

/**
 * Choices for missing revocation information. If the authority has a source, its publisher must end the fault; a
 * setting only bridges the time until then.
 */
export function chooseForRevocation(facts: DenialFacts['revocation_unavailable'], context: RemedyContext): Choices {
  if (!('authority' in facts)) return [];
  const authority = context.trust.authorities.find(({ name }) => name === facts.authority);
  if (authority === undefined) return [];
  const { name: AUTHORITY, revocation } = authority;
  const isNamed = revocation.crls.length > 0 || revocation.ocsp !== undefined;
  const late = findDelay(AUTHORITY, context);
  const lifetime = findExcusedLifetime(facts.fault);
  const choices: readonly (RemedyChoice | false)[] = [
    // No list is known to be late, so the certificate may need another list.
    late === undefined && {
      when: `If the authority "${AUTHORITY}" publishes a list${isNamed ? ' that is not among those of the document' : ', which the document does not name'}`,
      commands: [run('addRevocationList', { AUTHORITY, ADDRESS: `file:${AUTHORITY}.crl` })],
      needs: `${AUTHORITY}.crl: the list of the authority, or its https: address in this place`,
    },
    lifetime <= maximumLifetimeSeconds && {
      when: `If certificates of "${AUTHORITY}" with noRevAvail may be valid for that long without a list`,
      commands: [run('acceptNoRevAvail', { AUTHORITY, SECONDS: String(lifetime) })],
    },
    late !== undefined &&
      late <= maximumGraceSeconds && {
        when: `If the next list of "${AUTHORITY}" is late, and certificates that are revoked until then may be admitted`,
        commands: [run('extendLists', { AUTHORITY, SECONDS: String(late) })],
      },
    // A line of the log has only the sentence, without the certificate.
    (facts.certificate?.role === 'intermediate' || facts.fault.startsWith('The CA certificate ')) && {
      when: `If there is no list about the CAs of "${AUTHORITY}", and their revocation need not be known`,
      commands: [run('askOnlyCallers', { AUTHORITY })],
    },
  ];
  return choices.filter((choice) => choice !== false);
}

/** The gate's sentence about noRevAvail in a fault. Names, which may contain the same words, are in quotes. */
const noRevAvailSentence =
  /^(?:[^"]|"(?:[^"\\]|\\.)*")*? It (?:has|marks) noRevAvail (?:and a lifetime of (\d+) seconds)?/;

/** The certificate's lifetime in seconds, as the gate measured it. Infinite if `fault` doesn't name it. */
function findExcusedLifetime(fault: string): number {
  return Number(noRevAvailSentence.exec(fault)?.[1] ?? Infinity);
}

/**
 * Explains why no setting lets noRevAvail excuse the certificate. Empty if a setting does, or if `fault` doesn't
 * mention noRevAvail.
 */
export function describeLongLifetime(fault: string): string {
  const lifetime = findExcusedLifetime(fault);
  if (lifetime <= maximumLifetimeSeconds || !noRevAvailSentence.test(fault)) return '';
  return ` No value of --accept-no-rev-avail (at most ${maximumLifetimeSeconds} seconds) suffices for this certificate.`;
}

/**
 * How many seconds ago the first of the authority's lists ended, plus one day. Undefined if none of them is known to be
 * over.
 */
function findDelay(authority: string, { revocation, now }: RemedyContext): number | undefined {
  const ends = (revocation?.find(authority)?.crls ?? []).flatMap(({ nextUpdate }) => nextUpdate ?? []);
  const over = ends.filter((end) => end < now);
  return over.length === 0 ? undefined : Math.ceil((now - Math.min(...over) + day) / 1000);
}
