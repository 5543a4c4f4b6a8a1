import type { FrontEndName } from '@certgate/core/internal';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { type FrontEndBehaviour, findTarget, isCallable } from '../local-app/checks/check-plan.js';
import { describePolicy, readPolicy } from '../local-app/hosted-policy.js';
import type { HostedApp } from '../local-app/local-app.js';
import type { WindowFacts } from '../trust/validity/validity-windows.js';
import type { ShownFunction } from '../trust/views/page-views.js';

/**
 * The app that `certgate dev` runs, as the inspector needs it. Functions, callers and trust change if the app is loaded
 * again, and trust also with each report of the app's gate.
 */
export interface RunningApp {
  readonly app: Pick<
    HostedApp,
    'url' | 'functions' | 'callers' | 'trust' | 'serverCertificatePem' | 'developmentFolder'
  > &
    Partial<Pick<HostedApp, 'expectAnswer'>>;
  /** The name of the front end that the gateway plays. */
  readonly frontEnd: FrontEndName;
  readonly behaviour: FrontEndBehaviour & { readonly worstCase: boolean };
  /** Functions whose code the inspector may run without being asked (`--call`). */
  readonly namesToCall: readonly string[];
}

/** What the page shows: a running app, or only a trust document (in the form that `--store` takes). */
export type InspectedSubject = { readonly running: RunningApp } | StoreSubject;

export interface StoreSubject {
  readonly store: string;
  /** A folder of certificates, whose dates show when a pin begins and ends. */
  readonly certificateFolder?: string | undefined;
  /** Reads the registers of the user's own authorities, which list the certificates that they issued. */
  readonly readAuthorities?: () => Promise<WindowFacts['authorities']>;
  /** The moment that is shown, in milliseconds since 1970-01-01T00:00:00Z. Default: now. */
  readonly at?: number | undefined;
}

export function listShownFunctions({ app, namesToCall }: RunningApp): readonly ShownFunction[] {
  const mayCall = new Set(namesToCall.map((name) => name.toLowerCase()));
  return app.functions.map((hosted) => describeFunction(hosted, mayCall.has(hosted.name.toLowerCase())));
}

function describeFunction(hosted: HostedFunction, mayBeCalledUnasked: boolean): ShownFunction {
  const { name, triggerType, methods, mcp, covered } = hosted;
  if (!isCallable(hosted) || hosted.disabled === true) {
    const why = hosted.disabled === true ? 'disabled by an app setting' : 'no HTTP trigger';
    const other = { route: null, methods: [], mcp: null, policy: why, roles: [] };
    return { name, triggerType, ...other, kind: 'other', isCovered: false, mayBeCalledUnasked: false };
  }
  const policy = readPolicy(hosted);
  const isCovered = covered !== 'none';
  return {
    name,
    triggerType,
    mayBeCalledUnasked,
    isCovered,
    route: mcp === undefined ? (hosted.route ?? null) : findTarget(hosted),
    methods: mcp === undefined ? (methods ?? []) : ['POST'],
    mcp: mcp ?? null,
    policy: isCovered ? describePolicy(hosted) : 'public, no gate',
    kind: policy.kind,
    roles: policy.kind === 'certificate' ? policy.roles : [],
  };
}
