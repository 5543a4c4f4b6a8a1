import { createRequire } from 'node:module';
import type { SecuredApp } from './secured-app.js';

export type Model = NonNullable<SecuredApp['worker']['model']>;
export type InvocationModel = ReturnType<Model['getInvocationModel']>;

export function setModel({ worker }: SecuredApp, model: object): void {
  (worker.core['setProgrammingModel'] as (model: object) => void)(model);
}

/** Makes the present model return what `change` makes of its invocation objects, from now on. */
export function wrapModel(created: SecuredApp, change: (invocation: InvocationModel, core: object) => object): void {
  const { model } = created.worker;
  if (model === undefined) throw new Error('The app has set no programming model');
  setModel(created, { getInvocationModel: (core: object) => change(model.getInvocationModel(core), core) });
}

/** Makes an object of its own that passes everything on to the invocation's object. */
export function delegate(invocation: InvocationModel, more: Partial<InvocationModel> = {}): InvocationModel {
  return {
    getArguments: () => invocation.getArguments(),
    invokeFunction: (...args) => invocation.invokeFunction(...args),
    getResponse: (...args) => invocation.getResponse(...args),
    ...more,
  };
}

/** Gives every invocation the context of the first one. */
export function keepContext(created: SecuredApp): void {
  let kept: unknown;
  wrapModel(created, (invocation) =>
    delegate(invocation, {
      getArguments: async () => {
        const { context: own, inputs } = await invocation.getArguments();
        return { context: (kept ??= own), inputs };
      },
    }),
  );
}

const require = createRequire(import.meta.url);

/** Sets the model of function.json functions, which is part of the worker and with which it starts. */
export function setClassicModel(): void {
  const name = require.resolve('azure-functions-model-v3');
  Reflect.deleteProperty(require.cache, name);
  (require(name) as { setup(): void }).setup();
}

/** An HTTP function of function.json, as its metadata describes it. */
export function describeClassic(
  name: string,
  output = '$return',
): Parameters<SecuredApp['worker']['functions']['set']>[1]['metadata'] {
  const bindings = { req: { type: 'httpTrigger', direction: 'in' }, [output]: { type: 'http', direction: 'out' } };
  return { name, bindings };
}
