import { app } from '@azure/functions';

const ran = () => ({ body: 'ran' });

/** For each function: its hooks before, its handler, and its hooks after. `ran` is the default handler. */
const functions = {
  'replaces-handler': {
    before: [(context) => (context.functionHandler = () => ({ status: 401, body: 'denied' }))],
  },
  'last-one-wins': {
    before: [
      (context) => (context.functionHandler = () => ({ status: 401, body: 'denied' })),
      (context) => (context.functionHandler = ran),
    ],
  },
  'wraps-outermost': {
    before: ['inner', 'outer'].map((name) => (context) => {
      const inside = context.functionHandler;
      context.functionHandler = async (...args) => ({ body: `${name}(${(await inside(...args)).body})` });
    }),
  },
  throws: { before: [() => Promise.reject(new Error('secret detail'))] },
  'handler-is-none': { before: [(context) => (context.functionHandler = 'not a function')] },
  'assigns-hook-data': { before: [(context) => (context.hookData = {})] },
  'assigns-context': { before: [(context) => (context.invocationContext = {})] },
  'replaces-input': {
    before: [(context) => (context.inputs[0] = 'another input')],
    handler: (input) => ({ body: input }),
  },
  'passes-data': {
    before: [(context) => (context.hookData.word = 'passed')],
    after: [(context) => (context.result = { body: context.hookData.word })],
  },
  'marks-context': {
    before: [(context) => (context.invocationContext.mark = 'marked')],
    handler: (request, context) => ({ body: context.mark }),
  },
  'reads-the-body': {
    before: [(context) => context.inputs[0].text()],
    handler: async (request) => ({ body: String(request.bodyUsed) }),
  },
  'after-replaces-result': { after: [(context) => (context.result = { status: 403, body: 'replaced' })] },
  'after-denies-nothing': {
    before: [(context) => (context.functionHandler = () => ({ status: 401 }))],
    after: [(context) => (context.result = { body: 'opened' })],
  },
  'after-throws': { after: [() => Promise.reject(new Error('secret detail'))] },
  'after-heals': {
    handler: () => Promise.reject(new Error('secret detail')),
    after: [(context) => Object.assign(context, { error: null, result: { body: 'healed' } })],
  },
  'after-sees-the-error': {
    handler: () => Promise.reject(new Error('seen')),
    after: [(context) => Object.assign(context, { result: { body: context.error.message }, error: undefined })],
  },
  'disposes-itself': {
    before: [
      (context, own) => own.dispose(),
      (context) => (context.functionHandler = () => ({ status: 401, body: 'denied' })),
    ],
  },
};

for (const [name, { before = [], handler = ran, after = [] }] of Object.entries(functions)) {
  const functionName = `Hook-${name}`;
  const only = (hook) => {
    const own = { dispose: () => undefined };
    return [
      own,
      (context) => (context.invocationContext.functionName === functionName ? hook(context, own) : undefined),
    ];
  };
  for (const hook of before) {
    const [own, callback] = only(hook);
    const registered = app.hook.preInvocation(callback);
    own.dispose = () => registered.dispose();
  }
  for (const hook of after) app.hook.postInvocation(only(hook)[1]);
  app.http(functionName, { route: `hook/${name}`, methods: ['GET', 'POST'], handler });
}
