import { neverAnswered, type Row } from '../row.js';

// prettier-ignore
export const hooks: readonly Row[] = [
  { name: 'before: another handler answers', send: 'GET /api/hook/replaces-handler', azure: { status: 401, text: 'denied' }, from: ['workerInvocation', 'libraryHooks'] },
  { name: 'before: the last one wins', send: 'GET /api/hook/last-one-wins', azure: { status: 200, text: 'ran' }, from: 'workerHooks' },
  { name: 'before: the last one wraps outermost', send: 'GET /api/hook/wraps-outermost', azure: { status: 200, text: 'outer(inner(ran))' }, from: 'workerHooks' },
  { name: 'before: a rejection', send: 'GET /api/hook/throws', azure: { status: 500, text: '' }, from: ['workerInvocation', 'hostExceptions'], streaming: neverAnswered },
  { name: 'before: a handler that is none', send: 'GET /api/hook/handler-is-none', azure: { status: 500, text: '' }, from: ['workerInvocation', 'hostExceptions'], streaming: neverAnswered },
  { name: 'before: hookData cannot be assigned', send: 'GET /api/hook/assigns-hook-data', azure: { status: 500, text: '' }, from: 'workerInvocation', streaming: neverAnswered },
  { name: 'before: invocationContext cannot be assigned', send: 'GET /api/hook/assigns-context', azure: { status: 500, text: '' }, from: 'workerInvocation', streaming: neverAnswered },
  { name: 'before: another input', send: 'GET /api/hook/replaces-input', azure: { status: 200, text: 'another input' }, from: 'workerInvocation' },
  { name: 'before: the context is the handler\'s', send: 'GET /api/hook/marks-context', azure: { status: 200, text: 'marked' }, from: 'workerInvocation' },
  { name: 'before: the body is read only once', send: 'POST /api/hook/reads-the-body', body: 'text', azure: { status: 200, text: 'true' }, from: ['workerInvocation', 'libraryRequest'] },
  { name: 'before: one that disposes itself hides the next', send: 'GET /api/hook/disposes-itself', azure: { status: 200, text: 'ran' }, from: 'workerHooks' },
  { name: 'before and after share hookData', send: 'GET /api/hook/passes-data', azure: { status: 200, text: 'passed' }, from: 'workerInvocation' },
  { name: 'after: another result', send: 'GET /api/hook/after-replaces-result', azure: { status: 403, text: 'replaced' }, from: 'workerInvocation' },
  { name: 'after: another result over a denial', send: 'GET /api/hook/after-denies-nothing', azure: { status: 200, text: 'opened' }, from: 'workerInvocation' },
  { name: 'after: a rejection', send: 'GET /api/hook/after-throws', azure: { status: 500, text: '' }, from: ['workerInvocation', 'hostExceptions'], streaming: neverAnswered },
  { name: 'after: an error taken away', send: 'GET /api/hook/after-heals', azure: { status: 200, text: 'healed' }, from: 'workerInvocation' },
  { name: 'after: the error is seen', send: 'GET /api/hook/after-sees-the-error', azure: { status: 200, text: 'seen' }, from: 'workerInvocation' },
];
