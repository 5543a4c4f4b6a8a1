/** The pages of the site by reader, in the order in which they are read: the title of a group, and its pages. */
export const sideBar = [
  { title: 'Start', pages: ['concepts', 'quick-start', 'http-hosts', 'when-to-use'] },
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
  { title: 'Project', pages: ['proven', 'security', 'architecture', 'contributing', 'changelog'] },
];

/** Pages that are no more, by their names; others may have linked them. */
export const movedPages = {
  fleet: 'observability',
  inspector: 'local-development',
  reference: 'api/index',
  'request-path': 'concepts',
  vendoring: 'app-shapes',
};
