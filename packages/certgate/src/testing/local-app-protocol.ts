/**
 * The messages between the test's process and the local app's process. They are plain JSON over IPC, so that changes of
 * a test runner to the globals of its process have no effect.
 */
import type { FrontEndName } from '@certgate/core/internal';
import type { HostLogLine, HostedFunction } from '#local/functions-host/worker/host-protocol.js';
import type { ClientCertificateMode } from '#local/gateway/client-certificate-mode.js';
import type { FunctionPolicy } from '../local-app/hosted-policy.js';

/** What the trust document says about one caller. */
export interface CallerGrant {
  /** The caller's roles. Default: none. */
  readonly roles?: readonly string[];
  /** The names of the only functions that the caller may call. Default: all. An empty list permits none. */
  readonly functions?: readonly string[];
}

/**
 * A certificate that the test provides, from any issuer, with its key. Both are PEM text, and the key is not encrypted.
 */
export interface CallerCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A function of the app. */
export interface LocalAppFunction extends Omit<HostedFunction, 'policy'> {
  /**
   * What the function requires of its callers: nothing (`anonymous`), or a certificate and perhaps roles. Set only for
   * HTTP and MCP functions.
   */
  readonly policy?: FunctionPolicy;
}

export interface StartLocalAppMessage {
  readonly kind: 'start';
  /** The absolute path of the app's folder. */
  readonly folder: string;
  /** The grants by identity name. */
  readonly callers: Readonly<Record<string, CallerGrant>>;
  /** The app settings. `CERTGATE_TRUST` is among them only if the test has its own trust document. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clientCertificateMode: ClientCertificateMode;
  /** Default: the front end that the app's code or settings name, or else App Service's. */
  readonly frontEnd?: FrontEndName;
}

export interface CallMessage {
  readonly kind: 'call';
  readonly id: number;
  /** The name of a declared caller, `none`, `denied`, or a certificate. */
  readonly caller: string | CallerCertificate;
  readonly request: {
    readonly path: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    readonly bodyBase64?: string;
  };
}

export type MessageToLocalApp = StartLocalAppMessage | CallMessage | { readonly kind: 'stop' };

export interface LocalAppReadyMessage {
  readonly kind: 'ready';
  readonly url: string;
  readonly serverCertificatePem: string;
  readonly functions: readonly LocalAppFunction[];
}

export interface AnsweredMessage {
  readonly kind: 'answered';
  readonly id: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Reports that the app could not be started, or that it ended without being closed. No later call can succeed. */
export interface EndMessage {
  readonly kind: 'start-failed' | 'app-ended';
  readonly message: string;
  /** The stack of the app's own error. Undefined if the app reported none. */
  readonly stack?: string;
}

export type MessageFromLocalApp =
  | LocalAppReadyMessage
  | AnsweredMessage
  | EndMessage
  | { readonly kind: 'call-failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'log'; readonly line: HostLogLine };
