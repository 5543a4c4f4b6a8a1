import type { VerbGroup } from '../command-line/verb.js';
import { authorityVerbs } from './authority/trust-authority-verbs.js';
import { denyListVerbs, documentVerbs, initVerb } from './document-verbs.js';
import { identityVerbs } from './identity/identity-verbs.js';
import { readingVerbs } from './reading-verbs.js';

export const trustVerbs: VerbGroup = {
  verbs: {
    ...initVerb,
    ...identityVerbs,
    ...denyListVerbs,
    authority: {
      ...authorityVerbs,
      description: 'Manage the certification authorities that a trust document trusts.',
    },
    ...readingVerbs,
    ...documentVerbs,
  },
};
