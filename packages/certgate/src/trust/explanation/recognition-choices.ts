import {
  deniedSerialKey,
  findIssuingAuthorities,
  findNominations,
  formatSerialNumber,
  listCertificateFaults,
  listNames,
  type DeniedCertificate,
  type Nomination,
  type PresentedCertificate,
  type PresentedName,
  type NameType,
  type TrustSnapshot,
  type TrustedAuthority,
  type TrustedIdentity,
} from '@certgate/core/internal';
import type { TracedPath } from '../../certificates/path-report/path-trace.js';
import type { TemplateValues } from './command-template.js';
import type { PinMatch } from './explain-decision.js';
import type { NearMatch } from './near-matches.js';
import { type Choices, type RemedyChoice, type RemedyFacts, listFirst, run } from './remedy-choices.js';

type Command = RemedyChoice['commands'][number];

// Remedies for which identity a certificate belongs to: strangers, names, authorities and the deny list.

export function chooseForDenied({ trust, presented, paths }: RemedyFacts): Choices {
  const commands = listDeniedEntries(trust, presented, paths).map(({ thumbprintSha256, issuedBy, serialNumber }) =>
    thumbprintSha256 === undefined
      ? run('undenySerial', { AUTHORITY: issuedBy ?? [], HEX: formatSerialNumber(serialNumber ?? '') })
      : run('undeny', { THUMBPRINT: thumbprintSha256 }),
  );
  return commands.length === 0 ? [] : [{ commands }];
}

/** For the certificate, or a CA above it. */
function listDeniedEntries(
  { denied, authorities }: TrustSnapshot,
  presented: PresentedCertificate,
  paths: readonly TracedPath[],
): readonly DeniedCertificate[] {
  const own = presented.pathDecoding.ok ? [presented.pathDecoding.value] : [];
  const anchors = paths.flatMap(({ trustAnchor }) => trustAnchor ?? []);
  const below = [...own, ...paths.flatMap(({ certificates }) => certificates)];
  const thumbprints = [presented.thumbprintSha256, ...[...anchors, ...below].map((each) => each.thumbprintSha256)];
  const keys = below.flatMap(({ serialNumber }) => authorities.map(({ name }) => deniedSerialKey(name, serialNumber)));
  return [
    ...new Set([
      ...thumbprints.flatMap((thumbprint) => denied.thumbprintsSha256.get(thumbprint) ?? []),
      ...keys.flatMap((key) => denied.serialNumbers.get(key) ?? []),
    ]),
  ];
}

export function chooseForAmbiguity({ trust, presented, matches }: RemedyFacts): Choices {
  const nominations = listNominations(trust, presented);
  const claims = [...matches, ...nominations];
  const identities = [...new Set(claims.map(({ identity }) => identity))];
  return identities.map((keeper) => ({
    when: `If it is the certificate of "${keeper.name}"`,
    commands: identities
      .filter((identity) => identity !== keeper)
      .flatMap((identity) => dropClaims(identity, matches, nominations)),
  }));
}

function dropClaims(
  identity: TrustedIdentity,
  matches: readonly PinMatch[],
  nominations: readonly Nomination[],
): readonly Command[] {
  const NAME = identity.name;
  const pins = matches.filter((match) => match.identity === identity).map(({ pin }) => pin.value);
  const names = nominations.filter((each) => each.identity === identity).map(({ trustName }) => trustName);
  return [
    ...(pins.length === 0 ? [] : [run('removePin', { NAME, PIN: pins })]),
    ...names.map(({ issuedBy, type, value }) =>
      run('removeName', { NAME, AUTHORITY: issuedBy, ...nameValues([type, value]) }),
    ),
  ];
}

function listNominations(trust: TrustSnapshot, presented: PresentedCertificate): readonly Nomination[] {
  if (!presented.pathDecoding.ok) return [];
  return findNominations(trust, listNames(presented.pathDecoding.value), findIssuingAuthorities(trust, presented));
}

const namePlaceholders: Readonly<Record<NameType, string>> = {
  dns: 'DNS',
  uri: 'URI',
  email: 'EMAIL',
  commonName: 'COMMON_NAME',
  organizationalUnit: 'UNIT',
};

function nameValues([type, value]: PresentedName): TemplateValues {
  const none = Object.fromEntries(Object.values(namePlaceholders).map((placeholder) => [placeholder, []]));
  return { ...none, [namePlaceholders[type]]: value };
}

export function chooseForStranger(facts: RemedyFacts): Choices {
  const { presented, now, nearMatches } = facts;
  const { decoding } = presented;
  if (!decoding.ok) return [];
  const faults = listCertificateFaults(decoding.certificate, now);
  // Known or not, the gate would refuse it.
  if (faults.some(({ code }) => code !== 'certificate_not_yet_valid')) return [];
  const near = nearMatches.map((match) => chooseForNearMatch(match, facts));
  const vouched = chooseForVouched(facts);
  if (near.length + vouched.length > 0) return [...near, ...vouched];
  const NAME = chooseName(facts);
  const granted = { ROLE: listFirst(facts.requirement.roles), FUNCTION: facts.requirement.functionName };
  return [
    {
      when: 'If it is a new caller, whose owner says that this is the certificate',
      commands: [run('addIdentity', { NAME, FILE: { instead: facts.certificateOptions }, ...granted })],
    },
  ];
}

function chooseForNearMatch(
  { identity, pin, trustName }: NearMatch,
  { certificateOptions }: RemedyFacts,
): RemedyChoice {
  const NAME = identity.name;
  const FILE = { instead: certificateOptions };
  if (pin !== undefined) {
    const AUTHORITY = pin.issuedBy === undefined ? [] : [pin.issuedBy];
    return {
      when: `If it is the certificate of "${NAME}", and the pin was written wrongly`,
      commands: [run('removePin', { NAME, PIN: pin.value }), run('addCertificate', { NAME, FILE, AUTHORITY })],
    };
  }
  if (trustName !== undefined) {
    return addCaCertificate(
      trustName.issuedBy,
      'addIntermediate',
      `If it is "${NAME}", and the authority "${trustName.issuedBy}" has an intermediate that the document lacks`,
    );
  }
  return identity.pins.length > 0
    ? {
        when: `If it is a new certificate of "${NAME}"`,
        commands: [run('rotate', { NAME, NEW_FILE: { instead: certificateOptions } })],
      }
    : {
        when: `If it is a certificate of "${NAME}"`,
        commands: [run('addCertificate', { NAME, FILE, AUTHORITY: [] })],
      };
}

/** Of an issuer that the document knows: by the name, so that the next certificate counts too. */
function chooseForVouched(facts: RemedyFacts): Choices {
  const { trust, presented, requirement } = facts;
  const [issuer] = findIssuingAuthorities(trust, presented);
  const [name] = presented.pathDecoding.ok ? listNames(presented.pathDecoding.value) : [];
  if (issuer === undefined || name === undefined || name[1].includes('*')) return [];
  const values = { AUTHORITY: issuer.name, ...nameValues(name) };
  const granted = { ROLE: listFirst(requirement.roles), FUNCTION: requirement.functionName };
  const known = facts.nearMatches.find(({ pin }) => pin === undefined)?.identity;
  return [
    known === undefined
      ? {
          when: `If it is a new caller with a certificate of the authority "${issuer.name}"`,
          commands: [run('addNamedIdentity', { NAME: chooseName(facts), ...values, ...granted })],
        }
      : {
          when: `If it is "${known.name}", and the authority "${issuer.name}" vouches for that name from now on`,
          commands: [run('addName', { NAME: known.name, ...values })],
        },
  ];
}

/** The certificate's common name where it is plain and free: a stranger chose it. */
function chooseName({ presented, trust }: RemedyFacts): string {
  const commonName = presented.decoding.ok ? presented.decoding.certificate.commonName : undefined;
  const taken = new Set(trust.identities.map(({ name }) => name.toLowerCase()));
  const base = commonName !== undefined && /^\w[\w.@-]{0,63}$/.test(commonName) ? commonName : 'new-caller';
  const names = [base, ...Array.from({ length: taken.size + 1 }, (_, index) => `${base}-${index + 2}`)];
  return names.find((name) => !taken.has(name.toLowerCase())) ?? base;
}

/** For a path that lacks a certificate, or has one that is over or of an older key. */
export function chooseForAuthority(facts: RemedyFacts): Choices {
  const { matches, presented, trust, paths, now } = facts;
  const names = new Set([
    ...matches.flatMap(({ pin }) => pin.issuedBy ?? []),
    ...listNominations(trust, presented).map(({ authority }) => authority.name),
  ]);
  const authorities = trust.authorities.filter(({ name }) => names.has(name));
  return authorities.map((authority) => {
    const isAnchor = isAnchorAtFault(authority, presented, paths, now);
    return addCaCertificate(
      authority.name,
      isAnchor ? 'addTrustAnchor' : 'addIntermediate',
      `If a certificate of the authority "${authority.name}" is missing, or was renewed`,
    );
  });
}

function isAnchorAtFault(
  { trustAnchors }: TrustedAuthority,
  { issuer }: PresentedCertificate,
  paths: readonly TracedPath[],
  now: number,
): boolean {
  const isOver = paths.some(({ trustAnchor }) => trustAnchor !== undefined && now > trustAnchor.notAfter);
  return isOver || trustAnchors.some(({ subject }) => subject.key === issuer?.key);
}

function addCaCertificate(
  authorityName: string,
  template: 'addIntermediate' | 'addTrustAnchor',
  when: string,
): RemedyChoice {
  const file = 'ca.crt.pem';
  return {
    when,
    commands: [run(template, { AUTHORITY: authorityName, CA_FILE: file })],
    needs: `${file}: the certificate of the CA, from the authority itself`,
  };
}

/** Where a source is there, what is wrong is not the document's to say. */
export function chooseForRevocationSource({ trust, presented, matches }: RemedyFacts): Choices {
  const names = new Set([
    ...matches.flatMap(({ pin }) => pin.issuedBy ?? []),
    ...listNominations(trust, presented).map(({ authority }) => authority.name),
  ]);
  return trust.authorities
    .filter(({ name, revocation }) => names.has(name) && revocation.crls.length === 0 && revocation.ocsp === undefined)
    .map(({ name }) => ({
      when: `If the authority "${name}" publishes a list, which the document does not name`,
      commands: [run('addRevocationList', { AUTHORITY: name, ADDRESS: `file:${name}.crl` })],
      needs: `${name}.crl: the list of the authority, or its https: address in this place`,
    }));
}
