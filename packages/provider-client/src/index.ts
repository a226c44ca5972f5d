export { fetchModelList } from './model-list.ts';
export { type ConnectionOptions, connectProvider, type ProviderConnection } from './provider-connection.ts';
