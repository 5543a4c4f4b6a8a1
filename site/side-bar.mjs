/**
 * The pages of the site in groups for their readers, in the order in which they are read: each group's title and its
 * pages.
 */
export const sideBar = [
  { title: 'Start', pages: ['overview', 'concepts', 'quick-start', 'http-hosts', 'when-to-use'] },
  { title: 'Develop', pages: ['local-development', 'testing', 'app-inspect', 'app-shapes', 'agents'] },
  { title: 'Deploy', pages: ['deploy-to-azure', 'front-ends', 'doctor', 'github'] },
  { title: 'Migrate', pages: ['from-function-keys', 'from-the-csharp-sample', 'from-pins-to-a-ca'] },
  { title: 'Callers', pages: ['for-callers'] },
  {
    title: 'Trust',
    pages: [
      'trust-document',
      'trust-sources',
      'trust-administration',
      'signed-documents',
      'authorities',
      'short-lived-certificates',
      'public-certificates',
    ],
  },
  { title: 'Operate', pages: ['operations', 'observability'] },
  {
    title: 'Reference',
    pages: ['errors', 'commands', 'log-fields', 'probes', 'environments', 'host-fidelity', 'api/index'],
  },
  {
    title: 'Project',
    pages: [
      'proven',
      'live-azure',
      'security',
      'architecture',
      'contributing',
      'maintaining',
      'upgrading',
      'changelog',
    ],
  },
];

/** Pages that were removed, with the page that took their place. Other sites may still link to them. */
export const movedPages = {
  fleet: 'observability',
  inspector: 'local-development',
  reference: 'api/index',
  'request-path': 'concepts',
  vendoring: 'app-shapes',
};
