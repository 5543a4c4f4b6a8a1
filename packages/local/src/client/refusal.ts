import { problemTypePrefix } from '@certgate/core/internal';

/** What the gate's own answer says of a refusal (problem details, RFC 9457, with members of Certgate's). */
export interface Refusal {
  readonly publicCode: string;
  /** The reason, which the answer has in Development only; elsewhere the public code. */
  readonly precise: string;
  readonly correlationId: string;
}

/** Undefined for any other text, such as an error of the app itself. */
export function parseRefusal(text: string): Refusal | undefined {
  try {
    const problem = JSON.parse(text) as {
      type?: unknown;
      code?: unknown;
      correlationId?: unknown;
      development?: { code?: unknown };
    };
    if (typeof problem.code !== 'string' || problem.type !== `${problemTypePrefix}${problem.code}`) return undefined;
    const { code: precise } = problem.development ?? {};
    return {
      publicCode: problem.code,
      precise: typeof precise === 'string' ? precise : problem.code,
      correlationId: String(problem.correlationId),
    };
  } catch {
    return undefined;
  }
}
