import { findInstant, formatInstant, type TrustDocument, type TrustDocumentPin } from '@certgate/core/internal';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { type ClientAuthGraceChange, withClientAuthGrace } from './grace-edits.js';
import { describePin, getIdentity, getPin, replaceIdentity } from './identity-edits.js';

/** Absent: the bound stays as it is. Null: the pin has no such bound any more. Otherwise a time as the document has it. */
export interface PinWindowChange {
  readonly notBefore?: string | null;
  readonly notAfter?: string | null;
  readonly grace?: ClientAuthGraceChange;
}

/**
 * Gives pins of an identity another window, in one edit: there is no document in between without them.
 *
 * @param pins the first digits of their hashes, eight at least
 * @throws {ToolFailure} for a window that no moment is in, for a pin of a public key without an end, and for a grace that
 * no document may have.
 */
export function setPinWindow(
  document: TrustDocument,
  name: string,
  pins: readonly string[],
  change: PinWindowChange,
): TrustDocument {
  const identity = getIdentity(document, name);
  const chosen = new Set(pins.map((text) => getPin(identity, text)));
  return replaceIdentity(document, {
    ...identity,
    pins: (identity.pins ?? []).map((pin) =>
      chosen.has(pin) ? expectUsableWindow(name, withWindow(pin, change)) : pin,
    ),
  });
}

function withWindow(pin: TrustDocumentPin, change: PinWindowChange): TrustDocumentPin {
  const { notBefore: oldStart, notAfter: oldEnd, ...rest } = pin;
  const start = change.notBefore === undefined ? oldStart : change.notBefore;
  const end = change.notAfter === undefined ? oldEnd : change.notAfter;
  const changed = {
    ...rest,
    ...(start === undefined || start === null ? {} : { notBefore: start }),
    ...(end === undefined || end === null ? {} : { notAfter: end }),
  };
  return change.grace === undefined ? changed : withClientAuthGrace(changed, change.grace);
}

/** The document's reader refuses these too, but in words for whoever wrote the document by hand. */
function expectUsableWindow(name: string, pin: TrustDocumentPin): TrustDocumentPin {
  const { notBefore, notAfter, publicKeySha256, issuedBy } = pin;
  const [start, end] = [notBefore, notAfter].map((text) => (text === undefined ? undefined : findInstant(text)));
  if (start !== undefined && end !== undefined && start >= end) {
    throw new ToolFailure(
      `The pin ${describePin(pin)} of ${JSON.stringify(name)} would begin at ${formatInstant(start)} and end at ${formatInstant(end)}, so it would never be valid. Nothing was written.`,
      { remedy: 'Pass a --not-before that is earlier than --not-after, or remove one of them with none.' },
    );
  }
  if (publicKeySha256 !== undefined && notAfter === undefined && issuedBy === undefined) {
    throw new ToolFailure(
      `The pin ${describePin(pin)} of ${JSON.stringify(name)} needs an end, because anybody who has the key can create certificates with any dates. Nothing was written.`,
      { remedy: 'Pass a later --not-after instead of none.' },
    );
  }
  return pin;
}
