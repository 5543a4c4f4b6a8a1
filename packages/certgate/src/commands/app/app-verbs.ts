import { jsonOption, type VerbGroup } from '../command-line/verb.js';

export const appVerbs: VerbGroup = {
  verbs: {
    inspect: {
      description: 'Load an app without serving it, and report for each function who may call it and what covers it.',
      arguments: { '[folder]': ['the app: the folder with host.json and package.json', '.'] },
      options: {
        '--baseline <file>': 'the baseline to compare with (default: certgate.baseline.json in the app, if it exists)',
        '--write-baseline': 'replace the baseline with the present state',
        '--as-in-azure': "load the app once more with App Service's variables, and report where the two loads differ",
        ...jsonOption,
      },
      work: async () => (await import('./app-inspect-command.js')).inspect,
      exitCodes: {
        0: 'the gate covers every HTTP and MCP function at registration, and nothing differs from the baseline',
        1: 'no gate covers an HTTP or MCP function, a webhook is live without a key, the front end is overridden or named twice, something differs from the baseline, or the load as in Azure differs',
        2: 'there is no app, it cannot be loaded, or the baseline cannot be used',
        3: 'nothing that can be compared differs, but the app has a trust store that cannot be compared: one of your own without a `configuration`, or a URL with headers; or the app has a function.json, whose function is not loaded here',
      },
      examples: [
        'certgate app inspect',
        'certgate app inspect ./orders --write-baseline',
        'certgate app inspect ./orders --as-in-azure',
        'certgate app inspect ./orders --json',
      ],
    },
  },
};
