import type { RpcTypedData } from '../worker/core-types.js';
import type { ReceivedRequest } from './http-request.js';
import { isJsonObject } from '../../json-file.js';

/**
 * The trigger metadata that the real host sends with an HTTP request (`HttpTriggerBinding.GetRequestBindingData`):
 * members of a JSON body, then the query except `code`, then route parameters. Each replaces an earlier value with the
 * same name, compared without regard to case. A route parameter without a value removes the name. `Query` and `Headers`
 * come last, and only if the name is not used yet.
 *
 * With HTTP streaming, the library takes the request's headers and parameters from here. So a caller can replace the
 * headers by a value in the body, the query or the path, as in Azure. This host does the same, so that a gate can be
 * tested against it.
 */
export function createTriggerMetadata(
  request: ReceivedRequest,
  routeValues: ReadonlyMap<string, string | undefined>,
  body: Uint8Array | undefined,
): Readonly<Record<string, RpcTypedData>> {
  const metadata = new Map<string, readonly [name: string, data: RpcTypedData | undefined]>();
  const set = (name: string, data: RpcTypedData | undefined): void => {
    // .NET keeps the first spelling of a key when its value is replaced.
    metadata.set(name.toLowerCase(), [metadata.get(name.toLowerCase())?.[0] ?? name, data]);
  };
  for (const [name, data] of bodyMembers(body)) set(name, data);
  const query = new Map([...request.query].map(([name, values]) => [name, values.at(-1) ?? '']));
  for (const [name, value] of query) {
    if (name.toLowerCase() !== 'code') set(name, { string: value });
  }
  for (const [name, value] of routeValues) set(name, value === undefined ? undefined : { string: value });
  if (!metadata.has('query')) set('Query', { json: JSON.stringify(Object.fromEntries(query)) });
  if (!metadata.has('headers')) set('Headers', { json: JSON.stringify(Object.fromEntries(request.headers)) });
  return Object.fromEntries([...metadata.values()].filter(isPresent));
}

function isPresent(
  entry: readonly [name: string, data: RpcTypedData | undefined],
): entry is readonly [string, RpcTypedData] {
  return entry[1] !== undefined;
}

/**
 * Whether the body may be a JSON object. No other body is decoded, because the text of a large body needs up to twice
 * its size.
 */
function beginsLikeObject(body: Uint8Array): boolean {
  return body.find((byte) => !insignificantBytes.has(byte)) === 0x7b;
}

/** JSON's white space (RFC 8259 §2), and the byte order mark, which the decoder removes. */
const insignificantBytes: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

function bodyMembers(body: Uint8Array | undefined): readonly (readonly [string, RpcTypedData])[] {
  if (body === undefined || !beginsLikeObject(body)) return [];
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return [];
  }
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]): readonly (readonly [string, RpcTypedData])[] => {
    if (isJsonObject(member)) return [[name, { json: JSON.stringify(member) }]];
    if (typeof member === 'string') return [[name, { string: member }]];
    if (typeof member === 'number') return [[name, { string: String(member) }]];
    // .NET writes booleans as True and False, and leaves out null and lists.
    return typeof member === 'boolean' ? [[name, { string: member ? 'True' : 'False' }]] : [];
  });
}
