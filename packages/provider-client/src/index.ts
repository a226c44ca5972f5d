export { fetchModelList, MAX_LIST_BYTES, parseModelList } from './model-list.ts';
export { type ConnectionOptions, connectProvider, type ProviderConnection } from './provider-connection.ts';
