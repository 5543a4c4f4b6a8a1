/** What a running app reads at most (`maximumDocumentLength` of core). */
export const maximumDocumentBytes: number = 64 * 1024 * 1024;

/** Some hundred thousand changes. */
export const maximumLogBytes: number = 512 * 1024 * 1024;

/** Of the sentences in one line of the log: who switches everybody needn't read of each. */
export const maximumLogSentencesBytes: number = 512 * 1024;

/** What one append to a blob holds in every version of the service. */
export const maximumLogLineBytes: number = 4 * 1024 * 1024 - 1024;
