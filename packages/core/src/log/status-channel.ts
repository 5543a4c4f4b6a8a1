/** The version of all packages, which are released together. */
export const packageVersion = '0.1.0';

/**
 * The name of the `node:diagnostics_channel` on which the gate's status is published whenever it is logged. The numbers
 * of calls are not published.
 */
export const statusChannelName = 'certgate:status';

/** The members of the status that subscribers use. */
export interface StatusEvent {
  /** The version of the packages. */
  readonly version: string;
  readonly host: string;
  readonly frontEnd?: string | undefined;
}
