import { formatInstant } from '@certgate/x509/internal';
import type { DenialFacts, NameClaim } from '../denial-facts.js';

/** Facts that already contain a sentence: from path validation, a check of the certificate, or a trust source. */
export interface FaultFacts {
  readonly fault: string;
  readonly chainFault?: string;
  readonly claim?: NameClaim | undefined;
  readonly isIssued?: true;
}

/**
 * The codes whose facts always contain a sentence. That sentence is used unless the code has its own in `sentences`.
 */
type CodeWithFault = {
  [Code in keyof DenialFacts]: DenialFacts[Code] extends FaultFacts ? Code : never;
}[keyof DenialFacts];

/** A function for each code that makes the sentence from the facts. It is optional if the facts contain a sentence. */
export type Sentences<Code extends keyof DenialFacts> = {
  readonly [Each in Exclude<Code, CodeWithFault>]: (facts: DenialFacts[Each]) => string;
} & {
  readonly [Each in Extract<Code, CodeWithFault>]?: (facts: DenialFacts[Each]) => string;
};

/**
 * The facts' own sentence, then `chainFault`, then the identity that the certificate has by one of its names, if the
 * facts have them. Unless `isIssued` is set, nobody has verified that name.
 */
export function repeatFault({ fault, chainFault, claim, isIssued }: FaultFacts): string {
  const sentence = chainFault === undefined ? fault : `${fault} ${chainFault}`;
  if (claim === undefined) return sentence;
  const { identity, name } = claim;
  // A fault may end in a list, without a full stop.
  const before = sentence.endsWith('.') ? sentence : `${sentence}.`;
  return isIssued === true
    ? `${before} By its name (${name.type}) it is "${identity}", and the authority "${name.issuedBy}" did issue it.`
    : `${before} By its name (${name.type}) it would be "${identity}", if the authority "${name.issuedBy}" vouched for it.`;
}

/** The largest time that a `Date` can have, in milliseconds. A custom trust store may give a larger one. */
const maximumInstant = 8.64e15;

export function describeInstant(instant: number | undefined): string {
  return instant !== undefined && Math.abs(instant) <= maximumInstant ? formatInstant(instant) : String(instant);
}
