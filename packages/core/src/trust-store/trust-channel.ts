import { type Channel, channel } from 'node:diagnostics_channel';

/** The name of the `node:diagnostics_channel` on which every read of a trust source is told. */
export const trustChannelName = 'certgate:trust';

/** The name of the `node:diagnostics_channel` on which each revocation list in use is told, whenever lists were read. */
export const revocationChannelName = 'certgate:revocation';

/** One read of a trust source that came to its end. */
export interface TrustRefreshEvent {
  readonly version: 1;
  /** Where the document comes from, e.g. `file trust.json`. */
  readonly source: string;
  /**
   * `changed`: another content is in use now. `failed`: the document could not be read. `refused`: it was read and is not
   * taken. What was in use stays so after both, until `usableUntil`.
   */
  readonly outcome: 'changed' | 'unchanged' | 'failed' | 'refused';
  /** Of the document in use now; undefined as long as there is none. */
  readonly revision: number | undefined;
  /** The SHA-256 of the document in use, in upper-case hexadecimal; undefined if there is none. */
  readonly sha256: string | undefined;
  /** When the document in use was adopted, in milliseconds since 1970-01-01T00:00:00Z; undefined if there is none. */
  readonly adoptedAt: number | undefined;
  /** The trust anchors and intermediates of the authorities in the document in use. */
  readonly authorityCertificates: readonly {
    /** The authority's name in the trust document. */
    readonly authority: string;
    /** RFC 4514. */
    readonly subject: string;
    /** Milliseconds since 1970-01-01T00:00:00Z. */
    readonly notAfter: number;
  }[];
  /** Why it failed, or why the document was refused. */
  readonly fault: string | undefined;
  /**
   * What is wrong with the revocation lists by their latest reads, and who is refused because of that. The outcome is about
   * the document alone. Undefined (or absent): nothing.
   */
  readonly revocationFault?: string | undefined;
  /** When the last good read began, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly lastSuccessAt: number | undefined;
  /** When the document in use stops deciding unless a good read comes first, in the same unit. */
  readonly usableUntil: number | undefined;
}

const trustChannel: Channel = channel(trustChannelName);

/** Node reports a subscriber that throws as an uncaught exception of its own; it can't spoil the read. */
export function publishTrustRefresh(createEvent: () => TrustRefreshEvent): void {
  if (trustChannel.hasSubscribers) trustChannel.publish(Object.freeze(createEvent()));
}
