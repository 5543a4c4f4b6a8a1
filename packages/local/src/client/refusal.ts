import { problemTypePrefix } from '@certgate/core/internal';

/** A refusal in the gate's own words: problem details (RFC 9457) with Certgate's members. */
export interface GateRefusal {
  readonly publicCode: string;
  /** The precise code, which the gate includes only in Development. In other environments it equals the public code. */
  readonly precise: string;
  readonly correlationId: string;
}

/** Undefined if the text is not the gate's refusal, but for example an error of the app. */
export function parseRefusal(text: string): GateRefusal | undefined {
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
