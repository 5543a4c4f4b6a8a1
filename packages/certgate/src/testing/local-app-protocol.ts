/**
 * What the test's process and the local app's process say to each other over IPC: plain JSON, which is the same whatever
 * a test runner has done to the globals of its side.
 */
import type { FrontEndName } from '@certgate/core/internal';
import type { HostLogLine, HostedFunction } from '#local/functions-host/worker/host-protocol.js';
import type { ClientCertificateMode } from '#local/gateway/client-certificate-mode.js';
import type { FunctionPolicy } from '../local-app/hosted-policy.js';

/** What the trust document says about one caller. */
export interface CallerGrant {
  /** Default: none. */
  readonly roles?: readonly string[];
  /** The only functions it may call, by name. Default: all; `[]`: none. */
  readonly functions?: readonly string[];
}

/** A certificate of the test's own, whoever issued it: PEM text, the key not encrypted. */
export interface CallerCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** One function of the app. */
export interface LocalAppFunction extends Omit<HostedFunction, 'policy'> {
  /** What it asks of its callers: `anonymous`, or a certificate and perhaps roles. HTTP and MCP only. */
  readonly policy?: FunctionPolicy;
}

export interface StartMessage {
  readonly kind: 'start';
  /** Absolute. */
  readonly folder: string;
  /** By identity name. */
  readonly callers: Readonly<Record<string, CallerGrant>>;
  /** App settings; `CERTGATE_TRUST` among them only where the test has a trust document of its own. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clientCertificateMode: ClientCertificateMode;
  /** Absent: as the app settings say. */
  readonly frontEnd?: FrontEndName;
}

export interface CallMessage {
  readonly kind: 'call';
  readonly id: number;
  /** The name of a caller that was declared, `none`, `denied`, or a certificate. */
  readonly caller: string | CallerCertificate;
  readonly request: {
    readonly path: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    readonly bodyBase64?: string;
  };
}

export type MessageToLocalApp = StartMessage | CallMessage | { readonly kind: 'stop' };

export interface ReadyMessage {
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

/** It could not be started, and its process ends; or it ended by itself, and every later call is pointless. */
export interface EndMessage {
  readonly kind: 'start-failed' | 'app-ended';
  readonly message: string;
  /** The stack of the app's own error. */
  readonly stack?: string;
}

export type MessageFromLocalApp =
  | ReadyMessage
  | AnsweredMessage
  | EndMessage
  | { readonly kind: 'call-failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'log'; readonly line: HostLogLine };
