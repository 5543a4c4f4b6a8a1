import {
  formatSerialNumber,
  listCertificateFaults,
  listNames,
  type DenialFacts,
  type MatchedIdentity,
  type NameEntry,
  type PathFacts,
} from '@certgate/core/internal';
import type { TemplateValues } from './command-template.js';
import type { NearMatch } from './near-matches.js';
import { type Choices, type RemedyChoice, type RemedyContext, listFirst, run } from './remedy-choices.js';

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
  const { decoding } = presented;
  if (!decoding.ok) return [];
  const faults = listCertificateFaults(decoding.certificate, now);
  // Known or not, the gate would refuse it.
  if (faults.some(({ code }) => code !== 'certificate_not_yet_valid')) return [];
  const near = nearMatches.map((match) => chooseForNearMatch(match, context));
  const vouched = chooseForVouched(facts, context);
  if (near.length + vouched.length > 0) return [...near, ...vouched];
  const NAME = chooseName(context);
  const granted = grant(context);
  return [
    {
      when: 'If it is a new caller, whose owner says that this is the certificate',
      commands: [run('addIdentity', { NAME, FILE: { instead: context.certificateOptions }, ...granted })],
    },
  ];
}

function chooseForNearMatch(
  { identity, pin, trustName }: NearMatch,
  { certificateOptions }: RemedyContext,
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
function chooseForVouched(
  { authorities: [issuer] = [] }: DenialFacts['certificate_not_trusted'],
  context: RemedyContext,
): Choices {
  const { pathDecoding } = context.presented;
  // Of the facts, a name may be shortened.
  const [[type, value] = []] = pathDecoding.ok ? listNames(pathDecoding.value) : [];
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

/** The certificate's common name where it is plain and free: a stranger chose it. */
function chooseName({ presented, trust }: RemedyContext): string {
  const commonName = presented.decoding.ok ? presented.decoding.certificate.commonName : undefined;
  const taken = new Set(trust.identities.map(({ name }) => name.toLowerCase()));
  const base = commonName !== undefined && /^\w[\w.@-]{0,63}$/.test(commonName) ? commonName : 'new-caller';
  const names = [base, ...Array.from({ length: taken.size + 1 }, (_, index) => `${base}-${index + 2}`)];
  return names.find((name) => !taken.has(name.toLowerCase())) ?? base;
}

/** For a path that lacks a certificate, or has one that is over or of an older key. */
export function chooseForAuthority({ authority: name, certificate }: PathFacts, context: RemedyContext): Choices {
  const { trust, presented } = context;
  const authority = trust.authorities.find((each) => each.name === name);
  if (authority === undefined) return [];
  const isAnchor =
    certificate?.role === 'trust-anchor' ||
    authority.trustAnchors.some(({ subject }) => subject.key === presented.issuer?.key);
  return [
    addCaCertificate(
      name,
      isAnchor ? 'addTrustAnchor' : 'addIntermediate',
      `If a certificate of the authority "${name}" is missing, or was renewed`,
    ),
  ];
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
export function chooseForRevocationSource(
  facts: DenialFacts['revocation_unavailable'],
  { trust }: RemedyContext,
): Choices {
  const authority = trust.authorities.find((each) => 'authority' in facts && each.name === facts.authority);
  if (authority === undefined) return [];
  const { name, revocation } = authority;
  if (revocation.crls.length > 0 || revocation.ocsp !== undefined) return [];
  return [
    {
      when: `If the authority "${name}" publishes a list, which the document does not name`,
      commands: [run('addRevocationList', { AUTHORITY: name, ADDRESS: `file:${name}.crl` })],
      needs: `${name}.crl: the list of the authority, or its https: address in this place`,
    },
  ];
}
