/** Where the app's gate reads who may call, in its own words. */
export interface HostedTrust {
  /** E.g. `file trust.json`. */
  readonly source: string;
  /** Absent: nothing is loaded, or the store has none. */
  readonly revision?: number;
  /** Why the latest read failed. */
  readonly fault?: string;
  /** What is wrong with the revocation lists, and who is refused because of that. */
  readonly revocationFault?: string;
  /** The second place of its document, and whether that decides. */
  readonly mirror?: { readonly source: string; readonly isInUse: boolean };
  /** Of each key whose signature counts, the first digits of its SHA-256; absent: nothing must be signed. */
  readonly signedBy?: readonly string[];
  /** Of a store of several stores: what each says. */
  readonly parts?: readonly HostedTrust[];
}

/** From what the app's gate reports. Undefined if its trust store doesn't report where it reads. */
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
