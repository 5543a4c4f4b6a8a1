import {
  DerReader,
  contextConstructed,
  contextPrimitive,
  decodeSmallInteger,
  derTags,
  readSingle,
  refuseDer,
} from '../encoding/der.js';
import { type GeneralName, decodeGeneralName } from '../general-name.js';

/** RFC 5280 §4.2.1.10: the bases of the subtrees. */
export interface NameConstraints {
  /** Undefined: the extension permits everything that it doesn't exclude. */
  readonly permitted: readonly GeneralName[] | undefined;
  readonly excluded: readonly GeneralName[];
}

export function decodeNameConstraints(extensionValue: Uint8Array): NameConstraints {
  const reader = new DerReader(readSingle(extensionValue, derTags.sequence).content);
  const permitted = reader.readOptional(contextConstructed(0));
  const excluded = reader.readOptional(contextConstructed(1));
  reader.expectEnd();
  if (permitted === undefined && excluded === undefined) return refuseDer('name constraints that constrain nothing');
  return {
    permitted: permitted && decodeSubtrees(new DerReader(permitted.content)),
    excluded: excluded === undefined ? [] : decodeSubtrees(new DerReader(excluded.content)),
  };
}

function decodeSubtrees(reader: DerReader): readonly GeneralName[] {
  const bases: GeneralName[] = [];
  do {
    const subtree = reader.enter(derTags.sequence);
    bases.push(decodeBase(subtree));
    // §4.2.1.10: minimum is zero, which DER leaves out as the default, and maximum is absent.
    const bound = subtree.readOptional(contextPrimitive(0)) ?? subtree.readOptional(contextPrimitive(1));
    if (bound !== undefined)
      refuseDer(`a subtree with a bound (${decodeSmallInteger({ ...bound, tag: derTags.integer })})`);
    subtree.expectEnd();
  } while (!reader.isAtEnd);
  return bases;
}

/** An address comes with its mask here: 8 octets, or 32. */
function decodeBase(subtree: DerReader): GeneralName {
  const base = decodeGeneralName(subtree.read());
  if (base.form === 'iPAddress' && base.octets.length !== 8 && base.octets.length !== 32) {
    return refuseDer('an address constraint of neither 8 nor 32 octets');
  }
  return base;
}
