import {
  formatSerialNumber,
  listCertificateFaults,
  listNames,
  loadPathValidation,
  type DenialFacts,
  type MatchedIdentity,
  type NameEntry,
  type PathFacts,
  type PresentedCertificate,
  type TrustedAuthority,
} from '@certgate/core/internal';
import type { TemplateValues } from './command-template.js';
import type { NearMatch } from './near-matches.js';
import { type Choices, type RemedyChoice, type RemedyContext, day, listFirst, ofOwner, run } from './remedy-choices.js';

type Command = RemedyChoice['commands'][number];

// Remedies for which identity a certificate belongs to: strangers, names, authorities and the deny list.

export function chooseForDenied({ entry }: DenialFacts['certificate_on_deny_list']): Choices {
  const { thumbprintSha256, issuedBy = '', serialNumber = '' } = entry;
  const command =
    thumbprintSha256 === undefined
      ? run('undenySerial', { AUTHORITY: issuedBy, HEX: formatSerialNumber(serialNumber) })
      : run('undeny', { THUMBPRINT: thumbprintSha256 });
  return [{ commands: [command] }];
}

export function chooseForAmbiguity({ identities }: DenialFacts['identity_ambiguous']): Choices {
  return identities.map((keeper) => ({
    when: `If it is the certificate of "${keeper.identity}"`,
    commands: identities.filter((each) => each !== keeper).flatMap(dropEntries),
  }));
}

function dropEntries({ identity: NAME, pins, names }: MatchedIdentity): readonly Command[] {
  return [
    ...(pins.length === 0 ? [] : [run('removePin', { NAME, PIN: pins.map(({ value }) => value) })]),
    ...names.map((name) => run('removeName', { NAME, AUTHORITY: name.issuedBy, ...nameValues(name) })),
  ];
}

const namePlaceholders: Readonly<Record<NameEntry['type'], string>> = {
  dns: 'DNS',
  uri: 'URI',
  email: 'EMAIL',
  commonName: 'COMMON_NAME',
  organizationalUnit: 'UNIT',
};

function nameValues({ type, value }: Pick<NameEntry, 'type' | 'value'>): TemplateValues {
  const none = Object.fromEntries(Object.values(namePlaceholders).map((placeholder) => [placeholder, []]));
  return { ...none, [namePlaceholders[type]]: value };
}

export function chooseForStranger(facts: DenialFacts['certificate_not_trusted'], context: RemedyContext): Choices {
  const { presented, now, nearMatches } = context;
  if (presented !== undefined) {
    if (!presented.decoding.ok) return [];
    const faults = listCertificateFaults(presented.decoding.certificate, now);
    // Known or not, the gate would refuse it.
    if (faults.some(({ code }) => code !== 'certificate_not_yet_valid')) return [];
  }
  const near = nearMatches.flatMap((match) => chooseForNearMatch(match, context));
  const vouched = chooseForVouched(facts, context);
  if (near.length + vouched.length > 0) return [...near, ...vouched];
  return [
    {
      when: 'If it is a new caller, whose owner says that this is the certificate',
      commands: [run('addIdentity', { NAME: chooseName(context), FILE: ofOwner, ...grant(context) })],
    },
  ];
}

function chooseForNearMatch({ identity, pin, trustName }: NearMatch, context: RemedyContext): Choices {
  const NAME = identity.name;
  const FILE = ofOwner;
  if (pin !== undefined) {
    const AUTHORITY = pin.issuedBy === undefined ? [] : [pin.issuedBy];
    return [
      {
        when: `If it is the certificate of "${NAME}", and the pin was written wrongly`,
        commands: [run('removePin', { NAME, PIN: pin.value }), run('addCertificate', { NAME, FILE, AUTHORITY })],
      },
    ];
  }
  if (trustName !== undefined) return chooseForAuthority({ authority: trustName.issuedBy }, context);
  return [
    identity.pins.length > 0
      ? {
          when: `If it is a new certificate of "${NAME}"`,
          commands: [run('rotate', { NAME, NEW_FILE: FILE })],
        }
      : {
          when: `If it is a certificate of "${NAME}"`,
          commands: [run('addCertificate', { NAME, FILE, AUTHORITY: [] })],
        },
  ];
}

/** Of an issuer that the document knows: by the name, so that the next certificate counts too. */
function chooseForVouched(
  { authorities: [issuer] = [] }: DenialFacts['certificate_not_trusted'],
  context: RemedyContext,
): Choices {
  const pathDecoding = context.presented?.pathDecoding;
  // Of the facts, a name may be shortened.
  const fromOwner: [NameEntry['type'], string] = ['dns', 'NAME-FROM-THE-OWNER'];
  const names = pathDecoding?.ok === true ? listNames(pathDecoding.value) : [];
  const [[type, value] = []] = context.presented === undefined ? [fromOwner] : names;
  if (issuer === undefined || type === undefined || value === undefined || value.includes('*')) return [];
  const values = { AUTHORITY: issuer, ...nameValues({ type, value }) };
  const known = context.nearMatches.find(({ pin }) => pin === undefined)?.identity;
  return [
    known === undefined
      ? {
          when: `If it is a new caller with a certificate of the authority "${issuer}"`,
          commands: [run('addNamedIdentity', { NAME: chooseName(context), ...values, ...grant(context) })],
        }
      : {
          when: `If it is "${known.name}", and the authority "${issuer}" vouches for that name from now on`,
          commands: [run('addName', { NAME: known.name, ...values })],
        },
  ];
}

function grant({ requirement }: RemedyContext): TemplateValues {
  return { ROLE: listFirst(requirement.roles), FUNCTION: requirement.functionName };
}

/** Not by the certificate's name: a stranger chose it. */
function chooseName({ trust }: RemedyContext): string {
  const taken = new Set(trust.identities.map(({ name }) => name.toLowerCase()));
  const names = ['new-caller', ...Array.from({ length: taken.size + 1 }, (_, index) => `new-caller-${index + 2}`)];
  return names.find((name) => !taken.has(name)) ?? 'new-caller';
}

/** For a path that lacks a certificate, or has one that is over or of an older key. */
export function chooseForAuthority(
  { authority: name, certificate }: Pick<PathFacts, 'authority' | 'certificate'>,
  { trust, presented }: RemedyContext,
  isFaulty = false,
): Choices {
  const authority = trust.authorities.find((each) => each.name === name);
  if (authority === undefined) return [];
  const isIntermediate = isFaulty && certificate?.role === 'intermediate';
  const { wanted, subject, misplaced }: WantedCertificate = isIntermediate
    ? { wanted: ['addIntermediate'], subject: certificate.subject }
    : findWanted(authority, presented, certificate);
  const file = 'ca.crt.pem';
  const whose = subject === undefined ? 'of the CA' : `of the CA "${subject}"`;
  const of = `the authority "${name}"`;
  const whens = {
    addTrustAnchor: `If ${of} has a new root: a certificate whose issuer and subject are the same`,
    addIntermediate: `If an intermediate of ${of} is missing, or was renewed`,
  };
  const before =
    misplaced === undefined ? [] : [run('removeCaCertificate', { AUTHORITY: name, THUMBPRINT: misplaced })];
  return wanted.map((template) => ({
    when: whens[template],
    commands: [...(template === 'addTrustAnchor' ? before : []), run(template, { AUTHORITY: name, CA_FILE: file })],
    needs: `${file}: the certificate ${whose}, from the authority itself`,
  }));
}

interface WantedCertificate {
  readonly wanted: readonly ('addTrustAnchor' | 'addIntermediate')[];
  readonly subject?: string | undefined;
  /** A root that stands among the intermediates, where it leads nowhere. */
  readonly misplaced?: string;
}

/** Where it is the CA certificate itself that is at fault. */
export function chooseToRenewCa(facts: PathFacts, context: RemedyContext): Choices {
  return chooseForAuthority(facts, context, true);
}

/** Up from the caller's certificate to the CA that the document lacks; where its kind can't be told, both. */
function findWanted(
  { trustAnchors, intermediates }: TrustedAuthority,
  presented: PresentedCertificate | undefined,
  failed: PathFacts['certificate'],
): WantedCertificate {
  if (presented === undefined) {
    const root = intermediates.find(({ isSelfIssued }) => isSelfIssued);
    const misplaced = root === undefined ? {} : { subject: root.subjectText, misplaced: root.thumbprintSha256 };
    return { wanted: ['addIntermediate', 'addTrustAnchor'], ...misplaced };
  }
  if (failed?.role === 'trust-anchor') return { wanted: ['addTrustAnchor'], subject: failed.subject };
  const anchors = new Set(trustAnchors.map(({ subject }) => subject.key));
  const seen = new Set<string>();
  let [issuer, subject] = [presented.issuer?.key, undefined as string | undefined];
  while (issuer !== undefined && !seen.has(issuer)) {
    if (anchors.has(issuer)) return { wanted: ['addTrustAnchor'] };
    seen.add(issuer);
    const next = intermediates.find((each) => each.subject.key === issuer);
    if (next === undefined) break;
    if (next.isSelfIssued)
      return { wanted: ['addTrustAnchor'], subject: next.subjectText, misplaced: next.thumbprintSha256 };
    subject = next.subjectText;
    issuer = next.issuer.key;
  }
  const isMissingAbove = subject !== undefined;
  return { wanted: isMissingAbove ? ['addTrustAnchor', 'addIntermediate'] : ['addIntermediate', 'addTrustAnchor'] };
}

/** Of which RFC 5280 gives no meaning, so that every name beneath is refused. */
function hasLeadingDot({ dnsConstraintsWithLeadingDot, trustAnchors, intermediates }: TrustedAuthority): boolean {
  const bases = [...trustAnchors, ...intermediates].flatMap(({ nameConstraints: constraints }) =>
    constraints === undefined ? [] : [...(constraints.permitted ?? []), ...constraints.excluded],
  );
  return dnsConstraintsWithLeadingDot === 'refuse' && bases.some(loadPathValidation().hasLeadingDot);
}

export function chooseForConstraint({ authority, claim }: PathFacts, context: RemedyContext): Choices {
  const NAME = context.identityName ?? claim?.identity;
  const found = context.trust.authorities.find(({ name }) => name === authority);
  return [
    ...(found !== undefined && hasLeadingDot(found)
      ? [
          {
            when: 'If the constraint with a leading dot means the names below it alone, as OpenSSL reads it',
            commands: [run('readLeadingDot', { AUTHORITY: authority })],
          },
        ]
      : []),
    ...(NAME === undefined
      ? []
      : [
          {
            when: `If this certificate of "${NAME}" should count whatever its CA may sign, until it is replaced`,
            commands: [run('addCertificate', { NAME, FILE: ofOwner, AUTHORITY: [] })],
          },
        ]),
  ];
}

/** What a document may say at most. */
const maximumGraceSeconds = 604_800;
const maximumLifetimeSeconds = 2_592_000;

/** Where a source is there, its publisher ends the trouble; a setting only bridges it. */
export function chooseForRevocationSource(
  facts: DenialFacts['revocation_unavailable'],
  { trust, presented, listEnd, now }: RemedyContext,
): Choices {
  const authority = trust.authorities.find((each) => 'authority' in facts && each.name === facts.authority);
  if (authority === undefined || !('authority' in facts)) return [];
  const { name: AUTHORITY, revocation } = authority;
  const hasSource = revocation.crls.length > 0 || revocation.ocsp !== undefined;
  const late = listEnd === undefined ? undefined : Math.ceil((now - listEnd + day) / 1000);
  const certificate = presented?.pathDecoding.ok === true ? presented.pathDecoding.value : undefined;
  // RFC 5280 §4.1.2.5: both ends belong to it.
  const lifetime = certificate && Math.floor((certificate.notAfter - certificate.notBefore) / 1000) + 1;
  const excuses = certificate?.hasNoRevAvail ?? facts.fault.includes('noRevAvail');
  const choices: readonly (RemedyChoice | false)[] = [
    // Nothing of the document's lists is late: none of them speaks of the certificate.
    late === undefined && {
      when: hasSource
        ? `If the authority "${AUTHORITY}" publishes a list that is not among those of the document`
        : `If the authority "${AUTHORITY}" publishes a list, which the document does not name`,
      commands: [run('addRevocationList', { AUTHORITY, ADDRESS: `file:${AUTHORITY}.crl` })],
      needs: `${AUTHORITY}.crl: the list of the authority, or its https: address in this place`,
    },
    excuses &&
      (lifetime ?? 0) <= maximumLifetimeSeconds && {
        when: `If certificates of "${AUTHORITY}" with noRevAvail may live so long without a list`,
        commands: [run('acceptNoRevAvail', { AUTHORITY, SECONDS: String(lifetime ?? 'SECONDS') })],
      },
    late !== undefined &&
      late <= maximumGraceSeconds && {
        when: `If the next list of "${AUTHORITY}" is late, and those revoked meanwhile may be admitted`,
        commands: [run('extendLists', { AUTHORITY, SECONDS: String(late) })],
      },
    // A line of the log has the sentence alone.
    (facts.certificate?.role === 'intermediate' || facts.fault.startsWith('The CA certificate ')) && {
      when: `If there is no list about the CAs of "${AUTHORITY}", and their revocation need not be known`,
      commands: [run('askOnlyCallers', { AUTHORITY })],
    },
  ];
  return choices.filter((choice) => choice !== false);
}
