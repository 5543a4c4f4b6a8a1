import { listCertificateFaults, listNames, type DenialFacts, type NameEntry } from '@certgate/core/internal';
import { chooseForAuthority } from './authority-choices.js';
import type { TemplateValues } from './command-template.js';
import type { PlacedIdentity } from './line-facts.js';
import type { NearMatch } from './near-matches.js';
import {
  type Choices,
  type Command,
  type RemedyContext,
  listFirst,
  listValues,
  ofOwner,
  run,
} from './remedy-choices.js';

// Choices for a certificate that no identity has, or that belongs to several identities.

export function chooseForAmbiguity({ identities }: { readonly identities: readonly PlacedIdentity[] }): Choices {
  return identities.map((keeper) => ({
    when: `If it is the certificate of "${keeper.identity}"${describePlace(keeper)}`,
    commands: identities.filter((each) => each !== keeper).flatMap(dropEntries),
  }));
}

function describePlace({ store, roles = [] }: PlacedIdentity): string {
  return store === undefined ? '' : ` as ${store} has it, with the roles ${roles.join(', ') || 'none'}`;
}

/** One command, or one for each authority if the names are under several. */
function dropEntries({ identity: NAME, pins, names, store }: PlacedIdentity): readonly Command[] {
  const authorities = new Set(names.map(({ issuedBy }) => issuedBy));
  return (authorities.size === 0 ? [[]] : [...authorities]).map((AUTHORITY, index) => {
    const DNS = takeNames(names.filter(({ issuedBy }) => issuedBy === AUTHORITY));
    return run('removeEntries', { NAME, PIN: index === 0 ? listValues(pins) : [], AUTHORITY, DNS }, store);
  });
}

/** Each name with the option of its type, in place of `--dns`. */
function takeNames(names: readonly Pick<NameEntry, 'type' | 'value'>[]): TemplateValues[string] {
  const toOption = (type: string): string => `--${type.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
  return { instead: names.flatMap(({ type, value }) => [toOption(type), value]) };
}

export function chooseForUnknownCaller(facts: DenialFacts['certificate_not_trusted'], context: RemedyContext): Choices {
  const { presented, now, nearMatches } = context;
  const decoding = presented?.decoding;
  const faults = decoding?.ok === true ? listCertificateFaults(decoding.certificate, now) : [];
  // The gate would refuse this certificate even if the document listed it.
  if (decoding?.ok === false || faults.some(({ code }) => code !== 'certificate_not_yet_valid')) return [];
  const known = [
    ...nearMatches.flatMap((match) => chooseForNearMatch(match, context)),
    ...chooseForVouched(facts, context),
  ];
  if (known.length > 0) return known;
  const values = { NAME: chooseName(context), FILE: ofOwner, ...grant(context) };
  const when = 'If it is a new caller, whose owner says that this is the certificate';
  return [{ when, commands: [run('addIdentity', values)] }];
}

function chooseForNearMatch(
  { identity: { name: NAME, pins }, pin, trustName, isIssued }: NearMatch,
  context: RemedyContext,
): Choices {
  if (isIssued === true) return [];
  if (pin !== undefined) {
    const { instead } = ofOwner;
    const FILE = { instead: pin.issuedBy === undefined ? instead : [...instead, '--issued-by', pin.issuedBy] };
    return [
      {
        when: `If it is the certificate of "${NAME}", and the pin was written wrongly`,
        commands: [run('replacePin', { NAME, PIN: pin.value, FILE })],
      },
    ];
  }
  if (trustName !== undefined) return chooseForAuthority({ authority: trustName.issuedBy }, context);
  return [
    pins.length > 0
      ? { when: `If it is a new certificate of "${NAME}"`, commands: [run('rotate', { NAME, NEW_FILE: ofOwner })] }
      : { when: `If it is a certificate of "${NAME}"`, commands: [run('addCertificate', { NAME, FILE: ofOwner })] },
  ];
}

/**
 * Choices for a certificate whose issuer the document knows. They add a name, so that the caller's next certificate is
 * admitted too.
 */
function chooseForVouched(
  { authorities: [issuer] = [] }: DenialFacts['certificate_not_trusted'],
  context: RemedyContext,
): Choices {
  const { presented, nearMatches } = context;
  // The names come from the certificate, because the facts may have a shortened one.
  const names = presented?.pathDecoding.ok === true ? listNames(presented.pathDecoding.value) : [];
  const [type, value] = presented === undefined ? (['dns', 'NAME-FROM-THE-OWNER'] as const) : (names[0] ?? []);
  if (issuer === undefined || type === undefined || value === undefined || value.includes('*')) return [];
  const values = { AUTHORITY: issuer, DNS: takeNames([{ type, value }]) };
  const known = nearMatches.find(({ pin }) => pin === undefined)?.identity.name;
  return [
    known === undefined
      ? {
          when: `If it is a new caller with a certificate of the authority "${issuer}"`,
          commands: [run('addNamedIdentity', { NAME: chooseName(context), ...values, ...grant(context) })],
        }
      : {
          when: `If it is "${known}", and the authority "${issuer}" vouches for that name from now on`,
          commands: [run('addName', { NAME: known, ...values })],
        },
  ];
}

function grant({ requirement }: RemedyContext): TemplateValues {
  return { ROLE: listFirst(requirement.roles), FUNCTION: requirement.functionName };
}

/** The certificate's own name is not used, because an unknown caller chose it. */
function chooseName({ trust }: RemedyContext): string {
  const taken = new Set(trust.identities.map(({ name }) => name.toLowerCase()));
  let name = 'new-caller';
  for (let number = 2; taken.has(name); number += 1) name = `new-caller-${number}`;
  return name;
}
