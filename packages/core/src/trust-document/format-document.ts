import { type DocumentObjects, getDocumentKeys, type KeyType } from './document-keys.js';
import { anyAudience, readTrustDocumentWhole } from './parse-document.js';
import type { TrustDocument } from './trust-document.js';

/**
 * Formats the document as JSON text in one fixed form: two spaces, keys in the order of `getDocumentKeys`, and a line
 * end at the end. Values keep the author's notation.
 *
 * @throws {TrustDocumentError} if the document is not valid, because a tool must not write what locks everyone out.
 */
export function formatTrustDocument(document: TrustDocument): string {
  readTrustDocumentWhole(document, { audience: anyAudience });
  return `${JSON.stringify(orderObject(document, 'document'), null, 2)}\n`;
}

function orderObject(value: object, objectName: keyof DocumentObjects): object {
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries<KeyType>(getDocumentKeys()[objectName])
      .filter(([key]) => Object.hasOwn(fields, key))
      .map(([key, type]) => [key, orderValue(fields[key], type)]),
  );
}

/** The document was read without a fault, so every value has the type of its key. */
function orderValue(value: unknown, type: KeyType): unknown {
  if (type.type === 'object') return orderObject(value as object, type.objectName);
  if (type.type === 'list') return (value as readonly unknown[]).map((item) => orderValue(item, type.items));
  return value;
}
