import manifest from '../package.json' with { type: 'json' };

/** The version that health answers and calls of providers name. */
export const VERSION: string = manifest.version;
