import manifest from '../package.json' with { type: 'json' };

/** The version that health answers and probes name. */
export const VERSION: string = manifest.version;
