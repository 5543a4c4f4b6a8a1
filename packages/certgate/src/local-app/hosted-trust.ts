/** What the app's gate reports about the source of its trust document. */
export interface HostedTrust {
  /** The source in the store's words, for example `file trust.json`. */
  readonly source: string;
  /** The document's revision. Undefined if none is loaded, and if the store has `parts` or does not report it. */
  readonly revision?: number;
  /** Why the latest read failed. Undefined if it succeeded. */
  readonly fault?: string;
  /**
   * What is wrong with the revocation lists, and which callers are refused because of that. Undefined if nothing is
   * wrong.
   */
  readonly revocationFault?: string;
  /**
   * The second place of the document, and whether the document in use was read there. Undefined if there is no second
   * place.
   */
  readonly mirror?: { readonly source: string; readonly isInUse: boolean };
  /** The beginning of the SHA-256 of each accepted signing key. Undefined if the document need not be signed. */
  readonly signedBy?: readonly string[];
  /** The reports of the single stores, if the store consists of several. */
  readonly parts?: readonly HostedTrust[];
}

/** Reads what the app's gate reports. Undefined if its trust store doesn't report its source. */
export function readHostedTrust(value: unknown): HostedTrust | undefined {
  const report = Object(value) as Readonly<Record<string, unknown>>;
  const { description: source, revision, fault, revocationFault, mirror, parts, signedBy } = report;
  if (typeof source !== 'string') return undefined;
  return {
    source,
    ...(typeof revision === 'number' ? { revision } : {}),
    ...(typeof fault === 'string' ? { fault } : {}),
    ...(typeof revocationFault === 'string' ? { revocationFault } : {}),
    ...readMirror(mirror),
    ...(Array.isArray(signedBy) ? { signedBy: signedBy.map(String) } : {}),
    ...(Array.isArray(parts) ? { parts: parts.flatMap((part: unknown) => readHostedTrust(part) ?? []) } : {}),
  };
}

function readMirror(value: unknown): Pick<HostedTrust, 'mirror'> {
  const { description: source, isInUse } = Object(value) as Readonly<Record<string, unknown>>;
  return typeof source === 'string' ? { mirror: { source, isInUse: isInUse === true } } : {};
}
