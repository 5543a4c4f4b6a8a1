import type { FrontEndName } from '@certgate/core/internal';

/** The default number of requests per second. */
export const usualRate = 5;
/** The same for an app on this machine. */
export const loopbackRate = 1000;

/** The options of `certgate doctor`. */
export interface DoctorFlags {
  readonly allowed: string;
  readonly allowedKey?: string;
  readonly allowedPasswordFile?: string;
  readonly denied: string;
  readonly deniedKey?: string;
  readonly deniedPasswordFile?: string;
  readonly function: readonly string[];
  readonly publicFunction: readonly string[];
  readonly cacert?: string;
  readonly frontEnd: FrontEndName;
  readonly anyServer?: boolean;
  readonly request: string;
  readonly withLargeBody?: boolean;
  readonly withPost?: boolean;
  readonly alsoHost: readonly string[];
  readonly httpPort?: number;
  readonly rate?: number;
  readonly timeout: number;
  readonly iOperateThis?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly report?: string;
  readonly summary?: string;
}
