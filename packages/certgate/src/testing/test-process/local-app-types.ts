import type { FrontEndName } from '@certgate/core/internal';
import type { HostLogLine } from '#local/functions-host/worker/host-protocol.js';
import type { ClientCertificateMode } from '#local/gateway/client-certificate-mode.js';
import type { CallerCertificate, CallerGrant, LocalAppFunction } from '../local-app-protocol.js';

export type { CallerCertificate, CallerGrant, LocalAppFunction } from '../local-app-protocol.js';

/** A line of the app's log: from `context.log`, from the host, or from the app's stdout and stderr. */
export type LocalAppLogLine = HostLogLine;

/** Options for the start of an app in a test. An unknown option is an error. */
export interface LocalAppOptions<Name extends string = string> {
  /** The folder of the built app, with host.json and package.json. A relative path starts at the working directory. */
  readonly folder: string;
  /**
   * The trusted callers by identity name, with what each may do: `{ billing: { roles: ['orders.read'] } }`. Each gets a
   * certificate made for this start. Default: none. The callers `none` and `denied` always exist.
   */
  readonly callers?: { readonly [name in Name]: CallerGrant };
  /**
   * App settings. They win over local.settings.json and over the variables of the test's process, which the app sees
   * too. `CERTGATE_TRUST` is made from `callers`. Without callers, it may name a document of your own.
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * The front end to play, with its header fields. Any other than `app-service` sends a secret: the app's own, or one
   * that is made for this start and given to the app too. Default: the front end that the app's code or the app setting
   * `CERTGATE_FRONT_END` names, or else `app-service`.
   */
  readonly frontEnd?: FrontEndName;
  /**
   * What App Service's front end does with callers without a certificate. Default: `optional`, with which the app
   * decides. Any other front end lets such callers through to the app.
   */
  readonly clientCertificateMode?: ClientCertificateMode;
  /**
   * Receives each line of the app's log, as far as the log levels of host.json let it through. Default: only errors are
   * written, to the stderr of the test's process.
   */
  readonly onLog?: (line: LocalAppLogLine) => void;
}

/** A request of a caller. An unknown member is an error. */
export interface LocalAppRequest {
  /** The path, which starts with `/` and includes the route prefix. A query may follow: `/api/orders?limit=1`. */
  readonly path: string;
  /** The method. Default: GET. Required if the request has a body. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

/** The answer to one call. */
export interface LocalAppAnswer {
  readonly status: number;
  /** The header fields by name in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as UTF-8 text. */
  readonly body: string;
  /** Parses the body as JSON. Throws an error with the body's beginning if it is not JSON. */
  readonly json: () => unknown;
}

/** A function app on this machine, behind a front end that does real mutual TLS. */
export interface LocalApp<Name extends string = string> {
  /** The front end's address: `https://127.0.0.1:<port>`. */
  readonly url: string;
  /** The front end's certificate, in PEM. A client of your own must trust it as its only authority. */
  readonly serverCertificatePem: string;
  /** The app's functions, sorted by name, with the policy of each and how the gate covers it. */
  readonly functions: readonly LocalAppFunction[];
  /**
   * Sends one request over a new TLS connection, without following redirects. The caller is one of `callers`, `none`
   * (no certificate), `denied` (a certificate that is not trusted), or a certificate of your own. A request given as a
   * string is the path of a GET.
   *
   * Resolves with any answer, refusals included.
   *
   * @throws {LocalAppError} (as a rejection) `CERTGATE_ARGUMENT_INVALID` if the caller or the request is not valid,
   * `CERTGATE_LOCAL_APP_CALL_FAILED` if no answer came, and `CERTGATE_LOCAL_APP_ENDED` if the app has ended.
   */
  callAs(
    caller: Name | 'none' | 'denied' | CallerCertificate,
    request: string | LocalAppRequest,
  ): Promise<LocalAppAnswer>;
  /** Runs the app's appTerminate hooks, and ends the app and its front end. It may be called more than once. */
  close(): Promise<void>;
}
