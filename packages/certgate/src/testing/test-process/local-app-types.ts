import type { FrontEndName } from '@certgate/core/internal';
import type { HostLogLine } from '#local/functions-host/worker/host-protocol.js';
import type { ClientCertificateMode } from '#local/gateway/client-certificate-mode.js';
import type { CallerCertificate, CallerGrant, LocalAppFunction } from '../local-app-protocol.js';

export type { CallerCertificate, CallerGrant, LocalAppFunction } from '../local-app-protocol.js';

/** A line of the app's log: `context.log`, the host's own, or what the app wrote to stdout and stderr. */
export type LocalAppLogLine = HostLogLine;

/** How an app is started for a test. An option that is not known is an error. */
export interface LocalAppOptions<Name extends string = string> {
  /** The app, built: the folder with host.json and package.json. Relative to the working directory. */
  readonly folder: string;
  /**
   * Who is trusted, by the name of the identity, and what each may do: `{ billing: { roles: ['orders.read'] } }`. Each
   * gets a certificate made for this start. Default: nobody. `none` and `denied` are there without being declared.
   */
  readonly callers?: { readonly [name in Name]: CallerGrant };
  /**
   * App settings. They win over local.settings.json and over the variables of the test's process, which the app sees
   * too. `CERTGATE_TRUST` is made from `callers`; without callers it may name a document of your own.
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * The front end that is played: its header fields, and a secret that is made for this start and given to both sides.
   * Default: the one that the app's code or the app setting `CERTGATE_FRONT_END` names, or else `app-service`.
   */
  readonly frontEnd?: FrontEndName;
  /**
   * What App Service's front end does with callers without a certificate. Default `optional`: the app decides. Any other
   * front end lets them through to the app.
   */
  readonly clientCertificateMode?: ClientCertificateMode;
  /** Gets every line of the app's log. Default: errors go to this process's stderr, and nothing else does. */
  readonly onLog?: (line: LocalAppLogLine) => void;
}

/** A request of a caller. What its type doesn't know is an error. */
export interface LocalAppRequest {
  /** Starts with `/` and includes the route prefix; a query may follow: `/api/orders?limit=1`. */
  readonly path: string;
  /** Default GET; it must be named where there is a body. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

/** The answer to one call. */
export interface LocalAppAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as UTF-8 text. */
  readonly body: string;
  /** The body parsed as JSON. Throws, with the body's beginning, where it is none. */
  readonly json: () => unknown;
}

/** A function app on this machine, behind a front end that does real mutual TLS. */
export interface LocalApp<Name extends string = string> {
  /** The front end: `https://127.0.0.1:<port>`. */
  readonly url: string;
  /** The front end's certificate, for clients of your own: the one authority to trust. */
  readonly serverCertificatePem: string;
  /** Sorted by name, with the policy of each and how the gate covers it. */
  readonly functions: readonly LocalAppFunction[];
  /**
   * One request over a TLS connection of its own, redirects not followed. The caller is one that `callers` declares,
   * `none` (no certificate), `denied` (a certificate that nobody trusts), or a certificate of your own. A request that
   * is a text is the path of a GET.
   *
   * Resolves with any answer, refusals included.
   *
   * @throws {LocalAppError} (as a rejection) `CERTGATE_ARGUMENT_INVALID` for a caller or request that can't be meant,
   * `CERTGATE_LOCAL_APP_CALL_FAILED` when no answer came, and `CERTGATE_LOCAL_APP_ENDED` when the app has ended.
   */
  callAs(
    caller: Name | 'none' | 'denied' | CallerCertificate,
    request: string | LocalAppRequest,
  ): Promise<LocalAppAnswer>;
  /** Runs the app's appTerminate hooks and ends it with its front end. May be called again. */
  close(): Promise<void>;
}
