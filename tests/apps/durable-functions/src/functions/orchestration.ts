import * as df from 'durable-functions';

df.app.activity('greet', { handler: (name: string) => `Hello, ${name}` });

df.app.orchestration('hello', function* (context) {
  return yield context.df.callActivity('greet', context.df.getInput());
});
