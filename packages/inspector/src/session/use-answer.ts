import { useRef, useState } from 'preact/hooks';

export interface Asked<Answer> {
  readonly answer: Answer | undefined;
  /** Why there is none, for the user. */
  readonly fault: string | undefined;
  readonly isAsking: boolean;
  /** What was known stays until the answer comes; one that comes after a later question is dropped. */
  readonly ask: (question: Promise<Answer>, onAnswer?: (answer: Answer) => void) => void;
  /** Forgets the answer, and shows this in its place. */
  readonly setFault: (fault: string | undefined) => void;
}

/** What the tool answers to the questions of one place of the page. */
export function useAnswer<Answer>(): Asked<Answer> {
  const [{ answer, fault }, set] = useState<Pick<Asked<Answer>, 'answer' | 'fault'>>({
    answer: undefined,
    fault: undefined,
  });
  const [isAsking, setAsking] = useState(false);
  const latest = useRef<Promise<Answer>>(undefined);
  const setFault = (given: string | undefined): void => set({ answer: undefined, fault: given });
  const ask: Asked<Answer>['ask'] = (question, onAnswer) => {
    latest.current = question;
    setAsking(true);
    set((known) => ({ ...known, fault: undefined }));
    const settle = (then: () => void): void => {
      if (latest.current !== question) return;
      setAsking(false);
      then();
    };
    question.then(
      (given) =>
        settle(() => {
          set({ answer: given, fault: undefined });
          onAnswer?.(given);
        }),
      (error: unknown) => settle(() => setFault((error as Error).message)),
    );
  };
  return { answer, fault, isAsking, ask, setFault };
}
