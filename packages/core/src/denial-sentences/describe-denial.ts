// denial-sentences/: what operators read about a denial: a short text, made from its code and facts.

import type { DenialFacts } from '../denial-facts.js';
import { certificateSentences } from './certificate-sentences.js';
import { frontEndSentences } from './front-end-sentences.js';
import { repeatFault, type Sentences } from './sentence-parts.js';
import { trustSentences } from './trust-sentences.js';

const sentences = {
  ...frontEndSentences,
  ...certificateSentences,
  ...trustSentences,
  function_not_allowed: ({ identity, functionName }: DenialFacts['function_not_allowed']) =>
    `"${identity}" may not call ${functionName}: it is not among the identity's functions in the trust document.`,
  role_missing: ({ identity, functionName, anyOf }: DenialFacts['role_missing']) =>
    `"${identity}" lacks the role that ${functionName} requires: ${anyOf.join(' or ')}.`,
  internal_fault: ({ problem, fault = '' }: DenialFacts['internal_fault']) =>
    ({
      time_not_a_number: 'The time of the call is not a number.',
      context_missing: 'The call carries no invocation context.',
      failed: `Certgate failed while deciding, so the call is refused: ${fault}.`,
    })[problem],
} satisfies Sentences<keyof DenialFacts>;

/** What is wrong, and often what to do, for the operator's log. Callers see it only in Development. */
export function describeDenial<Code extends keyof DenialFacts>(code: Code, facts: DenialFacts[Code]): string {
  const own: Partial<Record<keyof DenialFacts, (facts: never) => string>> = sentences;
  return (own[code] ?? repeatFault)(facts as never);
}
