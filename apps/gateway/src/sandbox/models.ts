/** The model behind the embeddings endpoint. */
export const embeddingModel = 'sandbox-embed';

/** The model that keeps to the first two sentences of what `sandbox-large` says. */
export const smallModel = 'sandbox-small';

/** Every model that each sandbox provider lists. */
export const sandboxModels: readonly string[] = [smallModel, 'sandbox-large', embeddingModel];
