/** The version of all packages; they are released together. */
export const packageVersion = '0.1.0';

/** The name of the `node:diagnostics_channel` on which each status line is published, without what it counts. */
export const statusChannelName = 'certgate:status';

/** What subscribers use of it. */
export interface StatusEvent {
  /** The version of the packages. */
  readonly version: string;
  readonly host: string;
  readonly frontEnd?: string | undefined;
}
