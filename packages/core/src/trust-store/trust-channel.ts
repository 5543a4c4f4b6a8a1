import { type Channel, channel } from 'node:diagnostics_channel';

/** The name of the `node:diagnostics_channel` on which refreshes of trust documents are published. */
export const trustChannelName = 'certgate:trust';

/**
 * The name of the `node:diagnostics_channel` on which each revocation list in use is published whenever lists were
 * read, each list that is not used any more, and each read of a list that failed.
 */
export const revocationChannelName = 'certgate:revocation';

/** One refresh of a trust document that has ended, successfully or not. */
export interface TrustRefreshEvent {
  readonly version: 1;
  /** The source of the document, e.g. `file trust.json`. */
  readonly source: string;
  /**
   * `changed`: other content came into use. `unchanged`: the content in use was confirmed. `failed`: the document could
   * not be read. `refused`: it was read and is not accepted. After `failed` and `refused`, the earlier document, or the
   * mirror's, is used until `usableUntil`.
   */
  readonly outcome: 'changed' | 'unchanged' | 'failed' | 'refused';
  /** The revision of the document in use; undefined if there is none. */
  readonly revision: number | undefined;
  /** The SHA-256 of the document in use, in upper-case hexadecimal; undefined if there is none. */
  readonly sha256: string | undefined;
  /** When the document in use was adopted, in milliseconds since 1970-01-01T00:00:00Z; undefined if there is none. */
  readonly adoptedAt: number | undefined;
  /** The trust anchors and intermediates of the authorities in the document in use. */
  readonly authorityCertificates: readonly {
    /** The authority's name in the trust document. */
    readonly authority: string;
    /** The certificate's subject (RFC 4514). */
    readonly subject: string;
    /** Milliseconds since 1970-01-01T00:00:00Z. */
    readonly notAfter: number;
  }[];
  /** Why the read failed, or why the document was refused. Undefined if neither happened. */
  readonly fault: string | undefined;
  /**
   * What is wrong with the revocation lists by their latest reads, and which callers are refused because of that.
   * `outcome` is only about the document. Undefined (or absent) if nothing is wrong.
   */
  readonly revocationFault?: string | undefined;
  /** When the last good read began, in milliseconds since 1970-01-01T00:00:00Z. Undefined if there was none. */
  readonly lastSuccessAt: number | undefined;
  /**
   * Until when, at most, the document in use can be used if no further read succeeds, in milliseconds since
   * 1970-01-01T00:00:00Z. Undefined if there was no good read.
   */
  readonly usableUntil: number | undefined;
}

const trustChannel: Channel = channel(trustChannelName);

/** If a subscriber throws, Node reports an uncaught exception, and the read is not affected. */
export function publishTrustRefresh(createEvent: () => TrustRefreshEvent): void {
  if (trustChannel.hasSubscribers) trustChannel.publish(Object.freeze(createEvent()));
}
