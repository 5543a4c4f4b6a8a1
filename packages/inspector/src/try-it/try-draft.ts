import type {
  DroppedFile,
  InspectedApp,
  InspectedFunction,
  TryRequest,
} from '../../../certgate/src/trust/views/page-views.js';
import { parseHeaders } from './header-lines.js';
import { fillRoute, hasOpenParameter } from './route-parameters.js';

/** What the form holds. */
export interface TryDraft {
  readonly functionName: string;
  readonly method: string;
  readonly target: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: string;
  readonly body: string;
  /** Ignored where a file was dropped. */
  readonly callerId: string;
  readonly file: DroppedFile | undefined;
}

export const everyMethod = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;

export function listCallable(app: InspectedApp): readonly InspectedFunction[] {
  return app.functions.filter(({ route }) => route !== null);
}

export function listMethods({ methods }: InspectedFunction): readonly string[] {
  return methods.length === 0 ? everyMethod : methods.map((method) => method.toUpperCase());
}

/** A closed function and a caller that is refused: the first thing to see is a reason. */
export function createDraft(app: InspectedApp): TryDraft | undefined {
  const callable = listCallable(app);
  const closed = callable.filter(({ kind }) => kind === 'certificate');
  const chosen = closed.find(({ roles }) => roles.length === 0) ?? closed[0] ?? callable[0];
  if (chosen === undefined) return undefined;
  const callerId = app.callers.find(({ id }) => id === 'denied')?.id ?? app.callers[0]?.id ?? 'none';
  const empty = { parameters: {}, headers: '', body: '', callerId, file: undefined };
  return { ...empty, ...chooseFunction(chosen, 'GET') };
}

export function chooseFunction(
  chosen: InspectedFunction,
  method: string,
): Pick<TryDraft, 'functionName' | 'method' | 'target' | 'parameters'> {
  const methods = listMethods(chosen);
  return {
    functionName: chosen.name,
    method: methods.includes(method) ? method : (methods[0] ?? 'GET'),
    target: fillRoute(chosen.route ?? '', {}),
    parameters: {},
  };
}

/** The request, or what must be corrected first. */
export function readDraft(draft: TryDraft): { readonly request: TryRequest } | { readonly fault: string } {
  const { functionName, method, target, body, callerId, file } = draft;
  if (!target.startsWith('/')) return { fault: 'The target starts with a slash: /api/…' };
  if (hasOpenParameter(target)) return { fault: 'Fill in the parts of the route in braces.' };
  const { headers, fault } = parseHeaders(draft.headers);
  if (fault !== undefined) return { fault };
  const caller = file === undefined ? { id: callerId } : { file };
  return { request: { functionName, method, target, headers, body: body === '' ? null : body, caller } };
}
