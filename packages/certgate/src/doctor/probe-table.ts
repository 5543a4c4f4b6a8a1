import { callerFacts } from './probe-table/caller-facts.js';
import { certificateFacts } from './probe-table/certificate-facts.js';
import { headerFacts } from './probe-table/header-facts.js';
import { type ProbeFacts, probeGroups, type ProbeId } from './probe-table/probe-facts.js';
import { requestFacts } from './probe-table/request-facts.js';
import { surroundingsFacts } from './probe-table/surroundings-facts.js';

export type { ProbeId } from './probe-table/probe-facts.js';

export const probeIds: readonly ProbeId[] = Object.values(probeGroups).flat();

export const probeTable: Readonly<Record<ProbeId, ProbeFacts>> = {
  ...callerFacts,
  ...headerFacts,
  ...certificateFacts,
  ...requestFacts,
  ...surroundingsFacts,
};
