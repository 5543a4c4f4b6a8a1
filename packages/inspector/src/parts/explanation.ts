import type { TryResult } from '../../../certgate/src/trust/views/page-views.js';

/** A decision step by step, as `certgate trust explain --json` has it. */
export type ExplanationReport = NonNullable<TryResult['explanation']>;
